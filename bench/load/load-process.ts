// Runs the load generator in a process of its own.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TrackedChild } from '../../test/support/child.ts';
import type { LoadPlan, LoadReport, LoadResult } from './plan.ts';

/** Called in time with the measured part. */
export interface LoadObserver {
  readonly measuring?: (() => void) | undefined;
  readonly measured?: (() => void) | undefined;
}

/** Resolves after the last request in flight was answered. Rejects when requests failed. */
export async function runLoad(plan: LoadPlan, observer: LoadObserver = {}): Promise<LoadResult> {
  const forked = fork(fileURLToPath(new URL('./main.js', import.meta.url)), [], {
    silent: true,
    // Figures may be NaN, which JSON has not.
    serialization: 'advanced',
  });
  const child = new TrackedChild(forked);
  const received = new Promise<LoadResult>((resolve) => {
    forked.on('message', (report: LoadReport) => {
      if (report.kind === 'result') resolve(report.result);
      else observer[report.kind]?.();
    });
  });
  forked.send(plan);
  const result = await Promise.race([received, child.exited]);
  if (!('errors' in result)) throw new Error(`the load generator ended:\n${child.output}`);
  await child.exited;
  if (result.errorsCount > 0) {
    const examples = result.errors.join('\n');
    throw new Error(`${result.errorsCount} requests to ${plan.path} failed, such as:\n${examples}`);
  }
  return result;
}
