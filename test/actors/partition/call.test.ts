import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attach, call, getOutput, oneWayCall } from './entries.ts';
import { Machine, RETENTION_MS, RUN, add, completion, success } from './machine.ts';
import { idOf } from './describe.ts';

const BROKEN = { code: 418, message: 'teapot', metadata: [['why', 'tea']] } as const;

test('a call announces its callee, starts it, and is answered', () => {
  const machine = new Machine();
  machine.send('a');
  assert.deepEqual(machine.propose('a', call('b', 2)), [
    'push a#1 ¬callInvocationId 1 b',
    'start b#1 with 1',
  ]);
  assert.deepEqual(machine.invocation('b')?.source, {
    kind: 'invocation',
    id: idOf('a'),
    target: machine.invocation('a')?.target,
  });
  assert.deepEqual(machine.succeed('b', 'x'), [
    'release b#1',
    "b ended 'x'",
    "push a#1 ¬call 2 'x'",
  ]);
  assert.deepEqual(machine.journal('a'), ['input', 'call', '¬callInvocationId 1 b', "¬call 2 'x'"]);
});

test('a call entry remembers its callee', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', call('b', 2));
  const entry = machine.begin('a')?.journal[1];
  assert.equal(entry?.kind === 'command' && entry.child, idOf('b'));
});

test('a failure travels to the caller with its code, message and metadata', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', call('b', 2));
  machine.suspend('a', [completion(2)], 3);
  assert.deepEqual(machine.end('b', { kind: 'fail', failure: BROKEN }), [
    'release b#1',
    'b ended 418 teapot',
    'start a#2 with 4',
  ]);
  const entry = machine.begin('a')?.journal.at(-1);
  assert.ok(entry?.kind === 'notification' && entry.result.kind === 'failure');
  assert.deepEqual(entry.result.failure.metadata, BROKEN.metadata);
});

test('a call to another partition goes through the outbox', () => {
  const machine = new Machine();
  machine.send('a');
  assert.deepEqual(machine.propose('a', call('remote', 2)), [
    'push a#1 ¬callInvocationId 1 remote',
    'send 1:1 invoke remote for a/2',
  ]);
  assert.deepEqual(machine.propose('a', oneWayCall('remote-2', 3, 500)), [
    'push a#1 ¬callInvocationId 3 remote-2',
    'send 1:2 invoke remote-2 at +500',
  ]);
});

test('a call from another partition is answered through the outbox', () => {
  const machine = new Machine();
  const waiter = { invocationId: idOf('remote'), completionId: 2, entry: 'call' } as const;
  const submission = machine.submission('b');
  assert.deepEqual(machine.deliver(1, { kind: 'invoke', submission, waiter }), [
    'start b#1 with 1',
    'ack delivery 1:1',
  ]);
  assert.deepEqual(machine.succeed('b', 'x'), [
    'release b#1',
    "b ended 'x'",
    "send 1:1 complete remote ¬call 2 'x'",
  ]);
});

test('a call with the idempotency key of one in flight waits for it', () => {
  const machine = new Machine();
  machine.send('b', { target: add() });
  machine.send('a');
  const entry = call('b', 2, { target: add(), idempotencyKey: 'once' });
  assert.deepEqual(machine.propose('a', entry), ['push a#1 ¬callInvocationId 1 b']);
  assert.deepEqual(machine.succeed('b', 'x'), [
    'release b#1',
    "b ended 'x'",
    "push a#1 ¬call 2 'x'",
  ]);
});

test('a call with the idempotency key of one that has ended gets its outcome', () => {
  const machine = new Machine();
  machine.bring('b', 'completed');
  machine.send('a');
  const entry = call('b', 2, { target: add(), idempotencyKey: 'once' });
  assert.deepEqual(machine.propose('a', entry), [
    'push a#1 ¬callInvocationId 1 b',
    "push a#1 ¬call 2 'done'",
  ]);
});

for (const state of ['invoked', 'completed'] as const) {
  test(`a handler's call of a workflow run that is ${state} fails`, () => {
    const machine = new Machine();
    machine.bring('b', state, { target: RUN });
    machine.send('a');
    assert.deepEqual(machine.propose('a', call('b', 2, { target: RUN })), [
      'push a#1 ¬callInvocationId 1 b',
      'push a#1 ¬call 2 409 the workflow method was already invoked',
    ]);
  });

  test(`a handler's one-way call of a workflow run that is ${state} is dropped`, () => {
    const machine = new Machine();
    machine.bring('b', state, { target: RUN });
    machine.send('a');
    const before = machine.invocation('b');
    assert.deepEqual(machine.propose('a', oneWayCall('b', 1, undefined, { target: RUN })), [
      'push a#1 ¬callInvocationId 1 b',
    ]);
    assert.deepEqual(machine.invocation('b'), before);
  });
}

test('a one-way call tells nobody its outcome', () => {
  const machine = new Machine();
  machine.send('a');
  assert.deepEqual(machine.propose('a', oneWayCall('b', 1)), [
    'push a#1 ¬callInvocationId 1 b',
    'start b#1 with 1',
  ]);
  assert.deepEqual(machine.succeed('b', 'x'), ['release b#1', "b ended 'x'"]);
});

