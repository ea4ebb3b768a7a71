import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attemptFailure } from '../../../src/actors/attempt/failure.ts';
import type { AttemptFailure } from '../../../src/actors/attempt/failure.ts';
import { decideRetry, NO_RETRIES } from '../../../src/actors/attempt/retry-policy.ts';
import type { RetryDecision, RetryState } from '../../../src/actors/attempt/retry-policy.ts';
import { HANDLER_DEFAULTS } from '../../../src/actors/domain/limits.ts';
import type { RetryPolicy } from '../../../src/actors/domain/schema.ts';
import { durationMs } from '../../../src/actors/domain/time.ts';

const policy = HANDLER_DEFAULTS.retryPolicy;
const failure = attemptFailure('RT0007', 'broken');

function failTimes(
  count: number,
  {
    policy: own = policy,
    failure: cause = failure,
    jitter = 0,
    storedCommand = false,
  }: Partial<{
    policy: RetryPolicy;
    failure: AttemptFailure;
    jitter: number;
    storedCommand: boolean;
  }> = {},
): RetryDecision[] {
  const decisions: RetryDecision[] = [];
  let state: RetryState = NO_RETRIES;
  for (let time = 0; time < count; time += 1) {
    const decision = decideRetry(state, own, cause, { storedCommand, jitter });
    decisions.push(decision);
    state = decision.retryState;
  }
  return decisions;
}

function delays(decisions: readonly RetryDecision[]): number[] {
  return decisions.map(({ end }) => (end.kind === 'retry' ? end.delayMs : Number.NaN));
}

describe('the retry policy', () => {
  test('doubles the delay up to the maximum, plus the least jitter', () => {
    const expected = [503, 1003, 2003, 4003, 8003, 16_003, 32_003, 60_003, 60_003];
    assert.deepEqual(delays(failTimes(9)), expected);
  });

  test('adds up to 30 % of jitter, on top of the maximum too', () => {
    const [first, , , , , , , eighth] = delays(failTimes(8, { jitter: 1 }));
    assert.deepEqual([first, eighth], [650, 78_000]);
  });

  for (const [onMaxAttempts, kind] of [
    ['pause', 'pause'],
    ['kill', 'fail'],
  ] as const) {
    test(`ends with ${kind} after as many attempts as it allows, the first included`, () => {
      const own = { ...policy, maxAttempts: 3, onMaxAttempts };
      const ends = failTimes(3, { policy: own }).map(({ end }) => end.kind);
      assert.deepEqual(ends, ['retry', 'retry', kind]);
    });
  }

  test('never ends when attempts are unlimited', () => {
    const own: RetryPolicy = { ...policy, maxAttempts: 'unlimited' };
    assert.ok(failTimes(500, { policy: own }).every(({ end }) => end.kind === 'retry'));
  });

  test('waits exactly as long as the deployment asks, without using up attempts', () => {
    const asked = { ...failure, retryAfterMs: durationMs(700) };
    const own = { ...policy, maxAttempts: 2 };
    const decisions = failTimes(10, { policy: own, failure: asked, jitter: 1 });
    assert.deepEqual(new Set(delays(decisions)), new Set([700]));
  });

  test('yields to a deployment that asks for a pause or a failure', () => {
    for (const behavior of ['pause', 'fail'] as const) {
      const [decision] = failTimes(1, { failure: { ...failure, code: 418, behavior } });
      assert.deepEqual(decision?.end, {
        kind: behavior,
        failure: { code: 418, message: 'broken', stacktrace: undefined },
      });
    }
  });

  test('counts retries since the last stored command, one when the failed attempt stored one', () => {
    const counts = (storedCommand: boolean) =>
      failTimes(3, { storedCommand }).map(
        ({ retryState }) => retryState.retryCountSinceLastStoredEntry,
      );
    assert.deepEqual(counts(false), [1, 2, 3]);
    assert.deepEqual(counts(true), [1, 1, 1]);
  });
});
