// Turns the server's messages into frames. Source: service protocol, versions 5 to 7.
import { MessageType } from '../../actors/attempt/service-message.ts';
import type { Header, ServerMessage, StartMessage } from '../../actors/attempt/service-message.ts';
import { unreachable } from '../../actors/domain/assert.ts';
import type { NotificationId } from '../../actors/domain/journal.ts';
import type { Failure, NotificationResult } from '../../actors/domain/outcome.ts';
import { beginFrame, endFrame } from './frame-codec.ts';
import { bytesFieldBytes, ProtobufWriter } from './protobuf-writer.ts';

/**
 * Collects the frames of one write to a deployment in one buffer. One writer serves any number of
 * streams, as long as the frames of one are taken before those of the next are written.
 */
export class FrameWriter {
  readonly #writer = new ProtobufWriter();

  /** Bytes written and not taken yet. */
  get length(): number {
    return this.#writer.length;
  }

  writeServerMessage(message: ServerMessage): void {
    switch (message.kind) {
      case 'start':
        return this.#writeStart(message);
      case 'commandAck':
        return this.#writeAck(MessageType.commandAck, message.commandIndex);
      case 'proposeRunCompletionAck':
        return this.#writeAck(MessageType.proposeRunCompletionAck, message.completionId);
      case 'notification':
        return this.#writeNotification(message.type, message.id, message.result);
      default:
        return unreachable(message);
    }
  }

  /** Writes a stored entry as it was received, without flags. */
  writeRaw(type: number, payload: Uint8Array): void {
    const frame = beginFrame(this.#writer, type, 0);
    this.#writer.append(payload);
    endFrame(this.#writer, frame);
  }

  /** Gives the frames written since the last call. The bytes are the caller's. */
  take(): Uint8Array {
    return this.#writer.take();
  }

  #writeStart(start: StartMessage): void {
    const writer = this.#writer;
    const frame = beginFrame(writer, MessageType.start, 0);
    writer.bytes(1, start.id);
    writer.string(2, start.debugId);
    writer.uint(3, start.knownEntries);
    for (const [key, value] of start.stateMap) writeStateEntry(writer, key, value);
    writer.bool(5, start.partialState);
    writer.string(6, start.key);
    writer.uint(7, start.retryCountSinceLastStoredEntry);
    // A wall clock that was set back makes this negative.
    writer.uint(8, Math.max(0, Math.trunc(start.durationSinceLastStoredEntryMs)));
    writer.uint64Exact(9, start.randomSeed);
    if (start.scope !== undefined) writer.presentString(10, start.scope);
    if (start.limitKey !== undefined) writer.presentString(11, start.limitKey);
    if (start.idempotencyKey !== undefined) writer.presentString(12, start.idempotencyKey);
    endFrame(writer, frame);
  }

  #writeAck(type: number, index: number): void {
    const frame = beginFrame(this.#writer, type, 0);
    this.#writer.uint(1, index);
    endFrame(this.#writer, frame);
  }

  #writeNotification(type: number, id: NotificationId, result: NotificationResult): void {
    const frame = beginFrame(this.#writer, type, 0);
    writeNotificationId(this.#writer, id);
    writeNotificationResult(this.#writer, result);
    endFrame(this.#writer, frame);
  }
}

/** Payload of the Input entry. The value is there even when it is empty. */
export function encodeInputCommand(headers: readonly Header[], value: Uint8Array): Uint8Array {
  let bytesExpected = value.length + 16;
  for (const header of headers) bytesExpected += 3 * (header.key.length + header.value.length) + 16;
  const writer = new ProtobufWriter(bytesExpected);
  for (const header of headers) writeStringPair(writer, 1, header.key, header.value);
  writeValue(writer, 14, value);
  return writer.take();
}

function writeStateEntry(writer: ProtobufWriter, key: Uint8Array, value: Uint8Array): void {
  writer.lengthPrefix(4, implicitBytesFieldBytes(key) + implicitBytesFieldBytes(value));
  writer.bytes(1, key);
  writer.bytes(2, value);
}

function writeNotificationId(writer: ProtobufWriter, id: NotificationId): void {
  switch (id.kind) {
    case 'completion':
      return writer.presentUint(1, id.completionId);
    case 'signal':
      return writer.presentUint(2, id.index);
    case 'namedSignal':
      return writer.presentString(3, id.name);
    default:
      return unreachable(id);
  }
}

function writeNotificationResult(writer: ProtobufWriter, result: NotificationResult): void {
  switch (result.kind) {
    case 'void':
      return writer.lengthPrefix(4, 0);
    case 'success':
      return writeValue(writer, 5, result.value);
    case 'failure':
      return writeFailure(writer, 6, result.failure);
    case 'invocationId':
      return writer.presentString(16, result.invocationId);
    case 'stateKeys':
      return writeStateKeys(writer, 17, result.keys);
    default:
      return unreachable(result);
  }
}

/** Value {content = 1}. */
function writeValue(writer: ProtobufWriter, field: number, content: Uint8Array): void {
  writer.lengthPrefix(field, implicitBytesFieldBytes(content));
  writer.bytes(1, content);
}

function writeFailure(writer: ProtobufWriter, field: number, failure: Failure): void {
  const message = writer.beginMessage(field);
  writer.uint(1, failure.code);
  writer.string(2, failure.message);
  for (const [key, value] of failure.metadata ?? []) writeStringPair(writer, 3, key, value);
  writer.endMessage(message);
}

function writeStateKeys(writer: ProtobufWriter, field: number, keys: readonly Uint8Array[]): void {
  const message = writer.beginMessage(field);
  for (const key of keys) writer.presentBytes(1, key);
  writer.endMessage(message);
}

/** Header {key = 1, value = 2} and entries of a failure's metadata. */
function writeStringPair(writer: ProtobufWriter, field: number, key: string, value: string): void {
  const message = writer.beginMessage(field);
  writer.string(1, key);
  writer.string(2, value);
  writer.endMessage(message);
}

function implicitBytesFieldBytes(value: Uint8Array): number {
  return value.length === 0 ? 0 : bytesFieldBytes(value.length);
}
