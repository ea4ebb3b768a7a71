import type { PartitionNumber } from '../../actors/domain/ids.ts';
import { KeyWriter, Table } from '../key-codec.ts';
import type { KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import { packedRows } from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';

export const DEDUP_VERSION = 1;

export type PackedDedup = readonly [version: typeof DEDUP_VERSION, sequence: number];

/** The highest sequence number applied per sending partition. Key: `from u16`. */
export class DedupTable {
  readonly #overlay: Overlay<PackedDedup>;
  readonly #keys: KeyWriter;

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#overlay = new Overlay(backend, writeSet, packedRows<PackedDedup>(DEDUP_VERSION));
    this.#keys = new KeyWriter(partition, Table.dedup);
  }

  get(from: PartitionNumber): number {
    const unflushed = this.#overlay.unflushed(0, from);
    const row = unflushed === undefined ? this.#overlay.flushed(this.#key(from)) : unflushed.row;
    return row?.[1] ?? 0;
  }

  set(from: PartitionNumber, sequence: number): void {
    this.#overlay.write(0, from, this.#key(from), [DEDUP_VERSION, sequence]);
  }

  #key(from: PartitionNumber): Buffer {
    return this.#keys.start().u16(from).finish();
  }
}
