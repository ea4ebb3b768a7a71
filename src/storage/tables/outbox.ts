import type { PartitionNumber } from '../../actors/domain/ids.ts';
import type { OutboxMessage } from '../../actors/partition/state.ts';
import { KeyWriter, lastU48, Table } from '../key-codec.ts';
import type { KeyRange, KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import { packedRows, packRow, type RowCodec, unpackRow } from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';
import { type PackedMessage, packMessage, unpackMessage } from './partition-message.ts';

export const OUTBOX_VERSION = 1;
export const OUTBOX_MARK_VERSION = 1;

type PackedOutboxRow = readonly [version: typeof OUTBOX_VERSION, message: PackedMessage];
export type PackedOutboxMark = readonly [version: typeof OUTBOX_MARK_VERSION, lastSequence: number];

/** The stored messages for one receiver; their sequence numbers have no gaps. */
interface Queue {
  /** Sequence number of the oldest message still stored; `last` + 1 when there is none. */
  first: number;
  last: number;
}

const TO_OFFSET = 3;

/**
 * Messages to other partitions. Key: `to u16, sequence u48`. The last sequence number of a receiver
 * is that of its last message; when none is left, a mark keeps it. Key of a mark: `to u16`.
 */
export class OutboxTable {
  readonly #messages: Overlay<OutboxMessage['message']>;
  readonly #messageKeys: KeyWriter;
  readonly #allMessages: KeyRange;
  readonly #marks: Overlay<PackedOutboxMark>;
  readonly #markKeys: KeyWriter;
  readonly #queues = new Map<PartitionNumber, Queue>();

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#messages = new Overlay(backend, writeSet, outboxRows);
    this.#messageKeys = new KeyWriter(partition, Table.outbox);
    this.#allMessages = this.#messageKeys.start().finishRange();
    this.#marks = new Overlay(backend, writeSet, packedRows<PackedOutboxMark>(OUTBOX_MARK_VERSION));
    this.#markKeys = new KeyWriter(partition, Table.outboxMark);
  }

  push(to: PartitionNumber, message: OutboxMessage['message']): number {
    const queue = this.#queue(to);
    queue.last += 1;
    this.#write(to, queue.last, message);
    return queue.last;
  }

  truncate(to: PartitionNumber, sequence: number): void {
    const queue = this.#queue(to);
    if (sequence < queue.first) return;
    for (; queue.first <= sequence && queue.first <= queue.last; queue.first++) {
      this.#write(to, queue.first, undefined);
    }
    if (queue.first > queue.last) {
      this.#marks.write(0, to, this.#markKey(to), [OUTBOX_MARK_VERSION, queue.last]);
    }
  }

  *messages(): Generator<OutboxMessage> {
    for (const [key, message] of this.#messages.rows(0, this.#allMessages)) {
      const to = key.readUInt16BE(TO_OFFSET) as PartitionNumber;
      yield { to, sequence: lastU48(key), message };
    }
  }

  #queue(to: PartitionNumber): Queue {
    let queue = this.#queues.get(to);
    if (queue === undefined) {
      queue = this.#readQueue(to);
      this.#queues.set(to, queue);
    }
    return queue;
  }

  /** The queue as it was flushed: every write to it goes through its `Queue`. */
  #readQueue(to: PartitionNumber): Queue {
    const keys = [...this.#messages.flushedKeys(this.#messageKeys.start().u16(to).finishRange())];
    const [firstKey] = keys;
    const lastKey = keys.at(-1);
    if (firstKey !== undefined && lastKey !== undefined) {
      return { first: lastU48(firstKey), last: lastU48(lastKey) };
    }
    const last = this.#marks.flushed(this.#markKey(to))?.[1] ?? 0;
    return { first: last + 1, last };
  }

  #write(to: PartitionNumber, sequence: number, row: OutboxMessage['message'] | undefined): void {
    const key = this.#messageKeys.start().u16(to).u48(sequence).finish();
    this.#messages.write(0, `${to}:${sequence}`, key, row);
  }

  #markKey(to: PartitionNumber): Buffer {
    return this.#markKeys.start().u16(to).finish();
  }
}

export const outboxRows: RowCodec<OutboxMessage['message']> = {
  encode: (message) => packRow([OUTBOX_VERSION, packMessage(message)]),
  decode: (bytes) => unpackMessage(unpackRow<PackedOutboxRow>(bytes, OUTBOX_VERSION)[1]),
};
