// Does a server flush before it acknowledges? Every flush is made slow; a server that waits for it
// answers later than that.
import { HttpClient } from '../../test/support/http.ts';
import { straceRefusal, withSlowFlushes } from '../measure/strace.ts';
import type { Contestant } from './contestant.ts';

export interface DurabilityFigures {
  readonly verdict: 'flushes before acknowledging' | 'ACKNOWLEDGES BEFORE FLUSHING' | 'not checked';
  /** Answer to a send, and to a call, with slow flushes. Unit: milliseconds. */
  readonly sendMs?: number | undefined;
  readonly callMs?: number | undefined;
  /** Why it was not checked. */
  readonly reason?: string | undefined;
}

/** How long every flush takes. Unit: milliseconds. */
export const SLOW_FLUSH_MS = 200;

export async function checkDurability({ server }: Contestant): Promise<DurabilityFigures> {
  const reason = straceRefusal();
  if (reason !== undefined) return { verdict: 'not checked', reason };
  const client = new HttpClient(server.ingressUrl);
  try {
    await timeOf(client, '/Bench/empty');
    const [sendMs, callMs] = await withSlowFlushes(server.pid, SLOW_FLUSH_MS, async () => {
      const send = await timeOf(client, '/Bench/empty/send');
      return [send, await timeOf(client, '/Bench/empty')] as const;
    });
    const verdict =
      Math.min(sendMs, callMs) >= SLOW_FLUSH_MS
        ? 'flushes before acknowledging'
        : 'ACKNOWLEDGES BEFORE FLUSHING';
    return { verdict, sendMs, callMs };
  } finally {
    client.close();
  }
}

/** Unit: milliseconds. */
async function timeOf(client: HttpClient, path: string): Promise<number> {
  const beganAtMs = performance.now();
  const reply = await client.post(path);
  if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${reply.text()}`);
  return performance.now() - beganAtMs;
}
