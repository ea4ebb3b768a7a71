/** First size of the buffer. Unit: bytes. */
const BUFFER_BYTES_MIN = 1024;
const TYPE_BYTES = 1;
const LENGTH_BYTES = 4;

/** Collects messages to a client in one buffer. Multi-byte numbers are big-endian. */
export class BackendWriter {
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES_MIN);
  #bytesCount = 0;
  /** Where the length of the open message stands; 0 while none is open. */
  #lengthAt = 0;

  get bytesCount(): number {
    return this.#bytesCount;
  }

  begin(type: string): void {
    this.byte(type.charCodeAt(0));
    this.#lengthAt = this.#grow(LENGTH_BYTES);
  }

  end(): void {
    this.#buffer.writeInt32BE(this.#bytesCount - this.#lengthAt, this.#lengthAt);
    this.#lengthAt = 0;
  }

  /** Forgets a message that was begun and, because something failed, will not end. */
  dropOpenMessage(): void {
    if (this.#lengthAt > 0) this.#bytesCount = this.#lengthAt - TYPE_BYTES;
    this.#lengthAt = 0;
  }

  byte(value: number): void {
    const at = this.#grow(1);
    this.#buffer[at] = value;
  }

  int16(value: number): void {
    const at = this.#grow(2);
    this.#buffer.writeInt16BE(value, at);
  }

  /** For counts, which are unsigned on the wire. */
  count(value: number): void {
    const at = this.#grow(2);
    this.#buffer.writeUInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#grow(4);
    this.#buffer.writeInt32BE(value, at);
  }

  uint32(value: number): void {
    const at = this.#grow(4);
    this.#buffer.writeUInt32BE(value, at);
  }

  bytes(value: Uint8Array): void {
    const at = this.#grow(value.length);
    this.#buffer.set(value, at);
  }

  /** Text and a zero byte, which the text itself cannot hold. */
  text(value: string): void {
    const text = value.replaceAll('\0', '');
    const at = this.#grow(Buffer.byteLength(text) + 1);
    this.#buffer.write(text, at);
    this.#buffer[this.#bytesCount - 1] = 0;
  }

  /** A value with its length before it; `null` is SQL's null. */
  value(value: string | Uint8Array | null): void {
    if (value === null) {
      this.int32(-1);
    } else if (typeof value === 'string') {
      const bytesCount = Buffer.byteLength(value);
      this.int32(bytesCount);
      const at = this.#grow(bytesCount);
      this.#buffer.write(value, at);
    } else {
      this.int32(value.length);
      this.bytes(value);
    }
  }

  /** Everything since the last call; the receiver's from now on. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#bytesCount);
    this.#buffer = Buffer.allocUnsafe(BUFFER_BYTES_MIN);
    this.#bytesCount = 0;
    return taken;
  }

  /** Makes room and gives the position of it. */
  #grow(bytesCount: number): number {
    const at = this.#bytesCount;
    const needed = at + bytesCount;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    this.#bytesCount = needed;
    return at;
  }
}
