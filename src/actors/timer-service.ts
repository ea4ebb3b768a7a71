// Arms one timer for the earliest durable timer of a partition. Thread: partition worker.
import type { UnixMillis } from './domain/time.ts';

/** Longest delay armed at once; a later timer is looked at again then. Unit: milliseconds. */
const ARM_MS_MAX = 24 * 60 * 60 * 1000;

export class TimerService {
  readonly #now: () => UnixMillis;
  readonly #fire: () => void;
  #dueMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isHeld: boolean;

  /**
   * `fire` is called when a timer may be due; whoever hears it arms the next one. With `isHeld` it is
   * not called before `startFiring`.
   */
  constructor(now: () => UnixMillis, fire: () => void, isHeld = false) {
    this.#now = now;
    this.#fire = fire;
    this.#isHeld = isHeld;
  }

  /** Makes sure that `fire` is called at `dueMs` or before. */
  arm(dueMs: UnixMillis): void {
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    if (!this.#isHeld) this.#setTimer();
  }

  startFiring(): void {
    this.#isHeld = false;
    if (this.#dueMs < Number.POSITIVE_INFINITY) this.#setTimer();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const delayMs = Math.min(ARM_MS_MAX, Math.max(0, this.#dueMs - this.#now()));
    this.#timer = setTimeout(() => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#fire();
    }, delayMs);
  }
}
