// What command entries do: state, steps, sleeps, promises.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMillis } from '../../../src/actors/domain/time.ts';
import type { PartitionRules } from '../../../src/actors/partition/context.ts';
import {
  CLEAR_ALL_STATE,
  clearState,
  completePromise,
  getLazyState,
  getLazyStateKeys,
  getPromise,
  peekPromise,
  run,
  setState,
  sleep,
} from './entries.ts';
import { GREET, Machine, PIN, RUN, WORKFLOW_SHARED, add, bytes, completion } from './machine.ts';
import { read, success } from './machine.ts';
import { idOf } from './describe.ts';

const REASON = { kind: 'failure', failure: { code: 500, message: 'no' } } as const;

test('entries are journaled in order; the first pins the invocation', () => {
  const machine = new Machine();
  machine.send('a');
  assert.deepEqual(machine.propose('a', run(1)), []);
  assert.deepEqual(machine.invocation('a')?.pin, PIN);
  const otherPin = { ...PIN, protocolVersion: 5 };
  machine.apply({
    kind: 'runCompletionProposed',
    nowMs: unixMillis(machine.nowMs),
    invocationId: idOf('a'),
    epoch: 1,
    pin: otherPin,
    completionId: 1,
    outcome: success('x'),
  });
  machine.propose('a', { message: { kind: 'output', outcome: success('y'), name: '' } });
  assert.deepEqual(machine.journal('a'), ['input', 'run', "¬run 1 'x'", 'output']);
  assert.deepEqual(machine.invocation('a')?.pin, PIN);
  assert.equal(machine.invocation('a')?.commandCount, 3);
});

test('a step result pins too and is pushed, known step or not, as often as proposed', () => {
  const machine = new Machine();
  machine.send('a');
  const command = {
    kind: 'runCompletionProposed',
    nowMs: unixMillis(machine.nowMs),
    invocationId: idOf('a'),
    epoch: 1,
    pin: PIN,
    completionId: 7,
    outcome: success('x'),
  } as const;
  assert.deepEqual(machine.apply(command), ["push a#1 ¬run 7 'x'"]);
  assert.deepEqual(machine.apply(command), ["push a#1 ¬run 7 'x'"]);
  assert.deepEqual(machine.invocation('a')?.pin, PIN);
});

test('an entry is acknowledged with its index among the commands, on request', () => {
  const machine = new Machine();
  machine.send('a');
  machine.signal('a', { kind: 'signal', index: 17 });
  assert.deepEqual(machine.propose('a', { ...run(1), ackRequested: true }), ['ack a#1 command 1']);
  assert.deepEqual(machine.propose('a', { ...sleep(5, 2), ackRequested: true }), [
    'arm +5',
    'ack a#1 command 2',
  ]);
});

test('what a superseded attempt says is dropped', () => {
  const machine = new Machine();
  machine.send('a', { target: add() });
  machine.suspend('a', [completion(1)]);
  const dropped = (): void => {
    const before = machine.invocation('a');
    assert.deepEqual(machine.propose('a', setState('x', '1'), 1), []);
    assert.deepEqual(machine.end('a', { kind: 'ended', outcome: success('') }, 1), []);
    assert.equal(machine.begin('a', 1), undefined);
    assert.deepEqual(machine.invocation('a'), before);
  };
  dropped();
  machine.deliver(1, {
    kind: 'complete',
    invocationId: idOf('a'),
    completionId: 1,
    notificationType: 0x800d,
    result: success('x'),
  });
  assert.equal(machine.status('a'), 'invoked #2');
  dropped();
  machine.succeed('a', 'done');
  assert.deepEqual(machine.propose('a', setState('x', '1'), 2), []);
  assert.equal(machine.store.getUserState({ service: 'Counter', key: 'k' }, bytes('x')), undefined);
});

test('a sleep is a durable timer; one that is over fires with the next look', () => {
  const machine = new Machine();
  machine.send('a');
  assert.deepEqual(machine.propose('a', sleep(500, 1)), ['arm +500']);
  assert.deepEqual(machine.propose('a', sleep(-500, 2)), ['arm +-500']);
  assert.deepEqual(machine.advance(0), ['push a#1 ¬sleep 2 void', 'arm +500']);
  machine.suspend('a', [completion(1)], 4);
  assert.deepEqual(machine.advance(500), ['start a#2 with 5']);
});

test('the sleep of an invocation that has ended completes nothing', () => {
  const machine = new Machine();
  machine.send('a', { completionRetentionMs: 0 });
  machine.propose('a', sleep(500, 1));
  machine.succeed('a', '');
  machine.send('a', { requestId: 'again' });
  assert.deepEqual(machine.advance(500), []);
  assert.deepEqual(machine.journal('a'), ['input']);
});

