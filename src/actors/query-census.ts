// Waits for the partition threads that a query needs. Thread: main.
import type { AttemptStatus } from './domain/attempt-status.ts';
import { QueryError } from './domain/query-error.ts';

type Ask = (thread: number, requestId: number) => void;

interface Count {
  /** Threads that have not answered yet. */
  readonly missing: Set<number>;
  readonly statuses: AttemptStatus[];
  readonly ask: Ask;
  readonly resolve: (statuses: readonly AttemptStatus[]) => void;
  readonly reject: (error: QueryError) => void;
}

export class QueryCensus {
  readonly #counts = new Map<number, Count>();
  #requestsCount = 0;

  /** Asks each of the threads; resolves once all have answered. Rejects with `QueryError`. */
  take(threads: readonly number[], ask: Ask): Promise<readonly AttemptStatus[]> {
    if (threads.length === 0) return Promise.resolve([]);
    this.#requestsCount += 1;
    const requestId = this.#requestsCount;
    return new Promise((resolve, reject) => {
      this.#counts.set(requestId, {
        missing: new Set(threads),
        statuses: [],
        ask,
        resolve,
        reject,
      });
      for (const thread of threads) ask(thread, requestId);
    });
  }

  hear(requestId: number, thread: number, statuses: readonly AttemptStatus[]): void {
    const count = this.#counts.get(requestId);
    if (count?.missing.delete(thread) !== true) return;
    for (const status of statuses) count.statuses.push(status);
    if (count.missing.size > 0) return;
    this.#counts.delete(requestId);
    count.resolve(count.statuses);
  }

  /** To be called when a thread is ready: it was not before, or has forgotten what it was asked. */
  askAgain(thread: number): void {
    for (const [requestId, { missing, ask }] of this.#counts) {
      if (missing.has(thread)) ask(thread, requestId);
    }
  }

  /** To be called when nobody knows when the thread will be able to answer. */
  refuse(thread: number, reason: string): void {
    for (const [requestId, { missing, reject }] of this.#counts) {
      if (!missing.has(thread)) continue;
      this.#counts.delete(requestId);
      reject(new QueryError('unavailable', reason));
    }
  }
}
