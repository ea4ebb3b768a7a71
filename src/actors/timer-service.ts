// Arms one timer for the earliest durable timer of a partition. Thread: partition worker.
import type { UnixMillis } from './domain/time.ts';

/** Longest delay armed at once; a later timer is looked at again then. Unit: milliseconds. */
const ARM_MS_MAX = 24 * 60 * 60 * 1000;

export class TimerService {
  readonly #now: () => UnixMillis;
  readonly #fire: () => void;
  #dueMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `fire` is called when a timer may be due; whoever hears it arms the next one. */
  constructor(now: () => UnixMillis, fire: () => void) {
    this.#now = now;
    this.#fire = fire;
  }

  /** Makes sure that `fire` is called at `dueMs` or before. */
  arm(dueMs: UnixMillis): void {
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    clearTimeout(this.#timer);
    const delayMs = Math.min(ARM_MS_MAX, Math.max(0, dueMs - this.#now()));
    this.#timer = setTimeout(() => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#fire();
    }, delayMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
