/** Frames without progress taken at once. A legal peer sends a handful between two answers. */
const FRAMES_MAX = 1000;
/** Frames without progress that a peer may go on sending, for example PINGs of a quiet connection. */
const FRAMES_PER_SECOND = 50;

/**
 * Bounds the frames that cost us work but bring no exchange forward: PING, SETTINGS, empty DATA,
 * PRIORITY, unknown ones. Any progress forgives them all.
 */
export class FloodGuard {
  #allowance = FRAMES_MAX;
  #countedAtMs = 0;

  /** Returns false when the peer sent too many. */
  count(nowMs: number): boolean {
    const earned = ((nowMs - this.#countedAtMs) * FRAMES_PER_SECOND) / 1000;
    this.#allowance = Math.min(FRAMES_MAX, this.#allowance + earned) - 1;
    this.#countedAtMs = nowMs;
    return this.#allowance >= 0;
  }

  forgive(): void {
    this.#allowance = FRAMES_MAX;
  }
}
