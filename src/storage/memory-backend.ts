// A sorted map with the durability of a disk that a test controls. For tests and simulation.
import { assert } from '../actors/domain/assert.ts';
import type { KeyRange, KeyValueBackend, Write } from './key-value-backend.ts';

interface HeldBatch {
  readonly writes: readonly Write[];
  readonly flushed: () => void;
}

export interface MemoryBackendOptions {
  /** Commits wait for `flushNext`. Default: they are flushed in the same event-loop turn. */
  readonly holdsCommits?: boolean | undefined;
}

interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
}

export class MemoryBackend implements KeyValueBackend {
  readonly #holdsCommits: boolean;
  readonly #held: HeldBatch[] = [];
  /** Keys as latin1 text, whose order is byte order. Replaced by a flush, so that ranges are snapshots. */
  #sortedKeys: readonly string[] = [];
  #rows: ReadonlyMap<string, Row> = new Map();
  #isUsable = true;

  constructor({ holdsCommits }: MemoryBackendOptions = {}) {
    this.#holdsCommits = holdsCommits ?? false;
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

  commit(writes: readonly Write[]): Promise<void> {
    assert(this.#isUsable, 'a backend commits before it is closed or crashed');
    return new Promise((resolve) => {
      this.#held.push({ writes, flushed: resolve });
      if (!this.#holdsCommits) queueMicrotask(() => this.flushNext());
    });
  }

  /** Flushes the oldest held batch; false when none is held. */
  flushNext(): boolean {
    const batch = this.#held.shift();
    if (batch === undefined) return false;
    this.#apply(batch.writes);
    batch.flushed();
    return true;
  }

  /** What a restart finds: the flushed batches. Commits still held never resolve. */
  crash(): MemoryBackend {
    const survivor = new MemoryBackend({ holdsCommits: this.#holdsCommits });
    survivor.#sortedKeys = this.#sortedKeys;
    survivor.#rows = this.#rows;
    this.#held.length = 0;
    this.#isUsable = false;
    return survivor;
  }

  close(): Promise<void> {
    while (this.flushNext());
    this.#isUsable = false;
    return Promise.resolve();
  }

  *#rowsIn({ start, end }: KeyRange): Generator<Row> {
    assert(this.#isUsable, 'a backend is read before it is closed or crashed');
    const keys = this.#sortedKeys;
    const rows = this.#rows;
    const endName = nameOf(end);
    for (let i = lowerBound(keys, nameOf(start)); i < keys.length; i++) {
      const name = keys[i];
      const row = name === undefined ? undefined : rows.get(name);
      if (name === undefined || row === undefined || name >= endName) return;
      yield row;
    }
  }

  #apply(writes: readonly Write[]): void {
    const rows = new Map(this.#rows);
    const names = new Set<string>();
    for (const { key, value } of writes) {
      const name = nameOf(key);
      assert(!names.has(name), `a batch writes each key once: ${key.toString('hex')}`);
      names.add(name);
      if (value === undefined) rows.delete(name);
      else rows.set(name, { key, value: Buffer.from(value) });
    }
    this.#rows = rows;
    this.#sortedKeys = [...rows.keys()].sort();
  }
}

function nameOf(key: Buffer): string {
  return key.toString('latin1');
}

function lowerBound(sorted: readonly string[], name: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
