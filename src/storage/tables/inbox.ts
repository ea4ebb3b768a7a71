import type { PartitionNumber } from '../../actors/domain/ids.ts';
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

/**
 * Invocations and edits of the state that wait for a key, in order. Key: owner, `sequence u48`. The sequence counts all
 * entries of the partition, so that it needs no row per owner.
 */
export class InboxTable {
  readonly #overlay: Overlay<PackedInboxEntry>;
  readonly #keys: KeyWriter;
  readonly #sequence: Counter;

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#overlay = new Overlay(backend, writeSet, packedRows<PackedInboxEntry>(INBOX_VERSION));
    this.#keys = new KeyWriter(partition, Table.inbox);
    this.#sequence = new Counter(backend, writeSet, { partition, id: CounterId.inbox });
  }

  push(owner: ServiceKey, item: InboxItem): number {
    const sequence = this.#sequence.take();
    this.#write(owner, sequence, [INBOX_VERSION, packItem(item), hashedOwner(owner)]);
    return sequence;
  }

  pop(owner: ServiceKey): InboxItem | undefined {
    for (const [key, entry] of this.#overlay.rows(ownerName(owner), this.#range(owner))) {
      this.#write(owner, lastU48(key), undefined);
      return unpackItem(entry[1]);
    }
    return undefined;
  }

  remove(owner: ServiceKey, sequence: number): void {
    this.#write(owner, sequence, undefined);
  }

  #write(owner: ServiceKey, sequence: number, entry: PackedInboxEntry | undefined): void {
    const key = this.#keys.start().owner(owner).u48(sequence).finish();
    this.#overlay.write(ownerName(owner), sequence, key, entry);
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
