// Reads the fields of keys that `KeyWriter` wrote.
import type { ServiceKey } from '../../actors/partition/state.ts';
import { SCOPED, type PackedOwner } from '../key-codec.ts';

const PREFIX_BYTES = 3;
const HASHED = 0xffff;
const HASH_BYTES = 32;

/** Reads a key from behind its table number on. */
export class KeyReader {
  readonly #key: Buffer;
  #offset = PREFIX_BYTES;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** `undefined` when the key holds the hash of the text only. */
  text(): string | undefined {
    const bytes = this.#key.readUInt16BE(this.#offset);
    this.#offset += 2;
    const start = this.#offset;
    this.#offset += bytes === HASHED ? HASH_BYTES : bytes;
    return bytes === HASHED ? undefined : this.#key.toString('utf8', start, this.#offset);
  }

  /** `hashed` has the texts when the key does not. */
  owner(hashed: PackedOwner | null): ServiceKey {
    const isScoped = this.#key.readUInt16BE(this.#offset) === SCOPED;
    if (isScoped) this.#offset += 2;
    const scope = isScoped ? this.text() : undefined;
    const service = this.text();
    const key = this.text();
    const [fullService, fullKey] = hashed ?? [service ?? '', key ?? ''];
    return { service: fullService, key: fullKey, scope };
  }

  u48(): number {
    this.#offset += 6;
    return this.#key.readUIntBE(this.#offset - 6, 6);
  }

  /** The byte string that ends the key. */
  rest(): Buffer {
    return this.#key.subarray(this.#offset);
  }
}
