// A key-value backend whose commits are durable in a log and reach the tables a little later. Thread:
// the partition's.
//   G1. Commits of one turn share a record and a flush; so do those that come during a flush.
//   G2. A record is flushed before the next is written, so that only the last one can be torn.
//   G3. After a failure nothing more is committed: later batches would build on lost ones.
import { LogStatistics } from '../../actors/domain/statistics.ts';
import type { KeyRange, KeyValueBackend, Write } from '../key-value-backend.ts';
import { Log } from './log.ts';
import { recoverLog } from './recover-log.ts';
import type { LoggedBatch } from './table-update.ts';
import { TableUpdates } from './table-updates.ts';

interface WaitingCommit extends LoggedBatch {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface LoggedBackendOptions {
  /** Closed with the backend. */
  readonly tables: KeyValueBackend;
  /** Directory of the log's files. */
  readonly path: string;
  /** Tells apart the logs in the directory; one open backend has each. */
  readonly name: string;
  /** Default: counts that nobody reads. */
  readonly statistics?: LogStatistics | undefined;
}

/** What a backend has that is not in the tables yet. */
export interface LogBacklog {
  /** Unit: bytes of the log. */
  readonly logBytes: number;
  readonly waitingRows: number;
}

/** Brings to the tables what an earlier use of the log left behind, and starts a new log. */
export async function openLoggedBackend(options: LoggedBackendOptions): Promise<LoggedBackend> {
  const { tables, path, name, statistics = new LogStatistics() } = options;
  await recoverLog(path, name, tables);
  return new LoggedBackend(tables, new Log(path, name, statistics), statistics);
}

export class LoggedBackend implements KeyValueBackend {
  readonly #tables: KeyValueBackend;
  readonly #log: Log;
  readonly #updates: TableUpdates;
  #waiting: WaitingCommit[] = [];
  #flushing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(tables: KeyValueBackend, log: Log, statistics: LogStatistics) {
    this.#tables = tables;
    this.#log = log;
    this.#updates = new TableUpdates({
      tables,
      onUpdated: (sequence) => log.trim(sequence),
      onFailed: (error) => this.#fail(error, []),
      statistics,
    });
  }

  get backlog(): LogBacklog {
    return { logBytes: this.#log.bytes, waitingRows: this.#updates.waitingRows };
  }

  get(key: Buffer): Buffer | undefined {
    return this.#tables.get(key);
  }

  range(range: KeyRange): Iterable<readonly [key: Buffer, value: Buffer]> {
    return this.#tables.range(range);
  }

  keys(range: KeyRange): Iterable<Buffer> {
    return this.#tables.keys(range);
  }

  commit(writes: readonly Write[], onApplied?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.error);
      this.#waiting.push({ writes, onApplied, resolve, reject });
      // Keeps G1. The first flush begins when the commits of this turn are there.
      this.#flushing ??= Promise.resolve().then(() => this.#flushWaiting());
    });
  }

  async settle(): Promise<void> {
    await this.#drain();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends with no log: the tables have everything. After a failure the log stays for the next start. */
  async close(): Promise<void> {
    await this.#drain();
    if (this.#failure === undefined) this.#log.remove();
    await this.#tables.close();
  }

  async #drain(): Promise<void> {
    await this.#flushing;
    await this.#updates.settle();
  }

  async #flushWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const commits = this.#waiting;
      this.#waiting = [];
      try {
        const sequence = this.#log.append(commits.map(({ writes }) => writes));
        const flush = this.#log.flush();
        if (flush !== undefined) await flush; // Keeps G2.
        this.#updates.add(commits, sequence);
      } catch (error) {
        return this.#fail(error, commits);
      }
      for (const { resolve } of commits) resolve();
    }
    this.#flushing = undefined;
  }

  /** Keeps G3. */
  #fail(error: unknown, commits: readonly WaitingCommit[]): void {
    this.#failure ??= { error };
    for (const { reject } of [...commits, ...this.#waiting]) reject(error);
    this.#waiting = [];
  }
}
