// The server is killed at random moments under a mixed workload. Clients retry with idempotency keys,
// as the documentation tells them to; at the end every job has its result and every count is exact.
// SEED=<number> repeats a run's choices; the failing seed is printed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { MixedJobs, PATIENT } from '../support/mixed-jobs.ts';
import { seededRandom } from '../support/random.ts';
import { Rig } from '../support/rig.ts';
import { assertCompletedStepsNeverRunAgain } from '../support/step-rule.ts';
import { waitFor } from '../support/wait.ts';

const KILLS_COUNT = 20;
const JOBS_IN_FLIGHT_COUNT = 80;
const JOBS_COUNT_MAX = 12_000;

let rig: Rig;
before(async () => {
  rig = await Rig.start({ modules: ['durable'] });
});
after(() => rig.dispose());

test(`${KILLS_COUNT} kills at random moments lose and repeat nothing`, async (t) => {
  const random = seededRandom();
  t.diagnostic(`SEED=${random.seed}`);
  const jobs = new MixedJobs(rig);
  let jobsCount = 0;
  let killing = true;

  async function submitJobs(): Promise<void> {
    while (killing && jobsCount < JOBS_COUNT_MAX) {
      await jobs.run(jobsCount++, random.seed);
    }
  }

  async function killServer(): Promise<void> {
    for (let n = 0; n < KILLS_COUNT; n++) {
      await delay(random.integer(50, 1000));
      await rig.crash();
    }
    killing = false;
  }

  try {
    const workers = Array.from({ length: JOBS_IN_FLIGHT_COUNT }, () => submitJobs());
    await Promise.all([killServer(), ...workers]);
    t.diagnostic(`${jobsCount} jobs, ${KILLS_COUNT} kills`);
    await jobs.assertCounted();
    await waitFor(
      'every step to complete',
      () =>
        [...jobs.expectedSteps].every((name) => rig.effects.count(`after ${name}`) > 0)
          ? true
          : undefined,
      PATIENT,
    );
    const completed = assertCompletedStepsNeverRunAgain(rig.effects.lines());
    assert.deepEqual([...completed].toSorted(), [...jobs.expectedSteps].toSorted());
  } catch (error) {
    killing = false;
    throw new Error(`failed with SEED=${random.seed}`, { cause: error });
  }
});
