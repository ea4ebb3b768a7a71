// One query as the main thread follows it: what the query thread says about it, in order, and what is
// waited for. Thread: main.
//   Q1. At most one piece is on its way that nobody has asked for yet.
//   Q2. A query that nobody reads any more is cancelled.
import { QueryError } from './domain/query-error.ts';
import type { FromQueryThread, ToQueryThread } from './query-messages.ts';

export type QueryAnswer = FromQueryThread & { readonly queryId: number };

export class QueryConversation {
  readonly queryId: number;
  readonly #post: (message: ToQueryThread) => void;
  readonly #cleanups: Array<() => void> = [];
  readonly #answers: QueryAnswer[] = [];
  #waiting: ((answer: QueryAnswer) => void) | undefined;
  #isOver = false;

  constructor(queryId: number, post: (message: ToQueryThread) => void) {
    this.queryId = queryId;
    this.#post = post;
  }

  hear(answer: QueryAnswer): void {
    if (this.#isOver) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#answers.push(answer);
    else waiting(answer);
  }

  /** The next answer; the last one ends the query. Rejects with its failure. */
  async answer(): Promise<QueryAnswer> {
    const answer =
      this.#answers.shift() ??
      (await new Promise<QueryAnswer>((resolve) => (this.#waiting = resolve)));
    if (!('isLast' in answer) || answer.isLast) this.end();
    if (answer.kind !== 'failed') return answer;
    throw new QueryError(answer.errorKind, answer.message);
  }

  /** Asks for one more piece. */
  askNext(): void {
    this.#post({ kind: 'next', queryId: this.queryId });
  }

  /** Called once, when nothing more is read. */
  atEnd(cleanup: () => void): void {
    this.#cleanups.push(cleanup);
  }

  /** The reader has lost interest, and is told so. */
  abort(): void {
    const { queryId } = this;
    this.cancel();
    const message = 'the query was cancelled';
    this.hear({ kind: 'failed', queryId, errorKind: 'cancelled', message });
    // Nobody may ever ask for the next answer.
    this.end();
  }

  cancel(): void {
    if (!this.#isOver) this.#post({ kind: 'cancel', queryId: this.queryId });
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const cleanup of this.#cleanups) cleanup();
  }
}
