// Collects what spans of invocations and their attempts will tell. No span outlives the process: what
// happened before a crash and after it is held together by ids that follow from the invocation's id.
import { traceIdOf } from '../../actors/domain/trace.ts';
import type { TracedEvent } from '../../actors/partition/effect.ts';
import type { AttemptSpan, InvocationTracer } from '../../actors/tracer.ts';
import { OpenAttempt } from './open-attempt.ts';
import { boundedText, type InvocationFacts, type SpanFacts, withBoundedKey } from './span-facts.ts';

export interface InvocationTracerOptions {
  /** Unit: milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly randomId: (bytesCount: 8) => string;
  readonly finished: (facts: SpanFacts) => void;
}

export function createInvocationTracer(options: InvocationTracerOptions): InvocationTracer {
  const { now, randomId, finished } = options;
  return {
    invocationEvent: (event) => finished(withBoundedKey(factsOf(event, now()))),

    attemptStarted({ input, deployment, pin }): AttemptSpan | undefined {
      const { invocationId, target, trace } = input;
      if (trace === undefined) return undefined;
      const { endpoint } = deployment;
      return new OpenAttempt({
        now,
        finished,
        traceId: traceIdOf(invocationId, trace),
        facts: withBoundedKey({
          kind: 'attempt',
          invocationId,
          target,
          trace,
          spanId: randomId(8),
          deploymentId: deployment.id,
          address: endpoint.kind === 'http' ? endpoint.uri : endpoint.arn,
          protocolVersion: pin.protocolVersion,
        }),
      });
    },
  };
}

function factsOf(event: TracedEvent, atMs: number): InvocationFacts {
  if (event.kind !== 'ended') return { ...event, atMs };
  const { kind, invocationId, target, trace, outcome } = event;
  if (outcome.kind === 'success') {
    return { kind, invocationId, target, trace, failure: undefined, atMs };
  }
  const { code, message } = outcome.failure;
  const failure = { code, message: boundedText(message) };
  return { kind, invocationId, target, trace, failure, atMs };
}
