import type { Write } from '../key-value-backend.ts';

export interface LoggedBatch {
  readonly writes: readonly Write[];
  readonly onApplied: (() => void) | undefined;
}

/**
 * What one update writes to the tables, gathered while its batches come in. A row is written once,
 * however many batches wrote it; not at all when the tables never had it and it is gone again. Most
 * invocations are never seen open by the tables.
 */
export class TableUpdate {
  readonly batches: LoggedBatch[] = [];
  /** Of the first and of the last record in it. */
  firstSequence = 0;
  lastSequence = 0;
  /** Rows of its batches; more than it writes. */
  rowsCount = 0;
  readonly #writes: Array<Write | undefined> = [];
  /** Where the last write of a row is. */
  readonly #places = new Map<string, number>();
  readonly #newRows = new Set<string>();

  add(batches: readonly LoggedBatch[], sequence: number): void {
    if (this.firstSequence === 0) this.firstSequence = sequence;
    this.lastSequence = sequence;
    for (const batch of batches) {
      this.batches.push(batch);
      this.rowsCount += batch.writes.length;
      for (const write of batch.writes) {
        // A name costs more than most of what it would save here.
        if (write.life === 'once') this.#writes.push(write);
        else this.#replace(write);
      }
    }
  }

  /** The writes of a key are in their order. */
  writes(): Write[] {
    return this.#writes.filter((write) => write !== undefined);
  }

  #replace(write: Write): void {
    const name = write.key.toString('latin1');
    const place = this.#places.get(name);
    if (place !== undefined) this.#writes[place] = undefined;
    if (write.life === 'new') this.#newRows.add(name);
    if (write.value === undefined && this.#newRows.delete(name)) {
      this.#places.delete(name);
      return;
    }
    this.#places.set(name, this.#writes.length);
    this.#writes.push(write);
  }
}
