import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InvocationTarget } from '../../../src/actors/domain/invocation.ts';
import { completeAwakeable, sendSignal } from './entries.ts';
import { Machine, VOID, add, completion, signalId, success } from './machine.ts';
import type { ReachableState } from './machine.ts';
import { idOf } from './describe.ts';

const NOW_ACCEPTED = 's: signalAccepted';

interface Row {
  readonly state: ReachableState;
  readonly cancel: readonly string[];
  readonly afterCancel: string;
  readonly other: readonly string[];
  readonly afterOther: string;
}

const ROWS: readonly Row[] = [
  {
    state: 'scheduled',
    cancel: ['a ended 409 canceled'],
    afterCancel: 'absent',
    other: [],
    afterOther: 'scheduled +1000',
  },
  {
    state: 'inboxed',
    cancel: ['a ended 409 canceled'],
    afterCancel: 'absent',
    other: [],
    afterOther: 'inboxed',
  },
  {
    state: 'invoked',
    // An attempt that waits for its retry would not hear of it.
    cancel: ['push a#1 ¬signal 1 void', 'hasten a#1'],
    afterCancel: 'invoked #1',
    other: ['push a#1 ¬signal 17 void'],
    afterOther: 'invoked #1',
  },
  {
    // Waits for completion 9 only: journaled, but it sleeps on.
    state: 'suspended',
    cancel: [],
    afterCancel: 'suspended on 9',
    other: [],
    afterOther: 'suspended on 9',
  },
  {
    state: 'paused',
    cancel: ['start a#2 with 2'],
    afterCancel: 'invoked #2',
    other: [],
    afterOther: 'paused',
  },
  {
    state: 'completed',
    cancel: [],
    afterCancel: "completed 'done'",
    other: [],
    afterOther: "completed 'done'",
  },
];

for (const { state, cancel, afterCancel, other, afterOther } of ROWS) {
  test(`cancelling a ${state} invocation`, () => {
    const machine = new Machine();
    machine.bring('a', state);
    assert.deepEqual(machine.cancel('a'), [...cancel, NOW_ACCEPTED]);
    assert.equal(machine.status('a'), afterCancel);
  });

  test(`another signal to a ${state} invocation`, () => {
    const machine = new Machine();
    machine.bring('a', state);
    assert.deepEqual(machine.signal('a', signalId(17)), [...other, NOW_ACCEPTED]);
    assert.equal(machine.status('a'), afterOther);
    const isStarted = state === 'invoked' || state === 'suspended' || state === 'paused';
    const journal = isStarted ? ['input', '¬signal 17 void'] : ['input'];
    assert.deepEqual(machine.journal('a'), journal);
  });
}

test('a signal to an unknown invocation is accepted and lost', () => {
  const machine = new Machine();
  assert.deepEqual(machine.cancel('a'), [NOW_ACCEPTED]);
  assert.equal(machine.store.hasUncommittedWrites(), false);
});

test('cancelling a scheduled invocation removes its timer, and its id is free again', () => {
  const machine = new Machine();
  machine.bring('a', 'scheduled');
  machine.cancel('a');
  assert.deepEqual(machine.advance(5000), []);
  assert.deepEqual(machine.send('a', { requestId: 'again' }), [
    'start a#1 with 1',
    'again: accepted new',
  ]);
});

test('cancelling a queued invocation takes it out of the middle of the queue', () => {
  const machine = new Machine();
  for (const name of ['holder', 'a', 'b', 'c']) machine.send(name, { target: add() });
  machine.cancel('b');
  assert.ok(machine.succeed('holder', '').includes('start a#1 with 1'));
  assert.ok(machine.succeed('a', '').includes('start c#1 with 1'));
});

