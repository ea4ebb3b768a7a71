// The hashes that ids are made of. hash-wasm hashes an id's few bytes in under a microsecond; the
// hashers and the input buffer are reused, which is safe because nothing here awaits between calls.
import { createSHA256, createXXHash3 } from 'hash-wasm';

const xxHash3 = await createXXHash3();
const sha256 = await createSHA256();

const INPUT_BYTES_INITIAL = 1024;
/** A buffer grown for a very long key is given up again. */
const INPUT_BYTES_KEPT_MAX = 64 * 1024;

/** Bytes to be hashed. */
export class HashInput {
  #bytes = Buffer.alloc(INPUT_BYTES_INITIAL);
  #length = 0;

  reset(): this {
    this.#length = 0;
    if (this.#bytes.length > INPUT_BYTES_KEPT_MAX) this.#bytes = Buffer.alloc(INPUT_BYTES_INITIAL);
    return this;
  }

  utf8(text: string): this {
    // One UTF-16 unit becomes at most three bytes.
    this.#reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
    return this;
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
    return this;
  }

  uint64LittleEndian(value: number): this {
    this.#reserve(8);
    this.#bytes.writeBigUInt64LE(BigInt(value), this.#length);
    this.#length += 8;
    return this;
  }

  uint64BigEndian(value: number): this {
    this.#reserve(8);
    this.#bytes.writeBigUInt64BE(BigInt(value), this.#length);
    this.#length += 8;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Valid until the next change. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(bytesCount: number): void {
    const needed = this.#length + bytesCount;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** XXH3-64 with seed 0, as 8 bytes in big-endian order. */
export function xxh3Hash64(input: HashInput): Uint8Array {
  return xxHash3.init().update(input.bytes()).digest('binary');
}

/** 32 bytes. */
export function sha256Hash(input: HashInput): Uint8Array {
  return sha256.init().update(input.bytes()).digest('binary');
}
