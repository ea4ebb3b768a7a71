// What a span will tell, as plain data: collecting it must cost little where invocations run. The thread
// that exports makes names, ids and attributes of it.
import type { CommandMessage } from '../../actors/attempt/service-message.ts';
import type { DeploymentId } from '../../actors/domain/ids.ts';
import type { Failure } from '../../actors/domain/outcome.ts';
import type { TraceOrigin } from '../../actors/domain/trace.ts';
import type { TracedEvent, TracedInvocation } from '../../actors/partition/effect.ts';
import type { AttemptSpan } from '../../actors/tracer.ts';
import type { HttpClientAddress } from '../http/exchange.ts';

export type SpanFacts = RequestFacts | InvocationFacts | AttemptFacts;

/** Times are in milliseconds since the Unix epoch, with fractions. */
export interface RequestFacts extends TracedInvocation {
  readonly kind: 'request';
  /** The request's own span; the submission's parent. */
  readonly trace: TraceOrigin;
  /** A span of the client. */
  readonly parentSpanId: string | undefined;
  readonly client: HttpClientAddress | undefined;
  readonly atMs: number;
}

export type InvocationFacts = { readonly atMs: number } & (
  | (TracedEvent & { readonly kind: 'started' | 'restarted' })
  | ({
      readonly kind: 'ended';
      readonly failure: Pick<Failure, 'code' | 'message'> | undefined;
    } & TracedInvocation)
);

export interface AttemptFacts extends TracedInvocation {
  readonly kind: 'attempt';
  readonly spanId: string;
  readonly deploymentId: DeploymentId;
  readonly address: string;
  readonly protocolVersion: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly events: readonly AttemptEvent[];
  readonly droppedEventsCount: number;
  readonly how: Parameters<AttemptSpan['ended']>[0];
}

export type AttemptEvent = { readonly timeMs: number } & (
  | {
      readonly kind: 'command';
      readonly command: CommandMessage['kind'];
      /** Empty if there is none. */
      readonly name: string;
    }
  | { readonly kind: 'runEnded'; readonly completionId: number }
  | { readonly kind: 'suspended' }
);

/** A deployment or a client could fill the memory with longer texts. Unit: characters. */
const TEXT_LENGTH_MAX = 1024;

/** The text, or a copy of its beginning that does not keep the rest alive. */
export function boundedText(text: string): string {
  if (text.length <= TEXT_LENGTH_MAX) return text;
  return Buffer.from(text.slice(0, TEXT_LENGTH_MAX)).toString();
}

/** The facts with a key of bounded length. */
export function withBoundedKey<Facts extends TracedInvocation>(facts: Facts): Facts {
  const { target } = facts;
  if (target.kind === 'service' || target.key.length <= TEXT_LENGTH_MAX) return facts;
  return { ...facts, target: { ...target, key: boundedText(target.key) } };
}
