// Journal entries as JSON, in the words of the reference. Source: reference contract "Journal and event
// JSON". `Void` stands for an absent value, bytes are arrays of numbers.
import type { CommandMessage, Header } from '../../actors/attempt/service-message.ts';
import { unreachable } from '../../actors/domain/assert.ts';
import type { InvocationId } from '../../actors/domain/ids.ts';
import { inScope, type InvocationTarget } from '../../actors/domain/invocation.ts';
import {
  type CommandEntry,
  type NotificationEntry,
  type NotificationId,
  notificationIdJson,
} from '../../actors/domain/journal.ts';
import type { NotificationResult } from '../../actors/domain/outcome.ts';
import { startSpanIdOf, traceIdOf } from '../../actors/domain/trace.ts';
import { findHandler } from '../../actors/schema/resolve.ts';
import { invocationTarget } from '../../actors/schema/target.ts';
import type { EntryReferences, ReferredInvocation } from '../../storage/query/source.ts';
import {
  readEagerStateKeys,
  readEagerStateResult,
  readStoredInput,
} from '../service-protocol/stored-entry.ts';

/** A command entry together with what its payload says. */
export interface ReadCommand {
  readonly entry: CommandEntry;
  readonly message: Exclude<CommandMessage, { kind: 'input' }>;
}

type Json = Readonly<Record<string, unknown>>;

const HANDLER_TYPES = { exclusive: 'Exclusive', shared: 'Shared', run: 'Workflow' } as const;

/** Of a callee that is not traced. */
const NO_SPAN_CONTEXT = {
  span_context: {
    trace_id: Array.from({ length: 16 }, () => 0),
    span_id: Array.from({ length: 8 }, () => 0),
    trace_flags: 0,
    is_remote: false,
    trace_state: '',
  },
  cause: null,
};

export function inputJson(payload: Uint8Array): Json {
  const { headers, value, name } = readStoredInput(payload);
  return { headers: headers.map(headerJson), payload: bytesJson(value), name };
}

/** Everything of the entry but its name. */
export function commandJson({ entry, message }: ReadCommand, references: EntryReferences): Json {
  switch (message.kind) {
    case 'output':
      return { result: resultJson(message.outcome) };
    case 'run':
    case 'getLazyStateKeys':
      return { completion_id: message.completionId };
    case 'sleep':
      return { wake_up_time: message.wakeUpTimeMs, completion_id: message.completionId };
    case 'getLazyState':
      return { key: keyText(message.key), completion_id: message.completionId };
    case 'getPromise':
    case 'peekPromise':
      return { key: message.key, completion_id: message.completionId };
    case 'completePromise': {
      const { key, outcome, completionId } = message;
      return { key, value: resultJson(outcome), completion_id: completionId };
    }
    case 'setState':
      return { key: keyText(message.key), value: bytesJson(message.value) };
    case 'clearState':
      return { key: keyText(message.key) };
    case 'clearAllState':
      return {};
    case 'getEagerState':
      return { key: keyText(message.key), result: eagerResultJson(entry.payload) };
    case 'getEagerStateKeys':
      return { state_keys: readEagerStateKeys(entry.payload).map(keyText) };
    case 'call':
    case 'oneWayCall':
      return { request: requestJson(entry, message, references), ...callIds(message) };
    case 'sendSignal': {
      const { targetInvocationId, signal, result } = message;
      const signal_id = signalJson(signal);
      return { target_invocation_id: targetInvocationId, signal_id, result: resultJson(result) };
    }
    case 'attachInvocation':
    case 'getInvocationOutput':
      return { target: attachTargetJson(message.target), completion_id: message.completionId };
    case 'completeAwakeable':
      return { id: message.awakeableId, result: resultJson(message.outcome) };
    default:
      return unreachable(message);
  }
}

/** The entry without payloads. */
export function commandLiteJson(command: ReadCommand, references: EntryReferences): Json {
  const { entry, message } = command;
  const name = message.name === '' ? {} : { name: message.name };
  switch (message.kind) {
    case 'output':
      return { result: resultWord(message.outcome), ...name };
    case 'setState':
      return { key: keyText(message.key), ...name };
    case 'getEagerState': {
      const result = readEagerStateResult(entry.payload) === undefined ? 'Void' : 'Success';
      return { key: keyText(message.key), result, ...name };
    }
    case 'getEagerStateKeys':
      return name;
    case 'completePromise':
      return { key: message.key, completion_id: message.completionId, ...name };
    case 'call':
    case 'oneWayCall':
      return { ...calleeJson(entry, message, references), ...callIds(message), ...name };
    case 'sendSignal':
      return {
        target_invocation_id: message.targetInvocationId,
        signal_id: signalJson(message.signal),
        result: resultWord(message.result),
        ...name,
      };
    case 'completeAwakeable':
      return { id: message.awakeableId, result: resultWord(message.outcome), ...name };
    case 'run':
    case 'sleep':
    case 'getLazyState':
    case 'getLazyStateKeys':
    case 'getPromise':
    case 'peekPromise':
    case 'clearState':
    case 'clearAllState':
    case 'attachInvocation':
    case 'getInvocationOutput':
      return { ...commandJson(command, references), ...name };
    default:
      return unreachable(message);
  }
}

/** `typeName` is that of the notification, for example `Sleep`. */
export function notificationJson({ id, result }: NotificationEntry, typeName: string): Json {
  if (id.kind !== 'completion')
    return { Signal: { id: signalJson(id), result: resultJson(result) } };
  const completion = { completion_id: id.completionId, ...completionJson(result, typeName) };
  return { Completion: { [typeName]: completion } };
}

