// The query engine as the rest of the server sees it: a thread that starts when the first query comes, or
// is to come, and that hands out results piece by piece. Thread: main.
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { assert } from './domain/assert.ts';
import type { AttemptStatus } from './domain/attempt-status.ts';
import { QueryError } from './domain/query-error.ts';
import type { Schema } from './domain/schema.ts';
import type { SnapshotNeeds } from './messages.ts';
import type {
  QueryBatch,
  QueryDescription,
  QueryEngine,
  QueryOptions,
  QueryResult,
} from './ports.ts';
import { QueryConversation } from './query-conversation.ts';
import type {
  FromQueryThread,
  QueryPart,
  QueryPiece,
  StartQuery,
  ToQueryThread,
} from './query-messages.ts';
import type { QueryThreadSettings, QueryThreadTask } from './query-thread.ts';

/** Queries at once, those that wait for their turn included. */
const QUERIES_MAX = 128;

/** Rows on their way to a client; what DuckDB holds comes on top. */
const HEAP_MIB_MAX = 1024;

/** Takes the way that most statements take. */
const FIRST_STATEMENT = 'SELECT count(*) FROM sys_invocation';

export interface QueryServiceOptions {
  readonly settings: QueryThreadSettings;
  readonly schema: () => Schema;
  /** Makes snapshots up to date, or rejects; gives what the partition threads know of the attempts in question. */
  readonly settle: (needs: SnapshotNeeds) => Promise<readonly AttemptStatus[]>;
  readonly onThreadLost: (error: unknown) => void;
}

interface QueryThread {
  readonly port: MessagePort;
  readonly ended: Promise<void>;
}

export class QueryService implements QueryEngine {
  readonly #options: QueryServiceOptions;
  readonly #conversations = new Map<number, QueryConversation>();
  #pool: Piscina<QueryThreadTask, void> | undefined;
  #thread: QueryThread | undefined;
  #queriesCount = 0;
  #isClosed = false;

  constructor(options: QueryServiceOptions) {
    this.#options = options;
  }

  query(sql: string, options: QueryOptions = {}): Promise<QueryResult<QueryBatch>> {
    return this.#start({ sql, output: 'values', ...startOptions(options) }, options, isBatch);
  }

  encode(
    sql: string,
    format: 'json' | 'arrow',
    options: QueryOptions = {},
  ): Promise<QueryResult<Uint8Array>> {
    return this.#start({ sql, output: format, ...startOptions(options) }, options, isBytes);
  }

  async describe(sql: string): Promise<QueryDescription> {
    const conversation = this.#converse();
    this.#post({ kind: 'describe', queryId: conversation.queryId, sql });
    const answer = await conversation.answer();
    assert(answer.kind === 'described', 'a description answers the request for one');
    return answer.description;
  }

