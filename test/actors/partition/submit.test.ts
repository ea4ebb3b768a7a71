import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GREET, Machine, RETENTION_MS, RUN, add } from './machine.ts';
import type { ReachableState } from './machine.ts';
import { sleep } from './entries.ts';
import { idOf } from './describe.ts';

test('a new call is journaled, starts, and waits for its outcome', () => {
  const machine = new Machine();
  assert.deepEqual(machine.call('a'), ['start a#1 with 1', 'r-a: waits for a']);
  assert.equal(machine.status('a'), 'invoked #1');
  assert.deepEqual(machine.journal('a'), ['input']);
});

test('a new send starts and is accepted', () => {
  const machine = new Machine();
  assert.deepEqual(machine.send('a'), ['start a#1 with 1', 'r-a: accepted new']);
});

interface DuplicateRow {
  readonly state: ReachableState;
  readonly send: string;
  readonly call: string;
}

const EXPIRES = `until +${RETENTION_MS}`;
const DUPLICATES: readonly DuplicateRow[] = [
  { state: 'scheduled', send: 'accepted known at +1000', call: 'waits for a' },
  { state: 'inboxed', send: 'accepted known', call: 'waits for a' },
  { state: 'invoked', send: 'accepted known', call: 'waits for a' },
  { state: 'suspended', send: 'accepted known', call: 'waits for a' },
  { state: 'paused', send: 'accepted known', call: 'waits for a' },
  { state: 'completed', send: 'accepted known', call: `'done' ${EXPIRES}` },
];

for (const { state, send, call } of DUPLICATES) {
  test(`a duplicate of a ${state} invocation changes nothing`, () => {
    const machine = new Machine();
    machine.bring('a', state);
    const before = machine.invocation('a');
    const options = { target: add(), requestId: 'again' };
    assert.deepEqual(machine.send('a', options), [`again: ${send}`]);
    assert.deepEqual(machine.call('a', options), [`again: ${call}`]);
    assert.deepEqual(machine.invocation('a'), before);
  });

  test(`a submission sent again under its request id is new to a ${state} invocation`, () => {
    const machine = new Machine();
    machine.bring('a', state);
    const options = { target: add(), requestId: 'r-a' };
    assert.deepEqual(machine.send('a', options), [`r-a: ${send.replace('known', 'new')}`]);
    assert.deepEqual(machine.call('a', options), [`r-a: ${call}`]);
  });

  test(`a second run of a ${state} workflow is refused to callers`, () => {
    if (state === 'inboxed') return; // Runs are never queued.
    const machine = new Machine();
    machine.bring('a', state, { target: RUN });
    const options = { target: RUN, requestId: 'again' };
    assert.deepEqual(machine.call('a', options), ['again: workflowAlreadyInvoked']);
    assert.deepEqual(machine.send('a', options), [`again: ${send}`]);
    const repeated = machine.call('a', { target: RUN, requestId: 'r-a' });
    assert.deepEqual(repeated, [`r-a: ${call}`]);
  });
}

test('a delayed submission waits for its time', () => {
  const machine = new Machine();
  assert.deepEqual(machine.send('a', { delayMs: 500 }), ['arm +500', 'r-a: accepted new at +500']);
  assert.equal(machine.status('a'), 'scheduled +500');
  assert.deepEqual(machine.advance(499), ['arm +500']);
  assert.equal(machine.status('a'), 'scheduled +500');
  assert.deepEqual(machine.advance(1), ['start a#1 with 1']);
  assert.equal(machine.status('a'), 'invoked #1');
});

test('a submission for a time gone by is scheduled for now', () => {
  const machine = new Machine();
  assert.deepEqual(machine.send('a', { delayMs: -500 }), ['arm +0', 'r-a: accepted new at +0']);
  assert.deepEqual(machine.advance(0), ['start a#1 with 1']);
});

test('timers fire by due time and then by order of acceptance, however late', () => {
  const machine = new Machine();
  machine.send('late', { delayMs: 1500 });
  machine.send('same-first', { delayMs: 500 });
  machine.send('early', { delayMs: 200 });
  machine.send('same-second', { delayMs: 500 });
  machine.send('next-day', { delayMs: 86_400_000 });
  assert.deepEqual(machine.advance(10_000), [
    'start early#1 with 1',
    'start same-first#1 with 1',
    'start same-second#1 with 1',
    'start late#1 with 1',
    'arm +86400000',
  ]);
});

test('a sleep that ends when a submission is due counts as one timer each', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', sleep(500, 1));
  machine.send('b', { delayMs: 500 });
  assert.deepEqual(machine.advance(500), ['push a#1 ¬sleep 1 void', 'start b#1 with 1']);
});

test('one command fires a bounded number of timers and arms the next one, though overdue', () => {
  const machine = new Machine();
  for (let n = 0; n < 300; n += 1) machine.send(`t${n}`, { delayMs: 10 });
  const first = machine.advance(20);
  assert.equal(first.length, 257);
  assert.equal(first.at(-1), 'arm +10');
  assert.equal(machine.advance(0).length, 44);
});

test('a delayed submission to a busy key queues when it fires', () => {
  const machine = new Machine();
  machine.send('delayed', { target: add(), delayMs: 500 });
  machine.send('holder', { target: add() });
  machine.send('queued', { target: add() });
  assert.deepEqual(machine.advance(500), []);
  assert.equal(machine.status('delayed'), 'inboxed');
  assert.ok(machine.succeed('holder', '').includes('start queued#1 with 1'));
  assert.ok(machine.succeed('queued', '').includes('start delayed#1 with 1'));
});

const REQUESTS: ReadonlyArray<{
  readonly state: ReachableState | 'unknown';
  readonly attach: string;
  readonly output: string;
}> = [
  { state: 'unknown', attach: 'notFound', output: 'notFound' },
  { state: 'scheduled', attach: 'waits for a', output: 'notCompleted' },
  { state: 'inboxed', attach: 'waits for a', output: 'notCompleted' },
  { state: 'invoked', attach: 'waits for a', output: 'notCompleted' },
  { state: 'suspended', attach: 'waits for a', output: 'notCompleted' },
  { state: 'paused', attach: 'waits for a', output: 'notCompleted' },
  { state: 'completed', attach: `'done' ${EXPIRES}`, output: `'done' ${EXPIRES}` },
];

for (const { state, attach, output } of REQUESTS) {
  test(`attach and output of a request for a ${state} invocation`, () => {
    const machine = new Machine();
    if (state !== 'unknown') machine.bring('a', state);
    const request = { requestId: 'q', invocationId: idOf('a') };
    assert.deepEqual(machine.apply({ kind: 'attach', ...request }), [`q: ${attach}`]);
    assert.deepEqual(machine.apply({ kind: 'getOutput', ...request }), [`q: ${output}`]);
  });
}

test('the attempt is given what was submitted', () => {
  const machine = new Machine();
  machine.send('a', { target: GREET });
  const input = machine.begin('a');
  assert.deepEqual(input?.target, GREET);
  assert.equal(input?.pin, undefined);
  const entry = input?.journal[0];
  assert.equal(entry?.kind === 'command' && Buffer.from(entry.payload).toString(), 'input of a');
});
