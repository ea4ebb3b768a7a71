// The numbered batches of the crash tests: what batch n writes, and what a store that holds the
// batches up to n looks like.
import assert from 'node:assert/strict';
import type { PartitionStore } from '../../src/actors/ports.ts';
import {
  attachMessage,
  bytes,
  commandEntry,
  completed,
  idOf,
  invocation,
  OTHER_PARTITION,
  owner,
  plain,
  text,
  timer,
} from './rows.ts';

const OWNER = owner('crash');
const STATE_KEYS = ['a', 'b', 'c', 'd'];

/** Makes a batch of 8 MB, which lmdb-js would begin to write before its end is known. */
export const LARGE_STATE_BYTES = 2_000_000;

/** Creates invocation n, completes the one before, and leaves n in every small table. */
export function writeBatch(store: PartitionStore, n: number, stateBytes: number): void {
  const number = store.nextInvocationNumber();
  store.putInvocation(invocation(n, { number, journalLength: n % 5 }));
  for (let i = 0; i < n % 5; i++) store.appendJournal(number, i, commandEntry(`${n} ${i}`));
  const previous = store.getInvocation(idOf(n - 1));
  if (previous !== undefined) {
    store.putInvocation({ ...previous, status: completed(`${n - 1}`) });
    store.deleteTimer(timer(n - 1, previous.number));
    store.popInbox(OWNER);
    store.truncateOutbox(OTHER_PARTITION, n - 1);
  }
  store.putTimer(timer(n, number));
  store.pushInbox(OWNER, idOf(n));
  store.pushOutbox(OTHER_PARTITION, attachMessage(n));
  store.setDedup(OTHER_PARTITION, n);
  store.setLock(OWNER, idOf(n));
  for (const key of STATE_KEYS) store.setUserState(OWNER, bytes(key), stateValue(n, stateBytes));
}

/** The number of the last batch written, 0 before the first. */
export function lastBatch(store: PartitionStore): number {
  return store.getDedup(OTHER_PARTITION);
}

/** The number of the last batch in the store, all of which is there and nothing of a later one. */
export function checkBatches(store: PartitionStore, stateBytes: number): number {
  const last = lastBatch(store);
  if (last === 0) return 0;
  const open = [...store.unfinishedInvocations('all')];
  assert.deepEqual(
    open.map(({ id }) => id),
    [idOf(last)],
  );
  for (let n = Math.max(1, last - 2_000); n <= last; n++) checkInvocation(store, n, n < last);
  assert.equal(store.getInvocation(idOf(last + 1)), undefined);
  const values = [...store.listUserState(OWNER)].map(([, value]) => text(value));
  assert.deepEqual(values, Array(STATE_KEYS.length).fill(text(stateValue(last, stateBytes))));
  assert.deepEqual(store.firstTimers(9), [timer(last, open[0]?.number ?? 0)]);
  const outbox = [{ to: OTHER_PARTITION, sequence: last, message: attachMessage(last) }];
  assert.deepEqual(plain(store.outboxMessages()), plain(outbox));
  assert.equal(store.getLock(OWNER), idOf(last));
  assert.equal(store.popInbox(OWNER), idOf(last));
  assert.equal(store.popInbox(OWNER), undefined);
  const freshNumber = store.nextInvocationNumber();
  assert.ok(freshNumber > (open[0]?.number ?? 0), 'numbers are not used again');
  return last;
}

function checkInvocation(store: PartitionStore, n: number, isCompleted: boolean): void {
  const row = store.getInvocation(idOf(n));
  assert.ok(row !== undefined, `invocation ${n} is there`);
  assert.equal(row.status.kind === 'completed', isCompleted);
  const payloads = store
    .readJournal(row.number, 0, row.journalLength)
    .map((entry) => (entry.kind === 'command' ? text(entry.payload) : undefined));
  assert.deepEqual(
    payloads,
    Array.from({ length: n % 5 }, (_, i) => `${n} ${i}`),
  );
}

function stateValue(n: number, stateBytes: number): Uint8Array {
  return bytes(`${n}`.padEnd(stateBytes, '.'));
}
