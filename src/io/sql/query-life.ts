// From the first look at a statement to its last row: what ends it, and what is let go of then.
import { QueryError } from '../../actors/domain/query-error.ts';
import { queryFailure } from './query-failure.ts';

export interface QueryLifeOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that pass, from any beginning. */
  readonly clock: () => number;
}

export class QueryLife {
  readonly #deadlineMs: number;
  readonly #clock: () => number;
  readonly #timeoutMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #cleanups: Array<() => void> = [];
  #failure: QueryError | undefined;
  #interrupt: (() => void) | undefined;
  /** Parts of the work that are under way, one within the other. */
  #depth = 0;
  #isOver = false;

  constructor({ timeoutMs, signal, clock }: QueryLifeOptions) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#deadlineMs = clock() + timeoutMs;
    this.#timer = setTimeout(() => this.#abort(this.#timeout()), timeoutMs);
    const cancel = () => this.#abort(new QueryError('cancelled', 'the query was cancelled'));
    signal?.addEventListener('abort', cancel);
    this.atEnd(() => signal?.removeEventListener('abort', cancel));
    if (signal?.aborted === true) cancel();
  }

  /** `interrupt` stops work that is under way. */
  interruptWith(interrupt: () => void): void {
    this.#interrupt = interrupt;
  }

  /** Called once, when the query is over. */
  atEnd(cleanup: () => void): void {
    if (this.#isOver) cleanup();
    else this.#cleanups.push(cleanup);
  }

  /** Throws when the query may not go on. For work that nothing else can stop. */
  checkDeadline(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#clock() > this.#deadlineMs) throw this.#timeout();
  }

  /** Does a part of the query's work, unless it is over. A failure ends the query. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#depth += 1;
    try {
      this.checkDeadline();
      const result = await work();
      this.checkDeadline();
      return result;
    } catch (error) {
      this.#failure ??= queryFailure(error);
      if (this.#depth === 1) this.end();
      throw this.#failure;
    } finally {
      this.#depth -= 1;
    }
  }

  /** The outcome of work that cannot be interrupted; not waited for when the query is over first. */
  async waitFor<T>(work: Promise<T>): Promise<T> {
    const interrupt = this.#interrupt;
    const interrupted = new Promise<never>((_, reject) => {
      this.#interrupt = () => reject(this.#failure ?? this.#timeout());
    });
    try {
      return await Promise.race([work, interrupted]);
    } finally {
      this.#interrupt = interrupt;
    }
  }

  /** What a scan failed of comes back from DuckDB as a text; this is the error itself. */
  fail(error: unknown): void {
    this.#failure ??= queryFailure(error);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const cleanup of this.#cleanups.toReversed()) cleanup();
  }

  #abort(failure: QueryError): void {
    this.#failure ??= failure;
    // Whoever works for the query ends it, as soon as the work has stopped.
    if (this.#depth > 0) this.#interrupt?.();
    else this.end();
  }

  #timeout(): QueryError {
    return new QueryError('timeout', `the query took longer than ${this.#timeoutMs} ms`);
  }
}
