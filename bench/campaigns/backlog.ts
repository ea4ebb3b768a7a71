// A backlog of invocations that are past their retention, and how fast it is deleted.
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../test/support/wait.ts';
import { SHORT_RETENTION_MS } from '../deployments/standin/manifest.ts';
import { tell } from '../measure/report.ts';
import type { Stage } from './stage.ts';

/** Calls of a service whose outcomes are kept for a second. */
export const BRIEF = { path: '/Brief/empty', name: 'Brief/empty' } as const;
export const CLEANUP_NEVER = { RESTATE_WORKER__CLEANUP_INTERVAL: '10d' } as const;
export const CLEANUP_INTERVAL_SECONDS = 4;
/** The first clean-up comes after a fifth to two fifths of this, time enough to look at the backlog. */
const CLEANUP_OFTEN = { RESTATE_WORKER__CLEANUP_INTERVAL: `${CLEANUP_INTERVAL_SECONDS}s` } as const;

/** How long a backlog may take to be deleted. Unit: milliseconds. */
const DRAIN_TIMEOUT_MS = 120_000;
/** Share of the backlog that is made first, to compile the code paths. */
const WARM_UP_SHARE = 0.1;
/** What is left of a backlog when it counts as deleted: counters and the like. */
const RESIDUE_SHARE = 0.02;

export interface BacklogFigures {
  readonly count: number;
  readonly createdPerSecond: number;
  readonly rowsPerInvocation: number;
  readonly deletedPerSecond: number;
}

/** Leaves the stage, which was opened with `CLEANUP_NEVER`, with a server that cleans up often. */
export async function measureBacklog(stage: Stage, count: number): Promise<BacklogFigures> {
  tell(`making a backlog of ${count}`);
  const rowsBefore = await stage.countRows();
  const warmUpCount = Math.ceil(count * WARM_UP_SHARE);
  await stage.fill(BRIEF.path, warmUpCount);
  const { perSecond } = await stage.fill(BRIEF.path, count - warmUpCount);
  await delay(SHORT_RETENTION_MS);
  const added = (await stage.countRows()) - rowsBefore;
  tell('deleting it');
  await stage.restart(CLEANUP_OFTEN);
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
