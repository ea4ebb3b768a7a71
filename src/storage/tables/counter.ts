// Counters that never hand out a number twice in the life of a store. Their rows hold not the last
// number but a mark that no number has reached yet, so that a row is written once in a thousand numbers.
import type { PartitionNumber } from '../../actors/domain/ids.ts';
import { KeyWriter, Table } from '../key-codec.ts';
import type { KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import { packedRows } from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';

export const COUNTER_VERSION = 1;

/** Numbers between two writes of a counter's mark; at most so many are skipped by a restart. */
export const COUNTER_BLOCK = 1000;

/** The counters of a partition. Key: `id u8`. */
export const CounterId = { invocation: 1, inbox: 2, slotLine: 3 } as const;
export type CounterId = (typeof CounterId)[keyof typeof CounterId];

export type PackedCounter = readonly [version: typeof COUNTER_VERSION, mark: number];

export class Counter {
  readonly #overlay: Overlay<PackedCounter>;
  readonly #key: Buffer;
  #next: number;
  #mark: number;

  constructor(
    backend: KeyValueBackend,
    writeSet: WriteSet,
    { partition, id }: { readonly partition: PartitionNumber; readonly id: CounterId },
  ) {
    this.#overlay = new Overlay(backend, writeSet, packedRows<PackedCounter>(COUNTER_VERSION));
    this.#key = new KeyWriter(partition, Table.counter).start().u8(id).finish();
    this.#mark = this.#overlay.flushed(this.#key)?.[1] ?? 1;
    this.#next = this.#mark;
  }

  /** A number larger than any before; the first is 1. */
  take(): number {
    if (this.#next === this.#mark) {
      this.#mark += COUNTER_BLOCK;
      this.#overlay.write(0, 0, this.#key, [COUNTER_VERSION, this.#mark]);
    }
    return this.#next++;
  }
}
