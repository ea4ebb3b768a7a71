// What every partition store does, as a table: steps that write, and what must be read afterwards.
import assert from 'node:assert/strict';
import { unixMillis } from '../../src/actors/domain/time.ts';
import type { InvocationId } from '../../src/actors/domain/ids.ts';
import type { InboxItem, SlotLine } from '../../src/actors/partition/state.ts';
import type { PartitionStore } from '../../src/actors/ports.ts';
import {
  attachMessage,
  bytes,
  commandEntry,
  completed,
  COMPLETED_INVOCATIONS,
  idOf,
  INVOCATIONS,
  invocation,
  EVENTS,
  JOURNAL,
  MESSAGES,
  OTHER_PARTITION,
  owner,
  PARTITION,
  plain,
  SCOPED_INVOCATIONS,
  TRACED_INVOCATIONS,
  SCOPED_MESSAGE,
  scopedOwner,
  text,
  timer,
} from './rows.ts';

type Step = (store: PartitionStore) => void;

export interface Scenario {
  readonly fact: string;
  readonly steps: readonly [Step] | readonly [Step, Step];
  readonly check: Step;
}

export const A = owner('a');
const UNFINISHED = [...INVOCATIONS, ...SCOPED_INVOCATIONS, ...TRACED_INVOCATIONS];
/** The same key in scopes and in none, and what could be mistaken for it. */
const SAME_KEY = [
  A,
  scopedOwner('a'),
  scopedOwner('a', 't'),
  owner('a', 's'),
  owner('a', 'sCounter'),
  { service: 'sCounter', key: 'a', scope: 't' },
];
const LINES: readonly SlotLine[] = [
  { scope: 's', service: 'Greeter' },
  { scope: 's', service: 'Greeter', key: '' },
  { scope: 's', service: 'Greeter', key: 'ж'.repeat(5_000) },
  { scope: 's', limitKey: 'a', service: 'Greeter' },
  { scope: 's', limitKey: 'a/b', service: 'Greeter' },
  { scope: 's', limitKey: 'a', service: 'Other' },
  { scope: 't', limitKey: 'a', service: 'Greeter' },
];
const LONG = 'ж'.repeat(5_000);

