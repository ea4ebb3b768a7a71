// The deployment's half of the service protocol: writes what an SDK sends, reads what it is sent.
import { MessageType } from '../../src/actors/attempt/service-message.ts';
import type {
  AttachTarget,
  CallParameters,
  DeploymentMessage,
  Header,
  ServerMessage,
} from '../../src/actors/attempt/service-message.ts';
import { unreachable } from '../../src/actors/domain/assert.ts';
import { awaitedIds, COMBINATORS } from '../../src/actors/domain/awaited-future.ts';
import type { AwaitedFuture } from '../../src/actors/domain/awaited-future.ts';
import type { NotificationId } from '../../src/actors/domain/journal.ts';
import type { Failure, NotificationResult, Outcome } from '../../src/actors/domain/outcome.ts';
import { bytesField, FieldMap, messageField, numberField, stringField } from './protobuf.ts';

const COMMAND_NAME = 12;

/** A frame: header and payload. */
export function encodeFrame(type: number, payload: Uint8Array, flags = 0): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(flags, 2);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** The frame of a message as a deployment sends it. */
export function encodeDeploymentMessage(
  message: DeploymentMessage,
  flags = 0,
  protocolVersion = 6,
): Uint8Array {
  const payload = encodeDeploymentPayload(message, protocolVersion);
  return encodeFrame(MessageType[message.kind], payload, flags);
}

/** The payload of a message as a deployment sends it. */
export function encodeDeploymentPayload(
  message: DeploymentMessage,
  protocolVersion = 6,
): Uint8Array {
  const fields = encodeOwnFields(message, protocolVersion);
  if ('name' in message) fields.push(...text(COMMAND_NAME, message.name));
  if ('completionId' in message)
    fields.push(...uint(message.kind === 'proposeRunCompletion' ? 1 : 11, message.completionId));
  return Buffer.concat(fields);
}

function encodeOwnFields(message: DeploymentMessage, protocolVersion: number): Uint8Array[] {
  switch (message.kind) {
    case 'end':
    case 'run':
    case 'clearAllState':
    case 'getLazyStateKeys':
      return [];
    case 'suspension':
      if (protocolVersion >= 7) return [messageField(4, encodeFuture(message.awaiting))];
      return awaitedIds(message.awaiting).map(encodeNotificationId);
    case 'awaitingOn':
      return [messageField(1, encodeFuture(message.awaiting))];
    case 'error':
      return [
        ...uint(1, message.code),
        ...text(2, message.message),
        ...text(3, message.stacktrace),
        ...optional(message.relatedCommandIndex, (value) => numberField(4, value)),
        ...optional(message.relatedCommandName, (value) => stringField(5, value)),
        ...optional(message.relatedCommandType, (value) => numberField(6, value)),
        ...optional(message.nextRetryDelayMs, (value) => numberField(8, value)),
        ...uint(9, ['retry', 'pause', 'fail'].indexOf(message.behavior)),
      ];
    case 'proposeRunCompletion':
      return [
        message.outcome.kind === 'success'
          ? bytesField(14, message.outcome.value)
          : encodeFailure(15, message.outcome.failure),
      ];
    case 'input':
      return [...message.headers.map((header) => pair(1, header)), encodeValue(14, message.value)];
    case 'output':
      return [encodeOutcome(14, 15, message.outcome)];
    case 'getLazyState':
    case 'clearState':
      return bytes(1, message.key);
    case 'setState':
      return [...bytes(1, message.key), encodeValue(3, message.value)];
    case 'getEagerState':
      return [...bytes(1, message.key), messageField(13)];
    case 'getEagerStateKeys':
      return [messageField(14)];
    case 'getPromise':
    case 'peekPromise':
      return text(1, message.key);
    case 'completePromise':
      return [...text(1, message.key), encodeOutcome(2, 3, message.outcome)];
    case 'sleep':
      return uint(1, message.wakeUpTimeMs);
    case 'call':
      return encodeCallParameters(message, { headers: 4, key: 5, idempotencyKey: 6, scope: 7 });
    case 'oneWayCall':
      return [
        ...encodeCallParameters(message, { headers: 5, key: 6, idempotencyKey: 7, scope: 8 }),
        ...uint(4, message.invokeTimeMs),
      ];
    case 'sendSignal':
      return [
        ...text(1, message.targetInvocationId),
        message.signal.kind === 'signal'
          ? numberField(2, message.signal.index)
          : stringField(3, message.signal.name),
        message.result.kind === 'void' ? messageField(4) : encodeOutcome(5, 6, message.result),
      ];
    case 'attachInvocation':
    case 'getInvocationOutput':
      return [encodeAttachTarget(message.target)];
    case 'completeAwakeable':
      return [...text(1, message.awakeableId), encodeOutcome(2, 3, message.outcome)];
    default:
      return unreachable(message);
  }
}

