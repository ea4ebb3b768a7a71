import { assert, unreachable } from '../../actors/domain/assert.ts';
import type { PartitionNumber } from '../../actors/domain/ids.ts';
import type { JournalEntry } from '../../actors/domain/journal.ts';
import { unixMillis } from '../../actors/domain/time.ts';
import { KeyWriter, Table } from '../key-codec.ts';
import type { KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import {
  type PackedNotificationId,
  type PackedResult,
  packNotificationId,
  packResult,
  packRow,
  type RowCodec,
  storedInvocationId,
  unpackNotificationId,
  unpackResult,
  unpackRow,
} from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';

export const JOURNAL_VERSION = 1;

/** In the history of an invocation, what follows its number. `completed` is its own row. */
export const HistoryRow = { completed: 0, journalEntry: 1, event: 2 } as const;

type PackedEntry =
  | readonly [
      version: typeof JOURNAL_VERSION,
      tag: 0,
      type: number,
      appendedAtMs: number,
      payload: Uint8Array,
      child: string | null,
    ]
  | readonly [
      version: typeof JOURNAL_VERSION,
      tag: 1,
      type: number,
      appendedAtMs: number,
      id: PackedNotificationId,
      result: PackedResult,
    ];

/** Journals. Key: `invocation number u48, 1, index u32`, next to the invocation's completed row. */
export class JournalTable {
  readonly #overlay: Overlay<JournalEntry>;
  readonly #keys: KeyWriter;

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#overlay = new Overlay(backend, writeSet, journalRows, 'once');
    this.#keys = new KeyWriter(partition, Table.history);
  }

  append(invocationNumber: number, index: number, entry: JournalEntry): void {
    this.#overlay.write(invocationNumber, index, this.#key(invocationNumber, index), entry);
  }

  read(invocationNumber: number, from: number, to: number): JournalEntry[] {
    return (
      this.#readUnflushed(invocationNumber, from, to) ?? this.#readRange(invocationNumber, from, to)
    );
  }

  delete(invocationNumber: number, length: number): void {
    for (let index = 0; index < length; index++) {
      this.#overlay.write(invocationNumber, index, this.#key(invocationNumber, index), undefined);
    }
  }

  /** The entries if none of them is flushed, as when an invocation has just been accepted. */
  #readUnflushed(invocationNumber: number, from: number, to: number): JournalEntry[] | undefined {
    const entries: JournalEntry[] = [];
    for (let index = from; index < to; index++) {
      const entry = this.#overlay.unflushed(invocationNumber, index)?.row;
      if (entry === undefined) return undefined;
      entries.push(entry);
    }
    return entries;
  }

  #readRange(invocationNumber: number, from: number, to: number): JournalEntry[] {
    const range = {
      start: this.#key(invocationNumber, from),
      end: this.#key(invocationNumber, to),
    };
    const entries: JournalEntry[] = [];
    for (const [key, entry] of this.#overlay.rows(invocationNumber, range)) {
      const index = key.readUInt32BE(key.length - 4);
      assert(index === from + entries.length, `no entry of a journal is missing before ${index}`);
      entries.push(entry);
    }
    assert(entries.length === to - from, `a journal has all entries up to ${to}`);
    return entries;
  }

  #key(invocationNumber: number, index: number): Buffer {
    const keys = this.#keys.start().u48(invocationNumber).u8(HistoryRow.journalEntry);
    return keys.u32(index).finish();
  }
}

export const journalRows: RowCodec<JournalEntry> = {
  encode: (entry) => packRow(packEntry(entry)),
  decode: (bytes) => unpackEntry(unpackRow<PackedEntry>(bytes, JOURNAL_VERSION)),
};

function packEntry(entry: JournalEntry): PackedEntry {
  const { type, appendedAtMs } = entry;
  switch (entry.kind) {
    case 'command':
      return [JOURNAL_VERSION, 0, type, appendedAtMs, entry.payload, entry.child ?? null];
    case 'notification': {
      const id = packNotificationId(entry.id);
      return [JOURNAL_VERSION, 1, type, appendedAtMs, id, packResult(entry.result)];
    }
    default:
      return unreachable(entry);
  }
}

function unpackEntry(packed: PackedEntry): JournalEntry {
  const [, tag, type, at] = packed;
  const appendedAtMs = unixMillis(at);
  switch (tag) {
    case 0: {
      const [, , , , payload, child] = packed;
      return {
        kind: 'command',
        type,
        appendedAtMs,
        payload,
        child: child === null ? undefined : storedInvocationId(child),
      };
    }
    case 1: {
      const [, , , , id, result] = packed;
      return {
        kind: 'notification',
        type,
        appendedAtMs,
        id: unpackNotificationId(id),
        result: unpackResult(result),
      };
    }
    default:
      return unreachable(tag);
  }
}