export const SCENARIOS: readonly Scenario[] = [
  {
    fact: 'an empty store has nothing',
    steps: [() => {}],
    check(store) {
      assert.equal(store.getInvocation(idOf(1)), undefined);
      assert.deepEqual([...store.unfinishedInvocations('all')], []);
      assert.deepEqual(store.readJournal(1, 0, 0), []);
      assert.throws(() => store.readJournal(1, 0, 1));
      assert.equal(store.getUserState(A, bytes('x')), undefined);
      assert.deepEqual([...store.listUserState(A)], []);
      assert.equal(store.getLock(A), undefined);
      assert.equal(store.popInbox(A), undefined);
      assert.deepEqual(store.firstTimers(10), []);
      assert.equal(store.getPromise(A, 'p'), undefined);
      assert.deepEqual([...store.outboxMessages()], []);
      assert.equal(store.getDedup(OTHER_PARTITION), 0);
    },
  },
  {
    fact: 'an invocation that is deleted, made again under its id and deleted again is gone',
    steps: [
      (store) => store.putInvocation(invocation(store.nextInvocationNumber(), { id: idOf(1) })),
      (store) => {
        const first = store.getInvocation(idOf(1));
        assert.ok(first !== undefined);
        store.deleteInvocation(first);
        const again = invocation(store.nextInvocationNumber(), { id: idOf(1) });
        store.putInvocation(again);
        store.deleteInvocation(again);
      },
    ],
    check: (store) => assert.equal(store.getInvocation(idOf(1)), undefined),
  },
  {
    fact: 'every kind of invocation reads back as it was put',
    steps: [
      (store) => {
        for (const each of [...UNFINISHED, ...COMPLETED_INVOCATIONS]) store.putInvocation(each);
      },
    ],
    check(store) {
      for (const each of [...UNFINISHED, ...COMPLETED_INVOCATIONS]) {
        assert.deepEqual(plain(store.getInvocation(each.id)), plain(each));
      }
      assert.deepEqual(plain(store.unfinishedInvocations('all')), plain(UNFINISHED));
    },
  },
  {
    fact: 'only invocations that nothing else finds are restless, and all are counted with them',
    steps: [
      (store) => {
        for (const each of [...UNFINISHED, ...COMPLETED_INVOCATIONS]) store.putInvocation(each);
      },
    ],
    check(store) {
      const restless = UNFINISHED.filter(
        ({ status }) =>
          status.kind === 'invoked' || (status.kind === 'inboxed' && status.isForSlot === true),
      );
      assert.ok(restless.length > 0 && restless.length < UNFINISHED.length);
      assert.deepEqual(plain(store.unfinishedInvocations('restless')), plain(restless));
      for (const [kind, count] of Object.entries(store.invocationCounts)) {
        const expected = UNFINISHED.filter(({ status }) => status.kind === kind).length;
        assert.equal(count, expected, kind);
      }
    },
  },
  {
    fact: 'a completed invocation is no longer unfinished',
    steps: [
      (store) => [1, 2, 3].forEach((n) => store.putInvocation(invocation(n))),
      (store) => store.putInvocation(invocation(2, { status: completed() })),
    ],
    check(store) {
      assert.deepEqual(numbersOf(store), [1, 3]);
      assert.equal(store.getInvocation(idOf(2))?.status.kind, 'completed');
    },
  },
  {
    fact: 'an invocation that is opened again is unfinished',
    steps: [
      (store) => store.putInvocation(invocation(1, { status: completed() })),
      (store) => store.putInvocation(invocation(1, { epoch: 2 })),
    ],
    check(store) {
      assert.deepEqual(numbersOf(store), [1]);
      assert.equal(store.getInvocation(idOf(1))?.epoch, 2);
    },
  },
  ...[invocation(1), invocation(1, { status: completed() })].map((row) => ({
    fact: `a deleted invocation, ${row.status.kind}, is gone`,
    steps: [
      (store: PartitionStore) => store.putInvocation(row),
      (store: PartitionStore) => store.deleteInvocation(row),
    ] as const,
    check(store: PartitionStore) {
      assert.equal(store.getInvocation(idOf(1)), undefined);
      assert.deepEqual(numbersOf(store), []);
    },
  })),
  ...[invocation(1), invocation(1, { status: completed() })].map((row) => ({
    fact: `the id of a deleted invocation, ${row.status.kind}, can be used again`,
    steps: [
      (store: PartitionStore) => store.putInvocation(row),
      (store: PartitionStore) => {
        store.deleteInvocation(row);
        store.putInvocation(invocation(9, { id: idOf(1) }));
      },
    ] as const,
    check(store: PartitionStore) {
      assert.equal(store.getInvocation(idOf(1))?.number, 9);
      assert.deepEqual(numbersOf(store), [9]);
    },
  })),
  {
    fact: 'unfinished invocations come in number order',
    steps: [
      (store) => [5, 1, 300].forEach((n) => store.putInvocation(invocation(n))),
      (store) => [4, 70_000, 2].forEach((n) => store.putInvocation(invocation(n))),
    ],
    check: (store) => assert.deepEqual(numbersOf(store), [1, 2, 4, 5, 300, 70_000]),
  },
  {
    fact: 'every kind of journal entry reads back as it was appended',
    steps: [
      (store) => JOURNAL.slice(0, 4).forEach((entry, i) => store.appendJournal(1, i, entry)),
      (store) => JOURNAL.slice(4).forEach((entry, i) => store.appendJournal(1, i + 4, entry)),
    ],
    check(store) {
      assert.deepEqual(plain(store.readJournal(1, 0, JOURNAL.length)), plain(JOURNAL));
      assert.deepEqual(plain(store.readJournal(1, 3, 6)), plain(JOURNAL.slice(3, 6)));
      assert.deepEqual(store.readJournal(1, 3, 3), []);
      assert.throws(() => store.readJournal(1, 0, JOURNAL.length + 1));
    },
  },
  {
    fact: 'a deleted journal is gone and its neighbours are not',
    steps: [
      (store) => [1, 2, 3].forEach((n) => store.appendJournal(n, 0, commandEntry(`${n}`))),
      (store) => store.deleteJournal(2, 1),
    ],
    check(store) {
      assert.throws(() => store.readJournal(2, 0, 1));
      assert.deepEqual(plain(store.readJournal(1, 0, 1)), plain([commandEntry('1')]));
      assert.deepEqual(plain(store.readJournal(3, 0, 1)), plain([commandEntry('3')]));
    },
  },
  {
    fact: 'every kind of event reads back as it was put, until it is deleted',
    steps: [
      (store) => [1, 2].forEach((n) => EVENTS.forEach((each, i) => store.putEvent(n, i, each))),
      (store) => store.deleteEvents(2, EVENTS.length),
    ],
    check(store) {
      const read = EVENTS.map((_, index) => store.getEvent(1, index));
      assert.deepEqual(plain(read), plain(EVENTS));
      assert.equal(store.getEvent(1, EVENTS.length), undefined);
      assert.equal(store.getEvent(2, 0), undefined);
    },
  },
  {
    fact: 'user state is listed in byte order of its keys and belongs to one owner',
    steps: [
      (store) => {
        for (const key of ['b', '', 'ab', '\u{10000}']) setState(store, key, `1${key}`);
        store.setUserState(owner('aa'), bytes('x'), bytes('neighbour'));
        store.setUserState(owner('', 'Countera'), bytes('x'), bytes('neighbour'));
      },
      (store) => {
        for (const key of ['a', 'b', '\uffff']) setState(store, key, `2${key}`);
        store.clearUserState(A, bytes('ab'));
        store.clearUserState(A, bytes('never set'));
      },
    ],
    check(store) {
      assert.deepEqual(statesOf(store), [
        ['', '1'],
        ['a', '2a'],
        ['b', '2b'],
        ['\uffff', '2\uffff'],
        ['\u{10000}', '1\u{10000}'],
      ]);
      assert.equal(text(store.getUserState(A, bytes('b'))), '2b');
      assert.equal(store.getUserState(A, bytes('ab')), undefined);
    },
  },
  {
    fact: 'clearing all user state of an owner leaves that of others and what is set later',
    steps: [
      (store) => {
        for (const key of ['a', 'b', LONG]) setState(store, key, 'old');
        store.setUserState(owner('b'), bytes('a'), bytes('kept'));
      },
      (store) => {
        setState(store, 'c', 'old');
        store.clearAllUserState(A);
        setState(store, 'b', 'new');
      },
    ],
    check(store) {
      assert.deepEqual(statesOf(store), [['b', 'new']]);
      assert.equal(text(store.getUserState(owner('b'), bytes('a'))), 'kept');
    },
  },
  {
    fact: 'state keys of 10 KB that differ only at the end stay apart and in order',
    steps: [
      (store) => ['2', '10', '1'].forEach((end) => setState(store, LONG + end, end)),
      (store) =>
        [LONG.slice(1), '', 'ж'.repeat(256)].forEach((key) => setState(store, key, 'short')),
    ],
    check(store) {
      const keys = statesOf(store).map(([key]) => key);
      const sorted = [
        LONG + '2',
        LONG + '10',
        LONG + '1',
        LONG.slice(1),
        '',
        'ж'.repeat(256),
      ].sort();
      assert.deepEqual(keys, sorted);
      assert.equal(text(store.getUserState(A, bytes(`${LONG}10`))), '10');
      assert.equal(store.getUserState(A, bytes(LONG)), undefined);
    },
  },
  {
    fact: 'services, keys and promise keys of 10 KB work in every keyed table',
    steps: [
      (store) => {
        for (const each of longOwners()) {
          store.setUserState(each, bytes('k'), bytes(each.key.slice(-1)));
          store.setLock(each, idOf(1));
          store.pushInbox(each, idOf(2));
        }
        store.putPromise(A, `${LONG}1`, { kind: 'awaited', listeners: [] });
      },
    ],
    check(store) {
      for (const each of longOwners()) {
        assert.equal(text(store.getUserState(each, bytes('k'))), each.key.slice(-1));
        assert.equal([...store.listUserState(each)].length, 1);
        assert.equal(store.getLock(each), idOf(1));
        assert.equal(store.popInbox(each), idOf(2));
        assert.equal(store.popInbox(each), undefined);
      }
      assert.deepEqual(store.getPromise(A, `${LONG}1`), { kind: 'awaited', listeners: [] });
      assert.equal(store.getPromise(A, `${LONG}2`), undefined);
    },
  },
  {
    fact: 'a value of 10 MB reads back',
    steps: [
      (store) => {
        store.setUserState(A, bytes('large'), new Uint8Array(10_000_000).fill(7));
        setState(store, 'small', 'value');
      },
    ],
    check(store) {
      const value = store.getUserState(A, bytes('large'));
      assert.equal(value?.length, 10_000_000);
      assert.ok(value.every((byte) => byte === 7));
      assert.equal(text(store.getUserState(A, bytes('small'))), 'value');
    },
  },
  {
    fact: 'a lock has the holder set last, or none once released',
    steps: [
      (store) => ['a', 'b', 'c'].forEach((key) => store.setLock(owner(key), idOf(1))),
      (store) => {
        store.setLock(owner('a'), idOf(2));
        store.releaseLock(owner('b'));
      },
    ],
    check(store) {
      const holders = ['a', 'b', 'c'].map((key) => store.getLock(owner(key)));
      assert.deepEqual(holders, [idOf(2), undefined, idOf(1)]);
    },
  },
  {
    fact: 'an inbox gives its entries in the order they were pushed, without those removed',
    steps: [
      (store) => {
        store.pushInbox(A, idOf(1));
        store.removeFromInbox(A, store.pushInbox(A, idOf(2)));
        store.pushInbox(owner('b'), idOf(3));
        store.pushInbox(A, idOf(4));
      },
      (store) => {
        store.pushInbox(A, idOf(5));
        assert.equal(store.popInbox(A), idOf(1));
      },
    ],
    check(store) {
      const popped = [store.popInbox(A), store.popInbox(A), store.popInbox(A)];
      assert.deepEqual(popped, [idOf(4), idOf(5), undefined]);
      assert.equal(store.popInbox(owner('b')), idOf(3));
    },
  },
  {
    fact: 'an inbox of thousands keeps its order while entries come, go and are removed',
    steps: [
      (store) => {
        for (let n = 1; n <= 2100; n += 1) store.pushInbox(A, idOf(n));
        assert.equal(store.popInbox(A), idOf(1));
      },
      (store) => {
        store.removeFromInbox(A, store.pushInbox(A, idOf(2101)));
        store.pushInbox(A, idOf(2102));
      },
    ],
    check(store) {
      const popped: Array<InboxItem | undefined> = [];
      for (let count = 0; count <= 2100; count += 1) popped.push(store.popInbox(A));
      const rest = Array.from({ length: 2099 }, (_, index) => idOf(index + 2));
      assert.deepEqual(popped, [...rest, idOf(2102), undefined]);
      store.pushInbox(A, idOf(3));
      assert.equal(store.popInbox(A), idOf(3));
    },
  },
  {
    fact: 'timers come in order of due time, invocation number and completion id',
    steps: [
      (store) =>
        [timer(9, 1), timer(300, 1), timer(5, 2, 1)].forEach((each) => store.putTimer(each)),
      (store) => {
        for (const each of [timer(5, 2), timer(5, 300), timer(2 ** 40, 1)]) store.putTimer(each);
        store.deleteTimer(timer(9, 1));
      },
    ],
    check(store) {
      const expected = [
        timer(5, 2),
        timer(5, 2, 1),
        timer(5, 300),
        timer(300, 1),
        timer(2 ** 40, 1),
      ];
      assert.deepEqual(store.firstTimers(10), expected);
      assert.deepEqual(store.firstTimers(2), expected.slice(0, 2));
      assert.deepEqual(store.firstTimers(0), []);
      assert.deepEqual(store.firstTimers(10, unixMillis(4)), []);
      assert.deepEqual(store.firstTimers(10, unixMillis(5)), expected.slice(0, 3));
      assert.deepEqual(store.firstTimers(2, unixMillis(299)), expected.slice(0, 2));
    },
  },
  {
    fact: 'a timer may be due at any time, and be deleted',
    steps: [
      (store) => [timer(2 ** 64, 1), timer(2 ** 64, 2)].forEach((each) => store.putTimer(each)),
      (store) => store.deleteTimer(timer(2 ** 64, 1)),
    ],
    check: (store) => assert.deepEqual(store.firstTimers(9), [timer(2 ** 48 - 1, 2)]),
  },
  {
    fact: 'a promise has the value put last',
    steps: [
      (store) => {
        const listeners = [{ invocationId: idOf(1), completionId: 2 }];
        store.putPromise(A, 'p', { kind: 'awaited', listeners });
        store.putPromise(A, 'q', { kind: 'awaited', listeners });
      },
      (store) => {
        const outcome = { kind: 'success', value: bytes('v') } as const;
        store.putPromise(A, 'p', { kind: 'completed', outcome });
      },
    ],
    check(store) {
      assert.deepEqual(plain(store.getPromise(A, 'p')), {
        kind: 'completed',
        outcome: { kind: 'success', value: 'bytes:v' },
      });
      const listeners = [{ invocationId: idOf(1), completionId: 2 }];
      assert.deepEqual(store.getPromise(A, 'q'), { kind: 'awaited', listeners });
      assert.equal(store.getPromise(owner('b'), 'p'), undefined);
    },
  },
  {
    fact: 'the same key is another one in every scope',
    steps: [
      (store) => {
        for (const [index, each] of SAME_KEY.entries()) {
          store.setUserState(each, bytes('x'), bytes(`${index}`));
          store.setLock(each, idOf(index));
        }
      },
      (store) => {
        for (const [index, each] of SAME_KEY.entries()) {
          store.pushInbox(each, idOf(index));
          const outcome = { kind: 'success', value: bytes(`${index}`) } as const;
          store.putPromise(each, 'p', { kind: 'completed', outcome });
        }
        store.clearAllUserState(scopedOwner('a', 't'));
        store.clearAllPromises(scopedOwner('a', 't'));
        store.releaseLock(scopedOwner('a', 't'));
      },
    ],
    check(store) {
      for (const [index, each] of SAME_KEY.entries()) {
        const isCleared = index === 2;
        const states = [...store.listUserState(each)].map(([, value]) => text(value));
        assert.deepEqual(states, isCleared ? [] : [`${index}`]);
        assert.equal(store.getLock(each), isCleared ? undefined : idOf(index));
        assert.equal(store.getPromise(each, 'p') === undefined, isCleared);
        assert.equal(store.popInbox(each), idOf(index));
        assert.equal(store.popInbox(each), undefined);
      }
    },
  },
  {
    fact: 'a line for slots has those in front who have started, else it keeps their order',
    steps: [
      (store) => {
        for (const line of LINES)
          for (const n of [1, 2]) store.pushSlotWaiter(line, false, idOf(n));
      },
      (store) => {
        for (const line of LINES) for (const n of [3, 4]) store.pushSlotWaiter(line, true, idOf(n));
      },
    ],
    check(store) {
      for (const line of LINES) {
        const order: InvocationId[] = [];
        for (let next = store.firstSlotWaiter(line); next; next = store.firstSlotWaiter(line)) {
          order.push(next.invocationId);
          store.removeSlotWaiter(line, next.hasStarted, next.sequence);
        }
        assert.deepEqual(order, [3, 4, 1, 2].map(idOf));
      }
    },
  },
  {
    fact: 'whoever leaves a line for slots is not found there any more',
    steps: [
      (store) => {
        const [line] = LINES;
        if (line === undefined) return;
        const sequence = store.pushSlotWaiter(line, false, idOf(1));
        store.pushSlotWaiter(line, false, idOf(2));
        store.removeSlotWaiter(line, false, sequence);
      },
    ],
    check(store) {
      const found = LINES.map((line) => store.firstSlotWaiter(line)?.invocationId);
      assert.deepEqual(found, [idOf(2), ...LINES.slice(1).map(() => undefined)]);
    },
  },
  {
    fact: 'every kind of outbox message reads back, ordered by receiver and sequence',
    steps: [
      (store) => {
        store.pushOutbox(OTHER_PARTITION, attachMessage(1));
        MESSAGES.slice(0, 3).forEach((message) => store.pushOutbox(PARTITION, message));
      },
      (store) =>
        [...MESSAGES.slice(3), SCOPED_MESSAGE].forEach((message) =>
          store.pushOutbox(PARTITION, message),
        ),
    ],
    check(store) {
      const expected = [
        ...[...MESSAGES, SCOPED_MESSAGE].map((message, i) => ({
          to: PARTITION,
          sequence: i + 1,
          message,
        })),
        { to: OTHER_PARTITION, sequence: 1, message: attachMessage(1) },
      ];
      assert.deepEqual(plain(store.outboxMessages()), plain(expected));
    },
  },
  {
    fact: 'outbox sequence numbers go on without a gap after a truncation of everything',
    steps: [
      (store) => [1, 2, 3].forEach((n) => store.pushOutbox(OTHER_PARTITION, attachMessage(n))),
      (store) => store.truncateOutbox(OTHER_PARTITION, 3),
    ],
    check(store) {
      assert.deepEqual([...store.outboxMessages()], []);
      assert.equal(store.pushOutbox(OTHER_PARTITION, attachMessage(4)), 4);
    },
  },
  {
    fact: 'an outbox truncated in the middle keeps what was not acknowledged',
    steps: [
      (store) => [1, 2, 3].forEach((n) => store.pushOutbox(OTHER_PARTITION, attachMessage(n))),
      (store) => {
        store.truncateOutbox(OTHER_PARTITION, 2);
        store.truncateOutbox(OTHER_PARTITION, 1);
        store.truncateOutbox(PARTITION, 7);
      },
    ],
    check(store) {
      assert.deepEqual(
        [...store.outboxMessages()].map(({ sequence }) => sequence),
        [3],
      );
      assert.equal(store.pushOutbox(OTHER_PARTITION, attachMessage(4)), 4);
      assert.equal(store.pushOutbox(PARTITION, attachMessage(4)), 1);
    },
  },
  {
    fact: 'dedup keeps the sequence set last per sender',
    steps: [
      (store) => store.setDedup(OTHER_PARTITION, 1),
      (store) => store.setDedup(OTHER_PARTITION, 2 ** 33),
    ],
    check(store) {
      assert.equal(store.getDedup(OTHER_PARTITION), 2 ** 33);
      assert.equal(store.getDedup(PARTITION), 0);
    },
  },
];

export function numbersOf(store: PartitionStore): number[] {
  return [...store.unfinishedInvocations('all')].map(({ number }) => number);
}

export function setState(store: PartitionStore, key: string, value: string): void {
  store.setUserState(A, bytes(key), bytes(value));
}

export function statesOf(store: PartitionStore): Array<[string | undefined, string | undefined]> {
  return [...store.listUserState(A)].map(([key, value]) => [text(key), text(value)]);
}

function longOwners() {
  return [
    owner(`${LONG}1`),
    owner(`${LONG}2`),
    owner('3', LONG),
    owner('3', `${LONG}4`),
    owner(`${LONG}5`, LONG),
  ];
}
