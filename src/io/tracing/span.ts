// The span that facts make. Thread: the one that exports. Names and attributes are the reference's.
import { startSpanIdOf, traceIdOf } from '../../actors/domain/trace.ts';
import type { TracedInvocation } from '../../actors/partition/effect.ts';
import { commandText, failureCodeText, spanName, targetText } from './invocation-text.ts';
import type { AttemptEvent, AttemptFacts, RequestFacts, SpanFacts } from './span-facts.ts';

type Attributes = Readonly<Record<string, string | number | boolean>>;
type Facts<Kind extends SpanFacts['kind']> = SpanFacts & { readonly kind: Kind };

/** Lower-case hexadecimal digits, as in the W3C's Trace Context. */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState?: string | undefined;
}

export interface Span extends SpanContext {
  readonly name: string;
  /** Absent for a root. */
  readonly parentSpanId?: string | undefined;
  /** The parent is a span of a client. */
  readonly parentIsRemote?: boolean | undefined;
  readonly link?: SpanContext | undefined;
  /** Unit: milliseconds since the Unix epoch, with fractions; like the end and the events' times. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events?: readonly SpanEvent[] | undefined;
  readonly droppedEventsCount?: number | undefined;
  /** `ok`, or what failed. Absent: neither. */
  readonly status?: 'ok' | { readonly failure: string } | undefined;
}

export interface SpanEvent {
  readonly timeMs: number;
  readonly name: string;
  readonly attributes: Attributes;
}

/** `randomId` gives an id to spans that nobody refers to. */
export function spanOf(facts: SpanFacts, randomId: () => string): Span {
  switch (facts.kind) {
    case 'request':
      return requestSpan(facts);
    case 'started':
      return startSpan(facts);
    case 'attempt':
      return attemptSpan(facts);
    case 'ended':
      return endSpan(facts, randomId());
    case 'restarted':
      return restartSpan(facts);
  }
}

function requestSpan(facts: RequestFacts): Span {
  const { trace, target, client, parentSpanId, atMs } = facts;
  const { traceId, spanId, traceState } = trace;
  return {
    name: spanName('ingress', target),
    traceId,
    spanId,
    traceState,
    parentSpanId,
    parentIsRemote: true,
    startMs: atMs,
    endMs: atMs,
    attributes: {
      ...invocationAttributes(facts),
      ...(client !== undefined && { 'client.socket.address': client.address }),
      ...(client?.port !== undefined && { 'client.socket.port': client.port }),
    },
  };
}

/** From its submission to its first attempt, whichever processes the two happen in. */
function startSpan(facts: Facts<'started'>): Span {
  const { invocationId, target, trace, createdAtMs, atMs } = facts;
  const isParent = trace.relation === 'parent';
  return {
    name: spanName('invocation-start', target),
    traceId: traceIdOf(invocationId, trace),
    spanId: startSpanIdOf(invocationId),
    traceState: trace.traceState,
    parentSpanId: isParent ? trace.spanId : undefined,
    link: isParent ? undefined : trace,
    startMs: createdAtMs,
    endMs: atMs,
    attributes: invocationAttributes(facts),
  };
}

function attemptSpan(facts: AttemptFacts): Span {
  const { target, spanId, startMs, endMs, events, droppedEventsCount } = facts;
  return {
    ...childOfStart(facts, spanId),
    name: spanName('invocation-attempt', target),
    startMs,
    endMs,
    attributes: {
      'rpc.system': 'restate',
      ...invocationAttributes(facts),
      'restate.deployment.id': facts.deploymentId,
      'restate.deployment.address': facts.address,
      'restate.deployment.service_protocol_version': facts.protocolVersion,
    },
    events: events.map(describeEvent),
    droppedEventsCount,
    status: attemptStatus(facts),
  };
}

function attemptStatus({ how }: AttemptFacts): Span['status'] {
  if (how === 'ended') return 'ok';
  return how === 'failed' ? { failure: 'transient failure' } : undefined;
}

function describeEvent(event: AttemptEvent): SpanEvent {
  const { timeMs } = event;
  const lifecycle = 'restate.invocation.lifecycle';
  switch (event.kind) {
    case 'command': {
      const { command, name } = event;
      const attributes = {
        'restate.journal.command.type': commandText(command),
        ...(name !== '' && { 'restate.journal.command.name': name }),
      };
      return { timeMs, name: `${lifecycle}.new_command`, attributes };
    }
    case 'runEnded': {
      const id = `CompletionId: ${event.completionId}`;
      const attributes = { 'restate.journal.notification.id': id };
      return { timeMs, name: `${lifecycle}.run_ended`, attributes };
    }
    case 'suspended':
      return { timeMs, name: `${lifecycle}.suspended`, attributes: {} };
  }
}

function endSpan(facts: Facts<'ended'>, spanId: string): Span {
  const { target, failure, atMs } = facts;
  const common = {
    ...childOfStart(facts, spanId),
    name: spanName('invocation-end', target),
    startMs: atMs,
    endMs: atMs,
  };
  const attributes = invocationAttributes(facts);
  if (failure === undefined) {
    const result = { 'restate.invocation.result': 'success' };
    return { ...common, attributes: { ...attributes, ...result }, status: 'ok' };
  }
  const result = {
    'restate.invocation.result': 'failure',
    'error.message': failure.message,
    'restate.invocation.error.code': failureCodeText(failure.code),
  };
  const status = { failure: failure.message };
  return { ...common, attributes: { ...attributes, ...result }, status };
}

function restartSpan(facts: Facts<'restarted'>): Span {
  const { target, trace, original, atMs } = facts;
  return {
    name: spanName('restart-as-new', target),
    traceId: trace.traceId,
    spanId: trace.spanId,
    link: {
      traceId: traceIdOf(original.invocationId, original.trace),
      spanId: startSpanIdOf(original.invocationId),
    },
    startMs: atMs,
    endMs: atMs,
    attributes: {
      ...invocationAttributes(facts),
      'restate.invocation.restart_as_new.original_invocation_id': original.invocationId,
    },
  };
}

function childOfStart({ invocationId, trace }: TracedInvocation, spanId: string) {
  return {
    traceId: traceIdOf(invocationId, trace),
    spanId,
    traceState: trace.traceState,
    parentSpanId: startSpanIdOf(invocationId),
  };
}

function invocationAttributes({ invocationId, target }: TracedInvocation): Attributes {
  return {
    'rpc.service': target.service,
    'rpc.method': target.handler,
    'restate.invocation.id': invocationId,
    'restate.invocation.target': targetText(target),
  };
}
