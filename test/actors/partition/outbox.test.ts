// Messages between partitions: numbered, applied once and in order, kept until acknowledged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PartitionMessage } from '../../../src/actors/partition/command.ts';
import { oneWayCall, sendSignal } from './entries.ts';
import { ELSEWHERE, Machine, VOID } from './machine.ts';
import { idOf } from './describe.ts';

function signalTo(name: string, index: number): PartitionMessage {
  const invocationId = idOf(name);
  return { kind: 'signal', invocationId, signal: { kind: 'signal', index }, result: VOID };
}

test('a message is applied once, however often it is delivered, and acknowledged each time', () => {
  const machine = new Machine();
  machine.send('a');
  assert.deepEqual(machine.deliver(1, signalTo('a', 17)), [
    'push a#1 ¬signal 17 void',
    'ack delivery 1:1',
  ]);
  assert.deepEqual(machine.deliver(1, signalTo('a', 17)), ['ack delivery 1:1']);
  assert.deepEqual(machine.journal('a'), ['input', '¬signal 17 void']);
});

test('the repetition of an older message is acknowledged up to the newest applied', () => {
  const machine = new Machine();
  machine.deliver(1, signalTo('a', 17));
  machine.deliver(2, signalTo('a', 18));
  assert.deepEqual(machine.deliver(1, signalTo('a', 17)), ['ack delivery 1:2']);
});

test('a message behind a gap is neither applied nor acknowledged', () => {
  const machine = new Machine();
  machine.send('a');
  assert.deepEqual(machine.deliver(2, signalTo('a', 18)), []);
  assert.deepEqual(machine.deliver(1, signalTo('a', 17)), [
    'push a#1 ¬signal 17 void',
    'ack delivery 1:1',
  ]);
  assert.deepEqual(machine.deliver(2, signalTo('a', 18)), [
    'push a#1 ¬signal 18 void',
    'ack delivery 1:2',
  ]);
});

test('what was applied is remembered across a restart', async () => {
  const machine = new Machine();
  machine.send('a');
  machine.deliver(1, signalTo('a', 17));
  await machine.restart();
  assert.deepEqual(machine.deliver(1, signalTo('a', 17)), ['ack delivery 1:1']);
});

test('an acknowledgement deletes up to its number; numbers go on', async () => {
  const machine = new Machine();
  machine.send('a');
  for (const index of [17, 18, 19]) machine.propose('a', sendSignal('remote', index));
  assert.deepEqual(machine.apply({ kind: 'outboxAcked', to: ELSEWHERE, sequence: 2 }), []);
  assert.deepEqual(machine.apply({ kind: 'resendOutbox', to: ELSEWHERE }), [
    'send 1:3 signal remote 19 void',
  ]);
  machine.apply({ kind: 'outboxAcked', to: ELSEWHERE, sequence: 3 });
  assert.deepEqual(await machine.restart(), ['due a#1']);
  assert.deepEqual(machine.propose('a', sendSignal('remote', 20)), [
    'send 1:4 signal remote 20 void',
  ]);
});

test('an acknowledgement that comes twice or late deletes nothing more', () => {
  const machine = new Machine();
  machine.send('a');
  for (const index of [17, 18]) machine.propose('a', sendSignal('remote', index));
  machine.apply({ kind: 'outboxAcked', to: ELSEWHERE, sequence: 1 });
  machine.apply({ kind: 'outboxAcked', to: ELSEWHERE, sequence: 1 });
  assert.deepEqual(machine.apply({ kind: 'resendOutbox', to: ELSEWHERE }), [
    'send 1:2 signal remote 18 void',
  ]);
});

test('resending for another partition sends nothing', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', sendSignal('remote', 17));
  assert.deepEqual(machine.apply({ kind: 'resendOutbox', to: machine.store.partition }), []);
});

test('a message to the own partition is applied within the same command and stored nowhere', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', oneWayCall('b', 1));
  assert.equal(machine.status('b'), 'invoked #1');
  assert.deepEqual([...machine.store.outboxMessages()], []);
});
