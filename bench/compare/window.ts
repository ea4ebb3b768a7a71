// One window: one workload at one concurrency on one server, with everything that is measured.
import type { DeploymentKind } from '../deployments/deployment-process.ts';
import { runLoad } from '../load/load-process.ts';
import type { Latencies, LoadExtent, LoadPlan } from '../load/plan.ts';
import {
  bytesWrittenBy,
  programSeconds,
  cpuSecondsOf,
  memoryOf,
  processTree,
} from '../measure/processes.ts';
import { waitFor } from '../../test/support/wait.ts';
import type { Contestant } from './contestant.ts';
import type { Workload } from './workloads.ts';

/** Where a window belongs. */
export interface Cell {
  readonly server: string;
  readonly deployment: DeploymentKind;
  readonly workload: string;
  readonly concurrency: number;
}

export interface WindowFigures {
  readonly perSecond: number;
  readonly latencyMs: Latencies;
  /** CPU per invocation. Unit: milliseconds, which is seconds per 1,000 invocations. */
  readonly serverCpuMs: number;
  readonly deploymentCpuMs: number;
  readonly loadCpuMs: number;
  readonly rssBytes: number;
  readonly bytesWritten: number;
  /** Cores that were busy with something that is not part of the run. */
  readonly otherCores: number;
}

export interface Window extends Cell {
  readonly round: number;
  /** What went wrong instead. */
  readonly failure?: string | undefined;
  readonly figures?: WindowFigures | undefined;
}

interface Snapshot {
  readonly atMs: number;
  readonly serverCpuSeconds: number;
  readonly deploymentCpuSeconds: number;
  readonly programSeconds: number;
  readonly bytesWritten: number;
}

/** How long accepted one-way invocations may take to run. Unit: milliseconds. */
const DRAIN_TIMEOUT_MS = 120_000;

export function planOf(contestant: Contestant, workload: Workload, concurrency: number) {
  const { path, body, keysCount } = workload;
  return { url: contestant.server.ingressUrl, path, body, keysCount, concurrency } as const;
}

/** One-way workloads are not warmed up: whatever was accepted has to be drained. */
export async function measureWindow(
  contestant: Contestant,
  workload: Workload,
  concurrency: number,
  extent: LoadExtent,
): Promise<WindowFigures> {
  const plan = { ...planOf(contestant, workload, concurrency), extent };
  if (workload.drains === undefined) return measureClosedLoop(contestant, plan);
  const unwarmed = 'requestsCount' in extent ? extent : { ...extent, warmSeconds: 0 };
  return measureUntilDrained(contestant, { ...plan, extent: unwarmed }, workload.drains);
}

async function measureClosedLoop(contestant: Contestant, plan: LoadPlan): Promise<WindowFigures> {
  let before = takeSnapshot(contestant);
  let after = before;
  const result = await runLoad(plan, {
    measuring: () => (before = takeSnapshot(contestant)),
    measured: () => (after = takeSnapshot(contestant)),
  });
  const { requestsCount, perSecond, latencyMs, cpuSeconds } = result;
  return { perSecond, latencyMs, ...costs(contestant, before, after, requestsCount, cpuSeconds) };
}

async function measureUntilDrained(
  contestant: Contestant,
  plan: LoadPlan,
  name: string,
): Promise<WindowFigures> {
  const { deployment } = contestant;
  const finishedCount = async () => (await deployment.statistics()).finished[name] ?? 0;
  const finishedBefore = await finishedCount();
  let before = takeSnapshot(contestant);
  const result = await runLoad(plan, { measuring: () => (before = takeSnapshot(contestant)) });
  const { acceptedCount, latencyMs, cpuSeconds } = result;
  await waitFor(
    `${acceptedCount} sends to run`,
    async () => (await finishedCount()) - finishedBefore >= acceptedCount || undefined,
    { timeoutMs: DRAIN_TIMEOUT_MS, intervalMs: 10 },
  );
  const after = takeSnapshot(contestant);
  const perSecond = (acceptedCount * 1000) / (after.atMs - before.atMs);
  return { perSecond, latencyMs, ...costs(contestant, before, after, acceptedCount, cpuSeconds) };
}

function takeSnapshot(contestant: Contestant): Snapshot {
  const pids = contestant.pids();
  return {
    atMs: performance.now(),
    serverCpuSeconds: cpuSecondsOf(pids),
    deploymentCpuSeconds: cpuSecondsOf(processTree(contestant.deployment.pid)),
    programSeconds: programSeconds(),
    bytesWritten: bytesWrittenBy(pids),
  };
}

function costs(
  contestant: Contestant,
  before: Snapshot,
  after: Snapshot,
  count: number,
  loadCpuSeconds: number,
): Omit<WindowFigures, 'perSecond' | 'latencyMs'> {
  const serverCpuSeconds = after.serverCpuSeconds - before.serverCpuSeconds;
  const deploymentCpuSeconds = after.deploymentCpuSeconds - before.deploymentCpuSeconds;
  const ownSeconds = serverCpuSeconds + deploymentCpuSeconds + loadCpuSeconds;
  const seconds = (after.atMs - before.atMs) / 1000;
  return {
    serverCpuMs: (serverCpuSeconds * 1000) / count,
    deploymentCpuMs: (deploymentCpuSeconds * 1000) / count,
    loadCpuMs: (loadCpuSeconds * 1000) / count,
    rssBytes: memoryOf(contestant.pids()).rssBytes,
    bytesWritten: (after.bytesWritten - before.bytesWritten) / count,
    otherCores: Math.max(0, (after.programSeconds - before.programSeconds - ownSeconds) / seconds),
  };
}
