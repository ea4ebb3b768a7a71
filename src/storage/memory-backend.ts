// A sorted map with the durability of a disk that a test controls. For tests and simulation.
import { assert } from '../actors/domain/assert.ts';
import type { KeyRange, KeyValueBackend, Write } from './key-value-backend.ts';

interface HeldBatch {
  readonly writes: readonly Write[];
  readonly flushed: () => void;
  readonly onApplied: (() => void) | undefined;
}

export interface MemoryBackendOptions {
  /** Commits wait for `flushNext`. Default: they are flushed in the same event-loop turn. */
  readonly holdsCommits?: boolean | undefined;
  /** A batch may write a key twice, as the updates from a log do. Default: that is a defect. */
  readonly takesRepeatedKeys?: boolean | undefined;
  /** Starts with the flushed rows of this backend. Default: empty. */
  readonly flushed?: MemoryBackend | undefined;
}

interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
}

export class MemoryBackend implements KeyValueBackend {
  readonly #holdsCommits: boolean;
  readonly #takesRepeatedKeys: boolean;
  readonly #held: HeldBatch[] = [];
  readonly #rows: Map<string, Row>;
  /** The names of the rows: their keys as latin1 text, whose order is the byte order. */
  readonly #names: string[];
  #isUsable = true;

  constructor({ holdsCommits, takesRepeatedKeys, flushed }: MemoryBackendOptions = {}) {
    this.#holdsCommits = holdsCommits ?? false;
    this.#takesRepeatedKeys = takesRepeatedKeys ?? false;
    this.#rows = new Map(flushed === undefined ? [] : flushed.#rows);
    this.#names = flushed === undefined ? [] : [...flushed.#names];
  }

  get heldBatchesCount(): number {
    return this.#held.length;
  }

  get(key: Buffer): Buffer | undefined {
    assert(this.#isUsable, 'a backend is read before it is closed or crashed');
    const row = this.#rows.get(nameOf(key));
    return row === undefined ? undefined : Buffer.from(row.value);
  }

  *range(range: KeyRange): Generator<readonly [key: Buffer, value: Buffer]> {
    for (const { key, value } of this.#rowsIn(range)) yield [Buffer.from(key), Buffer.from(value)];
  }

  *keys(range: KeyRange): Generator<Buffer> {
    for (const { key } of this.#rowsIn(range)) yield Buffer.from(key);
  }

  commit(writes: readonly Write[], onApplied?: () => void): Promise<void> {
    assert(this.#isUsable, 'a backend commits before it is closed or crashed');
    return new Promise((resolve) => {
      this.#held.push({ writes, flushed: resolve, onApplied });
      if (!this.#holdsCommits) queueMicrotask(() => this.flushNext());
    });
  }

  /** Flushes the oldest held batch; false when none is held. */
  flushNext(): boolean {
    const batch = this.#held.shift();
    if (batch === undefined) return false;
    this.#apply(batch.writes);
    batch.onApplied?.();
    batch.flushed();
    return true;
  }

  /** What a restart finds: the flushed batches. Commits still held never resolve. */
  crash(): MemoryBackend {
    this.#held.length = 0;
    this.#isUsable = false;
    const holdsCommits = this.#holdsCommits;
    const takesRepeatedKeys = this.#takesRepeatedKeys;
    return new MemoryBackend({ holdsCommits, takesRepeatedKeys, flushed: this });
  }

  settle(): Promise<void> {
    while (this.flushNext());
    return Promise.resolve();
  }

  close(): Promise<void> {
    while (this.flushNext());
    this.#isUsable = false;
    return Promise.resolve();
  }

  *#rowsIn({ start, end }: KeyRange): Generator<Row> {
    assert(this.#isUsable, 'a backend is read before it is closed or crashed');
    const endName = nameOf(end);
    for (let i = this.#indexOf(nameOf(start)); i < this.#names.length; i++) {
      const name = this.#names[i];
      const row = name === undefined ? undefined : this.#rows.get(name);
      if (name === undefined || row === undefined || name >= endName) return;
      yield row;
    }
  }

  #apply(writes: readonly Write[]): void {
    const written = new Set<string>();
    for (const { key, value } of writes) {
      const name = nameOf(key);
      const isRepeated = written.has(name) && !this.#takesRepeatedKeys;
      assert(!isRepeated, `a batch writes each key once: ${key.toString('hex')}`);
      written.add(name);
      if (value === undefined) this.#delete(name);
      else this.#put(name, { key, value: Buffer.from(value) });
    }
  }

  #put(name: string, row: Row): void {
    if (!this.#rows.has(name)) this.#names.splice(this.#indexOf(name), 0, name);
    this.#rows.set(name, row);
  }

  #delete(name: string): void {
    if (this.#rows.delete(name)) this.#names.splice(this.#indexOf(name), 1);
  }

  /** Where `name` is or belongs among the sorted names. */
  #indexOf(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#names[middle] ?? '') < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function nameOf(key: Buffer): string {
  return key.toString('latin1');
}
