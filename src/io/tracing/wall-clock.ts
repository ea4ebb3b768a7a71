/** Clocks that differ by more have been set. Unit: milliseconds. */
const DRIFT_MS_MAX = 2;

/** Time since the Unix epoch in milliseconds with fractions, which `Date.now()` lacks. */
export function createWallClock(): () => number {
  let offsetMs = performance.timeOrigin;
  return () => {
    const nowMs = Date.now();
    const elapsedMs = performance.now();
    if (Math.abs(offsetMs + elapsedMs - nowMs) > DRIFT_MS_MAX) offsetMs = nowMs - elapsedMs;
    return offsetMs + elapsedMs;
  };
}
