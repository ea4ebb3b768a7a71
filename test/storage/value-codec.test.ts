// What is on disk, pinned: a change of a stored shape has to come with a new version and a way to
// read the old one.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import type { PartitionStore } from '../../src/actors/ports.ts';
import type { KeyValueBackend } from '../../src/storage/key-value-backend.ts';
import { Table } from '../../src/storage/key-codec.ts';
import { MemoryBackend } from '../../src/storage/memory-backend.ts';
import { COUNTER_VERSION } from '../../src/storage/tables/counter.ts';
import { DEDUP_VERSION } from '../../src/storage/tables/dedup.ts';
import { EXPIRY_VERSION } from '../../src/storage/tables/expiry.ts';
import { INBOX_VERSION } from '../../src/storage/tables/inbox.ts';
import { INVOCATION_ID_VERSION } from '../../src/storage/tables/invocation.ts';
import {
  decodeInvocation,
  encodeInvocation,
  INVOCATION_VERSION,
} from '../../src/storage/tables/invocation-row.ts';
import { InvocationView } from '../../src/storage/query/invocation-view.ts';
import { INVOCATION_BLOCK_VERSION } from '../../src/storage/tables/invocation-block.ts';
import { JOURNAL_EVENT_VERSION } from '../../src/storage/tables/journal-event.ts';
import { JOURNAL_VERSION } from '../../src/storage/tables/journal.ts';
import { LOCK_VERSION } from '../../src/storage/tables/lock.ts';
import { OUTBOX_MARK_VERSION, OUTBOX_VERSION } from '../../src/storage/tables/outbox.ts';
import { PROMISE_VERSION } from '../../src/storage/tables/promise.ts';
import { SLOT_LINE_VERSION } from '../../src/storage/tables/slot-line.ts';
import { TIMER_VERSION } from '../../src/storage/tables/timer.ts';
import { USER_STATE_VERSION } from '../../src/storage/tables/user-state.ts';
import { packRow, unpackRow, type PackedRow } from '../../src/storage/value-codec.ts';
import {
  invocation,
  T0,
  bytes,
  COMPLETED_INVOCATIONS,
  EVENTS,
  idOf,
  INVOCATIONS,
  JOURNAL,
  MESSAGES,
  OTHER_PARTITION,
  owner,
  plain,
  SCOPED_INVOCATIONS,
  TRACED_INVOCATIONS,
  SCOPED_MESSAGE,
  scopedOwner,
  timer,
} from './rows.ts';
import { openStore } from './stores.ts';

const LONG = 'k'.repeat(1_000);

interface StoredTable {
  readonly table: keyof typeof Table;
  readonly number: number;
  readonly versions: readonly number[];
  readonly fill: (store: PartitionStore) => void;
  /** Of the table's rows after `fill`. */
  readonly sha256: string;
}

