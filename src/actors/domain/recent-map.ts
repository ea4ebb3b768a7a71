/** A bounded cache that keeps what was used lately: the older of two generations is dropped. */
export class RecentMap<Key, Value> {
  readonly #generationMax: number;
  readonly #onDropped: ((value: Value) => void) | undefined;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  /**
   * Keeps at least half of `sizeMax` values, and never more than `sizeMax`. `onDropped` hears once of each
   * value that was replaced or had no room any more.
   */
  constructor(sizeMax: number, onDropped?: (value: Value) => void) {
    this.#generationMax = Math.ceil(sizeMax / 2);
    this.#onDropped = onDropped;
  }

  get(key: Key): Value | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const oldValue = this.#old.get(key);
    if (oldValue === undefined) return undefined;
    this.#old.delete(key);
    this.set(key, oldValue);
    return oldValue;
  }

  set(key: Key, value: Value): void {
    const replaced = this.#onDropped && this.#young.get(key);
    if (replaced !== undefined && replaced !== value) this.#onDropped?.(replaced);
    this.#young.set(key, value);
    if (this.#young.size < this.#generationMax) return;
    if (this.#onDropped !== undefined) for (const old of this.#old.values()) this.#onDropped(old);
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: Key): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
