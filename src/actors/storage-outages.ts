// When to try again what could not be stored. Thread: main.

/** Before the first try. Unit: milliseconds. */
const RETRY_MS_MIN = 100;

/** Before any other; each waits twice as long as the one before. Unit: milliseconds. */
const RETRY_MS_MAX = 5_000;

/** A thread that stored things for this long has recovered. Unit: milliseconds. */
const RECOVERED_AFTER_MS = 30_000;

interface Outage {
  readonly triesCount: number;
  /** Since when the thread works again. */
  readonly upSinceMs?: number | undefined;
}

export class StorageOutages {
  readonly #outages = new Map<number, Outage>();

  /** How long to wait before the thread is started again. Unit: milliseconds. */
  failed(thread: number, nowMs: number): number {
    const before = this.#outages.get(thread);
    const hasRecovered =
      before?.upSinceMs !== undefined && nowMs - before.upSinceMs >= RECOVERED_AFTER_MS;
    const triesCount = before === undefined || hasRecovered ? 0 : before.triesCount;
    this.#outages.set(thread, { triesCount: triesCount + 1 });
    return Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** triesCount);
  }

  /** The thread is up. True when it was down because it could store nothing. */
  isUp(thread: number, nowMs: number): boolean {
    const before = this.#outages.get(thread);
    if (before === undefined || before.upSinceMs !== undefined) return false;
    this.#outages.set(thread, { ...before, upSinceMs: nowMs });
    return true;
  }
}
