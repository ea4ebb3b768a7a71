// Commands that read and write user state.
import type { CommandMessage } from '../../actors/attempt/service-message.ts';
import { EMPTY_BYTES } from '../../actors/domain/outcome.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import { checkStateKeys, readValue, readVoid, required } from './value-decoder.ts';

export function decodeGetLazyState(reader: ProtobufReader): CommandMessage {
  let key = EMPTY_BYTES;
  let completionId = 0;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        key = reader.bytes();
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
  return { kind: 'getLazyState', key, completionId, name };
}

export function decodeSetState(reader: ProtobufReader): CommandMessage {
  let key = EMPTY_BYTES;
  let value: Uint8Array | undefined;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        key = reader.bytes();
        break;
      case 3:
        value = readValue(reader);
        break;
      case 12:
        name = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { kind: 'setState', key, value: required(value, 'value'), name };
}

export function decodeClearState(reader: ProtobufReader): CommandMessage {
  let key = EMPTY_BYTES;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        key = reader.bytes();
        break;
      case 12:
        name = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { kind: 'clearState', key, name };
}

export function decodeClearAllState(reader: ProtobufReader): CommandMessage {
  let name = '';
  while (reader.nextField()) {
    if (reader.field === 12) name = reader.string();
    else reader.skip();
  }
  return { kind: 'clearAllState', name };
}

/** The result is for the deployment's own replay; here it is only checked. */
export function decodeGetEagerState(reader: ProtobufReader): CommandMessage {
  let key = EMPTY_BYTES;
  let result: 'void' | 'value' | undefined;
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        key = reader.bytes();
        break;
      case 12:
        name = reader.string();
        break;
      case 13:
        readVoid(reader);
        result = 'void';
        break;
      case 14:
        readValue(reader);
        result = 'value';
        break;
      default:
        reader.skip();
    }
  }
  required(result, 'result');
  return { kind: 'getEagerState', key, name };
}

/** No keys at all may also be written as no list. */
export function decodeGetEagerStateKeys(reader: ProtobufReader): CommandMessage {
  let name = '';
  while (reader.nextField()) {
    switch (reader.field) {
      case 12:
        name = reader.string();
        break;
      case 14:
        checkStateKeys(reader);
        break;
      default:
        reader.skip();
    }
  }
  return { kind: 'getEagerStateKeys', name };
}
