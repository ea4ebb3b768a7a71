import { SERVICE_MESSAGE_BYTES_MAX } from '../../actors/domain/limits.ts';
import { EMPTY_BYTES } from '../../actors/domain/outcome.ts';
import type { ProtobufWriter } from './protobuf-writer.ts';

// Frame, big-endian. Source: service protocol, "message header".
//   0      2       4            8
//   | type | flags | body bytes | body …

/** Size of a frame's header. Unit: bytes. */
export const FRAME_HEADER_BYTES = 8;

/** Flag of a command that wants a CommandAck. All other bits are reserved. Source: service protocol. */
export const REQUESTED_ACK_FLAG = 0x8000;

/** Bodies smaller than this do not keep a much larger chunk alive. Unit: bytes. */
const COPIED_BODY_BYTES_MAX = 16 * 1024;
const MUCH_LARGER = 4;

/** First size of the buffer for a body that arrives in several chunks. Unit: bytes. */
const ASSEMBLY_BYTES_MIN = 64 * 1024;

export type FrameResult =
  | {
      readonly kind: 'frame';
      readonly type: number;
      readonly flags: number;
      /** The receiver's from now on; may be a view of a chunk. */
      readonly payload: Uint8Array;
    }
  | { readonly kind: 'needMoreBytes' }
  /** Final: the decoder gives nothing else from now on and forgets further chunks. */
  | { readonly kind: 'tooLarge'; readonly bytes: number; readonly bytesMax: number };

const NEED_MORE_BYTES: FrameResult = { kind: 'needMoreBytes' };

/**
 * Cuts a byte stream into frames, however its chunks are split. Every byte is copied at most a
 * constant number of times, and a body claimed but not sent takes no memory.
 */
export class FrameDecoder {
  readonly #bytesMax: number;
  /** Chunks not consumed yet, from `#chunk` on; the first from `#position` on. */
  #chunks: Uint8Array[] = [];
  #chunk = 0;
  #position = 0;
  /** Type and flags, as far as they have been received. */
  #typeAndFlags = 0;
  #headerReceived = 0;
  #bodyBytes = 0;
  /** Collects a body that is spread over chunks. */
  #body: Uint8Array = EMPTY_BYTES;
  #bodyReceived = 0;
  #tooLarge = false;

  /** `bytesMax` is exclusive. */
  constructor(bytesMax: number = SERVICE_MESSAGE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** Takes the next chunk of the stream, which belongs to the decoder from now on. */
  push(chunk: Uint8Array): void {
    if (chunk.length > 0 && !this.#tooLarge) this.#chunks.push(chunk);
  }

  /** Gives the next frame. Call until it gives anything else. */
  next(): FrameResult {
    if (!this.#readHeader()) return NEED_MORE_BYTES;
    if (this.#bodyBytes >= this.#bytesMax) return this.#refuse();
    const payload = this.#readBody();
    if (payload === undefined) return NEED_MORE_BYTES;
    this.#headerReceived = 0;
    return {
      kind: 'frame',
      type: this.#typeAndFlags >>> 16,
      flags: this.#typeAndFlags & 0xffff,
      payload,
    };
  }

  #readHeader(): boolean {
    if (this.#headerReceived === FRAME_HEADER_BYTES) return true;
    if (this.#headerReceived === 0) this.#bodyBytes = 0;
    while (this.#headerReceived < FRAME_HEADER_BYTES) {
      const chunk = this.#currentChunk();
      if (chunk === undefined) return false;
      const count = Math.min(
        FRAME_HEADER_BYTES - this.#headerReceived,
        chunk.length - this.#position,
      );
      for (let at = 0; at < count; at++) this.#takeHeaderByte(chunk[this.#position + at] ?? 0);
      this.#consume(chunk, count);
    }
    return true;
  }

  #takeHeaderByte(byte: number): void {
    // Four bytes shift out whatever was there before.
    if (this.#headerReceived < 4) this.#typeAndFlags = (this.#typeAndFlags << 8) | byte;
    else this.#bodyBytes = this.#bodyBytes * 256 + byte;
    this.#headerReceived += 1;
  }

  #readBody(): Uint8Array | undefined {
    if (this.#bodyBytes === 0) return EMPTY_BYTES;
    if (this.#bodyReceived === 0) {
      const chunk = this.#currentChunk();
      if (chunk !== undefined && chunk.length - this.#position >= this.#bodyBytes) {
        const body = detachBody(chunk, this.#position, this.#bodyBytes);
        this.#consume(chunk, this.#bodyBytes);
        return body;
      }
    }
    return this.#assembleBody();
  }

  #assembleBody(): Uint8Array | undefined {
    while (this.#bodyReceived < this.#bodyBytes) {
      const chunk = this.#currentChunk();
      if (chunk === undefined) return undefined;
      const count = Math.min(this.#bodyBytes - this.#bodyReceived, chunk.length - this.#position);
      this.#growBody(this.#bodyReceived + count);
      this.#body.set(chunk.subarray(this.#position, this.#position + count), this.#bodyReceived);
      this.#bodyReceived += count;
      this.#consume(chunk, count);
    }
    const body = this.#body;
    this.#body = EMPTY_BYTES;
    this.#bodyReceived = 0;
    return body;
  }

  // By what has arrived, not by what the header claims: a claim costs its sender nothing.
  #growBody(bytesNeeded: number): void {
    if (this.#body.length >= bytesNeeded) return;
    const bytes = Math.min(this.#bodyBytes, Math.max(ASSEMBLY_BYTES_MIN, 4 * bytesNeeded));
    const grown = Buffer.allocUnsafeSlow(bytes);
    grown.set(this.#body.subarray(0, this.#bodyReceived));
    this.#body = grown;
  }

  #currentChunk(): Uint8Array | undefined {
    return this.#chunks[this.#chunk];
  }

  #consume(chunk: Uint8Array, count: number): void {
    this.#position += count;
    if (this.#position < chunk.length) return;
    this.#position = 0;
    this.#chunk++;
    if (this.#chunk === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#chunk = 0;
    }
  }

  #refuse(): FrameResult {
    this.#tooLarge = true;
    this.#chunks = [];
    this.#chunk = 0;
    return { kind: 'tooLarge', bytes: this.#bodyBytes, bytesMax: this.#bytesMax };
  }
}

function detachBody(chunk: Uint8Array, begin: number, bytesCount: number): Uint8Array {
  const body = chunk.subarray(begin, begin + bytesCount);
  const pinsMuch = chunk.buffer.byteLength > MUCH_LARGER * bytesCount;
  return pinsMuch && bytesCount < COPIED_BODY_BYTES_MAX ? Buffer.from(body) : body;
}

/** Begins a frame in `writer`, whose body the caller writes next. Gives what `endFrame` needs. */
export function beginFrame(writer: ProtobufWriter, type: number, flags: number): number {
  const position = writer.reserve(FRAME_HEADER_BYTES);
  writer.setUint16(position, type);
  writer.setUint16(position + 2, flags);
  return position;
}

export function endFrame(writer: ProtobufWriter, position: number): void {
  writer.setUint32(position + 4, writer.length - position - FRAME_HEADER_BYTES);
}
