// Suspended invocations: what they cost in memory, and that they all wake up, also after a kill.
import { formatAwakeableId, parseInvocationId } from '../../src/actors/domain/ids.ts';
import type { MemorySample } from '../measure/processes.ts';
import { tell } from '../measure/report.ts';
import { Stage, type RestartTimes } from './stage.ts';

export type SuspendedVariant = 'awakeable' | 'sleep';

export interface FillPoint extends MemorySample {
  readonly count: number;
  readonly diskBytes: number;
  /** Invocations per second while the server was filled up to this point. */
  readonly perSecond: number;
}

export interface SuspendedFigures {
  readonly variant: SuspendedVariant;
  readonly points: readonly FillPoint[];
  /** From the first wake-up call, or from the due time, until all woken ones had finished. */
  readonly wakeMs: number;
  readonly restart: RestartTimes;
  readonly afterRestart: MemorySample;
  readonly wakeAfterRestartMs: number;
}

/** Steps in which a server is filled. */
const PORTIONS = 4;
/** Invocations that are woken before the restart, and again after it. */
const WOKEN = 100;
/** Sleep of those that are not woken. Unit: milliseconds. */
const LONG_SLEEP_MS = 3_600_000;
/** Sleep of those that wake while the campaign looks. Unit: milliseconds. */
const SHORT_SLEEP_MS = 4000;
const FIRST_AWAKEABLE_SIGNAL = 17;

/** Fills the server in portions and looks at it after each. */
export async function fillInPortions(
  stage: Stage,
  size: number,
  fill: (count: number, total: number) => Promise<number>,
): Promise<FillPoint[]> {
  const points: FillPoint[] = [await lookAt(stage, 0, 0)];
  let total = 0;
  for (let portion = 1; portion <= PORTIONS; portion++) {
    const count = Math.round((size * portion) / PORTIONS) - total;
    total += count;
    const perSecond = await fill(count, total);
    points.push(await lookAt(stage, total, perSecond));
    tell(`${total} of ${size}`);
  }
  return points;
}

async function lookAt(stage: Stage, count: number, perSecond: number): Promise<FillPoint> {
  await stage.rest();
  return { count, perSecond, ...stage.memory(), diskBytes: stage.diskBytes() };
}

export async function measureSuspended(
  variant: SuspendedVariant,
  size: number,
): Promise<SuspendedFigures> {
  const stage = await Stage.open();
  try {
    await stage.warmUp();
    const body = variant === 'sleep' ? String(LONG_SLEEP_MS) : undefined;
    const points = await fillInPortions(stage, size, async (count, total) => {
      const { perSecond } = await stage.fill(`/Park/${variant}/send`, count, body);
      await stage.waitForCount('suspended', `Park/${variant}`, total);
      return perSecond;
    });
    const wakeMs = await (await park(stage, variant))();
    const wakeParked = await park(stage, variant);
    tell('restart after a kill');
    const restart = await stage.measureRestart();
    const wakeAfterRestartMs = await wakeParked();
    await stage.rest();
    const afterRestart = stage.memory();
    return { variant, points, wakeMs, restart, afterRestart, wakeAfterRestartMs };
  } finally {
    await stage.close();
  }
}

/** Suspends some more invocations. Gives what wakes them and says how long that took. */
async function park(stage: Stage, variant: SuspendedVariant): Promise<() => Promise<number>> {
  const name = `Park/${variant}`;
  const { suspended, finished } = await stage.statistics();
  const body = variant === 'sleep' ? SHORT_SLEEP_MS : undefined;
  const sends = Array.from({ length: WOKEN }, () => stage.send(`/${name}/send`, body));
  const ids = await Promise.all(sends);
  const dueAtMs = performance.now() + SHORT_SLEEP_MS;
  await stage.waitForCount('suspended', name, (suspended[name] ?? 0) + WOKEN);
  return async () => {
    const beganAtMs = variant === 'sleep' ? dueAtMs : performance.now();
    if (variant === 'awakeable') await Promise.all(ids.map((id) => resolveAwakeable(stage, id)));
    await stage.waitForCount('finished', name, (finished[name] ?? 0) + WOKEN);
    return Math.max(0, performance.now() - beganAtMs);
  };
}

async function resolveAwakeable(stage: Stage, id: string): Promise<void> {
  const parsed = parseInvocationId(id);
  if (!parsed.ok) throw new Error(`${id}: ${parsed.reason}`);
  const awakeableId = formatAwakeableId(parsed.value, FIRST_AWAKEABLE_SIGNAL);
  const reply = await stage.client.post(`/restate/awakeables/${awakeableId}/resolve`, 'woken');
  if (reply.status >= 300) throw new Error(`${awakeableId}: ${reply.status} ${reply.text()}`);
}
