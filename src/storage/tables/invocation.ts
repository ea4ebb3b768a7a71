// Invocations by number, and their numbers by id.
//   open invocation   number u48                → row     every invocation that is not completed
//   history           number u48, 0             → row     completed invocations, beside their journals
//   invocation id     uuid, partition key       → number
//   invocation block  number / 512              → counts by handler and status
// Recovery reads the open range and nothing else, however many completed invocations are kept. The
// price is one delete per invocation, when its row moves to the history; a separate index of open
// numbers would cost a put and a delete.
import { assert } from '../../actors/domain/assert.ts';
import type { InvocationId, PartitionNumber } from '../../actors/domain/ids.ts';
import type { Invocation } from '../../actors/domain/invocation.ts';
import { RecentMap } from '../../actors/domain/recent-map.ts';
import { type InvocationCounts, noInvocations } from '../../actors/domain/statistics.ts';
import type { WhichUnfinished } from '../../actors/partition/state.ts';
import { KeyWriter, lastU48, Table } from '../key-codec.ts';
import type { KeyRange, KeyValueBackend, Write } from '../key-value-backend.ts';
import { packRow, unpackRow } from '../value-codec.ts';
import { type PendingRow, WriteSet } from '../write-set.ts';
import { Counter, CounterId } from './counter.ts';
import {
  decodeInvocation,
  encodeInvocation,
  peekOf,
  peekStatus,
  type StatusPeek,
} from './invocation-row.ts';
import { InvocationBlockTable } from './invocation-block.ts';
import { HistoryRow } from './journal.ts';

export const INVOCATION_ID_VERSION = 1;

/** Partition, table, number, kind of row. */
const COMPLETED_KEY_BYTES = 10;

/** Flushed rows of open invocations kept decoded, because they are read with every message. */
export const RECENT_INVOCATIONS_MAX = 1_000;

/** Rows that await more are not kept decoded: a deployment could fill the memory with them. Unit: steps. */
export const RECENT_AWAITED_STEPS_MAX = 64;

export type PackedNumber = readonly [version: typeof INVOCATION_ID_VERSION, number: number];

/** Where the batches sealed so far leave an invocation's row. `unknown`: it was never looked up. */
type Place = 'nowhere' | 'open' | 'history' | 'unknown';

class PendingInvocation implements PendingRow {
  batch = WriteSet.NO_BATCH;
  /** `undefined` when deleted. */
  invocation: Invocation | undefined;
  readonly id: InvocationId;
  readonly number: number;
  readonly #table: InvocationTable;
  #sealedPlace: Place;
  /** Another invocation has the id now; this row, deleted, leaves the index to it. */
  isSuperseded = false;
  /** Another invocation had the id before, and the index may still say so. */
  hasSuperseded = false;

  constructor(
    table: InvocationTable,
    { id, number }: { readonly id: InvocationId; readonly number: number },
    sealedPlace: Place,
  ) {
    this.#table = table;
    this.id = id;
    this.number = number;
    this.#sealedPlace = sealedPlace;
  }

  appendWrites(writes: Write[]): void {
    const keys = this.#table.keys;
    const before = this.#sealedPlace;
    const after = placeOf(this.invocation);
    if (after !== 'open' && before !== 'nowhere' && before !== 'history') {
      writes.push({ key: keys.open(this.number), value: undefined, life: undefined });
    }
    if (after !== 'history' && before !== 'nowhere' && before !== 'open') {
      writes.push({ key: keys.history(this.number), value: undefined, life: undefined });
    }
    if (this.invocation === undefined) {
      if ((before !== 'nowhere' || this.hasSuperseded) && !this.isSuperseded) {
        writes.push({ key: keys.id(this.id), value: undefined, life: undefined });
      }
    } else {
      const value = encodeInvocation(this.invocation);
      if (after === 'open') {
        const life = before === 'nowhere' ? 'new' : undefined;
        writes.push({ key: keys.open(this.number), value, life });
      } else {
        writes.push({ key: keys.history(this.number), value, life: undefined });
      }
      if (before === 'nowhere' || before === 'unknown') {
        writes.push({ key: keys.id(this.id), value: encodeNumber(this.number), life: 'once' });
      }
    }
    this.#sealedPlace = after;
  }

  forget(): void {
    this.#table.forget(this);
  }
}

