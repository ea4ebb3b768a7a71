// Entry of the query thread, and its wiring. Runs as a piscina task that ends when it is told to.
//   T1. The thread reads snapshots and asks; it writes nothing and holds up nobody.
import { constants, setPriority } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { createEntryPresenter } from '../io/sql/entry-presenter.ts';
import { SqlEngine, type OpenSource } from '../io/sql/engine.ts';
import type { SourceNeeds } from '../io/sql/source-needs.ts';
import { QuerySessions } from '../io/sql/query-sessions.ts';
import { openEnvironment } from '../storage/environment.ts';
import { countInvocations } from '../storage/query/invocation-scan.ts';
import { Snapshot } from '../storage/query/snapshot.ts';
import type { AttemptStatus } from './domain/attempt-status.ts';
import { parseInvocationId, type InvocationId } from './domain/ids.ts';
import { EMPTY_SCHEMA, type Schema } from './domain/schema.ts';
import { QueryError } from './domain/query-error.ts';
import type { DurationMs } from './domain/time.ts';
import type { FromQueryThread, ToQueryThread } from './query-messages.ts';

/** What the query thread of a server is given. Plain data. */
export interface QueryThreadSettings {
  readonly partitionsCount: number;
  /** One LMDB environment per path; partition p lives in environment p modulo their number. */
  readonly environmentPaths: readonly string[];
  /** What queries may use together, beside what their readers hold. Unit: bytes. */
  readonly memoryBytesMax: number;
  /** Longest life of a query, from its start to its last row. */
  readonly timeoutMs: DurationMs;
  /** Shown as the version that created an invocation. */
  readonly serverVersion: string;
}

export interface QueryThreadTask {
  readonly port: MessagePort;
  readonly settings: QueryThreadSettings;
}

/** Niceness of the thread where a thread can have one: the partitions come first. */
const PRIORITY = constants.priority.PRIORITY_BELOW_NORMAL;

/** Answers queries until the main thread asks to close. */
export default async function runQueryThread({ port, settings }: QueryThreadTask): Promise<void> {
  yieldToOthers();
  const post = (message: FromQueryThread, transfer: ArrayBuffer[] = []) =>
    port.postMessage(message, transfer);
  const environments = settings.environmentPaths.map((path) => openEnvironment(path));
  const { partitionsCount, serverVersion, memoryBytesMax, timeoutMs } = settings;
  const settling = new Settling(post);
  const entries = createEntryPresenter();
  let schema: Schema = EMPTY_SCHEMA;
  const sources = {
    open: async (needs: SourceNeeds): Promise<OpenSource> => {
      const attempts = await settling.settle(needs);
      const snapshot = new Snapshot(environments, partitionsCount);
      const release = () => snapshot.release();
      return { snapshot, schema, attempts, entries, serverVersion, release };
    },
    countInvocations: () => {
      const snapshot = new Snapshot(environments, partitionsCount);
      const count = countInvocations(snapshot);
      snapshot.release();
      return count;
    },
  };
  const engine = SqlEngine.open({
    sources,
    memoryBytesMax,
    timeoutMs,
    now: () => Date.now(),
    clock: () => performance.now(),
  });
  const sessions = new QuerySessions(engine, outletTo(post));
  await new Promise<void>((resolve) => {
    port.on('message', (message: ToQueryThread) => {
      switch (message.kind) {
        case 'start':
          return sessions.start(message.queryId, message.query);
        case 'describe':
          return sessions.describe(message.queryId, message.sql);
        case 'next':
          return sessions.next(message.queryId);
        case 'cancel':
          return sessions.cancel(message.queryId);
        case 'schema':
          schema = message.schema;
          return;
        case 'settled':
          return settling.hear(message.requestId, message.statuses);
        case 'notSettled':
          return settling.fail(message.requestId, message.message);
        case 'close':
          return resolve();
      }
    });
  });
  await sessions.close();
  (await engine).close();
  for (const environment of environments) await environment.close();
  port.close();
}

function yieldToOthers(): void {
  // Elsewhere the priority would be that of the whole process.
  if (process.platform === 'linux') setPriority(0, PRIORITY);
}

type Post = (message: FromQueryThread, transfer?: ArrayBuffer[]) => void;

function outletTo(post: Post): ConstructorParameters<typeof QuerySessions>[1] {
  return {
    started: (queryId, columns, part) =>
      post({ kind: 'started', queryId, columns, ...part }, buffersOf(part.piece)),
    described: (queryId, description) => post({ kind: 'described', queryId, description }),
    continued: (queryId, part) =>
      post({ kind: 'continued', queryId, ...part }, buffersOf(part.piece)),
    failed: (queryId, errorKind, message) => post({ kind: 'failed', queryId, errorKind, message }),
  };
}

/** Encoded pieces are given away instead of copied. */
function buffersOf(piece: unknown): ArrayBuffer[] {
  return piece instanceof Uint8Array && piece.buffer instanceof ArrayBuffer ? [piece.buffer] : [];
}

interface WaitingQuery {
  readonly resolve: (statuses: readonly AttemptStatus[]) => void;
  readonly reject: (error: QueryError) => void;
}

/** Asks the main thread to make snapshots up to date. */
class Settling {
  readonly #post: Post;
  readonly #waiting = new Map<number, WaitingQuery>();
  #requestsCount = 0;

  constructor(post: Post) {
    this.#post = post;
  }

  async settle(needs: SourceNeeds): Promise<ReadonlyMap<InvocationId, AttemptStatus>> {
    if (needs === 'nothing') return new Map();
    const { ids: texts, showsAttempts } = needs;
    const ids = texts && [...texts].flatMap(idIn);
    this.#requestsCount += 1;
    const requestId = this.#requestsCount;
    const statuses = await new Promise<readonly AttemptStatus[]>((resolve, reject) => {
      this.#waiting.set(requestId, { resolve, reject });
      this.#post({ kind: 'settle', requestId, needs: { ids, showsAttempts } });
    });
    return new Map(statuses.map((status) => [status.invocationId, status]));
  }

  hear(requestId: number, statuses: readonly AttemptStatus[]): void {
    this.#waiting.get(requestId)?.resolve(statuses);
    this.#waiting.delete(requestId);
  }

  fail(requestId: number, message: string): void {
    this.#waiting.get(requestId)?.reject(new QueryError('unavailable', message));
    this.#waiting.delete(requestId);
  }
}

/** Nothing for a text that is no id. */
function idIn(text: string): InvocationId[] {
  const parsed = parseInvocationId(text);
  return parsed.ok ? [parsed.value] : [];
}
