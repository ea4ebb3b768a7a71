import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueryCensus } from '../../src/actors/query-census.ts';
import type { AttemptStatus } from '../../src/actors/domain/attempt-status.ts';
import { formatInvocationId } from '../../src/actors/domain/ids.ts';
import { unixMillis } from '../../src/actors/domain/time.ts';
import { FailedAttempts } from '../../src/actors/failed-attempts.ts';

function statusOf(n: number): AttemptStatus {
  return {
    invocationId: formatInvocationId(BigInt(n), 0n),
    isInFlight: true,
    attemptsCount: 1,
    lastStartAtMs: unixMillis(n),
  };
}

/** Asks these threads, and notes who was asked. */
function createCount(...threads: readonly number[]) {
  const census = new QueryCensus();
  const asked: Array<readonly [thread: number, requestId: number]> = [];
  const take = () => census.take(threads, (thread, requestId) => asked.push([thread, requestId]));
  return { census, asked, take };
}

test('what all threads know is put together', async () => {
  const { census, asked, take } = createCount(0, 1);
  const result = take();
  assert.deepEqual(asked, [
    [0, 1],
    [1, 1],
  ]);
  census.hear(1, 1, [statusOf(3)]);
  census.hear(1, 0, [statusOf(1), statusOf(2)]);
  assert.deepEqual(await result, [statusOf(3), statusOf(1), statusOf(2)]);
});

test('a thread that was lost is asked again, and what it said before counts', async () => {
  const { census, asked, take } = createCount(0, 1);
  const result = take();
  census.hear(1, 0, [statusOf(1)]);
  census.askAgain(0);
  census.askAgain(1);
  assert.deepEqual(asked, [
    [0, 1],
    [1, 1],
    [1, 1],
  ]);
  census.hear(1, 1, [statusOf(2)]);
  assert.deepEqual(await result, [statusOf(1), statusOf(2)]);
});

test('without threads there is nothing to wait for', async () => {
  assert.deepEqual(await createCount().take(), []);
});

test('a second answer of a thread belongs to nobody', async () => {
  const { census, take } = createCount(0);
  const first = take();
  census.hear(1, 0, []);
  census.hear(1, 0, [statusOf(1)]);
  assert.deepEqual(await first, []);
  const second = take();
  census.hear(2, 0, [statusOf(2)]);
  assert.deepEqual(await second, [statusOf(2)]);
});

test('failed attempts are counted until the invocation is forgotten', () => {
  const failed = new FailedAttempts();
  const { invocationId } = statusOf(1);
  for (const n of [1, 2]) {
    const lastError = { code: 500, message: `failure ${n}` };
    failed.add(invocationId, { startedAtMs: unixMillis(n), lastError });
  }
  assert.equal(failed.of(invocationId)?.attemptsCount, 2);
  assert.equal(failed.of(invocationId)?.lastError?.message, 'failure 2');
  failed.forget(invocationId);
  assert.deepEqual([...failed.all()], []);
});
