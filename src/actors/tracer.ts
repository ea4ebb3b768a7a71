// What makes spans, as actors and the ingress see it: absent while tracing is off.
import type { CommandMessage } from './attempt/service-message.ts';
import type { Pin } from './domain/invocation.ts';
import type { Deployment } from './domain/schema.ts';
import type { TraceOrigin } from './domain/trace.ts';
import type { AttemptInput, TracedEvent } from './partition/effect.ts';
import type { IngressSubmission } from './ports.ts';

/** A span that the client of a request made. */
export interface RemoteSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
  readonly traceState?: string | undefined;
}

/** Makes the spans of requests. */
export interface RequestTracer {
  /** The span that the submission is made under, `undefined` if it is not to be traced. */
  requestReceived(request: {
    readonly submission: Pick<IngressSubmission, 'invocationId' | 'target'>;
    readonly parent: RemoteSpan | undefined;
    readonly client: { readonly address: string; readonly port?: number | undefined } | undefined;
  }): TraceOrigin | undefined;
}

/** Makes the spans of invocations and their attempts. */
export interface InvocationTracer {
  invocationEvent(event: TracedEvent): void;
  /** `undefined` if the invocation is not traced. */
  attemptStarted(attempt: {
    readonly input: AttemptInput;
    readonly deployment: Deployment;
    readonly pin: Pin;
  }): AttemptSpan | undefined;
}

/** The span of one attempt, from its start to `ended`. */
export interface AttemptSpan {
  readonly spanId: string;
  /** What a deployment needs to make children of it. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  commandProposed(message: CommandMessage): void;
  runCompletionProposed(completionId: number): void;
  ended(how: 'ended' | 'suspended' | 'failed' | 'abandoned'): void;
}
