/** A bounded cache that keeps what was used lately: the older of two generations is dropped. */
export class RecentRows<Key, Row> {
  readonly #generationMax: number;
  #young = new Map<Key, Row>();
  #old = new Map<Key, Row>();

  /** Keeps at least half of `rowsMax` rows, and never more than `rowsMax`. */
  constructor(rowsMax: number) {
    this.#generationMax = Math.ceil(rowsMax / 2);
  }

  get(key: Key): Row | undefined {
    const row = this.#young.get(key);
    if (row !== undefined) return row;
    const oldRow = this.#old.get(key);
    if (oldRow !== undefined) this.set(key, oldRow);
    return oldRow;
  }

  set(key: Key, row: Row): void {
    this.#young.set(key, row);
    if (this.#young.size < this.#generationMax) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: Key): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
