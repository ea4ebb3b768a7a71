import type { InvocationId, PartitionNumber } from '../../actors/domain/ids.ts';
import type { ServiceKey } from '../../actors/partition/state.ts';
import { hashedOwner, KeyWriter, ownerName, type PackedOwner, Table } from '../key-codec.ts';
import type { KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import { packedRows, storedInvocationId } from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';

export const LOCK_VERSION = 1;

export type PackedLock = readonly [
  version: typeof LOCK_VERSION,
  holder: string,
  hashedOwner: PackedOwner | null,
];

/** Which invocation holds a key. Key: owner. */
export class LockTable {
  readonly #overlay: Overlay<PackedLock>;
  readonly #keys: KeyWriter;

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#overlay = new Overlay(backend, writeSet, packedRows<PackedLock>(LOCK_VERSION));
    this.#keys = new KeyWriter(partition, Table.lock);
  }

  get(owner: ServiceKey): InvocationId | undefined {
    const unflushed = this.#overlay.unflushed(0, ownerName(owner));
    const row = unflushed === undefined ? this.#overlay.flushed(this.#key(owner)) : unflushed.row;
    return row === undefined ? undefined : storedInvocationId(row[1]);
  }

  set(owner: ServiceKey, holder: InvocationId): void {
    this.#write(owner, [LOCK_VERSION, holder, hashedOwner(owner)]);
  }

  release(owner: ServiceKey): void {
    this.#write(owner, undefined);
  }

  #write(owner: ServiceKey, row: PackedLock | undefined): void {
    this.#overlay.write(0, ownerName(owner), this.#key(owner), row);
  }

  #key(owner: ServiceKey): Buffer {
    return this.#keys.start().owner(owner).finish();
  }
}
