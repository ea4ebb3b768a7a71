// Quantiles of what was observed lately, from counts that only grow.
import type { HistogramCounts } from '../../actors/domain/histogram.ts';

/** Observations count for one to two of these. Unit: milliseconds. */
const WINDOW_MS = 60_000;

interface Snapshot {
  readonly atMs: number;
  readonly counts: Float64Array;
}

/** Remembers what one distribution was a while ago. */
export class QuantileWindow {
  /** What the window begins after; absent in the first minutes, when everything counts. */
  #base: Snapshot | undefined;
  #next: Snapshot | undefined;

  /** The counts of the window; `nowMs` is of the monotonic clock. */
  slide({ counts }: HistogramCounts, nowMs: number): Float64Array {
    this.#next ??= { atMs: nowMs, counts: counts.slice() };
    if (nowMs - this.#next.atMs >= WINDOW_MS) {
      this.#base = this.#next;
      this.#next = { atMs: nowMs, counts: counts.slice() };
    }
    const before = this.#base?.counts;
    return before === undefined
      ? counts
      : counts.map((count, index) => Math.max(0, count - (before[index] ?? 0)));
  }
}

/** The value below which this share of the observations lies; 0 when there are none. */
export function quantileOf(share: number, counts: Float64Array, bounds: Float64Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  let rest = share * total;
  for (const [index, count] of counts.entries()) {
    if (count === 0 || rest > count) {
      rest -= count;
      continue;
    }
    const low = index === 0 ? 0 : (bounds[index - 1] ?? 0);
    const high = bounds[index];
    return high === undefined ? low : low + (high - low) * (rest / count);
  }
  return bounds.at(-1) ?? 0;
}