for (const delayMs of [1000, undefined]) {
  const state = delayMs === undefined ? 'queued' : 'scheduled';
  test(`waiters of a ${state} invocation that is cancelled are told`, () => {
    const machine = new Machine();
    machine.send('caller');
    machine.send('holder', { target: add() });
    machine.send('a', { target: add(), delayMs });
    machine.deliver(1, {
      kind: 'attach',
      invocationId: idOf('a'),
      waiter: { invocationId: idOf('remote'), completionId: 4, entry: 'call' },
    });
    machine.deliver(2, {
      kind: 'attach',
      invocationId: idOf('a'),
      waiter: { invocationId: idOf('caller'), completionId: 5, entry: 'attach' },
    });
    assert.deepEqual(machine.cancel('a'), [
      'a ended 409 canceled',
      'send 1:1 complete remote ¬call 4 409 canceled',
      NOW_ACCEPTED,
      'push caller#1 ¬attachInvocation 5 409 canceled',
    ]);
  });
}

test('signals are appended as often as they arrive', () => {
  const machine = new Machine();
  machine.send('a');
  machine.signal('a', signalId(17), success('first'));
  machine.signal('a', signalId(17), success('second'));
  machine.signal('a', { kind: 'namedSignal', name: 'go' });
  assert.deepEqual(machine.journal('a'), [
    'input',
    "¬signal 17 'first'",
    "¬signal 17 'second'",
    '¬signal go void',
  ]);
});

test('a suspended invocation wakes by the signal it waits for, by index or by name', () => {
  const machine = new Machine();
  machine.send('a');
  machine.suspend('a', [signalId(17), { kind: 'namedSignal', name: 'go' }, signalId(1)]);
  assert.deepEqual(machine.signal('a', signalId(18)), [NOW_ACCEPTED]);
  assert.deepEqual(machine.signal('a', { kind: 'namedSignal', name: 'stop' }), [NOW_ACCEPTED]);
  assert.deepEqual(machine.signal('a', { kind: 'namedSignal', name: 'go' }), [
    'start a#2 with 4',
    NOW_ACCEPTED,
  ]);
  machine.suspend('a', [signalId(17), signalId(1)], 4);
  assert.deepEqual(machine.cancel('a'), ['start a#3 with 5', NOW_ACCEPTED]);
});

test('handlers signal and complete awakeables of others', () => {
  const machine = new Machine();
  machine.send('a');
  machine.send('b');
  assert.deepEqual(machine.propose('a', sendSignal('b', 18)), ['push b#1 ¬signal 18 void']);
  assert.deepEqual(machine.propose('a', completeAwakeable('b', 17, success('x'))), [
    "push b#1 ¬signal 17 'x'",
  ]);
  assert.deepEqual(machine.propose('a', sendSignal('remote', 1)), [
    'send 1:1 signal remote 1 void',
  ]);
  assert.deepEqual(machine.propose('a', completeAwakeable('remote', 17, success('x'))), [
    "send 1:2 signal remote 17 'x'",
  ]);
  assert.deepEqual(machine.propose('a', sendSignal('unknown', 18)), []);
});

test('completing a legacy awakeable has no effect', () => {
  const machine = new Machine();
  machine.send('a');
  const entry = { ...completeAwakeable('a', 17, success('x')), targetId: undefined };
  assert.deepEqual(machine.propose('a', entry), []);
  assert.deepEqual(machine.journal('a'), ['input', 'completeAwakeable']);
});

test('a handler cancels one that has not started', () => {
  const machine = new Machine();
  machine.send('a');
  machine.bring('b', 'scheduled');
  assert.deepEqual(machine.propose('a', sendSignal('b', 1)), ['b ended 409 canceled']);
});

test('an exclusive handler that calls its own key is freed by cancelling the callee', () => {
  const machine = new Machine();
  const target: InvocationTarget = add();
  machine.send('a', { target });
  machine.deliver(1, {
    kind: 'invoke',
    submission: machine.submission('b', { target }),
    waiter: { invocationId: idOf('a'), completionId: 2, entry: 'call' },
  });
  machine.suspend('a', [completion(2)]);
  assert.deepEqual(machine.signal('b', signalId(1), VOID), [
    'b ended 409 canceled',
    NOW_ACCEPTED,
    'start a#2 with 2',
  ]);
});
