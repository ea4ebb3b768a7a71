// The server is killed at random moments under a mixed workload. Clients retry with idempotency keys,
// as the documentation tells them to; at the end every job has its result and every count is exact.
// SEED=<number> repeats a run's choices; the failing seed is printed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpReply } from '../support/http.ts';
import { createRandom, seededRandom, type Random } from '../support/random.ts';
import { Rig } from '../support/rig.ts';
import { assertCompletedStepsNeverRunAgain } from '../support/step-rule.ts';
import { waitFor } from '../support/wait.ts';

const KILLS_COUNT = 20;
const JOBS_IN_FLIGHT_COUNT = 80;
const JOBS_COUNT_MAX = 12_000;
/** Long enough for a server that was killed again and again to work off what it has. */
const PATIENT = { timeoutMs: 180_000, intervalMs: 25 } as const;
const COUNTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;

let rig: Rig;

/** Ids that each counter must have counted, and steps that must have completed. */
const expectedIds = new Map<string, Set<string>>(COUNTERS.map((name) => [name, new Set()]));
const expectedSteps = new Set<string>();

function expectCount(counter: string, id: string): void {
  expectedIds.get(counter)?.add(id);
  expectedSteps.add(`${id}#add`);
}

/** Repeats a request until it is answered: a killed server may have accepted it without saying so. */
async function answered(path: string, body: unknown, key: string | undefined): Promise<HttpReply> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  return waitFor(
    `an answer to ${path}`,
    async () => {
      const reply = await rig.ingress.post(path, body, headers).catch(() => undefined);
      return reply !== undefined && reply.status < 500 ? reply : undefined;
    },
    PATIENT,
  );
}

async function assertAnswer(
  path: string,
  id: string,
  body: object,
  expected: unknown,
): Promise<void> {
  const reply = await answered(path, { id, ...body }, id);
  assert.equal(reply.status, 200, `${path}: ${reply.text()}`);
  assert.deepEqual(reply.json(), expected);
}

type JobKind = (id: string, random: Random) => Promise<void>;

const JOB_KINDS: readonly [JobKind, ...JobKind[]] = [
  async function runThreeSteps(id) {
    for (const n of [1, 2, 3]) expectedSteps.add(`${id}#${n}`);
    await assertAnswer('/Steps/run', id, { count: 3 }, 6);
  },

  async function addToCounter(id, random) {
    const counter = random.pick(COUNTERS);
    expectCount(counter, id);
    const reply = await answered(`/DurableCounter/${counter}/add`, { id }, id);
    assert.equal(reply.status, 200, reply.text());
  },

  async function sendToCounter(id, random) {
    const counter = random.pick(COUNTERS);
    expectCount(counter, id);
    const query = random.next() < 0.5 ? '' : `?delay=${random.integer(1, 500)}ms`;
    const reply = await answered(`/DurableCounter/${counter}/add/send${query}`, { id }, id);
    assert.equal(reply.status, 202, reply.text());
  },

  async function spreadToCounters(id, random) {
    const counters = [random.pick(COUNTERS), random.pick(COUNTERS), random.pick(COUNTERS)];
    expectedSteps.add(`${id}#spread`);
    for (const [n, counter] of counters.entries()) expectCount(counter, `${id}/${n}`);
    await assertAnswer('/Steps/spread', id, { counters }, counters.length);
  },

  async function callThreeDeep(id) {
    for (const name of [
      'top before',
      'middle before',
      'leaf before',
      'middle after',
      'top after',
    ]) {
      expectedSteps.add(`${id}#${name}`);
    }
    await assertAnswer('/TreeTop/run', id, { wait: false }, 'top of middle of leaf');
  },

  async function sleep(id, random) {
    expectedSteps.add(`${id}#before`).add(`${id}#after`);
    await assertAnswer('/Steps/sleep', id, { ms: random.integer(1, 400) }, 'slept long enough');
  },

  async function awaitOtherHandler(id) {
    expectedSteps.add(`${id}#complete`).add(`${id}#after`);
    await assertAnswer('/Steps/awaitOtherHandler', id, {}, `${id} completed`);
  },

  async function approveWorkflow(id) {
    expectedSteps.add(`${id}#before`).add(`${id}#after`);
    const submitted = await answered(`/Approval/${id}/run/send`, undefined, undefined);
    assert.equal(submitted.status, 202, submitted.text());
    const approved = await answered(`/Approval/${id}/approve`, 'speed', id);
    assert.equal(approved.status, 200, approved.text());
    const result = await waitFor(
      `the result of workflow ${id}`,
      () => rig.ingress.get(`/restate/workflow/Approval/${id}/attach`).catch(() => undefined),
      PATIENT,
    );
    assert.equal(result.json(), 'approved with speed');
  },
];

before(async () => {
  rig = await Rig.start({ modules: ['durable'] });
});
after(() => rig.dispose());

test(`${KILLS_COUNT} kills at random moments lose and repeat nothing`, async (t) => {
  const random = seededRandom();
  t.diagnostic(`SEED=${random.seed}`);
  let jobsCount = 0;
  let killing = true;

  async function submitJobs(worker: number): Promise<void> {
    const own = createRandom(random.seed + worker);
    while (killing && jobsCount < JOBS_COUNT_MAX) {
      await own.pick(JOB_KINDS)(`job-${jobsCount++}`, own);
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
    const workers = Array.from({ length: JOBS_IN_FLIGHT_COUNT }, (_, n) => submitJobs(n));
    await Promise.all([killServer(), ...workers]);
    t.diagnostic(`${jobsCount} jobs, ${KILLS_COUNT} kills`);
    for (const [counter, ids] of expectedIds) await assertCounted(counter, ids);
    await waitFor(
      'every step to complete',
      () =>
        [...expectedSteps].every((name) => rig.effects.count(`after ${name}`) > 0)
          ? true
          : undefined,
      PATIENT,
    );
    const completed = assertCompletedStepsNeverRunAgain(rig.effects.lines());
    assert.deepEqual([...completed].toSorted(), [...expectedSteps].toSorted());
  } catch (error) {
    killing = false;
    throw new Error(`failed with SEED=${random.seed}`, { cause: error });
  }
});

/** The counter's state is exactly the distinct requests made of it, each once. */
async function assertCounted(counter: string, ids: ReadonlySet<string>): Promise<void> {
  const counted = await waitFor(
    `${ids.size} ids in counter ${counter}`,
    async () => {
      const found = (await rig.ingress.get(`/DurableCounter/${counter}/ids`)).json();
      assert.ok(Array.isArray(found));
      return found.length >= ids.size ? found.map(String) : undefined;
    },
    PATIENT,
  );
  assert.deepEqual(counted.toSorted(), [...ids].toSorted());
}
