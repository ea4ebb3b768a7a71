// A deployment that fails one request in ten: resets, refusals, hangs past the abort timeout, streams
// cut in the middle, lost connections. Every invocation completes once, each of its effects happens once.
// CAMPAIGN_INVOCATIONS=<number> sets the size (`npm run campaign:faults`: 10,000); SEED=<number> repeats
// the draws, and is printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignJob } from '../services/campaign.ts';
import { stringField } from '../support/json.ts';
import { outputOf } from '../support/operate.ts';
import { createRandom, seededRandom, type Random } from '../support/random.ts';
import { Rig } from '../support/rig.ts';
import { assertCompletedStepsNeverRunAgain } from '../support/step-rule.ts';
import { waitFor } from '../support/wait.ts';

const INVOCATIONS_COUNT = Number(process.env['CAMPAIGN_INVOCATIONS'] ?? 300);
const IN_FLIGHT_COUNT = 100;
const FAULT_SHARE = 0.1;
/** Few enough that invocations queue for them, short enough that their state stays small. */
const LINES_PER_LEDGER = 30;
const LEDGERS_COUNT = Math.ceil((2 * INVOCATIONS_COUNT) / LINES_PER_LEDGER);
const PATIENT = { timeoutMs: 120_000, intervalMs: 100 } as const;

/** The lines that each ledger must hold in the end. */
class Expectation {
  readonly #lines = new Map<string, string[]>();

  add(ledger: string, line: string): void {
    const lines = this.#lines.get(ledger) ?? [];
    this.#lines.set(ledger, [...lines, line]);
  }

  get ledgers(): ReadonlyMap<string, readonly string[]> {
    return this.#lines;
  }
}

async function invoke(rig: Rig, id: string, random: Random, expected: Expectation): Promise<void> {
  const pickLedger = () => `ledger-${random.integer(1, LEDGERS_COUNT)}`;
  const job: CampaignJob = { id, called: pickLedger(), sent: pickLedger() };
  expected.add(job.called, `${id} called`);
  expected.add(job.sent, `${id} sent`);
  const reply = await rig.ingress
    .request({
      path: '/Campaign/run',
      headers: { 'content-type': 'application/json', 'idempotency-key': id },
      body: JSON.stringify(job),
      timeoutMs: PATIENT.timeoutMs,
    })
    .catch(async (cause: unknown) => {
      throw new Error(await describeStuck(rig, job), { cause });
    });
  assert.equal(reply.status, 200, reply.text());
  assert.equal(reply.json(), `${id}: 1 true answered 2`);
}

/** What is known of an invocation that was not answered. */
async function describeStuck(rig: Rig, job: CampaignJob): Promise<string> {
  const target = { target: 'idempotentInvocation', service: 'Campaign', handler: 'run' };
  const found = await rig.ingress.post('/restate/lookup', { ...target, idempotencyKey: job.id });
  const id = stringField(found.json(), 'invocationId');
  const states = [job.called, job.sent].map(async (ledger) => {
    const reply = rig.ingress.request({ path: `/CampaignLedger/${ledger}/read`, timeoutMs: 5000 });
    return reply.then((state) => `${ledger} ${state.text()}`).catch(String);
  });
  const lines = rig.server.logs.split('\n');
  return [
    `no answer of ${id} for ${JSON.stringify(job)}, its output is ${(await outputOf(rig, id)).status}`,
    ...(await Promise.all(states)),
    ...rig.effects.lines().filter((line) => line.includes(`${job.id}#`)),
    ...rig.effects.lines().filter((line) => line.includes(`${job.id} `)),
    ...lines.filter((line) => line.includes(id)).slice(-20),
    ...lines.filter((line) => /"(ERROR|FATAL)"/.test(line)).slice(-20),
  ].join('\n');
}

async function assertLedger(rig: Rig, name: string, lines: readonly string[]): Promise<void> {
  const read = async () => (await rig.ingress.get(`/CampaignLedger/${name}/read`)).json();
  const found: { lines: string[]; count: number } = await waitFor(
    `${lines.length} lines in ${name}`,
    async () => {
      const state = Object(await read());
      return state.count >= lines.length ? state : undefined;
    },
    PATIENT,
  );
  assert.equal(found.count, lines.length, name);
  assert.deepEqual(found.lines.toSorted(), lines.toSorted(), name);
}

function describeFaults(rig: Rig): string {
  const faults = [...rig.effects.countsStartingWith('fault ')];
  const failed = faults.reduce((sum, [, count]) => sum + count, 0);
  const attempts = failed + rig.effects.count('no fault');
  const kinds = faults.map(([fault, count]) => `${count} ${fault.slice('fault '.length)}`);
  return `${attempts} attempts, ${failed} failures: ${kinds.toSorted().join(', ')}`;
}

test(`${INVOCATIONS_COUNT} invocations of a failing deployment complete once each`, async (t) => {
  const { seed } = seededRandom();
  t.diagnostic(`SEED=${seed}`);
  const rig = await Rig.start({});
  try {
    const faults = { seed, share: FAULT_SHARE };
    await rig.deploy({ modules: ['campaign'], endpoint: { faults } });
    const expected = new Expectation();
    const startMs = performance.now();
    let begun = 0;
    const work = async (worker: number): Promise<void> => {
      const random = createRandom(seed + worker);
      while (begun < INVOCATIONS_COUNT) await invoke(rig, `job-${begun++}`, random, expected);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT_COUNT }, (_, worker) => work(worker)));
    for (const [name, lines] of expected.ledgers) await assertLedger(rig, name, lines);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    t.diagnostic(`${INVOCATIONS_COUNT} invocations in ${seconds} s; ${describeFaults(rig)}`);

    const steps = assertCompletedStepsNeverRunAgain(
      rig.effects.lines().filter((line) => /^(run|after) /.test(line)),
    );
    // Two of its own, one of the answer, one for each line in a ledger.
    assert.equal(steps.size, 5 * INVOCATIONS_COUNT);
  } catch (error) {
    throw new Error(`failed with SEED=${seed}; ${describeFaults(rig)}`, { cause: error });
  } finally {
    await rig.dispose();
  }
});
