// Runs a comparison: all servers side by side, one window after the other, in an order that rotates with
// every round.
import { tell } from '../measure/report.ts';
import { startDeployment, type DeploymentKind } from '../deployments/deployment-process.ts';
import { ENVIRONMENT } from '../measure/environment.ts';
import { memoryOf } from '../measure/processes.ts';
import { straceRefusal } from '../measure/strace.ts';
import { Contestant } from './contestant.ts';
import { checkDurability, type DurabilityFigures } from './durability.ts';
import { flushesPerInvocation } from './flushes.ts';
import type { CompareOptions } from './options.ts';
import type { FlushCount, Results, ServerResult } from './results.ts';
import { measureStartup } from './startup.ts';
import { measureWindow, type Cell, type Window } from './window.ts';
import type { Workload } from './workloads.ts';

interface Progress {
  readonly options: CompareOptions;
  readonly contestants: readonly Contestant[];
  readonly windows: Window[];
  readonly flushCounts: FlushCount[];
  readonly flushesRefusal: string | undefined;
}

export async function runComparison(options: CompareOptions): Promise<Results> {
  const startedAt = new Date().toISOString();
  const startups = await measureStartups(options);
  const contestants: Contestant[] = [];
  try {
    for (const setup of options.setups) contestants.push(await Contestant.start(setup));
    const flushesRefusal = straceRefusal();
    const progress = { options, contestants, windows: [], flushCounts: [], flushesRefusal };
    const durability = new Map<Contestant, DurabilityFigures>();
    for (const kind of options.deployments) {
      for (const contestant of contestants) await contestant.deploy(kind);
      for (const contestant of contestants) {
        if (durability.has(contestant)) continue;
        tell(`${contestant.setup.name}: are flushes waited for?`);
        durability.set(contestant, await checkDurability(contestant));
      }
      await runWorkloads(progress, kind);
    }
    const servers = contestants.map((contestant): ServerResult => ({
      ...contestant.setup,
      durability: durability.get(contestant) ?? { verdict: 'not checked' },
      startupMs: startups.get(contestant.setup.name) ?? [],
      rssBytesAtEnd: memoryOf(contestant.pids()).rssBytes,
    }));
    const { rounds, extent } = options;
    const { windows, flushCounts } = progress;
    return {
      ...{ environment: ENVIRONMENT, startedAt, rounds, extent },
      ...{ servers, windows, flushCounts, flushesRefusal },
    };
  } finally {
    for (const contestant of contestants) await contestant.dispose();
  }
}

async function measureStartups({ setups, rounds }: CompareOptions): Promise<Map<string, number[]>> {
  const startups = new Map(setups.map(({ name }) => [name, [] as number[]]));
  const deployment = await startDeployment('standin');
  try {
    for (let round = 0; round < rounds; round++) {
      for (const setup of rotate(setups, round)) {
        const ms = await measureStartup(setup, deployment);
        startups.get(setup.name)?.push(ms);
        tell(`${setup.name}: first call after ${ms.toFixed(0)} ms`);
      }
    }
  } finally {
    await deployment.dispose();
  }
  return startups;
}

async function runWorkloads(progress: Progress, deployment: DeploymentKind): Promise<void> {
  const { workloads, concurrencies, rounds } = progress.options;
  for (const workload of workloads) {
    for (const concurrency of concurrencies) {
      for (let round = 0; round < rounds; round++) {
        for (const contestant of rotate(progress.contestants, round)) {
          const cell = cellOf(contestant, deployment, workload, concurrency);
          await runWindow(progress, contestant, workload, { ...cell, round });
        }
      }
      await countFlushesOfAll(progress, deployment, workload, concurrency);
    }
  }
}

async function runWindow(
  { options, windows }: Progress,
  contestant: Contestant,
  workload: Workload,
  place: Cell & { readonly round: number },
): Promise<void> {
  const { concurrency } = place;
  try {
    const figures = await measureWindow(contestant, workload, concurrency, options.extent);
    windows.push({ ...place, figures });
    const { perSecond, latencyMs, serverCpuMs, otherCores } = figures;
    tell(
      `${place.server.padEnd(16)} ${place.deployment} ${workload.name} ×${concurrency}: ` +
        `${perSecond.toFixed(0)}/s, p50 ${latencyMs.p50.toFixed(2)} ms, p99 ${latencyMs.p99.toFixed(1)} ms, ` +
        `server ${serverCpuMs.toFixed(3)} ms CPU, others ${otherCores.toFixed(2)} cores`,
    );
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    windows.push({ ...place, failure });
    tell(`${place.server} ${workload.name} ×${concurrency} failed: ${failure}`);
  }
}

async function countFlushesOfAll(
  { options, contestants, flushCounts, flushesRefusal }: Progress,
  deployment: DeploymentKind,
  workload: Workload,
  concurrency: number,
): Promise<void> {
  if (flushesRefusal !== undefined) return;
  for (const contestant of contestants) {
    const count = await flushesPerInvocation(contestant, workload, concurrency, options.extent);
    const cell = cellOf(contestant, deployment, workload, concurrency);
    flushCounts.push({ ...cell, flushesPerInvocation: count });
  }
}

function cellOf(
  contestant: Contestant,
  deployment: DeploymentKind,
  workload: Workload,
  concurrency: number,
): Cell {
  return { server: contestant.setup.name, deployment, workload: workload.name, concurrency };
}

function rotate<T>(items: readonly T[], by: number): readonly T[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
