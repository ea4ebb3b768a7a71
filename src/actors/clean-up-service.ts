// Starts a clean-up of a partition now and then, and leads it through. Thread: partition worker.
import { durationMs } from './domain/time.ts';
import type { DurationMs } from './domain/time.ts';

/** The first clean-up comes after this share of the interval, and up to as much again. Source: the reference. */
const FIRST_SHARE = 0.2;

export class CleanUpService {
  readonly #intervalMs: DurationMs;
  readonly #cleanUp: (afterNumber: number) => void;
  #timer: NodeJS.Timeout;

  /** `cleanUp` goes on after an invocation number; whoever hears it calls `proceed` or `rest`. */
  constructor(intervalMs: DurationMs, cleanUp: (afterNumber: number) => void) {
    this.#intervalMs = intervalMs;
    this.#cleanUp = cleanUp;
    this.#timer = this.#startAfter(durationMs(intervalMs * FIRST_SHARE * (1 + Math.random())));
  }

  proceed(afterNumber: number): void {
    this.#cleanUp(afterNumber);
  }

  /** The clean-up is through; the next one comes after the interval. */
  rest(): void {
    this.#timer = this.#startAfter(this.#intervalMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #startAfter(delayMs: DurationMs): NodeJS.Timeout {
    return setTimeout(() => this.#cleanUp(0), delayMs);
  }
}
