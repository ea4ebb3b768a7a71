import type { PartitionNumber } from '../../actors/domain/ids.ts';
import type { ServiceKey } from '../../actors/partition/state.ts';
import {
  hashedOwner,
  isLongBytes,
  KeyWriter,
  ownerName,
  type PackedOwner,
  Table,
  TEXT_BYTES_MAX,
} from '../key-codec.ts';
import type { KeyRange, KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import { packedRows } from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';

export const USER_STATE_VERSION = 1;

export type PackedUserState = readonly [
  version: typeof USER_STATE_VERSION,
  value: Uint8Array,
  hashedOwner: PackedOwner | null,
  hashedKey: Uint8Array | null,
];

export type UserStateEntry = readonly [key: Uint8Array, value: Uint8Array];

/** Key-value state of objects and workflow runs. Key: owner, state key as bytes. */
export class UserStateTable {
  readonly #overlay: Overlay<PackedUserState>;
  readonly #keys: KeyWriter;

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#overlay = new Overlay(backend, writeSet, packedRows<PackedUserState>(USER_STATE_VERSION));
    this.#keys = new KeyWriter(partition, Table.userState);
  }

  get(owner: ServiceKey, stateKey: Uint8Array): Uint8Array | undefined {
    const key = this.#key(owner, stateKey);
    const unflushed = this.#overlay.unflushed(ownerName(owner), itemName(key));
    const row = unflushed === undefined ? this.#overlay.flushed(key) : unflushed.row;
    return row?.[1];
  }

  set(owner: ServiceKey, stateKey: Uint8Array, value: Uint8Array): void {
    this.#write(owner, this.#key(owner, stateKey), [
      USER_STATE_VERSION,
      value,
      hashedOwner(owner),
      isLongBytes(stateKey) ? stateKey : null,
    ]);
  }

  clear(owner: ServiceKey, stateKey: Uint8Array): void {
    this.#write(owner, this.#key(owner, stateKey), undefined);
  }

  clearAll(owner: ServiceKey): void {
    for (const key of this.#overlay.keys(ownerName(owner), this.#range(owner))) {
      this.#write(owner, key, undefined);
    }
  }

  /** In lexicographic order of the state keys. */
  *list(owner: ServiceKey): Generator<UserStateEntry> {
    const range = this.#range(owner);
    // Keys that are cut at the same place lie together, but in the order of their hashes.
    let alike: UserStateEntry[] = [];
    for (const [key, row] of this.#overlay.rows(ownerName(owner), range)) {
      const entry = [row[3] ?? key.subarray(range.start.length), row[1]] as const;
      const isAlike = row[3] !== null && startsAlike(alike[0], entry);
      if (!isAlike) {
        yield* alike.sort(byKey);
        alike = [];
      }
      if (row[3] === null) yield entry;
      else alike.push(entry);
    }
    yield* alike.sort(byKey);
  }

  #write(owner: ServiceKey, key: Buffer, row: PackedUserState | undefined): void {
    this.#overlay.write(ownerName(owner), itemName(key), key, row);
  }

  #key(owner: ServiceKey, stateKey: Uint8Array): Buffer {
    return this.#keys.start().owner(owner).bytes(stateKey).finish();
  }

  #range(owner: ServiceKey): KeyRange {
    return this.#keys.start().owner(owner).finishRange();
  }
}

function itemName(key: Buffer): string {
  return key.toString('latin1');
}

function startsAlike(first: UserStateEntry | undefined, entry: UserStateEntry): boolean {
  if (first === undefined) return false;
  return Buffer.compare(headOf(first[0]), headOf(entry[0])) === 0;
}

function headOf(stateKey: Uint8Array): Uint8Array {
  return stateKey.subarray(0, TEXT_BYTES_MAX);
}

function byKey(a: UserStateEntry, b: UserStateEntry): number {
  return Buffer.compare(a[0], b[0]);
}
