// The server's process stands still for a while (SIGSTOP: a paused container, a debugger, a machine that
// sleeps) and then goes on, or is asked to end and started again. Nothing is lost, and no completed step
// runs again.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { MixedJobs } from '../support/mixed-jobs.ts';
import { seededRandom } from '../support/random.ts';
import { Rig } from '../support/rig.ts';
import { assertCompletedStepsNeverRunAgain } from '../support/step-rule.ts';

/** `FREEZE_MS` makes it longer. */
const FROZEN_MS = Number(process.env['FREEZE_MS'] ?? 10_000);
const JOBS_IN_FLIGHT_COUNT = 40;
const GATED_KEY = { 'idempotency-key': 'gated' };

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.start({ modules: ['durable'] });
});
afterEach(() => rig.dispose());

test(`a server that is stopped for ${FROZEN_MS / 1000} s with work in flight goes on where it was`, async (t) => {
  const random = seededRandom();
  t.diagnostic(`SEED=${random.seed}`);
  const jobs = new MixedJobs(rig);
  const submission = jobs.keepSubmitting(JOBS_IN_FLIGHT_COUNT, random.seed);
  const sleeper = rig.ingress.post('/Steps/sleep', { id: 'sleeper', ms: 1000 });
  const gated = rig.ingress.post('/Steps/gated', { id: 'gated' });
  await rig.effects.waitForCount('after gated#1');
  await rig.effects.waitForCount('left sleeper sleep');

  rig.server.signal('SIGSTOP');
  rig.openGate('gated');
  await delay(FROZEN_MS);
  rig.server.signal('SIGCONT');
  assert.equal((await sleeper).json(), 'slept long enough');
  assert.equal((await gated).json(), 'gated done');
  await delay(500);
  t.diagnostic(`${await submission.stop()} jobs`);
  await jobs.assertCounted();
  assertCompletedStepsNeverRunAgain(rig.effects.lines());
});

test('a server that is asked to end with work in flight goes on after its next start', async (t) => {
  const random = seededRandom();
  t.diagnostic(`SEED=${random.seed}`);
  const jobs = new MixedJobs(rig);
  const submission = jobs.keepSubmitting(JOBS_IN_FLIGHT_COUNT, random.seed);
  const gated = { id: 'gated' };
  assert.equal((await rig.ingress.post('/Steps/gated/send', gated, GATED_KEY)).status, 202);
  await rig.effects.waitForCount('after gated#1');

  assert.deepEqual(await rig.server.kill('SIGTERM'), { code: 0, signal: null });
  await rig.server.restart();
  rig.openGate('gated');
  assert.equal((await rig.ingress.post('/Steps/gated', gated, GATED_KEY)).json(), 'gated done');
  t.diagnostic(`${await submission.stop()} jobs`);
  await jobs.assertCounted();
  assertCompletedStepsNeverRunAgain(rig.effects.lines());
});
