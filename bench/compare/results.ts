// What a comparison finds out, as it is written to results.json.
import type { LoadExtent } from '../load/plan.ts';
import type { ENVIRONMENT } from '../measure/environment.ts';
import { median } from '../measure/statistics.ts';
import type { DurabilityFigures } from './durability.ts';
import type { ServerSetup } from './server-setups.ts';
import type { Cell, Window, WindowFigures } from './window.ts';

export interface ServerResult extends ServerSetup {
  readonly durability: DurabilityFigures;
  /** From exec to the first answered call, once per round. */
  readonly startupMs: readonly number[];
  /** Resident memory after the last window. */
  readonly rssBytesAtEnd: number;
}

export interface FlushCount extends Cell {
  readonly flushesPerInvocation: number;
}

export interface Results {
  readonly environment: typeof ENVIRONMENT;
  readonly startedAt: string;
  readonly rounds: number;
  readonly extent: LoadExtent;
  readonly servers: readonly ServerResult[];
  readonly windows: readonly Window[];
  readonly flushCounts: readonly FlushCount[];
  /** Why flushes were not counted. */
  readonly flushesRefusal: string | undefined;
}

/** Medians over the rounds of one cell. */
export interface CellSummary extends Cell {
  readonly windowsCount: number;
  readonly failures: readonly string[];
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly serverCpuMs: number;
  readonly deploymentCpuMs: number;
  readonly rssBytes: number;
  readonly bytesWritten: number;
  readonly otherCores: number;
  /** `undefined` when it could not be counted. */
  readonly flushes: number | undefined;
}

/** Figures that summaries have of every cell. */
export type Metric = 'perSecond' | 'p50Ms' | 'p99Ms' | 'serverCpuMs';

/** In the order in which the cells were measured first. */
export function summarize({ windows, flushCounts }: Results): readonly CellSummary[] {
  const groups = new Map<string, Window[]>();
  for (const window of windows) {
    const name = cellName(window);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [window]);
    else group.push(window);
  }
  const flushes = new Map(flushCounts.map((count) => [cellName(count), count]));
  return [...groups].flatMap(([name, group]) => {
    const [first] = group;
    return first === undefined ? [] : [summaryOf(first, group, flushes.get(name))];
  });
}

export function cellName({ deployment, workload, concurrency, server }: Cell): string {
  return `${deployment} ${workload} ${concurrency} ${server}`;
}

function summaryOf(
  { server, deployment, workload, concurrency }: Cell,
  group: readonly Window[],
  flushes: FlushCount | undefined,
): CellSummary {
  const measured = group.flatMap(({ figures }) => figures ?? []);
  const of = (read: (figures: WindowFigures) => number) => median(measured.map(read));
  return {
    ...{ server, deployment, workload, concurrency },
    windowsCount: measured.length,
    failures: group.flatMap(({ failure }) => failure ?? []),
    perSecond: of(({ perSecond }) => perSecond),
    p50Ms: of(({ latencyMs }) => latencyMs.p50),
    p99Ms: of(({ latencyMs }) => latencyMs.p99),
    p999Ms: of(({ latencyMs }) => latencyMs.p999),
    serverCpuMs: of(({ serverCpuMs }) => serverCpuMs),
    deploymentCpuMs: of(({ deploymentCpuMs }) => deploymentCpuMs),
    rssBytes: of(({ rssBytes }) => rssBytes),
    bytesWritten: of(({ bytesWritten }) => bytesWritten),
    otherCores: of(({ otherCores }) => otherCores),
    flushes: flushes?.flushesPerInvocation,
  };
}
