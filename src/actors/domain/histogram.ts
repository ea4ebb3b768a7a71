// Distributions as counts between fixed bounds: an observation allocates nothing and costs about 10 ns.

/** What a histogram holds; plain data. */
export interface HistogramCounts {
  /** Upper bounds, inclusive and ascending. */
  readonly bounds: Float64Array;
  /** Observations up to each bound and above the one before; those above the last bound come last. */
  readonly counts: Float64Array;
  /** Of everything observed. */
  readonly sum: number;
}

export class Histogram implements HistogramCounts {
  readonly bounds: Float64Array;
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: Float64Array) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    this.sum += value;
    const index = bucketOf(this.bounds, value);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
  }
}

/** The first bound that is not below the value. */
function bucketOf(bounds: Float64Array, value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= (bounds[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** `count` bounds from `first` on, each `factor` times the one before, rounded to three digits. */
export function exponentialBounds(first: number, factor: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) =>
    Number((first * factor ** index).toPrecision(3)),
  );
}

/** From 50 µs to 26 s. Unit: seconds. */
export const SHORT_DURATION_BOUNDS = exponentialBounds(0.000_05, 2, 20);

/** From 1 ms to 2.3 hours. Unit: seconds. */
export const LONG_DURATION_BOUNDS = exponentialBounds(0.001, 2.5, 18);

/** From 1 to 4096. */
export const COUNT_BOUNDS = exponentialBounds(1, 2, 13);

/** From 256 B to 64 MiB. */
export const BYTES_BOUNDS = exponentialBounds(256, 4, 10);

/** Fine enough that a quantile between two bounds is off by 15 % at most; 20 µs to 53 min. Unit: seconds. */
export const QUANTILE_BOUNDS = exponentialBounds(0.000_02, 1.15, 136);

export function observationsCount({ counts }: HistogramCounts): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}

/** The two together; their bounds are the same. */
export function addHistograms(a: HistogramCounts, b: HistogramCounts): HistogramCounts {
  return {
    bounds: a.bounds,
    counts: a.counts.map((count, index) => count + (b.counts[index] ?? 0)),
    sum: a.sum + b.sum,
  };
}

/** A copy that later observations do not change. */
export function copyHistogram({ bounds, counts, sum }: HistogramCounts): HistogramCounts {
  return { bounds, counts: counts.slice(), sum };
}