const STORED: readonly StoredTable[] = [
  {
    table: 'counter',
    number: 1,
    versions: [COUNTER_VERSION],
    fill: (store) => store.nextInvocationNumber(),
    sha256: 'df9b682f774d403b3c16405e7245c9f98632d4eb1e44327bc6eddc595199280e',
  },
  {
    table: 'dedup',
    number: 2,
    versions: [DEDUP_VERSION],
    fill: (store) => store.setDedup(OTHER_PARTITION, 300),
    sha256: '21957e8d0cb7b81d68205f48d019f56ac61b1ee1c102927c08cb8d38434ac6a2',
  },
  {
    table: 'outboxMark',
    number: 3,
    versions: [OUTBOX_MARK_VERSION],
    fill: fillAndTruncateOutbox,
    sha256: 'f7b7a28fa68c48396bccaa80717c048bb83b3bb9a2bc3f0420905d133a543884',
  },
  {
    table: 'openInvocation',
    number: 4,
    versions: [INVOCATION_VERSION],
    fill: fillInvocations,
    sha256: '05a21efdfad73350810d81b58896df549659b0403a084b9644eae792482a2857',
  },
  {
    table: 'timer',
    number: 5,
    versions: [TIMER_VERSION],
    fill: (store) => store.putTimer(timer(9, 8, 7)),
    sha256: 'e887ca90ffac987f4b06e4b626aefa4612e7a6427501e6d996d80febdeb45074',
  },
  {
    table: 'outbox',
    number: 6,
    versions: [OUTBOX_VERSION],
    fill: fillOutbox,
    sha256: '9445ec9d278b23df8e1154b3d59a1983074ddbe38d81e1b842384202ecc1cc3a',
  },
  {
    table: 'lock',
    number: 7,
    versions: [LOCK_VERSION],
    fill: (store) => eachOwner((o) => store.setLock(o, idOf(1))),
    sha256: 'c190c3a2c4f4f63428b8f835bf8ec207178440da3bbe39d56a454550c23e93b7',
  },
  {
    table: 'inbox',
    number: 8,
    versions: [INBOX_VERSION],
    fill: (store) => eachOwner((o) => store.pushInbox(o, idOf(1))),
    sha256: '73902f971ceada92e38788fedd6e440de38bab45ca478840963f018fbea72c4e',
  },
  {
    table: 'promise',
    number: 9,
    versions: [PROMISE_VERSION],
    fill: fillPromises,
    sha256: '395d22f71b190bb9a924cb52ba390a33a19f931385bb1790c216b497707152aa',
  },
  {
    table: 'userState',
    number: 10,
    versions: [USER_STATE_VERSION],
    fill: fillUserState,
    sha256: '5d0f3cff410ad639cb5d1dec9a5ef351085e951fcc66b333f79aff068daf2a3c',
  },
  {
    table: 'invocationId',
    number: 11,
    versions: [INVOCATION_ID_VERSION],
    fill: fillInvocations,
    sha256: 'eb2bdb3d1da9200702c63585a6984b0a3dc240183509038678c8b26179288549',
  },
  {
    table: 'history',
    number: 12,
    versions: [INVOCATION_VERSION, JOURNAL_VERSION, JOURNAL_EVENT_VERSION],
    fill: fillHistory,
    sha256: '5f87b333ef097e5d8d90511d5156d2d2fdb4d1cca7f3f2e102ffa9d228cc628c',
  },
  {
    table: 'expiry',
    number: 13,
    versions: [EXPIRY_VERSION],
    fill: (store) => store.putExpiry(invocation(1), T0),
    sha256: 'c8ef5e12bd29b4cbd491a06c7430d336f9c264fc11ddb52a79d8065f25ac0c56',
  },
  {
    table: 'slotLine',
    number: 14,
    versions: [SLOT_LINE_VERSION],
    fill: fillSlotLines,
    sha256: '40bdc2740a6534b9c19c4dfc23400706978c7260ed13a1c23839d8bd40f2ac38',
  },
  {
    table: 'invocationBlock',
    number: 15,
    versions: [INVOCATION_BLOCK_VERSION],
    fill: fillInvocations,
    sha256: '7d89a58f2e1874214370bd7664adc255bad61e687170669fe26d01afe81e9a74',
  },
];

interface AddedShape extends Omit<StoredTable, 'versions'> {
  readonly what: string;
}

/** What scopes and traces add to the rows of the other tables. */
const STORED_IN_ADDITION: readonly AddedShape[] = [
  {
    table: 'openInvocation',
    what: 'traced',
    number: 4,
    fill: (store) => TRACED_INVOCATIONS.forEach((each) => store.putInvocation(each)),
    sha256: 'd0a9dd97f1a923526fa9d645b10d004d206298172eb955d3604611f07a035f43',
  },
  {
    table: 'openInvocation',
    what: 'in a scope',
    number: 4,
    fill: (store) => SCOPED_INVOCATIONS.forEach((each) => store.putInvocation(each)),
    sha256: '47447cd2021fe5f4d95a964f7f9d69854a3991d9a8c0d8ff82bc25e7b4c5a41b',
  },
  {
    table: 'outbox',
    what: 'in a scope',
    number: 6,
    fill: (store) => store.pushOutbox(OTHER_PARTITION, SCOPED_MESSAGE),
    sha256: 'c66bd625e3472ebb204f4673cad136ce90dc80e10a821e1c2dfd93e57897fed6',
  },
  {
    table: 'userState',
    what: 'in a scope',
    number: 10,
    fill: (store) => {
      for (const each of [scopedOwner('a'), scopedOwner(LONG, 't')]) {
        store.setUserState(each, bytes('k'), bytes('v'));
      }
    },
    sha256: '88d723512bc66b39eec5701edd141921bd08cae5ef21146568094428969ee298',
  },
];

