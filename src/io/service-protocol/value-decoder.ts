// Nested messages that several messages of the service protocol share. Of a field that occurs more
// than once the last one counts.
import type { AttachTarget, Header } from '../../actors/attempt/service-message.ts';
import { EMPTY_BYTES } from '../../actors/domain/outcome.ts';
import type { Failure, Outcome } from '../../actors/domain/outcome.ts';
import { MalformedMessageError } from './protobuf-reader.ts';
import type { ProtobufReader } from './protobuf-reader.ts';

/** The value of a `oneof` or message field that must be there. */
export function required<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new MalformedMessageError(`missing ${field} field`);
  return value;
}

export function readVoid(reader: ProtobufReader): void {
  const outerEnd = reader.enterMessage();
  while (reader.nextField()) reader.skip();
  reader.leaveMessage(outerEnd);
}

/** Value {content = 1}. */
export function readValue(reader: ProtobufReader): Uint8Array {
  let content = EMPTY_BYTES;
  const outerEnd = reader.enterMessage();
  while (reader.nextField()) {
    if (reader.field === 1) content = reader.bytes();
    else reader.skip();
  }
  reader.leaveMessage(outerEnd);
  return content;
}

export function readSuccess(reader: ProtobufReader): Outcome {
  return { kind: 'success', value: readValue(reader) };
}

export function readFailure(reader: ProtobufReader): Outcome & { readonly kind: 'failure' } {
  let code = 0;
  let message = '';
  const metadata: Array<readonly [key: string, value: string]> = [];
  const outerEnd = reader.enterMessage();
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        code = reader.uint32();
        break;
      case 2:
        message = reader.string();
        break;
      case 3: {
        const { key, value } = readHeader(reader);
        metadata.push([key, value]);
        break;
      }
      default:
        reader.skip();
    }
  }
  reader.leaveMessage(outerEnd);
  const failure: Failure = metadata.length > 0 ? { code, message, metadata } : { code, message };
  return { kind: 'failure', failure };
}

/** Header {key = 1, value = 2}; an entry of a failure's metadata has the same shape. */
export function readHeader(reader: ProtobufReader): Header {
  let key = '';
  let value = '';
  const outerEnd = reader.enterMessage();
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        key = reader.string();
        break;
      case 2:
        value = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  reader.leaveMessage(outerEnd);
  return { key, value };
}

/** StateKeys {keys = 1}, checked but not kept. */
export function checkStateKeys(reader: ProtobufReader): void {
  const outerEnd = reader.enterMessage();
  while (reader.nextField()) {
    if (reader.field === 1) reader.bytes();
    else reader.skip();
  }
  reader.leaveMessage(outerEnd);
}

export function readIdempotentRequestTarget(reader: ProtobufReader): AttachTarget {
  let service = '';
  let key: string | undefined;
  let handler = '';
  let idempotencyKey = '';
  let scope: string | undefined;
  const outerEnd = reader.enterMessage();
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        service = reader.string();
        break;
      case 2:
        key = reader.string();
        break;
      case 3:
        handler = reader.string();
        break;
      case 4:
        idempotencyKey = reader.string();
        break;
      case 5:
        scope = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  reader.leaveMessage(outerEnd);
  return { kind: 'idempotentRequest', service, key, handler, idempotencyKey, scope };
}

export function readWorkflowTarget(reader: ProtobufReader): AttachTarget {
  let workflow = '';
  let key = '';
  let scope: string | undefined;
  const outerEnd = reader.enterMessage();
  while (reader.nextField()) {
    switch (reader.field) {
      case 1:
        workflow = reader.string();
        break;
      case 2:
        key = reader.string();
        break;
      case 3:
        scope = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  reader.leaveMessage(outerEnd);
  return { kind: 'workflow', workflow, key, scope };
}

/** A string of a call that counts as absent when it is empty. Source: seen on the reference server. */
export function readOptional(reader: ProtobufReader): string | undefined {
  const text = reader.string();
  return text === '' ? undefined : text;
}