test('state changes count from when they are journaled and survive a failure', () => {
  const machine = new Machine();
  machine.send('a', { target: add() });
  machine.propose('a', setState('y', '2'));
  machine.propose('a', setState('x', '1'));
  machine.propose('a', setState('z', '3'));
  machine.propose('a', clearState('y'));
  assert.deepEqual(machine.propose('a', getLazyState('x', 1)), ["push a#1 ¬getLazyState 1 '1'"]);
  assert.deepEqual(machine.propose('a', getLazyState('y', 2)), ['push a#1 ¬getLazyState 2 void']);
  assert.deepEqual(machine.propose('a', getLazyStateKeys(3)), [
    'push a#1 ¬getLazyStateKeys 3 [x z]',
  ]);
  machine.end('a', { kind: 'fail', failure: { code: 418, message: 'teapot' } });
  machine.send('b', { target: add() });
  assert.equal(machine.begin('b')?.state.length, 2);
  machine.propose('b', CLEAR_ALL_STATE);
  assert.deepEqual(machine.propose('b', getLazyStateKeys(1)), ['push b#1 ¬getLazyStateKeys 1 []']);
});

test('state belongs to one key of one service', () => {
  const machine = new Machine();
  machine.send('a', { target: add('one') });
  machine.propose('a', setState('x', '1'));
  machine.send('b', { target: add('two') });
  assert.deepEqual(machine.begin('b')?.state, []);
  machine.send('c', { target: read('one') });
  assert.equal(machine.begin('c')?.state.length, 1);
});

// Keys a, b and c with values of two bytes: three bytes each.
const EAGER: ReadonlyArray<{
  readonly name: string;
  readonly rules: Partial<PartitionRules>;
  readonly keys: string;
  readonly partial: boolean;
}> = [
  { name: 'within the limit', rules: { eagerStateBytesMax: 9 }, keys: 'abc', partial: false },
  { name: 'over the limit', rules: { eagerStateBytesMax: 8 }, keys: 'ab', partial: true },
  { name: 'over it at once', rules: { eagerStateBytesMax: 2 }, keys: '', partial: true },
  { name: 'with limit 0', rules: { eagerStateBytesMax: 0 }, keys: '', partial: true },
  { name: 'read lazily', rules: { usesLazyState: () => true }, keys: '', partial: true },
];

for (const { name, rules, keys, partial } of EAGER) {
  test(`eager state ${name}`, () => {
    const machine = new Machine(rules);
    machine.send('a', { target: add() });
    for (const key of ['c', 'a', 'b']) machine.propose('a', setState(key, '22'));
    const input = machine.begin('a');
    assert.equal(input?.state.map(([key]) => Buffer.from(key).toString()).join(''), keys);
    assert.equal(input?.partialState, partial);
  });
}

test('an object without state is told that it has none; a service gets none', () => {
  const machine = new Machine();
  machine.send('a', { target: add() });
  machine.send('b', { target: GREET });
  assert.equal(machine.begin('a')?.partialState, false);
  assert.equal(machine.begin('b')?.partialState, true);
});

test('a promise answers everyone who waits, then everyone who asks', () => {
  const machine = new Machine();
  machine.send('run', { target: RUN });
  machine.send('shared', { target: WORKFLOW_SHARED });
  assert.deepEqual(machine.propose('run', peekPromise('p', 1)), ['push run#1 ¬peekPromise 1 void']);
  assert.deepEqual(machine.propose('run', getPromise('p', 2)), []);
  assert.deepEqual(machine.propose('shared', getPromise('p', 1)), []);
  assert.deepEqual(machine.propose('shared', peekPromise('p', 2)), [
    'push shared#1 ¬peekPromise 2 void',
  ]);
  machine.suspend('run', [completion(2)], 4);
  assert.deepEqual(machine.propose('shared', completePromise('p', success('x'), 3)), [
    'push shared#1 ¬completePromise 3 void',
    'start run#2 with 5',
    "push shared#1 ¬getPromise 1 'x'",
  ]);
  assert.deepEqual(machine.propose('shared', completePromise('p', REASON, 4)), [
    'push shared#1 ¬completePromise 4 409 promise was already completed',
  ]);
  assert.deepEqual(machine.propose('run', getPromise('p', 3)), ["push run#2 ¬getPromise 3 'x'"]);
  assert.deepEqual(machine.propose('run', peekPromise('p', 4)), ["push run#2 ¬peekPromise 4 'x'"]);
});

test('a promise completed before the run starts is kept, a rejection too', async () => {
  const machine = new Machine();
  machine.send('shared', { target: WORKFLOW_SHARED });
  machine.propose('shared', completePromise('p', REASON, 1));
  await machine.restart();
  machine.send('run', { target: RUN });
  assert.deepEqual(machine.propose('run', getPromise('p', 1)), ['push run#1 ¬getPromise 1 500 no']);
  assert.deepEqual(machine.propose('run', getPromise('other', 2)), []);
});
