import type { PartitionNumber } from '../../actors/domain/ids.ts';
import { type UnixMillis, unixMillis } from '../../actors/domain/time.ts';
import type { Timer } from '../../actors/partition/state.ts';
import { KeyWriter, Table } from '../key-codec.ts';
import type { KeyRange, KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import { packedRows, storedInvocationId } from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';

export const TIMER_VERSION = 1;

export type PackedTimer = readonly [version: typeof TIMER_VERSION, invocationId: string];

/** A later due time is kept as this one, in the year 10889: deployments may name any number. */
const DUE_MS_MAX = 2 ** 48 - 1;

const DUE_OFFSET = 3;
const NUMBER_OFFSET = DUE_OFFSET + 6;
const COMPLETION_OFFSET = NUMBER_OFFSET + 6;

/** Timers in due order. Key: `due u48, invocation number u48, completion id u32`. */
export class TimerTable {
  readonly #overlay: Overlay<PackedTimer>;
  readonly #keys: KeyWriter;
  readonly #all: KeyRange;

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#overlay = new Overlay(backend, writeSet, packedRows<PackedTimer>(TIMER_VERSION));
    this.#keys = new KeyWriter(partition, Table.timer);
    this.#all = this.#keys.start().finishRange();
  }

  put(timer: Timer): void {
    this.#write(timer, [TIMER_VERSION, timer.invocationId]);
  }

  delete(timer: Timer): void {
    this.#write(timer, undefined);
  }

  first(limit: number, dueByMs: UnixMillis | undefined): Timer[] {
    const timers: Timer[] = [];
    if (limit <= 0) return timers;
    for (const [key, row] of this.#overlay.rows(0, this.#dueBy(dueByMs))) {
      timers.push(readTimer(key, row));
      if (timers.length === limit) break;
    }
    return timers;
  }

  #dueBy(dueByMs: UnixMillis | undefined): KeyRange {
    if (dueByMs === undefined) return this.#all;
    const { start } = this.#all;
    return {
      start,
      end: this.#keys
        .start()
        .u48(dueByMs + 1)
        .finish(),
    };
  }

  #write(timer: Timer, row: PackedTimer | undefined): void {
    const { invocationNumber, completionId } = timer;
    const dueMs = Math.min(timer.dueMs, DUE_MS_MAX);
    const key = this.#keys.start().u48(dueMs).u48(invocationNumber).u32(completionId).finish();
    this.#overlay.write(0, key.toString('latin1'), key, row);
  }
}

function readTimer(key: Buffer, row: PackedTimer): Timer {
  return {
    dueMs: unixMillis(key.readUIntBE(DUE_OFFSET, 6)),
    invocationNumber: key.readUIntBE(NUMBER_OFFSET, 6),
    completionId: key.readUInt32BE(COMPLETION_OFFSET),
    invocationId: storedInvocationId(row[1]),
  };
}
