import type { InvocationId, PartitionNumber } from '../../actors/domain/ids.ts';
import { KeyWriter, Table } from '../key-codec.ts';
import type { KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import { packedRows, storedInvocationId } from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';

export const EXPIRY_VERSION = 1;

export type PackedExpiry = readonly [version: typeof EXPIRY_VERSION, invocationIds: string[]];

/** Expiries are rounded up to this, so that the invocations of a batch share a row. Unit: milliseconds. */
const ROUND_MS = 100;

/** Invocations in one row at most, so that taking a row is a small step. */
const IDS_PER_ROW_MAX = 64;

/** A later expiry is kept as this one, in the year 10889. */
const EXPIRY_MS_MAX = 2 ** 48 - 1;

interface OpenRow {
  readonly batch: number;
  readonly ids: string[];
}

/**
 * What expires when. Key: `expiry u48, number u48` of the first invocation in the row. A row holds
 * invocations that complete in one batch and expire together: under load the index costs one write for
 * many completions. Rows of purged invocations stay until they are due.
 */
export class ExpiryTable {
  readonly #overlay: Overlay<PackedExpiry>;
  readonly #writeSet: WriteSet;
  readonly #keys: KeyWriter;
  /** Rows of the open batch that still grow, by expiry. */
  readonly #open = new Map<number, OpenRow>();

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    const codec = packedRows<PackedExpiry>(EXPIRY_VERSION);
    this.#overlay = new Overlay(backend, writeSet, codec, 'once');
    this.#writeSet = writeSet;
    this.#keys = new KeyWriter(partition, Table.expiry);
  }

  put(id: InvocationId, number: number, expiresAtMs: number): void {
    const roundedMs = Math.min(Math.ceil(expiresAtMs / ROUND_MS) * ROUND_MS, EXPIRY_MS_MAX);
    const batch = this.#writeSet.openBatch;
    const open = this.#open.get(roundedMs);
    if (open?.batch === batch && open.ids.length < IDS_PER_ROW_MAX) {
      open.ids.push(id);
      return;
    }
    if (open?.batch !== batch) this.#open.clear();
    const ids: string[] = [id];
    this.#open.set(roundedMs, { batch, ids });
    this.#write(this.#keys.start().u48(roundedMs).u48(number).finish(), [EXPIRY_VERSION, ids]);
  }

  take(nowMs: number, limit: number): InvocationId[] {
    const taken: InvocationId[] = [];
    const keys: Buffer[] = [];
    const start = this.#keys.start().finish();
    const end = this.#keys
      .start()
      .u48(Math.min(nowMs, EXPIRY_MS_MAX - 1) + 1)
      .finish();
    for (const [key, [, ids]] of this.#overlay.rows(0, { start, end })) {
      for (const id of ids) taken.push(storedInvocationId(id));
      keys.push(key);
      if (taken.length >= limit) break;
    }
    for (const key of keys) this.#write(key, undefined);
    // Rows that still grow may be among those taken.
    if (keys.length > 0) this.#open.clear();
    return taken;
  }

  #write(key: Buffer, row: PackedExpiry | undefined): void {
    this.#overlay.write(0, key.toString('latin1'), key, row);
  }
}
