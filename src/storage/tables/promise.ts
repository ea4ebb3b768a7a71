import { unreachable } from '../../actors/domain/assert.ts';
import type { PartitionNumber } from '../../actors/domain/ids.ts';
import type { DurablePromise, ServiceKey } from '../../actors/partition/state.ts';
import {
  hashedOwner,
  isLongText,
  KeyWriter,
  ownerName,
  type PackedOwner,
  Table,
} from '../key-codec.ts';
import type { KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import {
  type PackedOutcome,
  packedRows,
  packOutcome,
  storedInvocationId,
  unpackOutcome,
} from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';

export const PROMISE_VERSION = 1;

type PackedPromise =
  | readonly [tag: 0, outcome: PackedOutcome]
  | readonly [tag: 1, listeners: ReadonlyArray<readonly [id: string, completionId: number]>];

export type PackedPromiseRow = readonly [
  version: typeof PROMISE_VERSION,
  promise: PackedPromise,
  hashedOwner: PackedOwner | null,
  hashedKey: string | null,
];

/** Durable promises of workflows. Key: owner, promise key as a text. */
export class PromiseTable {
  readonly #overlay: Overlay<PackedPromiseRow>;
  readonly #keys: KeyWriter;

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#overlay = new Overlay(backend, writeSet, packedRows<PackedPromiseRow>(PROMISE_VERSION));
    this.#keys = new KeyWriter(partition, Table.promise);
  }

  get(owner: ServiceKey, promiseKey: string): DurablePromise | undefined {
    const key = this.#key(owner, promiseKey);
    const unflushed = this.#overlay.unflushed(ownerName(owner), itemName(key));
    const row = unflushed === undefined ? this.#overlay.flushed(key) : unflushed.row;
    return row === undefined ? undefined : unpackPromise(row[1]);
  }

  put(owner: ServiceKey, promiseKey: string, promise: DurablePromise): void {
    const key = this.#key(owner, promiseKey);
    this.#overlay.write(ownerName(owner), itemName(key), key, [
      PROMISE_VERSION,
      packPromise(promise),
      hashedOwner(owner),
      isLongText(promiseKey) ? promiseKey : null,
    ]);
  }

  clearAll(owner: ServiceKey): void {
    const range = this.#keys.start().owner(owner).finishRange();
    for (const key of this.#overlay.keys(ownerName(owner), range)) {
      this.#overlay.write(ownerName(owner), itemName(key), key, undefined);
    }
  }

  #key(owner: ServiceKey, promiseKey: string): Buffer {
    return this.#keys.start().owner(owner).text(promiseKey).finish();
  }
}

function itemName(key: Buffer): string {
  return key.toString('latin1');
}

function packPromise(promise: DurablePromise): PackedPromise {
  switch (promise.kind) {
    case 'completed':
      return [0, packOutcome(promise.outcome)];
    case 'awaited':
      return [1, promise.listeners.map((each) => [each.invocationId, each.completionId] as const)];
    default:
      return unreachable(promise);
  }
}

export function unpackPromise(packed: PackedPromise): DurablePromise {
  switch (packed[0]) {
    case 0:
      return { kind: 'completed', outcome: unpackOutcome(packed[1]) };
    case 1: {
      const listeners = packed[1].map(([id, completionId]) => ({
        invocationId: storedInvocationId(id),
        completionId,
      }));
      return { kind: 'awaited', listeners };
    }
    default:
      return unreachable(packed);
  }
}
