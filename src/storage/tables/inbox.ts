import { must } from '../../actors/domain/assert.ts';
import type { PartitionNumber } from '../../actors/domain/ids.ts';
import { RecentMap } from '../../actors/domain/recent-map.ts';
import type { InboxItem, ServiceKey } from '../../actors/partition/state.ts';
import {
  hashedOwner,
  KeyWriter,
  lastU48,
  ownerName,
  type PackedOwner,
  Table,
} from '../key-codec.ts';
import type { KeyRange, KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import { packedRows, storedInvocationId } from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';
import { Counter, CounterId } from './counter.ts';

export const INBOX_VERSION = 1;

type PackedStateEdit = readonly [
  expectedVersion: string | null,
  entries: ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]>,
];

export type PackedInboxEntry = readonly [
  version: typeof INBOX_VERSION,
  item: string | PackedStateEdit,
  hashedOwner: PackedOwner | null,
];

/** Entries at the head of a queue that are known without reading the queue again. */
const KNOWN_ENTRIES_MAX = 1024;

/** Queues of which something is known; those used lately are kept. */
const KNOWN_QUEUES_MAX = 4096;

/** The head of a queue, in order. */
interface KnownHead {
  readonly sequences: number[];
  /** There is nothing behind it. */
  isWhole: boolean;
}

/**
 * Invocations and edits of the state that wait for a key, in order. Key: owner, `sequence u48`. The
 * sequence counts all entries of the partition, so that it needs no row per owner. Every invocation of
 * a key asks for the next one when it ends: to look through the rows each time would cost more than
 * the rest of it.
 */
export class InboxTable {
  readonly #overlay: Overlay<PackedInboxEntry>;
  readonly #keys: KeyWriter;
  readonly #sequence: Counter;
  readonly #known = new RecentMap<string, KnownHead>(KNOWN_QUEUES_MAX);

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#overlay = new Overlay(backend, writeSet, packedRows<PackedInboxEntry>(INBOX_VERSION));
    this.#keys = new KeyWriter(partition, Table.inbox);
    this.#sequence = new Counter(backend, writeSet, { partition, id: CounterId.inbox });
  }

  push(owner: ServiceKey, item: InboxItem): number {
    const sequence = this.#sequence.take();
    this.#write(owner, sequence, [INBOX_VERSION, packItem(item), hashedOwner(owner)]);
    const head = this.#known.get(ownerName(owner));
    if (head?.isWhole !== true) return sequence;
    if (head.sequences.length < KNOWN_ENTRIES_MAX) head.sequences.push(sequence);
    else head.isWhole = false;
    return sequence;
  }

  pop(owner: ServiceKey): InboxItem | undefined {
    const sequence = this.#headOf(owner).sequences.shift();
    if (sequence === undefined) return undefined;
    const entry = must(this.#read(owner, sequence), 'a known entry of an inbox is there');
    this.#write(owner, sequence, undefined);
    return unpackItem(entry[1]);
  }

  remove(owner: ServiceKey, sequence: number): void {
    this.#write(owner, sequence, undefined);
    const sequences = this.#known.get(ownerName(owner))?.sequences;
    const at = sequences?.indexOf(sequence) ?? -1;
    if (at >= 0) sequences?.splice(at, 1);
  }

  /** Not empty while the queue has entries. */
  #headOf(owner: ServiceKey): KnownHead {
    const name = ownerName(owner);
    const known = this.#known.get(name);
    if (known !== undefined && (known.isWhole || known.sequences.length > 0)) return known;
    const head: KnownHead = { sequences: [], isWhole: true };
    for (const [key] of this.#overlay.rows(name, this.#range(owner))) {
      if (head.sequences.length === KNOWN_ENTRIES_MAX) {
        head.isWhole = false;
        break;
      }
      head.sequences.push(lastU48(key));
    }
    this.#known.set(name, head);
    return head;
  }

  #read(owner: ServiceKey, sequence: number): PackedInboxEntry | undefined {
    const unflushed = this.#overlay.unflushed(ownerName(owner), sequence);
    return unflushed === undefined
      ? this.#overlay.flushed(this.#key(owner, sequence))
      : unflushed.row;
  }

  #write(owner: ServiceKey, sequence: number, entry: PackedInboxEntry | undefined): void {
    this.#overlay.write(ownerName(owner), sequence, this.#key(owner, sequence), entry);
  }

  #key(owner: ServiceKey, sequence: number): Buffer {
    return this.#keys.start().owner(owner).u48(sequence).finish();
  }

  #range(owner: ServiceKey): KeyRange {
    return this.#keys.start().owner(owner).finishRange();
  }
}

function packItem(item: InboxItem): string | PackedStateEdit {
  return typeof item === 'string' ? item : [item.expectedVersion ?? null, item.entries];
}

function unpackItem(packed: string | PackedStateEdit): InboxItem {
  if (typeof packed === 'string') return storedInvocationId(packed);
  return { expectedVersion: packed[0] ?? undefined, entries: packed[1] };
}
