// Commands of an invocation's own progress: output, run, sleep, and a workflow's durable promises.
import type { CommandMessage } from '../../actors/attempt/service-message.ts';
import type { Outcome } from '../../actors/domain/outcome.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import { readFailure, readSuccess, required } from './value-decoder.ts';

export function decodeOutput(reader: ProtobufReader): CommandMessage {
  let outcome: Outcome | undefined;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 12:
        name = reader.string();
        break;
      case 14:
        outcome = readSuccess(reader);
        break;
      case 15:
        outcome = readFailure(reader);
        break;
      default:
        reader.skip();
    }
  }
  return { kind: 'output', outcome: required(outcome, 'result'), name };
}

export function decodeRun(reader: ProtobufReader): CommandMessage {
  return decodeCompletionOnly(reader, 'run');
}

export function decodeGetLazyStateKeys(reader: ProtobufReader): CommandMessage {
  return decodeCompletionOnly(reader, 'getLazyStateKeys');
}

function decodeCompletionOnly(
  reader: ProtobufReader,
  kind: 'run' | 'getLazyStateKeys',
): CommandMessage {
  let completionId = 0;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
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
  return { kind, completionId, name };
}

export function decodeSleep(reader: ProtobufReader): CommandMessage {
  let wakeUpTimeMs = 0;
  let completionId = 0;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        wakeUpTimeMs = reader.uint64();
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
  return { kind: 'sleep', wakeUpTimeMs, completionId, name };
}

export function decodeGetPromise(reader: ProtobufReader): CommandMessage {
  return decodePromiseRead(reader, 'getPromise');
}

export function decodePeekPromise(reader: ProtobufReader): CommandMessage {
  return decodePromiseRead(reader, 'peekPromise');
}

function decodePromiseRead(
  reader: ProtobufReader,
  kind: 'getPromise' | 'peekPromise',
): CommandMessage {
  let key = '';
  let completionId = 0;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        key = reader.string();
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
  return { kind, key, completionId, name };
}

export function decodeCompletePromise(reader: ProtobufReader): CommandMessage {
  let key = '';
  let outcome: Outcome | undefined;
  let completionId = 0;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        key = reader.string();
        break;
      case 2:
        outcome = readSuccess(reader);
        break;
      case 3:
        outcome = readFailure(reader);
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
  const result = required(outcome, 'result');
  return { kind: 'completePromise', key, outcome: result, completionId, name };
}
