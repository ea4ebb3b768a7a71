// A deployment that fails one request in ten: resets, refusals, hangs past the abort timeout, streams
// cut in the middle, lost connections. Every invocation completes once, each of its effects happens once.
// CAMPAIGN_INVOCATIONS=<number> sets the size (`npm run campaign:faults`: 10,000); SEED=<number> repeats
// the draws, and is printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  const job = { id, called: pickLedger(), sent: pickLedger() };
  expected.add(job.called, `${id} called`);
  expected.add(job.sent, `${id} sent`);
  const reply = await rig.ingress.request({
    path: '/Campaign/run',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(job),
    timeoutMs: PATIENT.timeoutMs,
  });
  assert.equal(reply.status, 200, reply.text());
  assert.equal(reply.json(), `${id}: 1 true answered 2`);
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