export function notificationLiteJson({ id, result }: NotificationEntry, typeName: string): Json {
  const ty = id.kind === 'completion' ? { Completion: typeName } : 'Signal';
  return { ty, id: notificationIdJson(id), result: resultWord(result) };
}

function completionJson(result: NotificationResult, typeName: string): Json {
  if (typeName === 'Sleep') return {};
  if (result.kind === 'invocationId') return { invocation_id: result.invocationId };
  if (result.kind === 'stateKeys') return { state_keys: result.keys.map(keyText) };
  return { result: resultJson(result) };
}

type CallMessage = ReadCommand['message'] & { readonly kind: 'call' | 'oneWayCall' };

function callIds(message: CallMessage): Json {
  const { invocationIdNotificationIdx } = message;
  return message.kind === 'call'
    ? {
        invocation_id_completion_id: invocationIdNotificationIdx,
        result_completion_id: message.completionId,
      }
    : {
        invoke_time: message.invokeTimeMs,
        invocation_id_completion_id: invocationIdNotificationIdx,
      };
}

function requestJson(entry: CommandEntry, message: CallMessage, references: EntryReferences): Json {
  const callee = entry.child && references.findInvocation(entry.child);
  return {
    ...calleeJson(entry, message, references),
    span_context: spanContextJson(entry.child, callee),
    parameter: bytesJson(message.parameter),
    headers: message.headers.map(headerJson),
    idempotency_key: message.idempotencyKey ?? null,
    // What the callee was given; nothing is known when it is gone.
    completion_retention_duration: durationJson(callee?.completionRetentionMs ?? 0),
    journal_retention_duration: durationJson(callee?.journalRetentionMs ?? 0),
    limit_key: message.limitKey,
  };
}

/** The first span of a callee. It is not known when the callee is gone, or was started by another one. */
function spanContextJson(id: InvocationId | undefined, callee: ReferredInvocation | undefined) {
  const { trace, kind } = callee?.source ?? {};
  if (id === undefined || trace === undefined || kind !== 'invocation') return NO_SPAN_CONTEXT;
  const spanId = digitsJson(trace.spanId);
  return {
    span_context: {
      trace_id: digitsJson(traceIdOf(id, trace)),
      span_id: digitsJson(startSpanIdOf(id)),
      trace_flags: 1,
      is_remote: false,
      trace_state: trace.traceState ?? '',
    },
    cause:
      trace.relation === 'parent'
        ? { Parent: spanId }
        : { Linked: [digitsJson(trace.traceId), spanId] },
  };
}

function calleeJson(
  { child }: CommandEntry,
  message: CallMessage,
  references: EntryReferences,
): Json {
  const target =
    (child && references.findInvocation(child)?.target) ?? targetOf(message, references);
  return { invocation_id: child, invocation_target: targetJson(target) };
}

/** As the schema has it today, for a callee that is gone. */
function targetOf({ service, handler, key, scope }: CallMessage, { schema }: EntryReferences) {
  const found = findHandler(schema, service, handler);
  if (found.kind !== 'found') return inScope({ kind: 'service', service, handler }, scope);
  return inScope(invocationTarget(found.revision, found.handler, key), scope);
}

function targetJson(target: InvocationTarget): Json {
  const { service: name, handler } = target;
  const scope = target.scope ?? null;
  if (target.kind === 'service') return { Service: { name, handler, scope } };
  const handler_ty = HANDLER_TYPES[target.mode];
  const keyed = { name, key: target.key, handler, handler_ty, scope };
  return target.kind === 'virtualObject' ? { VirtualObject: keyed } : { Workflow: keyed };
}

function attachTargetJson(
  target: (ReadCommand['message'] & { readonly kind: 'attachInvocation' })['target'],
): Json {
  switch (target.kind) {
    case 'invocationId':
      return { InvocationId: target.invocationId };
    case 'workflow':
      return { Workflow: { service_name: target.workflow, key: target.key } };
    case 'idempotentRequest':
      return {
        IdempotentRequest: {
          service_name: target.service,
          service_key: target.key ?? null,
          service_handler: target.handler,
          idempotency_key: target.idempotencyKey,
        },
      };
  }
}

function resultJson(result: NotificationResult): unknown {
  switch (result.kind) {
    case 'void':
      return 'Void';
    case 'success':
      return { Success: bytesJson(result.value) };
    case 'failure': {
      const { code, message, metadata } = result.failure;
      return {
        Failure: { code, message, metadata: metadata?.map(([key, value]) => ({ key, value })) },
      };
    }
    case 'invocationId':
    case 'stateKeys':
      return resultWord(result);
  }
}

function resultWord({ kind }: NotificationResult): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}

function eagerResultJson(payload: Uint8Array): unknown {
  const value = readEagerStateResult(payload);
  return value === undefined ? 'Void' : { Success: bytesJson(value) };
}

function signalJson(id: Exclude<NotificationId, { kind: 'completion' }>): Json {
  return id.kind === 'namedSignal' ? { Name: id.name } : { Index: id.index };
}

function headerJson({ key, value }: Header): Json {
  return { name: key, value };
}

function durationJson(ms: number): Json {
  return { secs: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

/** Bytes that are given in hexadecimal. */
function digitsJson(digits: string): number[] {
  return [...Buffer.from(digits, 'hex')];
}

function bytesJson(bytes: Uint8Array): number[] {
  return [...bytes];
}

function keyText(key: Uint8Array): string {
  return Buffer.from(key).toString();
}
