// Question: does deleting keep up with creating?
// Measured: invocations created per second, invocations the clean-up deletes per second when it has a
//   backlog and nothing else to do, and under a steady load with short retention the rows and the disk
//   space over time.
// Run: npm run campaign:retention -- [--backlog 50000] [--seconds 30] [--json]
// Decides: the clean-up's share of a partition thread (`EXPIRED_PER_COMMAND_MAX`, rows per expiry). It
//   has to delete faster than the ingress adds, and the files must stop growing.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { waitFor } from '../../test/support/wait.ts';
import { SHORT_RETENTION_MS } from '../deployments/standin/manifest.ts';
import type { Bound } from '../measure/bounds.ts';
import { formatTable, megabytes } from '../measure/text-table.ts';
import { printReport, tell } from './report.ts';
import { Stage } from './stage.ts';

const PATH = '/Brief/empty';
const NAME = 'Brief/empty';
const CLEANUP_NEVER = { RESTATE_WORKER__CLEANUP_INTERVAL: '10d' };
/** The first clean-up comes after a fifth to two fifths of this, time enough to look at the backlog. */
const CLEANUP_OFTEN = { RESTATE_WORKER__CLEANUP_INTERVAL: '4s' };
const CLEANUP_INTERVAL_SECONDS = 4;
/** How long a backlog may take to be deleted. Unit: milliseconds. */
const DRAIN_TIMEOUT_MS = 120_000;
const SAMPLE_MS = 1000;
/** Compile the code paths before anything is measured. */
const WARM_UP_CALLS = 3000;
/** What is left of a backlog when it counts as deleted: counters and the like. */
const RESIDUE_SHARE = 0.02;
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

interface BacklogFigures {
  readonly count: number;
  readonly createdPerSecond: number;
  readonly rowsPerInvocation: number;
  readonly deletedPerSecond: number;
}

interface SteadyPoint {
  readonly seconds: number;
  /** Since the point before. */
  readonly createdPerSecond: number;
  readonly rows: number;
  readonly diskBytes: number;
}

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

/** Leaves the stage with a server that cleans up often. */
async function measureBacklog(stage: Stage, count: number): Promise<BacklogFigures> {
  tell(`making a backlog of ${count}`);
  await stage.fill('/Bench/empty', WARM_UP_CALLS);
  const rowsBefore = await stage.countRows();
  const { perSecond } = await stage.fill(PATH, count);
  await delay(SHORT_RETENTION_MS);
  const rows = await stage.countRows();
  tell('deleting it');
  await stage.restart(CLEANUP_OFTEN);
  const added = rows - rowsBefore;
  const rowsPerSecond = await measureDeletion(stage, rowsBefore + added * RESIDUE_SHARE);
  const rowsPerInvocation = added / count;
  const deletedPerSecond = rowsPerSecond / rowsPerInvocation;
  return { count, createdPerSecond: perSecond, rowsPerInvocation, deletedPerSecond };
}

/** Rows per second from the first one deleted until no more than `residue` are left. */
async function measureDeletion(stage: Stage, residue: number): Promise<number> {
  let before = { rows: await stage.countRows(), atMs: performance.now() };
  const full = before.rows;
  const after = await waitFor(
    'the backlog to be deleted',
    async () => {
      const now = { rows: await stage.countRows(), atMs: performance.now() };
      if (now.rows >= full) before = now;
      return now.rows <= residue ? now : undefined;
    },
    { timeoutMs: DRAIN_TIMEOUT_MS, intervalMs: 10 },
  );
  return ((before.rows - after.rows) * 1000) / (after.atMs - before.atMs);
}

async function measureSteadyLoad(stage: Stage, seconds: number): Promise<SteadyPoint[]> {
  tell(`${seconds} s of steady load`);
  const points: SteadyPoint[] = [];
  const beganAtMs = performance.now();
  let isOver = false;
  const load = stage.load(PATH, seconds).finally(() => (isOver = true));
  let finished = await countFinished(stage);
  let sampledAtMs = beganAtMs;
  while (!isOver) {
    await delay(SAMPLE_MS);
    const nowFinished = await countFinished(stage);
    const nowMs = performance.now();
    points.push({
      seconds: (nowMs - beganAtMs) / 1000,
      createdPerSecond: ((nowFinished - finished) * 1000) / (nowMs - sampledAtMs),
      rows: await stage.countRows(),
      diskBytes: stage.diskBytes(),
    });
    finished = nowFinished;
    sampledAtMs = nowMs;
  }
  await load;
  return points.filter((point) => point.seconds <= seconds);
}

async function countFinished(stage: Stage): Promise<number> {
  return (await stage.statistics()).finished[NAME] ?? 0;
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
