// Scheduled sends: what they cost in memory and on disk, and that due ones run on time among them.
import { waitFor } from '../../test/support/wait.ts';
import type { MemorySample } from '../measure/processes.ts';
import { tell } from '../measure/report.ts';
import { Stage, type RestartTimes } from './stage.ts';
import { fillInPortions, type FillPoint } from './suspended.ts';

export interface Lateness {
  readonly p50Ms: number;
  readonly maxMs: number;
}

export interface ScheduledFigures {
  readonly points: readonly FillPoint[];
  readonly lateness: Lateness;
  readonly restart: RestartTimes;
  readonly afterRestart: MemorySample;
  readonly latenessAfterRestart: Lateness;
}

/** Sends that become due while the campaign looks. */
const DUE_SENDS = 100;
const DUE_AFTER_MS = 1500;

export async function measureScheduled(size: number): Promise<ScheduledFigures> {
  const stage = await Stage.open();
  try {
    await stage.warmUp();
    const points = await fillInPortions(stage, size, async (count) => {
      const { perSecond } = await stage.fill('/Bench/empty/send?delay=1h', count);
      return perSecond;
    });
    const lateness = await measureLateness(stage);
    tell('restart after a kill');
    const restart = await stage.measureRestart();
    await stage.rest();
    const afterRestart = stage.memory();
    const latenessAfterRestart = await measureLateness(stage);
    return { points, lateness, restart, afterRestart, latenessAfterRestart };
  } finally {
    await stage.close();
  }
}

async function measureLateness(stage: Stage): Promise<Lateness> {
  const { length: before } = (await stage.statistics()).latenessMs;
  const path = `/Bench/due/send?delay=${DUE_AFTER_MS}ms`;
  const sends = Array.from({ length: DUE_SENDS }, () =>
    stage.send(path, Date.now() + DUE_AFTER_MS),
  );
  await Promise.all(sends);
  const latenessMs = await waitFor(`${DUE_SENDS} due sends`, async () => {
    const all = (await stage.statistics()).latenessMs.slice(before);
    return all.length >= DUE_SENDS ? all : undefined;
  });
  const sorted = latenessMs.toSorted((a, b) => a - b);
  return { p50Ms: sorted[DUE_SENDS / 2] ?? Number.NaN, maxMs: sorted.at(-1) ?? Number.NaN };
}
