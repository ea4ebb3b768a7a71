// The rows of one table that are written but not flushed, over those of the backend. Rows are grouped
// by what is read together (the state of one object, the inbox of one key), so that a range read
// merges the backend with a small map.
import type { KeyRange, KeyValueBackend, Write } from './key-value-backend.ts';
import type { RowCodec } from './value-codec.ts';
import { type PendingRow, WriteSet } from './write-set.ts';

type Group<Row> = Map<string | number, OverlayRow<Row>>;

class OverlayRow<Row> implements PendingRow {
  batch = WriteSet.NO_BATCH;
  /** `undefined` when deleted. */
  row: Row | undefined;
  readonly key: Buffer;
  readonly #overlay: Overlay<Row>;
  readonly #groupName: string | number;
  readonly #itemName: string | number;

  constructor(
    overlay: Overlay<Row>,
    groupName: string | number,
    itemName: string | number,
    key: Buffer,
  ) {
    this.#overlay = overlay;
    this.#groupName = groupName;
    this.#itemName = itemName;
    this.key = key;
  }

  appendWrites(writes: Write[]): void {
    const value = this.row === undefined ? undefined : this.#overlay.codec.encode(this.row);
    writes.push({ key: this.key, value });
  }

  forget(): void {
    this.#overlay.forget(this.#groupName, this.#itemName);
  }
}

export class Overlay<Row> {
  readonly codec: RowCodec<Row>;
  readonly #backend: KeyValueBackend;
  readonly #writeSet: WriteSet;
  readonly #groups = new Map<string | number, Group<Row>>();

  constructor(backend: KeyValueBackend, writeSet: WriteSet, codec: RowCodec<Row>) {
    this.#backend = backend;
    this.#writeSet = writeSet;
    this.codec = codec;
  }

  /** The unflushed row; `row` of the result is `undefined` when it is deleted. */
  unflushed(
    groupName: string | number,
    itemName: string | number,
  ): { readonly row: Row | undefined } | undefined {
    return this.#groups.get(groupName)?.get(itemName);
  }

  /** The flushed row, for when there is no unflushed one. */
  flushed(key: Buffer): Row | undefined {
    const value = this.#backend.get(key);
    return value === undefined ? undefined : this.codec.decode(value);
  }

  /** Puts a row, or deletes it when `row` is `undefined`. */
  write(
    groupName: string | number,
    itemName: string | number,
    key: Buffer,
    row: Row | undefined,
  ): void {
    let group = this.#groups.get(groupName);
    if (group === undefined) {
      group = new Map();
      this.#groups.set(groupName, group);
    }
    let pending = group.get(itemName);
    if (pending === undefined) {
      pending = new OverlayRow(this, groupName, itemName, key);
      group.set(itemName, pending);
    }
    pending.row = row;
    this.#writeSet.add(pending);
  }

  forget(groupName: string | number, itemName: string | number): void {
    const group = this.#groups.get(groupName);
    if (group === undefined) return;
    group.delete(itemName);
    if (group.size === 0) this.#groups.delete(groupName);
  }

  /** The rows of a group in key order. `range` has the group's keys and no others. */
  *rows(groupName: string | number, range: KeyRange): Generator<readonly [key: Buffer, row: Row]> {
    const pending = this.#sorted(groupName, range);
    let next = 0;
    for (const [key, value] of this.#backend.range(range)) {
      let candidate = pending[next];
      while (candidate !== undefined && candidate.key.compare(key) < 0) {
        if (candidate.row !== undefined) yield [candidate.key, candidate.row];
        candidate = pending[++next];
      }
      if (candidate === undefined || !candidate.key.equals(key)) {
        yield [key, this.codec.decode(value)];
        continue;
      }
      next += 1;
      if (candidate.row !== undefined) yield [key, candidate.row];
    }
    for (; next < pending.length; next++) {
      const candidate = pending[next];
      if (candidate?.row !== undefined) yield [candidate.key, candidate.row];
    }
  }

  /** The keys of a group's rows, in no order; perhaps some twice, and some of deleted rows. */
  keys(groupName: string | number, range: KeyRange): Buffer[] {
    const keys = this.#sorted(groupName, range).map((pending) => pending.key);
    for (const key of this.#backend.keys(range)) keys.push(key);
    return keys;
  }

  /** The keys that are flushed, in order. */
  flushedKeys(range: KeyRange): Iterable<Buffer> {
    return this.#backend.keys(range);
  }

  #sorted(groupName: string | number, range: KeyRange): ReadonlyArray<OverlayRow<Row>> {
    const group = this.#groups.get(groupName);
    if (group === undefined) return [];
    const rows: Array<OverlayRow<Row>> = [];
    for (const row of group.values()) {
      if (row.key.compare(range.start) >= 0 && row.key.compare(range.end) < 0) rows.push(row);
    }
    return rows.sort((a, b) => a.key.compare(b.key));
  }
}
