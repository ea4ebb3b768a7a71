// Suspension, ends and what they leave behind, recovery.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMs, unixMillis } from '../../../src/actors/domain/time.ts';
import { run, sleep } from './entries.ts';
import { Machine, add, completion, signalId, success } from './machine.ts';
import { idOf } from './describe.ts';

const BROKEN = { code: 500, message: 'broken' };

test('a suspended invocation wakes by any one of the answers it waits for', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', sleep(500, 1));
  machine.propose('a', sleep(900, 2));
  assert.deepEqual(machine.suspend('a', [completion(2), completion(1)], 3), ['release a#1']);
  assert.equal(machine.status('a'), 'suspended on 2 1');
  assert.deepEqual(machine.advance(500), ['start a#2 with 4', 'arm +900']);
});

test('an answer that overtook the suspension starts the next attempt at once', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', sleep(500, 1));
  assert.deepEqual(machine.advance(500), ['push a#1 ¬sleep 1 void']);
  assert.deepEqual(machine.suspend('a', [completion(1)], 1), ['start a#2 with 3']);
  assert.equal(machine.status('a'), 'invoked #2');
});

test('another answer that overtook the suspension does not', () => {
  const machine = new Machine();
  machine.send('a');
  machine.signal('a', signalId(17));
  machine.propose('a', run(17));
  assert.deepEqual(machine.suspend('a', [completion(17), signalId(18)], 1), ['release a#1']);
  assert.equal(machine.status('a'), 'suspended on 17 18');
});

test('a paused invocation collects answers and keeps its failure', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', sleep(500, 1));
  assert.deepEqual(machine.end('a', { kind: 'pause', failure: BROKEN }), ['release a#1']);
  assert.deepEqual(machine.advance(500), []);
  assert.deepEqual(machine.journal('a'), ['input', 'sleep', '¬sleep 1 void']);
  assert.deepEqual(machine.invocation('a')?.status, { kind: 'paused', failure: BROKEN });
});

test('a retry asks for another attempt of the same epoch and changes nothing', () => {
  const machine = new Machine();
  machine.send('a');
  const before = machine.invocation('a');
  assert.deepEqual(machine.end('a', { kind: 'retry', delayMs: durationMs(70) }), [
    'retry a#1 in 70',
  ]);
  assert.deepEqual(machine.invocation('a'), before);
  assert.equal(machine.begin('a')?.journal.length, 1);
});

test('a stack trace is told and not kept', () => {
  const machine = new Machine();
  machine.send('a');
  const failure = { ...BROKEN, stacktrace: 'Error: broken' };
  const effects = machine.effects({
    kind: 'attemptEnded',
    nowMs: unixMillis(machine.nowMs),
    invocationId: idOf('a'),
    epoch: 1,
    end: { kind: 'fail', failure },
  });
  const told = effects.find((effect) => effect.kind === 'outcomeReached');
  assert.ok(told?.outcome.kind === 'failure');
  assert.deepEqual(told.outcome.failure, failure);
  const status = machine.invocation('a')?.status;
  assert.ok(status?.kind === 'completed' && status.outcome.kind === 'failure');
  assert.deepEqual(status.outcome.failure, BROKEN);
});

test('completion retention 0 removes everything; the id is free again', () => {
  const machine = new Machine();
  machine.call('a', { completionRetentionMs: 0, target: add() });
  machine.propose('a', run(1));
  const number = machine.invocation('a')?.number ?? -1;
  assert.deepEqual(machine.succeed('a', 'x'), ['release a#1', "a ended 'x'"]);
  assert.equal(machine.status('a'), 'absent');
  assert.throws(() => machine.store.readJournal(number, 0, 1));
  assert.deepEqual(machine.apply({ kind: 'attach', requestId: 'q', invocationId: idOf('a') }), [
    'q: notFound',
  ]);
  assert.deepEqual(machine.call('a', { requestId: 'again' }), [
    'start a#1 with 1',
    'again: waits for a',
  ]);
});

test('journal retention 0 keeps only the outcome', () => {
  const machine = new Machine();
  machine.send('a', { journalRetentionMs: 0 });
  machine.propose('a', run(1));
  const number = machine.invocation('a')?.number ?? -1;
  machine.succeed('a', 'x');
  assert.equal(machine.status('a'), "completed 'x'");
  assert.equal(machine.invocation('a')?.journalLength, 0);
  assert.throws(() => machine.store.readJournal(number, 0, 1));
});

test('with both retentions the journal stays as it was', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', run(1));
  machine.succeed('a', 'x');
  assert.deepEqual(machine.journal('a'), ['input', 'run']);
  assert.deepEqual(machine.invocation('a')?.waiters, []);
});

test('nothing more happens to an invocation that has ended', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', sleep(500, 1));
  machine.succeed('a', 'x');
  const before = machine.invocation('a');
  assert.deepEqual(machine.advance(500), []);
  assert.deepEqual(machine.signal('a', signalId(17)), ['s: signalAccepted']);
  assert.deepEqual(machine.end('a', { kind: 'fail', failure: BROKEN }), []);
  assert.deepEqual(machine.invocation('a'), before);
});

test('recovery owes attempts of the invoked, the outbox, and the earliest timer', async () => {
  const machine = new Machine();
  machine.bring('suspended', 'suspended', { target: add('1') });
  machine.bring('paused', 'paused', { target: add('2') });
  machine.bring('completed', 'completed', { target: add('3') });
  machine.bring('scheduled', 'scheduled', { target: add('4') });
  machine.bring('inboxed', 'inboxed', { target: add('5') });
  machine.send('a');
  machine.propose('a', sleep(500, 1));
  const attached = { kind: 'attach', invocationId: idOf('unknown') } as const;
  for (const sequence of [1, 2]) {
    const waiter = { invocationId: idOf('remote'), completionId: sequence, entry: 'call' } as const;
    machine.deliver(sequence, { ...attached, waiter });
  }
  assert.deepEqual(await machine.restart(), [
    'send 1:1 complete remote ¬call 1 404 not found',
    'send 1:2 complete remote ¬call 2 404 not found',
    'due holder#1',
    'due a#1',
    'arm +500',
  ]);
});

test('an empty partition owes nothing', async () => {
  assert.deepEqual(await new Machine().restart(), []);
});

test('after a restart an invocation goes on where it was', async () => {
  const machine = new Machine();
  machine.send('a', { target: add() });
  machine.propose('a', sleep(500, 1));
  machine.suspend('a', [completion(1)], 2);
  await machine.restart();
  assert.deepEqual(machine.advance(500), ['start a#2 with 3']);
  assert.deepEqual(machine.journal('a'), ['input', 'sleep', '¬sleep 1 void']);
  machine.end('a', { kind: 'ended', outcome: success('x') });
  await machine.restart();
  assert.equal(machine.status('a'), "completed 'x'");
});
