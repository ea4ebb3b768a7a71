// A naive partition state: plain maps, copied as a whole at every commit.
import assert from 'node:assert/strict';
import type { InvocationId, PartitionNumber } from '../../src/actors/domain/ids.ts';
import type { Invocation } from '../../src/actors/domain/invocation.ts';
import type { JournalEntry } from '../../src/actors/domain/journal.ts';
import type { OutboxMessage, ServiceKey, Timer } from '../../src/actors/partition/state.ts';
import type { PartitionStore } from '../../src/actors/ports.ts';
import { noInvocations } from '../../src/actors/domain/statistics.ts';
import { KeyWriter, lastU48, Table } from '../../src/storage/key-codec.ts';
import type { KeyValueBackend } from '../../src/storage/key-value-backend.ts';
import {
  BLOCK_NUMBERS,
  COUNTED_STATUSES,
  invocationBlockRows,
} from '../../src/storage/tables/invocation-block.ts';
import { PARTITION, plain, T0 } from './rows.ts';

export interface ModelState {
  readonly invocations: Map<InvocationId, Invocation>;
  readonly journals: Map<number, JournalEntry[]>;
  readonly userState: Map<string, Map<string, string>>;
  readonly locks: Map<string, InvocationId>;
  readonly inboxes: Map<string, Array<{ readonly sequence: number; readonly id: InvocationId }>>;
  readonly timers: Map<string, Timer>;
  readonly promises: Map<string, string>;
  readonly outbox: OutboxMessage[];
  readonly outboxSequences: Map<PartitionNumber, number>;
  readonly dedup: Map<PartitionNumber, number>;
  readonly numbers: Set<number>;
}

/** The current state, the states of the batches in flight, and the flushed one. */
export class Model {
  current: ModelState = emptyState();
  #inFlight: ModelState[] = [];
  #flushed: ModelState = emptyState();

  commit(): void {
    this.#inFlight.push(structuredClone(this.current));
  }

  flushNext(): void {
    this.#flushed = this.#inFlight.shift() ?? this.#flushed;
  }

  crash(): void {
    this.#inFlight = [];
    this.current = structuredClone(this.#flushed);
  }
}

/** Everything that can be read is the same in both. */
export function compareState(
  store: PartitionStore,
  model: ModelState,
  names: {
    readonly ids: readonly InvocationId[];
    readonly owners: readonly ServiceKey[];
    readonly stateKeys: readonly Uint8Array[];
    readonly partitions: readonly PartitionNumber[];
  },
): void {
  for (const id of names.ids) {
    assert.deepEqual(plain(store.getInvocation(id)), plain(model.invocations.get(id)));
  }
  const open = [...model.invocations.values()].filter(({ status }) => status.kind !== 'completed');
  open.sort((a, b) => a.number - b.number);
  const counts = noInvocations();
  for (const { status } of open) if (status.kind !== 'completed') counts[status.kind] += 1;
  assert.deepEqual(store.invocationCounts, counts, 'counted as they were written');
  assert.deepEqual(plain(store.unfinishedInvocations('all')), plain(open));
  for (const [number, journal] of model.journals) {
    assert.deepEqual(plain(store.readJournal(number, 0, journal.length)), plain(journal));
  }
  for (const owner of names.owners) compareOwner(store, model, owner, names.stateKeys);
  compareTimers(store, model);
  const outbox = [...model.outbox].sort((a, b) => a.to - b.to || a.sequence - b.sequence);
  assert.deepEqual(plain(store.outboxMessages()), plain(outbox));
  for (const partition of names.partitions) {
    assert.equal(store.getDedup(partition), model.dedup.get(partition) ?? 0);
  }
}

export function nameOf(owner: ServiceKey, item = ''): string {
  return JSON.stringify([owner.service, owner.key, item]);
}

export function latin1(value: Uint8Array): string {
  return Buffer.from(value).toString('latin1');
}

function compareOwner(
  store: PartitionStore,
  model: ModelState,
  owner: ServiceKey,
  stateKeys: readonly Uint8Array[],
): void {
  assert.equal(store.getLock(owner), model.locks.get(nameOf(owner)));
  const state = model.userState.get(nameOf(owner)) ?? new Map<string, string>();
  const sorted = [...state].sort(([a], [b]) => (a < b ? -1 : 1));
  const listed = [...store.listUserState(owner)].map(([key, value]) => [
    latin1(key),
    latin1(value),
  ]);
  assert.deepEqual(listed, sorted);
  for (const key of stateKeys) {
    const value = store.getUserState(owner, key);
    assert.equal(value && latin1(value), state.get(latin1(key)));
  }
  for (const promiseKey of ['p', 'q']) {
    const promise = store.getPromise(owner, promiseKey);
    const expected = model.promises.get(nameOf(owner, promiseKey));
    assert.equal(promise && JSON.stringify(plain(promise)), expected);
  }
}

function compareTimers(store: PartitionStore, model: ModelState): void {
  const timers = [...model.timers.values()].sort(
    (a, b) =>
      a.dueMs - b.dueMs ||
      a.invocationNumber - b.invocationNumber ||
      a.completionId - b.completionId,
  );
  assert.deepEqual(plain(store.firstTimers(1_000)), plain(timers));
  assert.deepEqual(plain(store.firstTimers(1)), plain(timers.slice(0, 1)));
}

function emptyState(): ModelState {
  return {
    invocations: new Map(),
    journals: new Map(),
    userState: new Map(),
    locks: new Map(),
    inboxes: new Map(),
    timers: new Map(),
    promises: new Map(),
    outbox: [],
    outboxSequences: new Map(),
    dedup: new Map(),
    numbers: new Set(),
  };
}

/** The counts of the flushed blocks are those of the invocations. */
export function compareCounts(backend: KeyValueBackend, model: ModelState): void {
  const stored = new Map<string, number>();
  const range = new KeyWriter(PARTITION, Table.invocationBlock).start().finishRange();
  for (const [key, value] of backend.range(range)) {
    const { createdMinMs, createdMaxMs, handlers } = invocationBlockRows.decode(value);
    assert.deepEqual([createdMinMs, createdMaxMs], [T0, T0]);
    for (const { kind, service, handler, counts } of handlers.values()) {
      for (const [index, status] of COUNTED_STATUSES.entries()) {
        const name = [lastU48(key), kind, service, handler, status].join(' ');
        if (counts[index] !== 0) stored.set(name, counts[index] ?? 0);
      }
    }
  }
  const counted = new Map<string, number>();
  for (const { number, target, status } of model.invocations.values()) {
    const block = Math.floor(number / BLOCK_NUMBERS);
    const word = status.kind === 'completed' ? 'succeeded' : status.kind;
    const name = [block, target.kind, target.service, target.handler, word].join(' ');
    counted.set(name, (counted.get(name) ?? 0) + 1);
  }
  assert.deepEqual(stored, counted);
}
