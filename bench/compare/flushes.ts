// How many flushes an invocation costs. Counted in a window of its own, because tracing slows a server
// down: the figure is right, the speed of that window says nothing.
import { runLoad } from '../load/load-process.ts';
import type { LoadExtent } from '../load/plan.ts';
import { countFlushes } from '../measure/strace.ts';
import type { Contestant } from './contestant.ts';
import { planOf } from './window.ts';
import type { Workload } from './workloads.ts';

/** Enough to count; longer windows say nothing more. */
const SECONDS_MAX = 1;

export async function flushesPerInvocation(
  contestant: Contestant,
  workload: Workload,
  concurrency: number,
  ofWindows: LoadExtent,
): Promise<number> {
  const extent =
    'requestsCount' in ofWindows
      ? ofWindows
      : { warmSeconds: 0, measuredSeconds: Math.min(SECONDS_MAX, ofWindows.measuredSeconds) };
  const plan = { ...planOf(contestant, workload, concurrency), extent };
  let acceptedCount = 0;
  const flushesCount = await countFlushes(contestant.server.pid, async () => {
    ({ acceptedCount } = await runLoad(plan));
  });
  return flushesCount / acceptedCount;
}