describe('the stored shape', () => {
  for (const { table, number, versions, fill, sha256 } of STORED) {
    test(`of table ${table} has version 1`, async () => {
      assert.equal(Table[table], number);
      const backend = new MemoryBackend();
      const store = openStore(backend);
      fill(store);
      await store.commit();
      assert.deepEqual([hashOf(backend, number), new Set(versions)], [sha256, new Set([1])]);
    });
  }

  for (const { table, what, number, fill, sha256 } of STORED_IN_ADDITION) {
    test(`of table ${table} is pinned for what is ${what}`, async () => {
      const backend = new MemoryBackend();
      const store = openStore(backend);
      fill(store);
      await store.commit();
      assert.equal(hashOf(backend, number), sha256);
    });
  }

  test('covers every table', () => {
    assert.deepEqual(
      STORED.map(({ table }) => table),
      Object.keys(Table),
    );
  });

  test('of another version is refused', () => {
    assert.throws(() => unpackRow(Buffer.from([0x91, 0x02]), 1), /version 1, not 2/);
  });
});

test('rows of invocations from before there was something to query are read', () => {
  for (const each of [...INVOCATIONS, ...SCOPED_INVOCATIONS]) {
    const { runningAtMs: _, inboxedAtMs: __, scheduled: ___, eventsCount: ____, ...older } = each;
    const [version, ...fields] = unpackRow<PackedRow>(encodeInvocation(each), INVOCATION_VERSION);
    // The limit key was the last element then, if there was one.
    const row = packRow([version, ...fields.slice(0, older.limitKey === undefined ? 14 : 15)]);
    const read = decodeInvocation(each.number, row);
    assert.deepEqual(plain(read), plain(older));
    const view = new InvocationView(new Map()).load(Buffer.from(row));
    assert.deepEqual([view.limitKey, view.target.scope], [older.limitKey, older.target.scope]);
    assert.deepEqual([view.runningAtMs, view.eventsCount], [undefined, 0]);
  }
});

function hashOf(backend: KeyValueBackend, table: number): string {
  const hash = createHash('sha256');
  const everything = { start: Buffer.from([0]), end: Buffer.from([0xff]) };
  let rowsCount = 0;
  for (const [key, value] of backend.range(everything)) {
    if (key[2] !== table) continue;
    rowsCount += 1;
    hash.update(`${key.toString('hex')} ${value.toString('hex')}\n`);
  }
  assert.ok(rowsCount > 0);
  return hash.digest('hex');
}

function eachOwner(fill: (each: ReturnType<typeof owner>) => void): void {
  for (const each of [owner('a'), owner(LONG), owner('ä', LONG)]) fill(each);
}

function fillInvocations(store: PartitionStore): void {
  for (const invocation of INVOCATIONS) store.putInvocation(invocation);
}

function fillHistory(store: PartitionStore): void {
  for (const invocation of COMPLETED_INVOCATIONS) store.putInvocation(invocation);
  JOURNAL.forEach((entry, index) => store.appendJournal(1, index, entry));
  EVENTS.forEach((event, index) => store.putEvent(1, index, event));
}

function fillSlotLines(store: PartitionStore): void {
  store.pushSlotWaiter({ scope: 's', service: 'Greeter' }, false, idOf(1));
  store.pushSlotWaiter({ scope: 's', limitKey: 'a/b', service: 'C', key: LONG }, true, idOf(2));
}

function fillOutbox(store: PartitionStore): void {
  for (const message of MESSAGES) store.pushOutbox(OTHER_PARTITION, message);
}

function fillAndTruncateOutbox(store: PartitionStore): void {
  fillOutbox(store);
  store.truncateOutbox(OTHER_PARTITION, MESSAGES.length);
}

function fillPromises(store: PartitionStore): void {
  const listeners = [{ invocationId: idOf(1), completionId: 2 }];
  store.putPromise(owner('a'), 'p', { kind: 'awaited', listeners });
  const failure = { code: 500, message: 'broken' };
  store.putPromise(owner('a'), LONG, { kind: 'completed', outcome: { kind: 'failure', failure } });
}

function fillUserState(store: PartitionStore): void {
  eachOwner((each) => store.setUserState(each, bytes('k'), bytes('v')));
  store.setUserState(owner('a'), bytes(LONG), bytes('v'));
}