class InvocationKeys {
  readonly allOpen: KeyRange;
  /** With the journals. */
  readonly allHistory: KeyRange;
  readonly #open: KeyWriter;
  readonly #history: KeyWriter;
  readonly #id: KeyWriter;

  constructor(partition: PartitionNumber) {
    this.#open = new KeyWriter(partition, Table.openInvocation);
    this.#history = new KeyWriter(partition, Table.history);
    this.#id = new KeyWriter(partition, Table.invocationId);
    this.allOpen = this.#open.start().finishRange();
    this.allHistory = this.#history.start().finishRange();
  }

  open(number: number): Buffer {
    return this.#open.start().u48(number).finish();
  }

  history(number: number): Buffer {
    return this.#history.start().u48(number).u8(HistoryRow.completed).finish();
  }

  id(id: InvocationId): Buffer {
    return this.#id.start().invocationId(id).finish();
  }
}

export class InvocationTable {
  readonly keys: InvocationKeys;
  readonly #backend: KeyValueBackend;
  readonly #writeSet: WriteSet;
  readonly #numbers: Counter;
  readonly #blocks: InvocationBlockTable;
  readonly #pending = new Map<InvocationId, PendingInvocation>();
  /** Deleted rows whose id has been given to another invocation before they were flushed. */
  readonly #superseded = new Set<PendingInvocation>();
  readonly #recent = new RecentMap<InvocationId, Invocation>(RECENT_INVOCATIONS_MAX);
  #counts = noInvocations();
  /** The last number handed out while no invocation has it yet. */
  #freshNumber: number | undefined;

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#backend = backend;
    this.#writeSet = writeSet;
    this.keys = new InvocationKeys(partition);
    this.#blocks = new InvocationBlockTable(backend, writeSet, partition);
    this.#numbers = new Counter(backend, writeSet, { partition, id: CounterId.invocation });
  }

  nextNumber(): number {
    this.#freshNumber = this.#numbers.take();
    return this.#freshNumber;
  }

  /** Open invocations by status. */
  get counts(): Readonly<InvocationCounts> {
    return this.#counts;
  }

  get(id: InvocationId): Invocation | undefined {
    const pending = this.#pending.get(id);
    if (pending !== undefined) return pending.invocation;
    const recent = this.#recent.get(id);
    if (recent !== undefined) return recent;
    const flushed = this.#flushed(id);
    this.#remember(flushed);
    return flushed;
  }

  put(invocation: Invocation): void {
    this.#recount(this.#replacedBy(invocation), invocation);
    this.#write(invocation, invocation);
  }

  delete(invocation: Invocation): void {
    const pending = this.#pendingOf(invocation);
    this.#recount(pending === undefined ? invocation : pending.invocation, undefined);
    this.#write(invocation, undefined);
  }

  /** Invocations that are not completed now, in number order. Read to its end, it counts them anew. */
  *open(which: WhichUnfinished): Generator<Invocation> {
    const counts = noInvocations();
    const isWanted = ({ kind, isAtRest }: StatusPeek): boolean => {
      if (kind !== 'completed') counts[kind] += 1;
      return kind !== 'completed' && (which === 'all' || !isAtRest);
    };
    const pending = [...this.#pending.values()].sort((a, b) => a.number - b.number);
    const overlaid = new Set([...pending, ...this.#superseded].map((row) => row.number));
    let next = 0;
    for (const [key, value] of this.#backend.range(this.keys.allOpen)) {
      const number = lastU48(key);
      for (let row = pending[next]; row !== undefined && row.number < number; row = pending[next]) {
        const { invocation } = row;
        if (invocation !== undefined && isWanted(peekOf(invocation))) yield invocation;
        next += 1;
      }
      if (overlaid.has(number)) continue;
      // Most of a million rows are at rest: unpacking them costs more than everything else.
      if (isWanted(peekStatus(value))) yield decodeInvocation(number, value);
    }
    for (const { invocation } of pending.slice(next)) {
      if (invocation !== undefined && isWanted(peekOf(invocation))) yield invocation;
    }
    this.#counts = counts;
  }

  forget(row: PendingInvocation): void {
    if (this.#superseded.delete(row)) return;
    this.#pending.delete(row.id);
    // The others wait for something: they take no memory meanwhile, however many they are.
    if (row.invocation?.status.kind === 'invoked') this.#remember(row.invocation);
  }

  #pendingOf({ id, number }: Invocation): PendingInvocation | undefined {
    const pending = this.#pending.get(id);
    return pending?.number === number ? pending : undefined;
  }

  /** What the row said before. */
  #replacedBy(row: Invocation): Invocation | undefined {
    const pending = this.#pendingOf(row);
    if (pending !== undefined) return pending.invocation;
    if (row.number === this.#freshNumber) return undefined;
    const recent = this.#recent.get(row.id);
    if (recent?.number === row.number) return recent;
    const flushed =
      this.#backend.get(this.keys.open(row.number)) ??
      this.#backend.get(this.keys.history(row.number));
    return flushed === undefined ? undefined : decodeInvocation(row.number, flushed);
  }

  #recount(before: Invocation | undefined, after: Invocation | undefined): void {
    this.#blocks.recount(before, after);
    const kindBefore = before?.status.kind;
    const kindAfter = after?.status.kind;
    if (kindBefore === kindAfter) return;
    if (kindBefore !== undefined && kindBefore !== 'completed') this.#counts[kindBefore] -= 1;
    if (kindAfter !== undefined && kindAfter !== 'completed') this.#counts[kindAfter] += 1;
  }

  #write(row: Invocation, invocation: Invocation | undefined): void {
    let pending = this.#pendingOf(row);
    if (pending === undefined) {
      const superseded = this.#pending.get(row.id);
      pending = new PendingInvocation(this, row, this.#flushedPlace(row));
      if (superseded !== undefined) {
        this.#supersede(superseded);
        pending.hasSuperseded = true;
      }
      this.#pending.set(row.id, pending);
      this.#recent.delete(row.id);
    }
    pending.invocation = invocation;
    this.#writeSet.add(pending);
  }

  #supersede(row: PendingInvocation): void {
    assert(row.invocation === undefined, `only one invocation has the id ${row.id}`);
    row.isSuperseded = true;
    this.#superseded.add(row);
  }

  #flushedPlace({ id, number }: Invocation): Place {
    if (number === this.#freshNumber) {
      this.#freshNumber = undefined;
      return 'nowhere';
    }
    return this.#recent.get(id)?.number === number ? 'open' : 'unknown';
  }

  #flushed(id: InvocationId): Invocation | undefined {
    const packedNumber = this.#backend.get(this.keys.id(id));
    if (packedNumber === undefined) return undefined;
    const number = unpackRow<PackedNumber>(packedNumber, INVOCATION_ID_VERSION)[1];
    const row =
      this.#backend.get(this.keys.open(number)) ?? this.#backend.get(this.keys.history(number));
    assert(row !== undefined, `an id has an invocation: ${id} has number ${number}`);
    return decodeInvocation(number, row);
  }

  /** Completed rows may hold large outcomes and are rarely read again. */
  #remember(invocation: Invocation | undefined): void {
    if (isOpen(invocation) && isSmall(invocation)) this.#recent.set(invocation.id, invocation);
  }
}