function encodeCallParameters(
  call: CallParameters,
  field: Readonly<Record<'headers' | 'key' | 'idempotencyKey' | 'scope', number>>,
): Uint8Array[] {
  return [
    ...text(1, call.service),
    ...text(2, call.handler),
    ...bytes(3, call.parameter),
    ...call.headers.map((header) => pair(field.headers, header)),
    ...text(field.key, call.key),
    ...optional(call.idempotencyKey, (value) => stringField(field.idempotencyKey, value)),
    ...optional(call.scope, (value) => stringField(field.scope, value)),
    ...optional(call.limitKey, (value) => stringField(field.scope + 1, value)),
    ...uint(10, call.invocationIdNotificationIdx),
  ];
}

function encodeAttachTarget(target: AttachTarget): Uint8Array {
  switch (target.kind) {
    case 'invocationId':
      return stringField(1, target.invocationId);
    case 'idempotentRequest':
      return messageField(
        3,
        ...text(1, target.service),
        ...optional(target.key, (value) => stringField(2, value)),
        ...text(3, target.handler),
        ...text(4, target.idempotencyKey),
        ...optional(target.scope, (value) => stringField(5, value)),
      );
    case 'workflow':
      return messageField(
        4,
        ...text(1, target.workflow),
        ...text(2, target.key),
        ...optional(target.scope, (value) => stringField(3, value)),
      );
    default:
      return unreachable(target);
  }
}

/** The fields of a Future. */
function encodeFuture(future: AwaitedFuture): Uint8Array {
  let body = new Uint8Array(0);
  const fields: Uint8Array[] = [];
  for (const step of future) {
    if (step.kind !== 'combine') {
      fields.push(encodeNotificationId(step));
      continue;
    }
    const children = fields.splice(fields.length - step.count);
    body = Buffer.concat([...children, ...uint(5, COMBINATORS.indexOf(step.combinator))]);
    fields.push(messageField(4, body));
  }
  return body;
}

function encodeNotificationId(id: NotificationId): Uint8Array {
  switch (id.kind) {
    case 'completion':
      return numberField(1, id.completionId);
    case 'signal':
      return numberField(2, id.index);
    case 'namedSignal':
      return stringField(3, id.name);
    default:
      return unreachable(id);
  }
}

function encodeOutcome(valueField: number, failureField: number, outcome: Outcome): Uint8Array {
  return outcome.kind === 'success'
    ? encodeValue(valueField, outcome.value)
    : encodeFailure(failureField, outcome.failure);
}

function encodeValue(field: number, content: Uint8Array): Uint8Array {
  return messageField(field, ...bytes(1, content));
}

function encodeFailure(field: number, { code, message, metadata }: Failure): Uint8Array {
  const pairs = (metadata ?? []).map(([key, value]) => pair(3, { key, value }));
  return messageField(field, ...uint(1, code), ...text(2, message), ...pairs);
}

