import type { InvocationId, PartitionNumber } from '../../actors/domain/ids.ts';
import type { SlotLine, SlotWaiter } from '../../actors/partition/state.ts';
import { KeyWriter, lastU48, Table } from '../key-codec.ts';
import type { KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import { packedRows, storedInvocationId } from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';
import { Counter, CounterId } from './counter.ts';

export const SLOT_LINE_VERSION = 1;

export type PackedSlotWaiter = readonly [version: typeof SLOT_LINE_VERSION, invocationId: string];

/** Unit: bytes, of what follows the line in a key: `is new u8, sequence u48`. */
const PLACE_BYTES = 7;

/**
 * Invocations that wait for a slot in their scope, in order. Key: scope, limit key and service as texts,
 * `has key u8`, key as a text, `is new u8`, `sequence u48`. Those that have started before go first.
 */
export class SlotLineTable {
  readonly #overlay: Overlay<PackedSlotWaiter>;
  readonly #keys: KeyWriter;
  readonly #sequence: Counter;

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#overlay = new Overlay(backend, writeSet, packedRows<PackedSlotWaiter>(SLOT_LINE_VERSION));
    this.#keys = new KeyWriter(partition, Table.slotLine);
    this.#sequence = new Counter(backend, writeSet, { partition, id: CounterId.slotLine });
  }

  push(line: SlotLine, hasStarted: boolean, invocationId: InvocationId): number {
    const sequence = this.#sequence.take();
    this.#write(line, { hasStarted, sequence }, [SLOT_LINE_VERSION, invocationId]);
    return sequence;
  }

  first(line: SlotLine): SlotWaiter | undefined {
    const range = this.#line(line).finishRange();
    for (const [key, row] of this.#overlay.rows(groupName(range.start), range)) {
      const hasStarted = key.readUInt8(key.length - PLACE_BYTES) === 0;
      return { sequence: lastU48(key), hasStarted, invocationId: storedInvocationId(row[1]) };
    }
    return undefined;
  }

  remove(line: SlotLine, hasStarted: boolean, sequence: number): void {
    this.#write(line, { hasStarted, sequence }, undefined);
  }

  #write(
    line: SlotLine,
    { hasStarted, sequence }: Pick<SlotWaiter, 'hasStarted' | 'sequence'>,
    row: PackedSlotWaiter | undefined,
  ): void {
    const group = groupName(this.#line(line).finish());
    const key = this.#line(line)
      .u8(hasStarted ? 0 : 1)
      .u48(sequence)
      .finish();
    this.#overlay.write(group, sequence, key, row);
  }

  #line({ scope, limitKey, service, key }: SlotLine): KeyWriter {
    return this.#keys
      .start()
      .text(scope)
      .text(limitKey ?? '')
      .text(service)
      .u8(key === undefined ? 0 : 1)
      .text(key ?? '');
  }
}

function groupName(prefix: Buffer): string {
  return prefix.toString('latin1');
}
