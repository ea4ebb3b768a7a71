// The rows of one table that are written but not flushed, over those of the backend. Rows are grouped
// by what is read together (the state of one object, the inbox of one key), so that a range read
// merges the backend with a small map.
import type { KeyRange, KeyValueBackend, RowLife, Write } from './key-value-backend.ts';
import type { RowCodec } from './value-codec.ts';
import { type PendingRow, WriteSet } from './write-set.ts';

type Group<Row> = Map<string | number, OverlayRow<Row>>;

interface NamedRow<Row> {
  readonly name: string;
  readonly row: OverlayRow<Row>;
}

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
    const life = value === undefined ? undefined : this.#overlay.life;
    writes.push({ key: this.key, value, life });
  }

  forget(): void {
    this.#overlay.forget(this.#groupName, this.#itemName);
  }
}

export class Overlay<Row> {
  readonly codec: RowCodec<Row>;
  /** Of every row that is put. */
  readonly life: RowLife | undefined;
  readonly #backend: KeyValueBackend;
  readonly #writeSet: WriteSet;
  readonly #groups = new Map<string | number, Group<Row>>();

  constructor(backend: KeyValueBackend, writeSet: WriteSet, codec: RowCodec<Row>, life?: RowLife) {
    this.life = life;
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

  /** The rows of a group in key order. `range` has keys of the group and no others. */
  *rows(groupName: string | number, range: KeyRange): Generator<readonly [key: Buffer, row: Row]> {
    if (!this.#groups.has(groupName)) return yield* this.#flushedRows(range);
    const pending = this.#pendingIn(groupName, range);
    const written = new Set(pending.map(({ name }) => name));
    const live = pending.filter(({ row }) => row.row !== undefined).sort(byName);
    let next = 0;
    for (const [key, value] of this.#backend.range(range)) {
      const name = orderedName(key);
      for (; isBefore(live[next], name); next++) yield* liveRow(live[next]);
      if (!written.has(name)) yield [key, this.codec.decode(value)];
    }
    for (; next < live.length; next++) yield* liveRow(live[next]);
  }

  /** The keys of a group's rows, in no order; perhaps some twice, and some of deleted rows. */
  keys(groupName: string | number, range: KeyRange): Buffer[] {
    const keys = this.#pendingIn(groupName, range).map(({ row }) => row.key);
    for (const key of this.#backend.keys(range)) keys.push(key);
    return keys;
  }

  /** The keys that are flushed, in order. */
  flushedKeys(range: KeyRange): Iterable<Buffer> {
    return this.#backend.keys(range);
  }

  *#flushedRows(range: KeyRange): Generator<readonly [key: Buffer, row: Row]> {
    for (const [key, value] of this.#backend.range(range)) yield [key, this.codec.decode(value)];
  }

  #pendingIn(groupName: string | number, { start, end }: KeyRange): Array<NamedRow<Row>> {
    const group = this.#groups.get(groupName);
    if (group === undefined) return [];
    const startName = orderedName(start);
    const endName = orderedName(end);
    const rows: Array<NamedRow<Row>> = [];
    for (const row of group.values()) {
      const name = orderedName(row.key);
      if (name >= startName && name < endName) rows.push({ name, row });
    }
    return rows;
  }
}

/** A key as text whose order is the byte order: texts compare faster than buffers. */
function orderedName(key: Buffer): string {
  return key.toString('latin1');
}

function byName<Row>(a: NamedRow<Row>, b: NamedRow<Row>): number {
  return a.name < b.name ? -1 : 1;
}

function isBefore<Row>(row: NamedRow<Row> | undefined, name: string): boolean {
  return row !== undefined && row.name < name;
}

/** The row, unless it has been deleted since the iteration began. */
function* liveRow<Row>(
  named: NamedRow<Row> | undefined,
): Generator<readonly [key: Buffer, row: Row]> {
  if (named?.row.row !== undefined) yield [named.row.key, named.row.row];
}
