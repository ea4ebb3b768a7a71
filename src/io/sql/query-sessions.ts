// The queries of the query thread: each is started, read piece by piece as the main thread asks for
// pieces, and ended.
import { QueryError, type QueryErrorKind } from '../../actors/domain/query-error.ts';
import type { QueryColumn, QueryDescription, QueryOptions } from '../../actors/ports.ts';
import type { SqlEngine } from './engine.ts';
import { queryFailure } from './query-failure.ts';
import { outputArrow, outputJson, outputValues, type Part } from './query-output.ts';
import type { Rows } from './rows.ts';

/** Where a query's answers go. */
export interface SessionOutlet {
  started(queryId: number, columns: readonly QueryColumn[], part: Part): void;
  described(queryId: number, description: QueryDescription): void;
  continued(queryId: number, part: Part): void;
  failed(queryId: number, errorKind: QueryErrorKind, message: string): void;
}

export interface SessionQuery extends Omit<QueryOptions, 'signal'> {
  readonly sql: string;
  readonly output: 'values' | 'json' | 'arrow';
}

interface Session {
  readonly cancellation: AbortController;
  rows?: Rows | undefined;
  parts?: AsyncGenerator<Part> | undefined;
  /** What happens to the session happens in turn. */
  turn: Promise<void>;
}

export class QuerySessions {
  readonly #engine: Promise<SqlEngine>;
  readonly #outlet: SessionOutlet;
  readonly #sessions = new Map<number, Session>();

  constructor(engine: Promise<SqlEngine>, outlet: SessionOutlet) {
    this.#engine = engine;
    this.#outlet = outlet;
  }

  start(queryId: number, query: SessionQuery): void {
    const session: Session = { cancellation: new AbortController(), turn: Promise.resolve() };
    this.#sessions.set(queryId, session);
    this.#take(queryId, session, async () => {
      const engine = await this.#engine;
      const { sql, output, ...options } = query;
      const { signal } = session.cancellation;
      const rows = await engine.query(sql, { ...options, signal });
      session.rows = rows;
      session.parts = OUTPUTS[output](rows);
      const columns = rows.columns.map(({ column }) => column);
      this.#outlet.started(queryId, columns, await this.#nextPart(queryId, session.parts));
    });
  }

  describe(queryId: number, sql: string): void {
    const session: Session = { cancellation: new AbortController(), turn: Promise.resolve() };
    this.#take(queryId, session, async () => {
      const engine = await this.#engine;
      this.#outlet.described(queryId, await engine.describe(sql));
    });
  }

  next(queryId: number): void {
    const session = this.#sessions.get(queryId);
    if (session === undefined) return;
    this.#take(queryId, session, async () => {
      if (session.parts === undefined) return;
      this.#outlet.continued(queryId, await this.#nextPart(queryId, session.parts));
    });
  }

  async #nextPart(queryId: number, parts: AsyncGenerator<Part>): Promise<Part> {
    const next = await parts.next();
    const part = next.done === true ? NOTHING_MORE : next.value;
    if (part.isLast) this.#end(queryId);
    return part;
  }

  cancel(queryId: number): void {
    this.#sessions.get(queryId)?.cancellation.abort();
    this.#end(queryId);
  }

  /** Ends every query; resolves once none works any more. */
  async close(): Promise<void> {
    const turns = [...this.#sessions.values()].map(({ turn }) => turn);
    for (const queryId of [...this.#sessions.keys()]) this.cancel(queryId);
    await Promise.all(turns);
  }

  #take(queryId: number, session: Session, work: () => Promise<void>): void {
    session.turn = session.turn.then(work).catch((error: unknown) => {
      this.#end(queryId);
      const { kind, message } = error instanceof QueryError ? error : queryFailure(error);
      this.#outlet.failed(queryId, kind, message);
    });
  }

  #end(queryId: number): void {
    this.#sessions.get(queryId)?.rows?.close();
    this.#sessions.delete(queryId);
  }
}

const NOTHING_MORE: Part = { piece: undefined, isLast: true };

const OUTPUTS = { values: outputValues, json: outputJson, arrow: outputArrow } as const;
