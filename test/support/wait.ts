import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Unit: milliseconds. Default: 20 s, far above what either server needs. */
  readonly timeoutMs?: number | undefined;
  /** Unit: milliseconds. Default: 5. */
  readonly intervalMs?: number | undefined;
}

/** Asks `probe` again and again until it answers something other than `undefined`; bounded. */
export async function waitFor<T>(
  description: string,
  probe: () => T | undefined | Promise<T | undefined>,
  { timeoutMs = 20_000, intervalMs = 5 }: WaitOptions = {},
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > deadlineMs) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${description}`);
    }
    await delay(intervalMs);
  }
}
