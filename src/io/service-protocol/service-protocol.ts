// The service protocol as the actors use it: frames and typed messages in one step.
import { MessageType } from '../../actors/attempt/service-message.ts';
import type { CommandEntry, JournalEntry } from '../../actors/domain/journal.ts';
import { assert } from '../../actors/domain/assert.ts';
import type { Outcome } from '../../actors/domain/outcome.ts';
import type {
  MessageReader,
  MessageWriter,
  ReceivedMessage,
  ServiceProtocol,
} from '../../actors/ports.ts';
import type { DecodeOptions } from './decode-options.ts';
import { FrameDecoder, REQUESTED_ACK_FLAG } from './frame-codec.ts';
import { decodeDeploymentMessage } from './message-decoder.ts';
import { encodeInputCommand, FrameWriter } from './message-encoder.ts';
import { negotiateVersion, PROTOCOL_VERSION_MAX, serviceProtocolContentType } from './version.ts';

/** Plain data. */
export interface ServiceProtocolSettings {
  /** Newest version that a new invocation gets; older invocations keep theirs. */
  readonly protocolVersionMax: number;
  /** Largest message taken from a deployment. Unit: bytes, exclusive. */
  readonly messageBytesMax: number;
  /** Deepest tree of futures taken from a deployment, inclusive. */
  readonly awaitedDepthMax: number;
}

class FrameMessageReader implements MessageReader {
  readonly #frames: FrameDecoder;
  readonly #options: DecodeOptions;

  constructor(options: DecodeOptions, messageBytesMax: number) {
    this.#frames = new FrameDecoder(messageBytesMax);
    this.#options = options;
  }

  push(chunk: Uint8Array): void {
    this.#frames.push(chunk);
  }

  next(): ReceivedMessage {
    const frame = this.#frames.next();
    if (frame.kind === 'needMoreBytes') return frame;
    if (frame.kind === 'tooLarge') {
      const text = `message encoding error: hit message size limit: ${frame.bytes} >= ${frame.bytesMax}`;
      return { kind: 'invalid', reason: 'tooLarge', text };
    }
    const { type, flags, payload } = frame;
    const decoded = decodeDeploymentMessage(type, payload, this.#options);
    if (!decoded.ok) {
      const reason = decoded.error.kind === 'tooDeep' ? 'tooDeep' : 'malformed';
      return { kind: 'invalid', reason, text: decoded.error.message };
    }
    const ackRequested = (flags & REQUESTED_ACK_FLAG) !== 0;
    return { kind: 'message', message: decoded.message, payload, ackRequested };
  }
}

class FrameMessageWriter extends FrameWriter implements MessageWriter {
  writeMessage(...[message]: Parameters<FrameWriter['writeServerMessage']>): void {
    this.writeServerMessage(message);
  }

  writeEntry(entry: JournalEntry): void {
    if (entry.kind === 'command') this.writeRaw(entry.type, entry.payload);
    else this.writeServerMessage(entry);
  }
}

/** Writers keep nothing between `take` and the next write, so all attempts of a thread share one. */
const sharedWriter = new FrameMessageWriter();

export function createServiceProtocol({
  protocolVersionMax,
  messageBytesMax,
  awaitedDepthMax,
}: ServiceProtocolSettings): ServiceProtocol {
  return {
    negotiateVersion: (min, max) => negotiateVersion(min, max, protocolVersionMax),
    contentType: serviceProtocolContentType,
    createReader: (protocolVersion) =>
      new FrameMessageReader({ protocolVersion, awaitedDepthMax }, messageBytesMax),
    createWriter: () => sharedWriter,
    encodeInput: encodeInputCommand,
    decodeOutput,
    completionIdsOf,
  };
}

/** Command entries mean the same in every version. */
const JOURNALED: DecodeOptions = { protocolVersion: PROTOCOL_VERSION_MAX, awaitedDepthMax: 0 };

function decodeOutput(payload: Uint8Array): Outcome {
  const decoded = decodeDeploymentMessage(MessageType.output, payload, JOURNALED);
  assert(decoded.ok && decoded.message.kind === 'output', 'journaled Output entries are valid');
  return decoded.message.outcome;
}

function completionIdsOf({ type, payload }: CommandEntry): readonly number[] {
  // Input is the only command entry that the server writes itself, and nothing answers it.
  if (type === MessageType.input) return [];
  const decoded = decodeDeploymentMessage(type, payload, JOURNALED);
  assert(decoded.ok, 'journaled command entries are valid');
  const { message } = decoded;
  const ids: number[] = [];
  if ('completionId' in message) ids.push(message.completionId);
  if ('invocationIdNotificationIdx' in message) ids.push(message.invocationIdNotificationIdx);
  return ids;
}