/** Every invocation that the tables have, the open ones first. */
export function* storedInvocations(
  tables: Pick<KeyValueBackend, 'range'>,
  partition: PartitionNumber,
): Generator<Invocation> {
  const { allOpen, allHistory } = new InvocationKeys(partition);
  for (const [key, value] of tables.range(allOpen)) yield decodeInvocation(lastU48(key), value);
  for (const [key, value] of tables.range(allHistory)) {
    const number = completedNumber(key);
    if (number !== undefined) yield decodeInvocation(number, value);
  }
}

/** Journals lie in the same range; their keys are longer. */
function completedNumber(key: Buffer): number | undefined {
  return key.length === COMPLETED_KEY_BYTES ? lastU48(key.subarray(0, -1)) : undefined;
}

function placeOf(invocation: Invocation | undefined): 'nowhere' | 'open' | 'history' {
  if (invocation === undefined) return 'nowhere';
  return invocation.status.kind === 'completed' ? 'history' : 'open';
}

function isOpen(invocation: Invocation | undefined): invocation is Invocation {
  return placeOf(invocation) === 'open';
}

function isSmall({ status }: Invocation): boolean {
  return status.kind !== 'suspended' || status.awaiting.length <= RECENT_AWAITED_STEPS_MAX;
}

function encodeNumber(number: number): Uint8Array {
  const row: PackedNumber = [INVOCATION_ID_VERSION, number];
  return packRow(row);
}
