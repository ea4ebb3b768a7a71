import type { Latencies } from './plan.ts';

/** First capacity; doubled when full. */
const CAPACITY = 65_536;

/** Keeps every latency, so that percentiles are exact. */
export class LatencyRecorder {
  #values = new Float64Array(CAPACITY);
  #count = 0;

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(2 * this.#count);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = ms;
  }

  latencies(): Latencies {
    const sorted = this.#values.subarray(0, this.#count).toSorted();
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
  }
}