function pair(field: number, { key, value }: Header): Uint8Array {
  return messageField(field, ...text(1, key), ...text(2, value));
}

// Fields without explicit presence are left out when they have the default value, as SDKs do.
function uint(field: number, value: number): Uint8Array[] {
  return value === 0 ? [] : [numberField(field, value)];
}

function text(field: number, value: string): Uint8Array[] {
  return value === '' ? [] : [stringField(field, value)];
}

function bytes(field: number, value: Uint8Array): Uint8Array[] {
  return value.length === 0 ? [] : [bytesField(field, value)];
}

function optional<T>(value: T | undefined, encode: (value: T) => Uint8Array): Uint8Array[] {
  return value === undefined ? [] : [encode(value)];
}

/** Input as a deployment reads it. */
export interface InputMessage {
  readonly kind: 'input';
  readonly headers: readonly Header[];
  readonly value: Uint8Array;
}

/** Reads what only the server writes; anything else is a replayed command. */
export function decodeServerMessage(
  type: number,
  payload: Uint8Array,
): ServerMessage | InputMessage | { readonly kind: 'replayedCommand' } {
  const fields = new FieldMap(payload);
  switch (type) {
    case MessageType.start:
      return {
        kind: 'start',
        id: fields.bytes(1),
        debugId: fields.string(2),
        knownEntries: fields.number(3),
        stateMap: fields.messages(4).map((entry) => [entry.bytes(1), entry.bytes(2)] as const),
        partialState: fields.number(5) !== 0,
        key: fields.string(6),
        retryCountSinceLastStoredEntry: fields.number(7),
        durationSinceLastStoredEntryMs: fields.number(8),
        randomSeed: fields.bigint(9),
        scope: fields.has(10) ? fields.string(10) : undefined,
        limitKey: fields.has(11) ? fields.string(11) : undefined,
        idempotencyKey: fields.has(12) ? fields.string(12) : undefined,
      };
    case MessageType.commandAck:
      return { kind: 'commandAck', commandIndex: fields.number(1) };
    case MessageType.proposeRunCompletionAck:
      return { kind: 'proposeRunCompletionAck', completionId: fields.number(1) };
    case MessageType.input:
      return {
        kind: 'input',
        headers: fields.messages(1).map((header) => decodePair(header)),
        value: fields.message(14).bytes(1),
      };
    default:
      if (type < 0x8000) return { kind: 'replayedCommand' };
      return {
        kind: 'notification',
        type,
        id: decodeNotificationId(fields),
        result: decodeNotificationResult(fields),
      };
  }
}

function decodeNotificationId(fields: FieldMap): NotificationId {
  if (fields.has(1)) return { kind: 'completion', completionId: fields.number(1) };
  if (fields.has(2)) return { kind: 'signal', index: fields.number(2) };
  if (fields.has(3)) return { kind: 'namedSignal', name: fields.string(3) };
  throw new Error('a notification has no id');
}

function decodeNotificationResult(fields: FieldMap): NotificationResult {
  if (fields.has(4)) return { kind: 'void' };
  if (fields.has(5)) return { kind: 'success', value: fields.message(5).bytes(1) };
  if (fields.has(6)) return { kind: 'failure', failure: decodeFailure(fields.message(6)) };
  if (fields.has(16)) return { kind: 'invocationId', invocationId: fields.string(16) };
  if (fields.has(17)) return { kind: 'stateKeys', keys: fields.message(17).bytesList(1) };
  throw new Error('a notification has no result');
}

function decodeFailure(fields: FieldMap): Failure {
  const metadata = fields.messages(3).map((entry) => [entry.string(1), entry.string(2)] as const);
  const base = { code: fields.number(1), message: fields.string(2) };
  return metadata.length === 0 ? base : { ...base, metadata };
}

function decodePair(fields: FieldMap): Header {
  return { key: fields.string(1), value: fields.string(2) };
}