  warmUp(): void {
    // Whoever is being answered goes first.
    setImmediate(() => {
      if (this.#thread !== undefined || this.#isClosed) return;
      // Nobody asked for it, and nobody has to hear that it failed.
      this.encode(FIRST_STATEMENT, 'arrow').catch(() => {});
    });
  }

  publishSchema(schema: Schema): void {
    if (this.#thread !== undefined) this.#post({ kind: 'schema', schema });
  }

  /** Ends every query, and the thread. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#failAll('the server stops');
    if (this.#thread !== undefined) this.#post({ kind: 'close' });
    await this.#thread?.ended;
    await this.#pool?.destroy();
  }

  async #start<Piece extends QueryPiece>(
    query: StartQuery,
    { signal }: QueryOptions,
    isPiece: (piece: QueryPiece) => piece is Piece,
  ): Promise<QueryResult<Piece>> {
    if (signal?.aborted === true) throw new QueryError('cancelled', 'the query was cancelled');
    const conversation = this.#converse();
    const abort = () => conversation.abort();
    signal?.addEventListener('abort', abort, { once: true });
    conversation.atEnd(() => signal?.removeEventListener('abort', abort));
    this.#post({ kind: 'start', queryId: conversation.queryId, query });
    const answer = await conversation.answer();
    assert(answer.kind === 'started', 'a query starts with its columns');
    const { columns, piece, isLast } = answer;
    const batches = readPieces(conversation, answer, isPiece);
    return { columns, batches, whole: isLast && piece && isPiece(piece) ? piece : undefined };
  }

  #converse(): QueryConversation {
    if (this.#isClosed) throw new QueryError('unavailable', 'the server stops');
    if (this.#conversations.size >= QUERIES_MAX) {
      throw new QueryError('limit', `more than ${QUERIES_MAX} queries at once`);
    }
    this.#queriesCount += 1;
    const queryId = this.#queriesCount;
    const conversation = new QueryConversation(queryId, (message) => this.#post(message));
    this.#conversations.set(queryId, conversation);
    conversation.atEnd(() => this.#conversations.delete(queryId));
    return conversation;
  }

  #post(message: ToQueryThread): void {
    this.#thread ??= this.#startThread();
    this.#thread.port.postMessage(message);
  }

  #startThread(): QueryThread {
    const { settings, schema } = this.#options;
    this.#pool ??= new Piscina({
      filename: new URL('./query-thread.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // The task ends with the server; waiting on atomics would only block its event loop.
      atomics: 'disabled',
      // A result that does not fit costs the thread, and nothing else.
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
    });
    const { port1: port, port2 } = new MessageChannel();
    port.on('message', (message: FromQueryThread) => this.#receive(message));
    port.postMessage({ kind: 'schema', schema: schema() });
    const ended = this.#pool.run({ port: port2, settings }, { transferList: [port2] }).then(
      () => this.#threadEnded(port),
      (error: unknown) => {
        this.#threadEnded(port);
        if (!this.#isClosed) this.#options.onThreadLost(error);
      },
    );
    return { port, ended };
  }

  #receive(message: FromQueryThread): void {
    if (message.kind !== 'settle') {
      this.#conversations.get(message.queryId)?.hear(message);
      return;
    }
    const { requestId, needs } = message;
    void this.#settle(requestId, needs).then((answer) => {
      // Without a thread nobody waits any more.
      if (this.#thread !== undefined) this.#post(answer);
    });
  }

  async #settle(requestId: number, needs: SnapshotNeeds): Promise<ToQueryThread> {
    try {
      return { kind: 'settled', requestId, statuses: await this.#options.settle(needs) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { kind: 'notSettled', requestId, message };
    }
  }

  /** Whatever was asked of it fails. The next query starts another one. */
  #threadEnded(port: MessagePort): void {
    port.close();
    this.#thread = undefined;
    this.#failAll('the query thread was lost');
  }

  #failAll(message: string): void {
    for (const [queryId, conversation] of [...this.#conversations]) {
      conversation.hear({ kind: 'failed', queryId, errorKind: 'unavailable', message });
    }
  }
}

function startOptions(
  options: QueryOptions,
): Pick<StartQuery, 'parameters' | 'timeoutMs' | 'maxRows'> {
  const { parameters, timeoutMs, maxRows } = options;
  return { parameters, timeoutMs, maxRows };
}

/** Keeps Q1: while a piece is being read, the next one is made. */
async function* readPieces<Piece extends QueryPiece>(
  conversation: QueryConversation,
  first: QueryPart,
  isPiece: (piece: QueryPiece) => piece is Piece,
): AsyncGenerator<Piece> {
  try {
    for (let part = first; ;) {
      const { piece, isLast } = part;
      if (!isLast) conversation.askNext();
      if (piece !== undefined) {
        assert(isPiece(piece), 'pieces come in the form that was asked for');
        yield piece;
      }
      if (isLast) return;
      const answer = await conversation.answer();
      assert(answer.kind === 'continued', 'pieces follow the start of a query');
      part = answer;
    }
  } finally {
    // Keeps Q2, and goes without effect behind the last piece.
    conversation.cancel();
    conversation.end();
  }
}

function isBatch(piece: QueryPiece): piece is QueryBatch {
  return !(piece instanceof Uint8Array);
}

function isBytes(piece: QueryPiece): piece is Uint8Array {
  return piece instanceof Uint8Array;
}
