import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer } from '../../../src/actors/domain/awaited-future.ts';
import type { NotificationId } from '../../../src/actors/domain/journal.ts';
import { JournaledAnswers } from '../../../src/actors/domain/journaled-answers.ts';
import type { NotificationResult } from '../../../src/actors/domain/outcome.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';

const FAILED: NotificationResult = { kind: 'failure', failure: { code: 500, message: '' } };

function completion(completionId: number): NotificationId {
  return { kind: 'completion', completionId };
}

function signal(index: number): NotificationId {
  return { kind: 'signal', index };
}

function named(name: string): NotificationId {
  return { kind: 'namedSignal', name };
}

describe('the answers in a journal', () => {
  const answers = new JournaledAnswers();
  const entries: ReadonlyArray<readonly [id: NotificationId, result: NotificationResult]> = [
    [completion(1), { kind: 'void' }],
    [completion(2), FAILED],
    [completion(2), { kind: 'void' }],
    [completion(3), { kind: 'invocationId', invocationId: 'inv_1' }],
    [signal(1), { kind: 'void' }],
    [signal(17), FAILED],
    [named('1'), FAILED],
  ];
  for (const [order, [id, result]] of entries.entries()) {
    const appendedAtMs = unixMillis(0);
    answers.add({ kind: 'notification', type: 0x8000, appendedAtMs, id, result }, order);
  }

  const rows: ReadonlyArray<readonly [what: string, id: NotificationId, answer?: Answer]> = [
    ['a result is a success', completion(1), { state: 'succeeded', order: 0 }],
    ['a failure is one, and the first of two counts', completion(2), { state: 'failed', order: 1 }],
    ['an invocation id is a success', completion(3), { state: 'succeeded', order: 3 }],
    ['an awakeable is what came', signal(17), { state: 'failed', order: 5 }],
    ['a cancellation may be used up', signal(1), { state: 'unclear', order: 4 }],
    ['a named signal may be used up', named('1'), { state: 'unclear', order: 6 }],
    ['another completion is not there', completion(17)],
    ['another signal is not there', signal(2)],
    ['another name is not there', named('17')],
  ];
  for (const [what, id, answer] of rows)
    test(what, () => {
      assert.deepEqual(answers.get(id), answer);
    });
});
