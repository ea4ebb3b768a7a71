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
      assert.equal(decision?.end.kind, behavior);
      assert.equal(decision.end.failure?.code, 418);
      assert.equal(decision.end.failure.message, 'broken');
    }
  });

  test('grows without a bound when no maximum is set', () => {
    const own: RetryPolicy = { ...policy, maxIntervalMs: undefined, maxAttempts: 'unlimited' };
    const all = delays(failTimes(2000, { policy: own, jitter: 0.5 }));
    assert.equal(all[11], 500 * 2 ** 11 * 1.15);
    assert.ok(all.every(Number.isFinite));
  });

  test('caps every delay but the first', () => {
    const own = { ...policy, initialIntervalMs: durationMs(2000), maxIntervalMs: durationMs(100) };
    assert.deepEqual(delays(failTimes(3, { policy: own })), [2003, 103, 103]);
  });

  test('takes any factor', () => {
    const delaysWith = (exponentiationFactor: number, initialIntervalMs = 200) => {
      const own = {
        ...policy,
        exponentiationFactor,
        initialIntervalMs: durationMs(initialIntervalMs),
      };
      return delays(failTimes(4, { policy: own }));
    };
    assert.deepEqual(delaysWith(0.5), [203, 103, 53, 28]);
    assert.deepEqual(delaysWith(0), [203, 3, 3, 3]);
    assert.deepEqual(delaysWith(1e300), [203, 60_003, 60_003, 60_003]);
    assert.deepEqual(delaysWith(1e300, 0), [3, 3, 3, 3]);
  });

  test('never retries at once, even when the interval is 0', () => {
    const own = { ...policy, initialIntervalMs: durationMs(0) };
    assert.deepEqual(delays(failTimes(3, { policy: own, jitter: 1 })), [3, 3, 3]);
  });

  for (const maxAttempts of [0, 1]) {
    test(`ends with the first attempt when it allows ${maxAttempts}`, () => {
      const [decision] = failTimes(1, {
        policy: { ...policy, maxAttempts, onMaxAttempts: 'kill' },
      });
      assert.equal(decision?.end.kind, 'fail');
    });
  }

  test('keeps code, message and stack trace of the failure that ends an invocation', () => {
    const last = { ...failure, code: 415, stacktrace: 'at …', retryAfterMs: undefined };
    const own: RetryPolicy = { ...policy, maxAttempts: 1, onMaxAttempts: 'kill' };
    const [decision] = failTimes(1, { policy: own, failure: last });
    const expected = { code: 415, message: 'broken', stacktrace: 'at …' };
    assert.deepEqual(decision?.end, { kind: 'fail', failure: expected });
  });

  test('goes on growing while attempts make progress', () => {
    assert.deepEqual(delays(failTimes(3, { storedCommand: true })), [503, 1003, 2003]);
  });

  test('asked for a pause uses up no attempt when the deployment names a delay', () => {
    const asked = { ...failure, behavior: 'pause', retryAfterMs: durationMs(1) } as const;
    const [decision] = failTimes(1, { failure: asked });
    assert.deepEqual([decision?.end.kind, decision?.retryState.failedAttemptsCount], ['pause', 0]);
  });

  for (const documentationCode of ['RT0011', 'RT0013', 'RT0015']) {
    test(`does not count ${documentationCode} as a retry that the handler saw`, () => {
      const unseen = { ...failure, documentationCode };
      const [, second] = failTimes(2, { failure: unseen });
      const expected = { failedAttemptsCount: 2, retryCountSinceLastStoredEntry: 0 };
      assert.deepEqual(second?.retryState, expected);
    });
  }

  test('counts retries since the last stored command, one when the failed attempt stored one', () => {
    const counts = (storedCommand: boolean) =>
      failTimes(3, { storedCommand }).map(
        ({ retryState }) => retryState.retryCountSinceLastStoredEntry,
      );
    assert.deepEqual(counts(false), [1, 2, 3]);
    assert.deepEqual(counts(true), [1, 1, 1]);
  });
});
