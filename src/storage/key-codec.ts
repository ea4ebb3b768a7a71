// Order-preserving binary keys.
//
//   0           2       3
//   | partition | table | fields of the table …     integers are big-endian
//
// A text field is `| bytes u16 | UTF-8 |`, so that no text is a prefix of another. LMDB takes keys of
// at most 1,978 bytes: a text longer than TEXT_BYTES_MAX is `| 0xffff | SHA-256 |`. A byte string is
// the last field of a key and has no length; one longer than TEXT_BYTES_MAX is cut there and its
// SHA-256 follows. Rows whose key holds a hash carry the full texts in their value.
//
// An owner is `service text, key text`; one in a scope is `| 0xfffe | scope text`, and the same.
import { createHash } from 'node:crypto';
import { assert } from '../actors/domain/assert.ts';
import {
  type InvocationId,
  invocationIdBytes,
  type PartitionNumber,
} from '../actors/domain/ids.ts';
import type { ServiceKey } from '../actors/partition/state.ts';
import type { KeyRange } from './key-value-backend.ts';

/** Table numbers. Small tables that change with every batch come first and share pages. */
export const Table = {
  counter: 1,
  dedup: 2,
  outboxMark: 3,
  openInvocation: 4,
  timer: 5,
  outbox: 6,
  lock: 7,
  inbox: 8,
  promise: 9,
  userState: 10,
  invocationId: 11,
  history: 12,
  expiry: 13,
  slotLine: 14,
  invocationBlock: 15,
} as const;
export type Table = (typeof Table)[keyof typeof Table];

/** Longest text or byte string that is stored in a key as it is. Unit: bytes. */
export const TEXT_BYTES_MAX = 512;

/** What LMDB takes with pages of 4 KiB. Unit: bytes. */
const KEY_BYTES_MAX = 1978;
const HASHED = 0xffff;
/** Stands where the length of a text would. */
export const SCOPED = 0xfffe;
const PREFIX_BYTES = 3;
const PARTITION_KEY_BYTES = 8;

const scratch = Buffer.allocUnsafeSlow(KEY_BYTES_MAX);

export type PackedOwner = readonly [service: string, key: string];

/** Writes keys of one table of one partition, field by field; `finish` returns the key. */
export class KeyWriter {
  readonly #partition: PartitionNumber;
  readonly #table: Table;
  #offset = 0;

  constructor(partition: PartitionNumber, table: Table) {
    this.#partition = partition;
    this.#table = table;
  }

  start(): this {
    scratch.writeUInt16BE(this.#partition, 0);
    scratch[2] = this.#table;
    this.#offset = PREFIX_BYTES;
    return this;
  }

  u8(value: number): this {
    this.#offset = scratch.writeUInt8(value, this.#offset);
    return this;
  }

  u16(value: number): this {
    this.#offset = scratch.writeUInt16BE(value, this.#offset);
    return this;
  }

  u32(value: number): this {
    this.#offset = scratch.writeUInt32BE(value, this.#offset);
    return this;
  }

  u48(value: number): this {
    this.#offset = scratch.writeUIntBE(value, this.#offset, 6);
    return this;
  }

  /** Begins an owner in a scope; its scope is the next text. */
  scoped(): this {
    return this.u16(SCOPED);
  }

  owner(owner: ServiceKey): this {
    if (owner.scope !== undefined) this.scoped().text(owner.scope);
    return this.text(owner.service).text(owner.key);
  }

  text(text: string): this {
    if (isLongText(text)) {
      this.u16(HASHED);
      return this.#raw(createHash('sha256').update(text, 'utf8').digest());
    }
    const start = this.#offset + 2;
    const bytes = scratch.write(text, start, 'utf8');
    scratch.writeUInt16BE(bytes, this.#offset);
    this.#offset = start + bytes;
    return this;
  }

  /** A byte string as the last field. */
  bytes(bytes: Uint8Array): this {
    if (!isLongBytes(bytes)) return this.#raw(bytes);
    this.#raw(bytes.subarray(0, TEXT_BYTES_MAX));
    return this.#raw(createHash('sha256').update(bytes).digest());
  }

  /** An invocation id with its uuid first: new ids begin with the time and lie together. */
  invocationId(id: InvocationId): this {
    const bytes = invocationIdBytes(id);
    return this.#raw(bytes.subarray(PARTITION_KEY_BYTES)).#raw(
      bytes.subarray(0, PARTITION_KEY_BYTES),
    );
  }

  finish(): Buffer {
    const key = Buffer.allocUnsafe(this.#offset);
    scratch.copy(key, 0, 0, this.#offset);
    return key;
  }

  /** Every key that starts with the fields written so far. */
  finishRange(): KeyRange {
    const start = this.finish();
    return { start, end: successor(start) };
  }

  #raw(bytes: Uint8Array): this {
    scratch.set(bytes, this.#offset);
    this.#offset += bytes.length;
    return this;
  }
}

/** The text is hashed in keys. */
export function isLongText(text: string): boolean {
  // A UTF-16 unit takes at most three bytes of UTF-8: short texts need no count.
  return text.length * 3 > TEXT_BYTES_MAX && Buffer.byteLength(text, 'utf8') > TEXT_BYTES_MAX;
}

/** The byte string is cut and hashed in keys. */
export function isLongBytes(bytes: Uint8Array): boolean {
  return bytes.length > TEXT_BYTES_MAX;
}

/** The owner's texts if one of them is hashed in keys: the row's value has to keep them then. */
export function hashedOwner({ service, key }: ServiceKey): PackedOwner | null {
  return isLongText(service) || isLongText(key) ? [service, key] : null;
}

/** A map key that differs for different owners; scopes have no slash. */
export function ownerName({ service, key, scope }: ServiceKey): string {
  const name = `${service.length}:${service}${key}`;
  return scope === undefined ? name : `@${scope}/${name}`;
}

/** The smallest key after every key that starts with `prefix`. */
function successor(prefix: Buffer): Buffer {
  const next = Buffer.from(prefix);
  for (let i = next.length - 1; i >= 0; i--) {
    const byte = next.readUInt8(i);
    if (byte < 0xff) {
      next[i] = byte + 1;
      return next.subarray(0, i + 1);
    }
  }
  assert(false, 'a key prefix has a successor: partition numbers are below 0xffff');
}

/** The number in the last six bytes of a key. */
export function lastU48(key: Buffer): number {
  return key.readUIntBE(key.length - 6, 6);
}
