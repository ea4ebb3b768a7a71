// How busy and how late the event loop of this thread is. Thread: each.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { MetricSample } from '../../actors/domain/metric-sample.ts';
import { sample } from './sample.ts';

/** How often the lag is measured. Unit: milliseconds. */
const RESOLUTION_MS = 50;

const SECONDS_PER_NS = 1e-9;

const PERCENTILES = [50, 99, 100] as const;

export interface EventLoopMonitor {
  /** `thread` labels the samples. The lag starts anew with every call. */
  samples(thread: string): readonly MetricSample[];
  close(): void;
}

export function monitorEventLoop(): EventLoopMonitor {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  return {
    samples(thread) {
      const lags = PERCENTILES.map((percentile) =>
        sample(
          'reprise_event_loop_lag_seconds',
          delay.count === 0 ? 0 : lagSeconds(delay.percentile(percentile)),
          { thread, quantile: String(percentile / 100) },
        ),
      );
      delay.reset();
      const busySeconds = performance.eventLoopUtilization().active / 1000;
      return [
        ...lags,
        sample('reprise_event_loop_busy_seconds_total', busySeconds, { thread }),
        sample('reprise_heap_used_bytes', process.memoryUsage().heapUsed, { thread }),
      ];
    },
    close: () => void delay.disable(),
  };
}

/** What is measured is the time between two ticks. */
function lagSeconds(intervalNs: number): number {
  return Math.max(0, intervalNs * SECONDS_PER_NS - RESOLUTION_MS / 1000);
}
