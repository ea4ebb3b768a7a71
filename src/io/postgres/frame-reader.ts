// Cuts what a client sends into packets, however its chunks are split.
//
// Startup packet:  | Int32 length, itself included | body …
// Message:         | Byte1 type | Int32 length, itself included | body …
// Source: PostgreSQL 17, "Message Formats".

const LENGTH_BYTES = 4;

export type FrameResult =
  | {
      readonly kind: 'frame';
      /** `0` for a startup packet. */
      readonly type: number;
      /** A view of what was received. */
      readonly body: Buffer;
    }
  | { readonly kind: 'needMoreBytes' }
  /** Nothing that follows can be read. */
  | { readonly kind: 'invalidLength'; readonly bytes: number };

const NEED_MORE_BYTES: FrameResult = { kind: 'needMoreBytes' };

/** Every byte is copied a constant number of times; a body claimed but not sent takes no memory. */
export class FrameReader {
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  /** Takes the next chunk, which belongs to the reader from now on. */
  push(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#buffer = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (this.#end + chunk.length > this.#buffer.length) this.#growFor(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Bytes received and not yet given away. */
  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /** `bodyBytesMax` is inclusive. */
  nextStartup(bodyBytesMax: number): FrameResult {
    return this.#next(0, bodyBytesMax);
  }

  nextMessage(bodyBytesMax: number): FrameResult {
    return this.#next(1, bodyBytesMax);
  }

  #next(typeBytes: 0 | 1, bodyBytesMax: number): FrameResult {
    const headerBytes = typeBytes + LENGTH_BYTES;
    if (this.bufferedBytes < headerBytes) return NEED_MORE_BYTES;
    const bytes = this.#buffer.readInt32BE(this.#start + typeBytes);
    const bodyBytes = bytes - LENGTH_BYTES;
    if (bodyBytes < 0 || bodyBytes > bodyBytesMax) return { kind: 'invalidLength', bytes };
    if (this.bufferedBytes < headerBytes + bodyBytes) return NEED_MORE_BYTES;
    const type = typeBytes === 0 ? 0 : this.#buffer.readUInt8(this.#start);
    const bodyStart = this.#start + headerBytes;
    this.#start = bodyStart + bodyBytes;
    return { kind: 'frame', type, body: this.#buffer.subarray(bodyStart, this.#start) };
  }

  // Into a new buffer, because bodies given away are views of the old one.
  #growFor(bytesCount: number): void {
    const kept = this.bufferedBytes;
    const larger = Buffer.allocUnsafe(Math.max(kept + bytesCount, kept * 2));
    this.#buffer.copy(larger, 0, this.#start, this.#end);
    this.#buffer = larger;
    this.#start = 0;
    this.#end = kept;
  }
}
