import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitAny } from '../../../src/actors/domain/awaited-future.ts';
import type { AttemptEnd } from '../../../src/actors/partition/command.ts';
import { Machine, RUN, WORKFLOW_SHARED, add, completion, read, success } from './machine.ts';

const owner = { service: 'Counter', key: 'k' };
const broken = { code: 500, message: 'broken' };

test('exclusive invocations of a key run one at a time, in order of acceptance', () => {
  const machine = new Machine();
  for (const name of ['a', 'b', 'c', 'd']) machine.send(name, { target: add() });
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => machine.status(name)),
    ['invoked #1', 'inboxed', 'inboxed', 'inboxed'],
  );
  for (const [name, next] of [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'd'],
  ] as const) {
    assert.deepEqual(machine.succeed(name, 'x'), [
      `release ${name}#1`,
      `${name} ended 'x'`,
      `start ${next}#1 with 1`,
    ]);
  }
  assert.deepEqual(machine.succeed('d', 'x'), ['release d#1', "d ended 'x'"]);
  assert.equal(machine.store.getLock(owner), undefined);
});

const ENDS: ReadonlyArray<{ readonly end: AttemptEnd; readonly frees: boolean }> = [
  { end: { kind: 'ended', outcome: success('x') }, frees: true },
  { end: { kind: 'ended', outcome: { kind: 'failure', failure: broken } }, frees: true },
  { end: { kind: 'fail', failure: broken }, frees: true },
  {
    end: { kind: 'suspended', awaiting: awaitAny([completion(1)]), replayedLength: 1 },
    frees: false,
  },
  { end: { kind: 'pause', failure: broken }, frees: false },
];

for (const { end, frees } of ENDS) {
  const kind = end.kind === 'ended' ? `${end.kind} with ${end.outcome.kind}` : end.kind;
  test(`an attempt's end '${kind}' ${frees ? 'frees' : 'keeps'} the key`, () => {
    const machine = new Machine();
    machine.send('a', { target: add() });
    machine.send('b', { target: add() });
    machine.end('a', end);
    assert.equal(machine.status('b'), frees ? 'invoked #1' : 'inboxed');
  });
}

test('a retry keeps the key and the epoch', () => {
  const machine = new Machine();
  machine.send('a', { target: add() });
  machine.send('b', { target: add() });
  const delayMs = machine.submission('a').completionRetentionMs;
  assert.deepEqual(machine.end('a', { kind: 'retry', delayMs }), [`retry a#1 in ${delayMs}`]);
  assert.equal(machine.status('a'), 'invoked #1');
  assert.equal(machine.status('b'), 'inboxed');
});

test('keys and services do not wait for each other', () => {
  const machine = new Machine();
  machine.send('a', { target: add('one') });
  assert.deepEqual(machine.send('b', { target: add('two') }).at(0), 'start b#1 with 1');
  const other = { ...add('one'), service: 'Other' };
  assert.deepEqual(machine.send('c', { target: other }).at(0), 'start c#1 with 1');
});

test('shared handlers are not queued and hold no key', () => {
  const machine = new Machine();
  machine.send('writer', { target: add() });
  assert.deepEqual(machine.send('reader', { target: read() }).at(0), 'start reader#1 with 1');
  assert.deepEqual(machine.succeed('reader', ''), ['release reader#1', "reader ended ''"]);
  assert.equal(machine.status('writer'), 'invoked #1');
  machine.send('next', { target: add() });
  assert.equal(machine.status('next'), 'inboxed');
});

test('handlers of a workflow run side by side', () => {
  const machine = new Machine();
  machine.send('run', { target: RUN });
  assert.equal(machine.send('one', { target: WORKFLOW_SHARED })[0], 'start one#1 with 1');
  assert.equal(machine.send('two', { target: WORKFLOW_SHARED })[0], 'start two#1 with 1');
});

test('the queue survives a restart in its order', async () => {
  const machine = new Machine();
  for (const name of ['a', 'b', 'c']) machine.send(name, { target: add() });
  assert.deepEqual(await machine.restart(), ['due a#1']);
  assert.ok(machine.succeed('a', '').includes('start b#1 with 1'));
  assert.ok(machine.succeed('b', '').includes('start c#1 with 1'));
});
