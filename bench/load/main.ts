// Entry of the load generator. Gets its plan as a message from its parent, reports when the measured
// part begins and ends, and ends after the result.
import { Connection, type Answer } from './connection.ts';
import { LatencyRecorder } from './latency-recorder.ts';
import type { LoadPlan, LoadReport, LoadResult } from './plan.ts';
import { requestSource } from './request-source.ts';

const ERRORS_KEPT_MAX = 5;
/** How long requests in flight may take after the last one was sent. Unit: milliseconds. */
const DRAIN_MS = 20_000;

class Load {
  readonly #plan: LoadPlan;
  readonly #nextRequest: () => Buffer | string;
  readonly #recorder = new LatencyRecorder();
  readonly #errors = new Set<string>();
  #errorsCount = 0;
  #sentCount = 0;
  #acceptedCount = 0;
  #measuredCount = 0;
  #isMeasuring = false;
  #isStopping = false;
  #beganAtMs = 0;
  #seconds = 0;
  #cpuBefore = process.cpuUsage();
  #cpuSeconds = 0;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#nextRequest = requestSource(plan);
  }

  async run(): Promise<LoadResult> {
    const drained = this.#openConnections();
    const { extent } = this.#plan;
    if ('requestsCount' in extent) {
      this.#begin();
      await drained;
      this.#end();
    } else {
      await delay(extent.warmSeconds * 1000);
      this.#begin();
      await delay(extent.measuredSeconds * 1000);
      this.#end();
      this.#isStopping = true;
      await Promise.race([drained, delay(DRAIN_MS)]);
    }
    return this.#result();
  }

  #openConnections(): Promise<void> {
    const url = new URL(this.#plan.url);
    let openCount = this.#plan.concurrency;
    return new Promise((resolve) => {
      const owner = {
        next: () => this.#next(),
        answered: (answer: Answer, latencyMs: number) => this.#answered(answer, latencyMs),
        failed: (reason: string) => this.#failed(reason),
        closed: () => {
          if (--openCount === 0) resolve();
        },
      };
      for (let index = 0; index < this.#plan.concurrency; index++) new Connection(url, owner);
    });
  }

  #next(): Buffer | string | undefined {
    const { extent } = this.#plan;
    if (this.#isStopping) return undefined;
    if ('requestsCount' in extent && this.#sentCount >= extent.requestsCount) return undefined;
    this.#sentCount++;
    return this.#nextRequest();
  }

  #answered({ status, bytes }: Answer, latencyMs: number): void {
    if (!status.startsWith('2'))
      return this.#failed(`${status} ${bytes.subarray(-200).toString()}`);
    this.#acceptedCount++;
    if (!this.#isMeasuring) return;
    this.#measuredCount++;
    this.#recorder.add(latencyMs);
  }

  #failed(reason: string): void {
    this.#errorsCount++;
    if (this.#errors.size < ERRORS_KEPT_MAX) this.#errors.add(reason);
  }

  #begin(): void {
    this.#isMeasuring = true;
    this.#cpuBefore = process.cpuUsage();
    this.#beganAtMs = performance.now();
    report({ kind: 'measuring' });
  }

  #end(): void {
    this.#isMeasuring = false;
    this.#seconds = (performance.now() - this.#beganAtMs) / 1000;
    const cpu = process.cpuUsage(this.#cpuBefore);
    this.#cpuSeconds = (cpu.user + cpu.system) / 1e6;
    report({ kind: 'measured' });
  }

  #result(): LoadResult {
    return {
      requestsCount: this.#measuredCount,
      acceptedCount: this.#acceptedCount,
      errorsCount: this.#errorsCount,
      errors: [...this.#errors],
      seconds: this.#seconds,
      perSecond: this.#measuredCount / this.#seconds,
      cpuSeconds: this.#cpuSeconds,
      latencyMs: this.#recorder.latencies(),
    };
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function report(message: LoadReport, sent?: () => void): void {
  process.send?.(message, undefined, undefined, sent);
}

process.once('message', (plan: LoadPlan) => {
  void new Load(plan).run().then((result) => {
    report({ kind: 'result', result }, () => process.exit(0));
  });
});
process.on('disconnect', () => process.exit(0));
