// What is kept for operators about failed attempts and pauses.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { awaitAny } from '../../../src/actors/domain/awaited-future.ts';
import type { AttemptError, JournalEvent } from '../../../src/actors/domain/journal-event.ts';
import { durationMs } from '../../../src/actors/domain/time.ts';
import { sleep } from './entries.ts';
import { add, completion, Machine } from './machine.ts';

const BROKEN: AttemptError = { code: 500, message: 'broken', documentationCode: 'RT0007' };

function eventsOf(machine: Machine, name: string): JournalEvent[] {
  const { number, eventsCount = 0 } = machine.invocation(name) ?? assert.fail(`${name} exists`);
  return Array.from({ length: eventsCount }, (_, index) => {
    return machine.store.getEvent(number, index) ?? assert.fail(`event ${index} exists`);
  });
}

function describeEvents(machine: Machine, name: string): string[] {
  return eventsOf(machine, name).map((event) => {
    return `${event.kind} ${whatIn(event)} after ${event.afterEntryIndex}`;
  });
}

function whatIn(event: JournalEvent): string {
  switch (event.kind) {
    case 'transientError':
      return event.error.message;
    case 'paused':
      return event.lastError?.message ?? '-';
    case 'suspended':
      return `on ${event.awaiting.length - 1}`;
  }
}

function failAttempt(machine: Machine, name: string, failure: AttemptError): void {
  machine.end(name, { kind: 'retry', delayMs: durationMs(10), failure });
  machine.begin(name);
}

describe('a failed attempt leaves a transient error', () => {
  const others: ReadonlyArray<readonly [what: string, error: AttemptError, count: number]> = [
    ['same error', { ...BROKEN, stacktrace: 'elsewhere' }, 1],
    ['other code', { ...BROKEN, code: 571 }, 2],
    ['other message', { ...BROKEN, message: 'torn' }, 2],
    ['other command', { ...BROKEN, relatedCommand: { index: 1 } }, 2],
  ];
  for (const [what, error, count] of others) {
    test(`and the ${what} after it makes ${count}`, () => {
      const machine = new Machine();
      machine.send('a');
      for (const each of [BROKEN, error]) failAttempt(machine, 'a', each);
      assert.equal(eventsOf(machine, 'a').length, count);
    });
  }

  test('also when the same one came before another', () => {
    const machine = new Machine();
    machine.send('a');
    for (const message of ['x', 'y', 'x']) failAttempt(machine, 'a', { ...BROKEN, message });
    assert.deepEqual(describeEvents(machine, 'a'), [
      'transientError x after 0',
      'transientError y after 0',
      'transientError x after 0',
    ]);
  });
});

describe('a pause leaves an event', () => {
  test('with the error that caused it', () => {
    const machine = new Machine();
    machine.send('a');
    machine.end('a', { kind: 'pause', failure: BROKEN });
    assert.deepEqual(describeEvents(machine, 'a'), ['paused broken after 0']);
  });

  test('with the last error when an operator pauses between two attempts', () => {
    const machine = new Machine();
    machine.send('a');
    machine.end('a', { kind: 'retry', delayMs: durationMs(10), failure: BROKEN });
    machine.operate('a', { kind: 'pause' });
    machine.begin('a');
    assert.deepEqual(describeEvents(machine, 'a'), [
      'transientError broken after 0',
      'paused broken after 0',
    ]);
  });

  test('without an error when nothing has failed', () => {
    const machine = new Machine();
    machine.send('a');
    machine.operate('a', { kind: 'pause' });
    machine.begin('a');
    assert.deepEqual(describeEvents(machine, 'a'), ['paused - after 0']);
  });
});

describe('a suspension', () => {
  const cases: ReadonlyArray<readonly [leavesEvent: boolean, events: readonly string[]]> = [
    [false, []],
    [true, ['suspended on 1 after 1', 'suspended on 2 after 2']],
  ];
  for (const [leavesEvent, expected] of cases) {
    test(`leaves ${leavesEvent ? 'an' : 'no'} event, as its attempt asks`, () => {
      const machine = new Machine();
      const suspend = (replayedLength: number, ...ids: readonly number[]) => {
        const awaiting = awaitAny(ids.map(completion));
        machine.end('a', { kind: 'suspended', awaiting, replayedLength, leavesEvent });
      };
      machine.send('a');
      machine.propose('a', sleep(1000, 1));
      suspend(2, 1);
      machine.advance(1000);
      suspend(3, 2, 3);
      assert.deepEqual(describeEvents(machine, 'a'), expected);
    });
  }
});

test('events go away with the journal', () => {
  for (const operation of ['purgeJournal', 'purge'] as const) {
    const machine = new Machine();
    machine.send('a');
    failAttempt(machine, 'a', BROKEN);
    machine.succeed('a', 'done');
    const { number } = machine.invocation('a') ?? assert.fail('the invocation is kept');
    assert.equal(eventsOf(machine, 'a').length, 1);
    machine.operate('a', { kind: operation });
    assert.equal(machine.store.getEvent(number, 0), undefined);
    assert.equal(machine.invocation('a')?.eventsCount, undefined);
  }
});

test('an invocation knows when it was scheduled, when it had to wait and when it first ran', () => {
  const machine = new Machine();
  const start = machine.nowMs;
  machine.send('holder', { target: add() });
  machine.send('a', { target: add(), delayMs: 1000 });
  machine.advance(1000);
  machine.nowMs += 500;
  machine.succeed('holder', 'done');
  const { scheduled, inboxedAtMs, runningAtMs } = machine.invocation('a') ?? assert.fail();
  assert.deepEqual(scheduled, { atMs: start, startAtMs: start + 1000 });
  assert.deepEqual([inboxedAtMs, runningAtMs], [start + 1000, start + 1500]);
});
