// What makes the spans of one thread.
import type { MessagePort } from 'node:worker_threads';
import type { InvocationTracer, RequestTracer } from '../../actors/tracer.ts';
import type { Logger } from '../log.ts';
import { createInvocationTracer } from './invocation-tracer.ts';
import { createRandomIds } from './random-ids.ts';
import { createRequestTracer } from './request-tracer.ts';
import { samplerOf } from './sampler.ts';
import { queueLimitsOf } from './settings.ts';
import { SpanPort } from './span-port.ts';
import { SpanQueue } from './span-queue.ts';
import { createWallClock } from './wall-clock.ts';

export interface Tracing {
  readonly requests: RequestTracer;
  readonly invocations: InvocationTracer;
  /** Sends what is left, and waits a bounded time until it is exported. */
  close(): Promise<void>;
}

/** `port` leads to the thread that exports traces. */
export function startTracing(port: MessagePort, log: Logger): Tracing {
  const { env } = process;
  const exporting = new SpanPort(port);
  const queue = new SpanQueue((batch) => exporting.send(batch), queueLimitsOf(env), log);
  const common = {
    now: createWallClock(),
    randomId: createRandomIds(),
    finished: queue.add.bind(queue),
  };
  return {
    requests: createRequestTracer({ ...common, sampler: samplerOf(env) }),
    invocations: createInvocationTracer(common),
    close: async () => {
      await queue.close();
      exporting.close();
    },
  };
}
