import type { Histogram } from '../../actors/domain/histogram.ts';

/** What can be flushed, with and without blocking the thread. */
export interface Flushable {
  flush(): Promise<void>;
  flushNow(): void;
}

/**
 * A flush shorter than this is waited for in place: handing it to another thread and being woken by it
 * costs about as much, and twice the processor time. Unit: milliseconds.
 */
const QUICK_FLUSH_MS = 0.5;

/** Weight of the last flush in the running mean. */
const WEIGHT = 0.1;

/** Flushes handed to another thread before the disk is tried in place again. */
const FLUSHES_ELSEWHERE = 100;

/** Blocks the thread for a flush only while the disk is quick. */
export class FlushPace {
  readonly #flushSeconds: Histogram;
  readonly #now: () => number;
  #meanMs = 0;
  #flushesElsewhere = 0;

  /** `flushSeconds` gets the time of every flush. `now` is a monotonic clock in milliseconds. */
  constructor(flushSeconds: Histogram, now = () => performance.now()) {
    this.#flushSeconds = flushSeconds;
    this.#now = now;
  }

  /** Returns a promise only when the flush is not done yet. */
  flush(target: Flushable): Promise<void> | undefined {
    if (this.#flushesElsewhere > 0) {
      this.#flushesElsewhere -= 1;
      return this.#flushElsewhere(target);
    }
    const startedMs = this.#now();
    target.flushNow();
    const tookMs = this.#now() - startedMs;
    this.#flushSeconds.observe(tookMs / 1000);
    this.#observe(tookMs);
    return undefined;
  }

  async #flushElsewhere(target: Flushable): Promise<void> {
    const startedMs = this.#now();
    await target.flush();
    this.#flushSeconds.observe((this.#now() - startedMs) / 1000);
  }

  #observe(tookMs: number): void {
    this.#meanMs += WEIGHT * (tookMs - this.#meanMs);
    if (this.#meanMs <= QUICK_FLUSH_MS) return;
    this.#flushesElsewhere = FLUSHES_ELSEWHERE;
    this.#meanMs = 0;
  }
}
