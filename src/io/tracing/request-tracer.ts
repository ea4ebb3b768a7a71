import type { TraceOrigin } from '../../actors/domain/trace.ts';
import type { RequestTracer } from '../../actors/tracer.ts';
import type { Sampler } from './sampler.ts';
import { type SpanFacts, withBoundedKey } from './span-facts.ts';

export interface RequestTracerOptions {
  readonly sampler: Sampler;
  /** Unit: milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly randomId: (bytesCount: 8 | 16) => string;
  readonly finished: (facts: SpanFacts) => void;
}

/**
 * Spans of requests that submit invocations. Each is over when the request has been read, as on the
 * reference: its children may be seen long before the answer, or by another process after a crash.
 */
export function createRequestTracer(options: RequestTracerOptions): RequestTracer {
  const { sampler, now, randomId, finished } = options;
  return {
    requestReceived({ submission, parent, client }) {
      const traceId = parent?.traceId ?? randomId(16);
      if (!sampler(traceId, parent?.isSampled)) return undefined;
      const { invocationId, target } = submission;
      const trace: TraceOrigin = {
        relation: 'parent',
        traceId,
        spanId: randomId(8),
        traceState: parent?.traceState,
      };
      const parentSpanId = parent?.spanId;
      const atMs = now();
      const kind = 'request';
      finished(withBoundedKey({ kind, invocationId, target, trace, parentSpanId, client, atMs }));
      return trace;
    },
  };
}
