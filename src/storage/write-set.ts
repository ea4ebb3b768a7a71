// The rows that the backend does not show yet. Tables keep them in memory, so that reads see them at
// once; a commit turns those of the open batch into writes, and when the backend has applied them the
// tables forget them.
//   W1. A row is in the open batch at most once, however often it is written.
//   W2. A row stays in memory until the last batch it was written in is applied.
import { assert } from '../actors/domain/assert.ts';
import type { Write } from './key-value-backend.ts';

/** A row in memory that the backend does not have, or not yet. */
export interface PendingRow {
  /** The last batch the row was written in. */
  batch: number;
  /** Appends what the backend has to write for the row. */
  appendWrites(writes: Write[]): void;
  /** The backend has the row now; reads no longer need it here. */
  forget(): void;
}

/** What one commit handed to the backend. */
export interface SealedBatch {
  readonly number: number;
  readonly rows: readonly PendingRow[];
  readonly writes: readonly Write[];
}

export class WriteSet {
  #batch = 1;
  #rows: PendingRow[] = [];

  /** The number for rows that are not in any batch yet. */
  static readonly NO_BATCH = 0;

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  /** Number of the batch that takes the next write. */
  get openBatch(): number {
    return this.#batch;
  }

  add(row: PendingRow): void {
    if (row.batch === this.#batch) return; // Keeps W1.
    row.batch = this.#batch;
    this.#rows.push(row);
  }

  seal(): SealedBatch {
    assert(!this.isEmpty, 'a batch has writes');
    const rows = this.#rows;
    const writes: Write[] = [];
    for (const row of rows) row.appendWrites(writes);
    const batch = { number: this.#batch, rows, writes };
    this.#batch += 1;
    this.#rows = [];
    return batch;
  }
}

/** What to call when the backend has applied the batch. It holds the rows and not the writes. */
export function forgetterOf({ number, rows }: SealedBatch): () => void {
  return () => {
    for (const row of rows) if (row.batch === number) row.forget(); // Keeps W2.
  };
}
