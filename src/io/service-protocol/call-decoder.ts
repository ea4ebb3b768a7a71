// Commands that reach other invocations: calls, signals, awakeables, attaching.
import type { AttachTarget, CommandMessage, Header } from '../../actors/attempt/service-message.ts';
import { EMPTY_BYTES } from '../../actors/domain/outcome.ts';
import type { Outcome } from '../../actors/domain/outcome.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import {
  readFailure,
  readHeader,
  readIdempotentRequestTarget,
  readOptional,
  readSuccess,
  readVoid,
  readWorkflowTarget,
  required,
} from './value-decoder.ts';

export function decodeCall(reader: ProtobufReader): CommandMessage {
  let service = '';
  let handler = '';
  let parameter = EMPTY_BYTES;
  const headers: Header[] = [];
  let key = '';
  let idempotencyKey: string | undefined;
  let scope: string | undefined;
  let limitKey: string | undefined;
  let invocationIdNotificationIdx = 0;
  let completionId = 0;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        service = reader.string();
        break;
      case 2:
        handler = reader.string();
        break;
      case 3:
        parameter = reader.bytes();
        break;
      case 4:
        headers.push(readHeader(reader));
        break;
      case 5:
        key = reader.string();
        break;
      case 6:
        idempotencyKey = reader.string();
        break;
      case 7:
        scope = readOptional(reader);
        break;
      case 8:
        limitKey = readOptional(reader);
        break;
      case 10:
        invocationIdNotificationIdx = reader.uint32();
        break;
      case 11:
        completionId = reader.uint32();
        break;
      case 12:
        name = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return {
    kind: 'call',
    completionId,
    service,
    handler,
    parameter,
    headers,
    key,
    idempotencyKey,
    scope,
    limitKey,
    invocationIdNotificationIdx,
    name,
  };
}

export function decodeOneWayCall(reader: ProtobufReader): CommandMessage {
  let service = '';
  let handler = '';
  let parameter = EMPTY_BYTES;
  let invokeTimeMs = 0;
  const headers: Header[] = [];
  let key = '';
  let idempotencyKey: string | undefined;
  let scope: string | undefined;
  let limitKey: string | undefined;
  let invocationIdNotificationIdx = 0;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        service = reader.string();
        break;
      case 2:
        handler = reader.string();
        break;
      case 3:
        parameter = reader.bytes();
        break;
      case 4:
        invokeTimeMs = reader.uint64();
        break;
      case 5:
        headers.push(readHeader(reader));
        break;
      case 6:
        key = reader.string();
        break;
      case 7:
        idempotencyKey = reader.string();
        break;
      case 8:
        scope = readOptional(reader);
        break;
      case 9:
        limitKey = readOptional(reader);
        break;
      case 10:
        invocationIdNotificationIdx = reader.uint32();
        break;
      case 12:
        name = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return {
    kind: 'oneWayCall',
    invokeTimeMs,
    service,
    handler,
    parameter,
    headers,
    key,
    idempotencyKey,
    scope,
    limitKey,
    invocationIdNotificationIdx,
    name,
  };
}

type SendSignal = CommandMessage & { readonly kind: 'sendSignal' };

export function decodeSendSignal(reader: ProtobufReader): CommandMessage {
  let targetInvocationId = '';
  let signal: SendSignal['signal'] | undefined;
  let result: SendSignal['result'] | undefined;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        targetInvocationId = reader.string();
        break;
      case 2:
        signal = { kind: 'signal', index: reader.uint32() };
        break;
      case 3:
        signal = { kind: 'namedSignal', name: reader.string() };
        break;
      case 4:
        readVoid(reader);
        result = { kind: 'void' };
        break;
      case 5:
        result = readSuccess(reader);
        break;
      case 6:
        result = readFailure(reader);
        break;
      case 12:
        name = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return {
    kind: 'sendSignal',
    targetInvocationId,
    signal: required(signal, 'signal id'),
    result: required(result, 'result'),
    name,
  };
}

export function decodeCompleteAwakeable(reader: ProtobufReader): CommandMessage {
  let awakeableId = '';
  let outcome: Outcome | undefined;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        awakeableId = reader.string();
        break;
      case 2:
        outcome = readSuccess(reader);
        break;
      case 3:
        outcome = readFailure(reader);
        break;
      case 12:
        name = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { kind: 'completeAwakeable', awakeableId, outcome: required(outcome, 'result'), name };
}

export function decodeAttachInvocation(reader: ProtobufReader): CommandMessage {
  return { kind: 'attachInvocation', ...readAttach(reader) };
}

export function decodeGetInvocationOutput(reader: ProtobufReader): CommandMessage {
  return { kind: 'getInvocationOutput', ...readAttach(reader) };
}

function readAttach(reader: ProtobufReader): {
  readonly target: AttachTarget;
  readonly completionId: number;
  readonly name: string;
} {
  let target: AttachTarget | undefined;
  let completionId = 0;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        target = { kind: 'invocationId', invocationId: reader.string() };
        break;
      case 3:
        target = readIdempotentRequestTarget(reader);
        break;
      case 4:
        target = readWorkflowTarget(reader);
        break;
      case 11:
        completionId = reader.uint32();
        break;
      case 12:
        name = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { target: required(target, 'target'), completionId, name };
}
