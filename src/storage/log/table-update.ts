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
  /** What to call when the tables have it. Of a batch nothing else is kept: it would be copied by every
   * collection of garbage until then. */
  readonly onApplied: Array<() => void> = [];
  /** Of the first and of the last record in it. */
  firstSequence = 0;
  lastSequence = 0;
  /** Rows of its batches; more than it writes. */
  rowsCount = 0;
  #writes: Array<Write | undefined> = [];
  /** Where the last write of a row is. */
  readonly #places = new Map<string, number>();
  readonly #newRows = new Set<string>();

  add(batches: readonly LoggedBatch[], sequence: number): void {
    if (this.firstSequence === 0) this.firstSequence = sequence;
    this.lastSequence = sequence;
    for (const { writes, onApplied } of batches) {
      if (onApplied !== undefined) this.onApplied.push(onApplied);
      this.rowsCount += writes.length;
      for (const write of writes) {
        // A name costs more than most of what it would save here.
        if (write.life === 'once') this.#writes.push(write);
        else this.#replace(write);
      }
    }
  }

  /** The writes of a key are in their order. The update keeps none. */
  takeWrites(): Write[] {
    const writes = this.#writes.filter((write) => write !== undefined);
    this.#writes = [];
    this.#places.clear();
    this.#newRows.clear();
    return writes;
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
