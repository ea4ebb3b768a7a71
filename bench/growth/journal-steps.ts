// What a step costs in a short and in a long journal.
import { HttpClient } from '../../test/support/http.ts';
import type { Contestant } from '../compare/contestant.ts';
import { median } from '../measure/statistics.ts';

export interface StepFigures {
  readonly journalLength: number;
  readonly msPerStep: number;
}

const CALL_TIMEOUT_MS = 600_000;

/** One call at a time, of so many `run`s; the lengths take turns. */
export async function measureSteps(
  { server }: Contestant,
  lengths: readonly number[],
  rounds: number,
): Promise<readonly StepFigures[]> {
  const client = new HttpClient(server.ingressUrl);
  const samples = lengths.map((): number[] => []);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [index, length] of lengths.entries()) {
        samples[index]?.push(await timeSteps(client, length));
      }
    }
  } finally {
    client.close();
  }
  return lengths.map((journalLength, index) => ({
    journalLength,
    msPerStep: median(samples[index] ?? []),
  }));
}

async function timeSteps(client: HttpClient, length: number): Promise<number> {
  // A run has two entries, its command and its completion.
  const steps = Math.ceil(length / 2);
  const beganAtMs = performance.now();
  const reply = await client.request({
    path: '/Bench/steps',
    body: String(steps),
    headers: { 'content-type': 'application/json' },
    timeoutMs: CALL_TIMEOUT_MS,
  });
  if (reply.status !== 200) throw new Error(`${steps} steps: ${reply.status} ${reply.text()}`);
  return (performance.now() - beganAtMs) / steps;
}
