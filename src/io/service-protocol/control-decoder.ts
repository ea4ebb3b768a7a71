// Control messages of a deployment: they steer the attempt and are no journal entries.
import type { ControlMessage, ErrorMessage } from '../../actors/attempt/service-message.ts';
import { awaitAny } from '../../actors/domain/awaited-future.ts';
import type { AwaitedFuture } from '../../actors/domain/awaited-future.ts';
import type { NotificationId } from '../../actors/domain/journal.ts';
import type { Outcome } from '../../actors/domain/outcome.ts';
import type { DecodeOptions } from './decode-options.ts';
import { readFuture } from './future-decoder.ts';
import { MalformedMessageError } from './protobuf-reader.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import { readFailure, required } from './value-decoder.ts';

/** Version 7 tells a tree; versions 5 and 6 tell flat lists, and any listed id resumes. */
export function decodeSuspension(
  reader: ProtobufReader,
  { protocolVersion, awaitedDepthMax }: DecodeOptions,
): ControlMessage {
  const awaiting =
    protocolVersion >= 7
      ? decodeAwaited(reader, SUSPENSION_AWAITING_ON, awaitedDepthMax)
      : decodeFlatLists(reader);
  return { kind: 'suspension', awaiting };
}

/** Taken whatever the version, as on the reference. */
export function decodeAwaitingOn(
  reader: ProtobufReader,
  { awaitedDepthMax }: DecodeOptions,
): ControlMessage {
  return { kind: 'awaitingOn', awaiting: decodeAwaited(reader, AWAITING_ON, awaitedDepthMax) };
}

const SUSPENSION_AWAITING_ON = 4;
const AWAITING_ON = 1;

function decodeAwaited(reader: ProtobufReader, field: number, depthMax: number): AwaitedFuture {
  let awaited: AwaitedFuture | undefined;
  while (reader.nextField()) {
    if (reader.field === field) awaited = readFuture(reader, depthMax);
    else reader.skip();
  }
  return required(awaited, 'awaiting_on');
}

function decodeFlatLists(reader: ProtobufReader): AwaitedFuture {
  const completions: number[] = [];
  const signals: number[] = [];
  const names: string[] = [];
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        reader.uint32s(completions);
        break;
      case 2:
        reader.uint32s(signals);
        break;
      case 3:
        names.push(reader.string());
        break;
      default:
        reader.skip();
    }
  }
  const awaiting: NotificationId[] = [];
  for (const completionId of completions) awaiting.push({ kind: 'completion', completionId });
  for (const index of signals) awaiting.push({ kind: 'signal', index });
  for (const name of names) awaiting.push({ kind: 'namedSignal', name });
  // Nothing could ever resume the invocation.
  if (awaiting.length === 0) throw new MalformedMessageError('nothing is awaited');
  return awaitAny(awaiting);
}

export function decodeError(reader: ProtobufReader): ErrorMessage {
  let code = 0;
  let message = '';
  let stacktrace = '';
  let relatedCommandIndex: number | undefined;
  let relatedCommandName: string | undefined;
  let relatedCommandType: number | undefined;
  let nextRetryDelayMs: number | undefined;
  let behavior: ErrorMessage['behavior'] = 'retry';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        code = reader.uint32();
        break;
      case 2:
        message = reader.string();
        break;
      case 3:
        stacktrace = reader.string();
        break;
      case 4:
        relatedCommandIndex = reader.uint32();
        break;
      case 5:
        relatedCommandName = reader.string();
        break;
      case 6:
        relatedCommandType = reader.uint32();
        break;
      case 8:
        nextRetryDelayMs = reader.uint64();
        break;
      case 9:
        behavior = readBehavior(reader);
        break;
      default:
        reader.skip();
    }
  }
  return {
    kind: 'error',
    code,
    message,
    stacktrace,
    relatedCommandIndex,
    relatedCommandName,
    relatedCommandType,
    nextRetryDelayMs,
    behavior,
  };
}

// Enums of proto3 are open: a behaviour this server does not know falls back to the default.
function readBehavior(reader: ProtobufReader): ErrorMessage['behavior'] {
  switch (reader.uint64()) {
    case 1:
      return 'pause';
    case 2:
      return 'fail';
    default:
      return 'retry';
  }
}

export function decodeEnd(reader: ProtobufReader): ControlMessage {
  while (reader.nextField()) reader.skip();
  return { kind: 'end' };
}

export function decodeProposeRunCompletion(reader: ProtobufReader): ControlMessage {
  let completionId = 0;
  let outcome: Outcome | undefined;
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        completionId = reader.uint32();
        break;
      case 14:
        // Bare bytes, unlike the values of all other messages.
        outcome = { kind: 'success', value: reader.bytes() };
        break;
      case 15:
        outcome = readFailure(reader);
        break;
      default:
        reader.skip();
    }
  }
  return { kind: 'proposeRunCompletion', completionId, outcome: required(outcome, 'result') };
}
