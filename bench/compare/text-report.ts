// The results as tables for a terminal.
import type { LoadExtent } from '../load/plan.ts';
import { formatNumber, formatTable, megabytes, type Cell } from '../measure/text-table.ts';
import type { CellSummary, Results } from './results.ts';
import type { Verdict } from './targets.ts';

/** A cell measured while others used more of the machine than this is marked. Unit: cores. */
export const NOISY_CORES = 0.35;

export function textReport(
  results: Results,
  cells: readonly CellSummary[],
  verdicts: readonly Verdict[],
): string {
  return [serverTable(results), cellTable(cells), notes(results), verdictTable(verdicts)]
    .filter((part) => part !== '')
    .join('\n\n');
}

function serverTable({ servers }: Results): string {
  return formatTable(
    ['server', 'partitions', 'durability', 'send ms', 'first call ms', 'RSS MB at end'],
    servers.map(({ name, partitions, durability, startupMs, rssBytesAtEnd }) => [
      name,
      partitions,
      durability.reason ?? durability.verdict,
      durability.sendMs ?? Number.NaN,
      startupMs.map((ms) => ms.toFixed(0)).join(' '),
      megabytes(rssBytesAtEnd),
    ]),
  );
}

export const CELL_COLUMNS: ReadonlyArray<
  readonly [name: string, read: (cell: CellSummary) => Cell]
> = [
  ['deployment', ({ deployment }) => deployment],
  ['workload', ({ workload }) => workload],
  ['in flight', ({ concurrency }) => concurrency],
  ['server', ({ server, otherCores }) => server + (otherCores > NOISY_CORES ? ' *' : '')],
  ['per second', ({ perSecond }) => perSecond],
  ['p50 ms', ({ p50Ms }) => p50Ms],
  ['p99 ms', ({ p99Ms }) => p99Ms],
  ['p99.9 ms', ({ p999Ms }) => p999Ms],
  ['CPU s/1000', ({ serverCpuMs }) => serverCpuMs],
  ['RSS MB', ({ rssBytes }) => megabytes(rssBytes)],
  ['bytes written', ({ bytesWritten }) => bytesWritten],
  ['flushes', ({ flushes }) => flushes ?? 'not counted'],
  ['failed', ({ failures }) => (failures.length === 0 ? '' : failures.length)],
];

function cellTable(cells: readonly CellSummary[]): string {
  return formatTable(
    CELL_COLUMNS.map(([name]) => name),
    cells.map((cell) => CELL_COLUMNS.map(([, read]) => read(cell))),
  );
}

export function notes({ rounds, extent, flushesRefusal }: Results): string {
  return [
    `Medians of ${rounds} alternating windows of ${lengthText(extent)}. CPU, bytes and flushes are per invocation and of the server.`,
    `* others used more than ${NOISY_CORES} cores meanwhile: compare with care.`,
    ...(flushesRefusal === undefined ? [] : [`Flushes were not counted: ${flushesRefusal}.`]),
  ].join('\n');
}

function lengthText(extent: LoadExtent): string {
  return 'requestsCount' in extent
    ? `${extent.requestsCount} requests`
    : `${extent.measuredSeconds} s`;
}

function verdictTable(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return '';
  return formatTable(
    ['target', 'unit', 'Reprise', 'better reference', '', 'ratio', 'must reach', 'aim', 'result'],
    verdicts.map((verdict) => [
      verdict.name,
      verdict.unit,
      verdict.reprise,
      verdict.reference,
      verdict.betterReference,
      `${formatNumber(verdict.ratio)}×`,
      limitText(verdict),
      verdict.aim === undefined ? '' : `${verdict.aim}×`,
      verdict.result,
    ]),
  );
}

export function limitText({ relation, mustReach }: Verdict): string {
  return `${relation === 'at least' ? '≥' : '≤'} ${mustReach}×`;
}