test('a one-way call with a delay is scheduled; one for the past starts', () => {
  const machine = new Machine();
  machine.send('a');
  assert.deepEqual(machine.propose('a', oneWayCall('b', 1, 500)), [
    'push a#1 ¬callInvocationId 1 b',
    'arm +500',
  ]);
  assert.equal(machine.status('b'), 'scheduled +500');
  assert.deepEqual(machine.propose('a', oneWayCall('c', 2, -500)), [
    'push a#1 ¬callInvocationId 2 c',
    'start c#1 with 1',
  ]);
  assert.deepEqual(machine.advance(500), ['start b#1 with 1']);
});

test('sends of one handler to one key keep their order', () => {
  const machine = new Machine();
  machine.send('a');
  for (const [index, name] of ['b', 'c', 'd'].entries()) {
    machine.propose('a', oneWayCall(name, index, undefined, { target: add() }));
  }
  assert.ok(machine.succeed('b', '').includes('start c#1 with 1'));
  assert.ok(machine.succeed('c', '').includes('start d#1 with 1'));
});

interface AttachRow {
  readonly target: string;
  readonly prepare: (machine: Machine) => void;
  readonly attach: readonly string[];
  readonly output: readonly string[];
}

const unchanged = (): void => {};

const ATTACHES: readonly AttachRow[] = [
  {
    target: 'unknown',
    prepare: unchanged,
    attach: ['push a#1 ¬attachInvocation 1 404 not found'],
    output: ['push a#1 ¬getInvocationOutput 1 404 not found'],
  },
  {
    target: 'running',
    prepare: (machine) => machine.bring('running', 'invoked'),
    attach: [],
    output: ['push a#1 ¬getInvocationOutput 1 void'],
  },
  {
    target: 'scheduled',
    prepare: (machine) => machine.bring('scheduled', 'scheduled'),
    attach: [],
    output: ['push a#1 ¬getInvocationOutput 1 void'],
  },
  {
    target: 'completed',
    prepare: (machine) => machine.bring('completed', 'completed'),
    attach: ["push a#1 ¬attachInvocation 1 'done'"],
    output: ["push a#1 ¬getInvocationOutput 1 'done'"],
  },
  {
    target: 'a',
    prepare: unchanged,
    attach: [],
    output: ['push a#1 ¬getInvocationOutput 1 void'],
  },
  {
    target: 'remote',
    prepare: unchanged,
    attach: ['send 1:1 attach remote for a/1'],
    output: ['send 1:1 output of remote for a/1'],
  },
];

for (const row of ATTACHES) {
  test(`a handler attaches to, and reads the output of, '${row.target}'`, () => {
    for (const [entry, expected] of [
      [attach(row.target, 1), row.attach],
      [getOutput(row.target, 1), row.output],
    ] as const) {
      const machine = new Machine();
      machine.send('a');
      row.prepare(machine);
      assert.deepEqual(machine.propose('a', entry), expected);
    }
  });
}

test('everyone attached to an invocation is told, in the order of attaching', () => {
  const machine = new Machine();
  machine.send('b');
  for (const name of ['one', 'two']) machine.send(name);
  machine.propose('one', attach('b', 1));
  machine.propose('two', attach('b', 1));
  assert.deepEqual(machine.succeed('b', 'x'), [
    'release b#1',
    "b ended 'x'",
    "push one#1 ¬attachInvocation 1 'x'",
    "push two#1 ¬attachInvocation 1 'x'",
  ]);
});

test('one that attached to itself waits until it ends, and is told nothing then', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', attach('a', 1));
  assert.deepEqual(machine.succeed('a', 'x'), ['release a#1', "a ended 'x'"]);
  assert.deepEqual(machine.journal('a'), ['input', 'attachInvocation']);
});

test('questions of handlers elsewhere are answered through the outbox', () => {
  const machine = new Machine();
  machine.bring('b', 'completed');
  const question = { kind: 'getOutput', askerId: idOf('remote'), completionId: 3 } as const;
  assert.deepEqual(machine.deliver(1, { ...question, invocationId: idOf('b') }), [
    "send 1:1 complete remote ¬getInvocationOutput 3 'done'",
    'ack delivery 1:1',
  ]);
  assert.deepEqual(machine.deliver(2, { ...question, invocationId: idOf('unknown') }), [
    'send 1:2 complete remote ¬getInvocationOutput 3 404 not found',
    'ack delivery 1:2',
  ]);
});

test('a callee keeps its outcome as long as the caller resolved', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', call('kept', 2));
  machine.propose('a', call('gone', 4, { retentionMs: 0 }));
  machine.end('kept', { kind: 'ended', outcome: success('x') });
  machine.end('gone', { kind: 'ended', outcome: success('x') });
  assert.equal(machine.invocation('kept')?.completionRetentionMs, RETENTION_MS);
  assert.equal(machine.status('gone'), 'absent');
});
