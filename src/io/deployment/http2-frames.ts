// Frames of HTTP/2: their numbers, and a reader that finds them in the chunks of a socket.
//
//   0              3      4       5                 9
//   | length (24)  | type | flags | R stream id (31) | payload …       Source: RFC 9113, 4.1.

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FrameFlag = {
  endStream: 0x01,
  ack: 0x01,
  endHeaders: 0x04,
  padded: 0x08,
  priority: 0x20,
} as const;

export const ErrorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

const ERROR_NAMES: readonly string[] = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

/** The registered name of an error code, or its number. */
export function errorName(code: number): string {
  return ERROR_NAMES[code] ?? `error code ${code}`;
}

export const SettingId = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

export const CONNECTION_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
export const FRAME_HEADER_BYTES = 9;
/** Bytes of PRIORITY fields, as a frame or inside HEADERS. */
export const PRIORITY_BYTES = 5;

/** Largest payload until the peer allows more, and the largest we take. Source: RFC 9113, 6.5.2. */
export const FRAME_PAYLOAD_BYTES_DEFAULT = 16_384;
/** Largest payload a peer may ever allow. */
export const FRAME_PAYLOAD_BYTES_MAX = 2 ** 24 - 1;
/** Window of streams and connections before anything is announced. */
export const WINDOW_BYTES_DEFAULT = 65_535;
export const WINDOW_BYTES_MAX = 2 ** 31 - 1;
export const STREAM_ID_MAX = 2 ** 31 - 1;

/** Hears the frames of a connection. Both methods return false to stop the reader for good. */
export interface FrameSink {
  /** The payload is `bytes` from `start` to `end`; the memory stays valid. */
  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean;
  /** `head` holds the nine bytes at `start` that announce more than we take. */
  onOversizedFrame(head: Buffer, start: number): boolean;
}

/** Cuts socket chunks into frames. A frame inside one chunk is not copied. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #payloadBytesMax: number;
  readonly #head = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES);
  /** The frame that did not end with its chunk; the header alone until all nine bytes are here. */
  #partial: Buffer = this.#head;
  #filled = 0;
  #stopped = false;

  constructor(sink: FrameSink, payloadBytesMax: number = FRAME_PAYLOAD_BYTES_DEFAULT) {
    this.#sink = sink;
    this.#payloadBytesMax = payloadBytesMax;
  }

  /** `chunk` must not be modified afterwards. */
  push(chunk: Buffer): void {
    let position = this.#filled === 0 ? 0 : this.#completePartial(chunk);
    while (!this.#stopped && chunk.length - position >= FRAME_HEADER_BYTES) {
      const length = chunk.readUIntBE(position, 3);
      if (length > this.#payloadBytesMax) {
        this.#stopped = !this.#sink.onOversizedFrame(chunk, position);
        return;
      }
      const end = position + FRAME_HEADER_BYTES + length;
      if (end > chunk.length) break;
      this.#emit(chunk, position, end);
      position = end;
    }
    if (!this.#stopped && position < chunk.length) this.#keepRest(chunk, position);
  }

  /** Feeds the frame begun earlier; returns the position in `chunk` after it. */
  #completePartial(chunk: Buffer): number {
    let position = 0;
    if (this.#partial === this.#head) {
      position = this.#fill(chunk, 0, FRAME_HEADER_BYTES);
      if (this.#filled < FRAME_HEADER_BYTES || !this.#startPartial()) return chunk.length;
    }
    position = this.#fill(chunk, position, this.#partial.length);
    if (this.#filled === this.#partial.length) {
      const frame = this.#partial;
      this.#partial = this.#head;
      this.#filled = 0;
      this.#emit(frame, 0, frame.length);
    }
    return position;
  }

  #fill(chunk: Buffer, position: number, wanted: number): number {
    const copied = chunk.copy(
      this.#partial,
      this.#filled,
      position,
      position + wanted - this.#filled,
    );
    this.#filled += copied;
    return position + copied;
  }

  /** Turns a complete header into a buffer for the whole frame, if its length is allowed. */
  #startPartial(): boolean {
    const length = this.#head.readUIntBE(0, 3);
    if (length > this.#payloadBytesMax) {
      this.#stopped = !this.#sink.onOversizedFrame(this.#head, 0);
      return false;
    }
    this.#partial = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + length);
    this.#head.copy(this.#partial);
    return true;
  }

  #keepRest(chunk: Buffer, position: number): void {
    this.#filled = 0;
    const next = this.#fill(chunk, position, FRAME_HEADER_BYTES);
    if (this.#filled < FRAME_HEADER_BYTES || !this.#startPartial()) return;
    this.#fill(chunk, next, this.#partial.length);
  }

  #emit(bytes: Buffer, start: number, end: number): void {
    const more = this.#sink.onFrame(
      bytes[start + 3] ?? 0,
      bytes[start + 4] ?? 0,
      bytes.readUInt32BE(start + 5) & STREAM_ID_MAX,
      bytes,
      start + FRAME_HEADER_BYTES,
      end,
    );
    if (!more) this.#stopped = true;
  }
}
