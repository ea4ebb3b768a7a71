// Question: does deleting keep up with creating?
// Measured: invocations created per second, invocations the clean-up deletes per second when it has a
//   backlog and nothing else to do, and under a steady load with short retention the rows and the disk
//   space over time.
// Run: npm run campaign:retention -- [--backlog 50000] [--seconds 30] [--json]
// Decides: the clean-up's share of a partition thread (`EXPIRED_PER_COMMAND_MAX`, rows per expiry). It
//   has to delete faster than the ingress adds, and the files must stop growing.
import { parseArgs } from 'node:util';
import { SHORT_RETENTION_MS } from '../deployments/standin/manifest.ts';
import type { Bound } from '../measure/bounds.ts';
import { formatTable, megabytes } from '../measure/text-table.ts';
import {
  CLEANUP_INTERVAL_SECONDS,
  CLEANUP_NEVER,
  measureBacklog,
  type BacklogFigures,
} from './backlog.ts';
import { printReport } from '../measure/report.ts';
import { Stage } from './stage.ts';
import { measureSteadyLoad, type SteadyPoint } from './steady-load.ts';

/** Files may grow by this after half of the time. */
const GROWTH_MAX = 1.25;
/** Slack over retention and interval before rows count as piling up. Unit: seconds. */
const KEPT_SLACK_SECONDS = 3;

const { values } = parseArgs({
  options: {
    backlog: { type: 'string', default: '50000' },
    seconds: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
  },
});

interface Figures {
  readonly backlog: BacklogFigures;
  readonly steady: readonly SteadyPoint[];
}

async function measure(backlogCount: number, seconds: number): Promise<Figures> {
  const stage = await Stage.open(CLEANUP_NEVER);
  try {
    const backlog = await measureBacklog(stage, backlogCount);
    const steady = await measureSteadyLoad(stage, seconds);
    return { backlog, steady };
  } finally {
    await stage.close();
  }
}

function boundsOf({ backlog, steady }: Figures): Bound[] {
  const last = steady.at(-1);
  const middle = steady[Math.floor(steady.length / 2)];
  if (last === undefined || middle === undefined) throw new Error('too short to see anything');
  const later = steady.slice(Math.floor(steady.length / 2));
  const perSecond = later.reduce((sum, point) => sum + point.createdPerSecond, 0) / later.length;
  const keptSeconds = last.rows / backlog.rowsPerInvocation / perSecond;
  const retentionSeconds = SHORT_RETENTION_MS / 1000 + CLEANUP_INTERVAL_SECONDS;
  return [
    {
      name: 'deleted per second from a backlog',
      value: backlog.deletedPerSecond,
      ...{ relation: 'at least', limit: backlog.createdPerSecond },
    },
    {
      name: 'disk space at the end, over that at half time',
      value: last.diskBytes / middle.diskBytes,
      ...{ relation: 'at most', limit: GROWTH_MAX },
    },
    {
      name: 'kept at the end, in seconds of creation',
      value: keptSeconds,
      ...{ relation: 'at most', limit: retentionSeconds + KEPT_SLACK_SECONDS },
    },
  ];
}

function describe({ backlog, steady }: Figures): string {
  const backlogTable = formatTable(
    ['backlog', 'created/s', 'deleted/s', 'rows/invocation'],
    [
      [
        backlog.count,
        backlog.createdPerSecond,
        backlog.deletedPerSecond,
        backlog.rowsPerInvocation,
      ],
    ],
  );
  const steadyTable = formatTable(
    ['steady load s', 'created/s', 'rows', 'disk MB'],
    steady.map((point) => [
      Math.round(point.seconds),
      point.createdPerSecond,
      point.rows,
      megabytes(point.diskBytes),
    ]),
  );
  return `${backlogTable}\n\n${steadyTable}`;
}

const figures = await measure(Number(values.backlog), Number(values.seconds));
const bounds = boundsOf(figures);
printReport({ campaign: 'retention', figures, bounds, text: describe(figures) }, values.json);
