// A steady load of invocations that are kept for a second.
import { setTimeout as delay } from 'node:timers/promises';
import { BRIEF } from './backlog.ts';
import { tell } from '../measure/report.ts';
import type { Stage } from './stage.ts';

const SAMPLE_MS = 1000;

export interface SteadyPoint {
  readonly seconds: number;
  /** Since the point before. */
  readonly createdPerSecond: number;
  readonly rows: number;
  readonly diskBytes: number;
}

export async function measureSteadyLoad(stage: Stage, seconds: number): Promise<SteadyPoint[]> {
  tell(`${seconds} s of steady load`);
  const points: SteadyPoint[] = [];
  const beganAtMs = performance.now();
  let isOver = false;
  const load = stage.load(BRIEF.path, seconds).finally(() => (isOver = true));
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
  return (await stage.statistics()).finished[BRIEF.name] ?? 0;
}
