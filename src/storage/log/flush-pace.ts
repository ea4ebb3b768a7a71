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
  #meanMs = 0;
  #flushesElsewhere = 0;

  /** Returns a promise only when the flush is not done yet. */
  flush(target: Flushable): Promise<void> | undefined {
    if (this.#flushesElsewhere > 0) {
      this.#flushesElsewhere -= 1;
      return target.flush();
    }
    const startedMs = performance.now();
    target.flushNow();
    this.#observe(performance.now() - startedMs);
    return undefined;
  }

  #observe(tookMs: number): void {
    this.#meanMs += WEIGHT * (tookMs - this.#meanMs);
    if (this.#meanMs <= QUICK_FLUSH_MS) return;
    this.#flushesElsewhere = FLUSHES_ELSEWHERE;
    this.#meanMs = 0;
  }
}
