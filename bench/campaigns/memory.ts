// Question: does memory stay bounded however many invocations are suspended or scheduled?
// Measured: resident memory of the server at several fill levels, disk space, the time a killed server
//   takes to serve again, wake-ups and due times before and after.
// Run: npm run campaign:memory -- [--suspended 100000] [--scheduled 1000000] [--json]
// Decides: whether something per invocation is kept in memory. It must not be: the figures per
//   invocation have to be near zero, and a server with all of them suspended stays under 600 MB.
import { parseArgs } from 'node:util';
import type { Bound } from '../measure/bounds.ts';
import { formatTable, megabytes, type Cell } from '../measure/text-table.ts';
import { printReport } from '../measure/report.ts';
import { measureScheduled, type ScheduledFigures } from './scheduled.ts';
import { measureSuspended, type FillPoint, type SuspendedFigures } from './suspended.ts';

const RSS_BYTES_MAX = 600e6;
/** A killed server with everything suspended serves again after this. Unit: milliseconds. */
const SERVING_MS_MAX = 3000;
/** Beyond this a due invocation is not on time. Unit: milliseconds. */
const LATENESS_MS_MAX = 1000;

const { values } = parseArgs({
  options: {
    suspended: { type: 'string', default: '100000' },
    scheduled: { type: 'string', default: '1000000' },
    json: { type: 'boolean', default: false },
  },
});

interface Figures {
  readonly suspended: readonly SuspendedFigures[];
  readonly scheduled: ScheduledFigures | undefined;
}

async function measure(suspendedCount: number, scheduledCount: number): Promise<Figures> {
  const suspended: SuspendedFigures[] = [];
  if (suspendedCount > 0) {
    suspended.push(await measureSuspended('awakeable', suspendedCount));
    suspended.push(await measureSuspended('sleep', suspendedCount));
  }
  const scheduled = scheduledCount > 0 ? await measureScheduled(scheduledCount) : undefined;
  return { suspended, scheduled };
}

function fillRows(name: string, points: readonly FillPoint[]): Cell[][] {
  return points.map((point, index) => [
    name,
    point.count,
    megabytes(point.rssBytes),
    megabytes(point.anonymousBytes),
    megabytes(point.fileBytes),
    megabytes(point.diskBytes),
    perInvocation(point, points[index - 1], 'anonymousBytes'),
    perInvocation(point, points[index - 1], 'diskBytes'),
    point.perSecond,
  ]);
}

/** What each invocation since the row above has added. Negative when the collector came in between. */
function perInvocation(
  point: FillPoint,
  before: FillPoint | undefined,
  field: 'anonymousBytes' | 'diskBytes',
): number {
  if (before === undefined) return Number.NaN;
  return (point[field] - before[field]) / (point.count - before.count);
}

function restartRow(name: string, figures: SuspendedFigures | ScheduledFigures): Cell[] {
  const { restart, afterRestart } = figures;
  const [before, after] =
    'variant' in figures
      ? [figures.wakeMs, figures.wakeAfterRestartMs]
      : [figures.lateness.maxMs, figures.latenessAfterRestart.maxMs];
  const memory = [megabytes(afterRestart.rssBytes), megabytes(afterRestart.anonymousBytes)];
  return [name, restart.readyMs, restart.servingMs, ...memory, before, after];
}

function describe({ suspended, scheduled }: Figures): string {
  const named = [
    ...suspended.map((figures) => [`suspended (${figures.variant})`, figures] as const),
    ...(scheduled === undefined ? [] : [['scheduled', scheduled] as const]),
  ];
  const fill = formatTable(
    [
      ...['invocations', 'count', 'RSS MB', 'own MB', 'files MB', 'disk MB'],
      ...['+own B/inv', '+disk B/inv', 'inv/s'],
    ],
    named.flatMap(([name, { points }]) => fillRows(name, points)),
  );
  const restarts = formatTable(
    [
      ...['after a kill', 'ready ms', 'serving ms', 'RSS MB', 'own MB'],
      ...['wake/late ms before', 'after'],
    ],
    named.map(([name, figures]) => restartRow(name, figures)),
  );
  return `${fill}\n\n${restarts}`;
}

function boundsOf({ suspended, scheduled }: Figures): Bound[] {
  const relation = 'at most';
  const bounds: Bound[] = suspended.flatMap(({ variant, points, restart }) => [
    {
      name: `RSS in MB, all suspended (${variant})`,
      ...{ relation, limit: megabytes(RSS_BYTES_MAX) },
      value: megabytes(Math.max(...points.map(({ rssBytes }) => rssBytes))),
    },
    {
      name: `serving again in ms (${variant})`,
      ...{ relation, limit: SERVING_MS_MAX, value: restart.servingMs },
    },
  ]);
  if (scheduled === undefined) return bounds;
  const { points, lateness, latenessAfterRestart } = scheduled;
  bounds.push(
    {
      name: 'own memory in MB, all scheduled',
      ...{ relation, limit: megabytes(RSS_BYTES_MAX) },
      value: megabytes(Math.max(...points.map(({ anonymousBytes }) => anonymousBytes))),
    },
    {
      name: 'lateness of due sends in ms',
      ...{ relation, limit: LATENESS_MS_MAX },
      value: Math.max(lateness.maxMs, latenessAfterRestart.maxMs),
    },
  );
  return bounds;
}

const figures = await measure(Number(values.suspended), Number(values.scheduled));
const bounds = boundsOf(figures);
printReport({ campaign: 'memory', figures, bounds, text: describe(figures) }, values.json);
