import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { unixMillis } from '../../src/actors/domain/time.ts';
import { TimerService } from '../../src/actors/timer-service.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

function createRig(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let nowMs = 1000;
  const firedAtMs: number[] = [];
  const timers = new TimerService(
    () => unixMillis(nowMs),
    () => firedAtMs.push(nowMs),
  );
  const pass = (ms: number): void => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };
  return { firedAtMs, pass, timers, arm: (dueMs: number) => timers.arm(unixMillis(dueMs)) };
}

test('fires when the timer is due, once', (t) => {
  const { arm, pass, firedAtMs } = createRig(t);
  arm(1500);
  pass(499);
  assert.deepEqual(firedAtMs, []);
  pass(1);
  assert.deepEqual(firedAtMs, [1500]);
  pass(DAY_MS);
  assert.deepEqual(firedAtMs, [1500]);
});

test('an earlier timer replaces the armed one, a later one does not', (t) => {
  const { arm, pass, firedAtMs } = createRig(t);
  for (const dueMs of [1500, 1900, 1200, 1200]) arm(dueMs);
  pass(200);
  assert.deepEqual(firedAtMs, [1200]);
  pass(DAY_MS);
  assert.deepEqual(firedAtMs, [1200]);
});

test('having fired, it can be armed for any time', (t) => {
  const { arm, pass, firedAtMs } = createRig(t);
  arm(1500);
  pass(500);
  arm(1600);
  pass(100);
  assert.deepEqual(firedAtMs, [1500, 1600]);
});

test('an overdue timer fires in the next turn, not at once', (t) => {
  const { arm, pass, firedAtMs } = createRig(t);
  arm(10);
  assert.deepEqual(firedAtMs, []);
  pass(1);
  assert.deepEqual(firedAtMs, [1001]);
});

test('a timer beyond the reach of setTimeout is looked at again after a day', (t) => {
  const { arm, pass, firedAtMs } = createRig(t);
  arm(1000 + 100 * DAY_MS);
  pass(DAY_MS - 1);
  assert.deepEqual(firedAtMs, []);
  pass(1);
  assert.deepEqual(firedAtMs, [1000 + DAY_MS]);
});

test('a closed service fires nothing', (t) => {
  const { arm, pass, firedAtMs, timers } = createRig(t);
  arm(1500);
  timers.close();
  pass(DAY_MS);
  assert.deepEqual(firedAtMs, []);
});
