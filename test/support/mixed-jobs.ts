// A mixed workload of services that are interrupted (`test/services/durable.ts`): jobs whose results are
// known, and counters that say which requests they counted. The number of a job and the seed make it the
// same job however often it is submitted.
import assert from 'node:assert/strict';
import type { HttpReply } from './http.ts';
import { createRandom, type Random } from './random.ts';
import type { Rig } from './rig.ts';
import { waitFor } from './wait.ts';

/** Long enough for a server that was killed again and again to work off what it has. */
export const PATIENT = { timeoutMs: 180_000, intervalMs: 25 } as const;
const COUNTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;

export interface Submission {
  /** Waits for the jobs in flight, and gives the number of all. */
  stop(): Promise<number>;
}

export class MixedJobs {
  /** Steps that must have completed when every job has its result. */
  readonly expectedSteps = new Set<string>();
  readonly #rig: Rig;
  /** Ids that each counter must have counted. */
  readonly #expectedIds = new Map<string, Set<string>>(COUNTERS.map((name) => [name, new Set()]));

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** Keeps so many jobs in flight until it is told to stop. */
  keepSubmitting(inFlightCount: number, seed: number): Submission {
    let isSubmitting = true;
    let jobsCount = 0;
    const submit = async (): Promise<void> => {
      while (isSubmitting) await this.run(jobsCount++, seed);
    };
    const workers = Promise.all(Array.from({ length: inFlightCount }, submit));
    return {
      stop: async () => {
        isSubmitting = false;
        await workers;
        return jobsCount;
      },
    };
  }

  /** Submits a job, again and again until it is answered, and checks its result. */
  run(job: number, seed: number): Promise<void> {
    const id = `job-${job}`;
    const random = createRandom(seed + job);
    const kinds = [
      () => this.#runThreeSteps(id),
      () => this.#addToCounter(id, random),
      () => this.#sendToCounter(id, random),
      () => this.#spreadToCounters(id, random),
      () => this.#callThreeDeep(id),
      () => this.#sleep(id, random),
      () => this.#awaitOtherHandler(id),
      () => this.#approveWorkflow(id),
    ] as const;
    return random.pick(kinds)();
  }

  /** The counters' state is exactly the distinct requests made of them, each once. */
  async assertCounted(): Promise<void> {
    for (const [counter, ids] of this.#expectedIds) await this.#assertCounted(counter, ids);
  }

  async #assertCounted(counter: string, ids: ReadonlySet<string>): Promise<void> {
    const counted = await waitFor(
      `${ids.size} ids in counter ${counter}`,
      async () => {
        const found = (await this.#rig.ingress.get(`/DurableCounter/${counter}/ids`)).json();
        assert.ok(Array.isArray(found));
        return found.length >= ids.size ? found.map(String) : undefined;
      },
      PATIENT,
    );
    assert.deepEqual(counted.toSorted(), [...ids].toSorted());
  }

  #expectCount(counter: string, id: string): void {
    this.#expectedIds.get(counter)?.add(id);
    this.expectedSteps.add(`${id}#add`);
  }

  #expectSteps(id: string, ...names: readonly string[]): void {
    for (const name of names) this.expectedSteps.add(`${id}#${name}`);
  }

  #answered(path: string, body: unknown, key: string | undefined): Promise<HttpReply> {
    const headers = key === undefined ? {} : { 'idempotency-key': key };
    return this.#repeated(path, () => this.#rig.ingress.post(path, body, headers));
  }

  /** Repeats a request until it is answered: a killed server may have accepted it without saying so. */
  #repeated(path: string, request: () => Promise<HttpReply>): Promise<HttpReply> {
    return waitFor(
      `an answer to ${path}`,
      async () => {
        const reply = await request().catch(() => undefined);
        return reply !== undefined && reply.status < 500 ? reply : undefined;
      },
      PATIENT,
    );
  }

  async #assertAnswer(path: string, id: string, body: object, expected: unknown): Promise<void> {
    const reply = await this.#answered(path, { id, ...body }, id);
    assert.equal(reply.status, 200, `${path}: ${reply.text()}`);
    assert.deepEqual(reply.json(), expected);
  }

  async #runThreeSteps(id: string): Promise<void> {
    this.#expectSteps(id, '1', '2', '3');
    await this.#assertAnswer('/Steps/run', id, { count: 3 }, 6);
  }

  async #addToCounter(id: string, random: Random): Promise<void> {
    const counter = random.pick(COUNTERS);
    this.#expectCount(counter, id);
    const reply = await this.#answered(`/DurableCounter/${counter}/add`, { id }, id);
    assert.equal(reply.status, 200, reply.text());
  }

  async #sendToCounter(id: string, random: Random): Promise<void> {
    const counter = random.pick(COUNTERS);
    this.#expectCount(counter, id);
    const query = random.next() < 0.5 ? '' : `?delay=${random.integer(1, 500)}ms`;
    const reply = await this.#answered(`/DurableCounter/${counter}/add/send${query}`, { id }, id);
    assert.equal(reply.status, 202, reply.text());
  }

  async #spreadToCounters(id: string, random: Random): Promise<void> {
    const counters = [random.pick(COUNTERS), random.pick(COUNTERS), random.pick(COUNTERS)];
    this.#expectSteps(id, 'spread');
    for (const [n, counter] of counters.entries()) this.#expectCount(counter, `${id}/${n}`);
    await this.#assertAnswer('/Steps/spread', id, { counters }, counters.length);
  }

  async #callThreeDeep(id: string): Promise<void> {
    this.#expectSteps(
      id,
      ...['top before', 'middle before', 'leaf before', 'middle after', 'top after'],
    );
    await this.#assertAnswer('/TreeTop/run', id, { wait: false }, 'top of middle of leaf');
  }

  async #sleep(id: string, random: Random): Promise<void> {
    this.#expectSteps(id, 'before', 'after');
    await this.#assertAnswer(
      '/Steps/sleep',
      id,
      { ms: random.integer(1, 400) },
      'slept long enough',
    );
  }

  async #awaitOtherHandler(id: string): Promise<void> {
    this.#expectSteps(id, 'complete', 'after');
    await this.#assertAnswer('/Steps/awaitOtherHandler', id, {}, `${id} completed`);
  }

  async #approveWorkflow(id: string): Promise<void> {
    this.#expectSteps(id, 'before', 'after');
    const submitted = await this.#answered(`/Approval/${id}/run/send`, undefined, undefined);
    assert.equal(submitted.status, 202, submitted.text());
    const approved = await this.#answered(`/Approval/${id}/approve`, 'speed', id);
    assert.equal(approved.status, 200, approved.text());
    const attach = `/restate/workflow/Approval/${id}/attach`;
    const result = await this.#repeated(attach, () => this.#rig.ingress.get(attach));
    assert.equal(result.json(), 'approved with speed');
  }
}
