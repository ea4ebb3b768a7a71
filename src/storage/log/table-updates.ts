// Batches that are durable in the log and on their way to the tables.
//   U1. The tables get whole batches in the order of their commits, so that what they show is a state
//       that the partitions were in.
//   U2. One update is in flight at a time, and a bounded one. It is gathered as its batches come in and
//       let go of piece by piece, so that it keeps the thread for a moment only.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LogStatistics } from '../../actors/domain/statistics.ts';
import type { KeyValueBackend } from '../key-value-backend.ts';
import { type LoggedBatch, TableUpdate } from './table-update.ts';

/**
 * Rows of one update, more or less. Larger ones write fewer pages (29 KB for each invocation with
 * 12,000 rows, 77 KB with 2,000), but keep the thread longer.
 */
const ROWS_PER_UPDATE = 8_000;

/** How long a batch waits for others. Unit: milliseconds. */
const UPDATE_DELAY_MS = 100;

/** Batches whose rows the tables' readers let go of in one turn. */
const BATCHES_PER_TURN = 256;

export interface TableUpdatesOptions {
  readonly tables: KeyValueBackend;
  /** The tables have everything up to this record of the log, flushed. */
  readonly onUpdated: (sequence: number) => void;
  readonly onFailed: (error: unknown) => void;
  /** Default: counts that nobody reads. */
  readonly statistics?: LogStatistics | undefined;
}

export class TableUpdates {
  readonly #options: TableUpdatesOptions;
  readonly #statistics: LogStatistics;
  /** The last one still grows. */
  #waiting: TableUpdate[] = [];
  #waitingRows = 0;
  #updating: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasFailed = false;

  constructor(options: TableUpdatesOptions) {
    this.#options = options;
    this.#statistics = options.statistics ?? new LogStatistics();
  }

  /** Rows that the log has and the tables do not have yet. */
  get waitingRows(): number {
    return this.#waitingRows;
  }

  /** Takes the batches of one record. */
  add(batches: readonly LoggedBatch[], sequence: number): void {
    if (this.#hasFailed) return;
    const update = this.#growing();
    const rowsBefore = update.rowsCount;
    update.add(batches, sequence);
    this.#waitingRows += update.rowsCount - rowsBefore;
    if (this.#updating === undefined) this.#schedule();
  }

  /** Resolves once the tables have everything that was added, or cannot have it. */
  async settle(): Promise<void> {
    const last = this.#waiting.at(-1)?.lastSequence;
    if (this.#updating === undefined && last !== undefined) this.#start();
    while (this.#updating !== undefined) {
      await this.#updating;
      const next = this.#waiting[0];
      if (last === undefined || next === undefined || next.firstSequence > last) return;
      if (this.#updating === undefined) this.#start();
    }
  }

  #growing(): TableUpdate {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.rowsCount < ROWS_PER_UPDATE) return last;
    const update = new TableUpdate();
    this.#waiting.push(update);
    return update;
  }

  #schedule(): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    if (first.rowsCount >= ROWS_PER_UPDATE) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), UPDATE_DELAY_MS);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const update = this.#waiting.shift();
    if (update === undefined) return;
    this.#waitingRows -= update.rowsCount;
    this.#updating = this.#update(update).then(
      () => {
        this.#updating = undefined;
        this.#schedule();
      },
      (error: unknown) => {
        this.#updating = undefined;
        this.#waiting = [];
        this.#hasFailed = true;
        this.#options.onFailed(error);
      },
    );
  }

  async #update(update: TableUpdate): Promise<void> {
    const startedMs = performance.now();
    await this.#write(update);
    this.#statistics.tableUpdateSeconds.observe((performance.now() - startedMs) / 1000);
    for (const [index, onApplied] of update.onApplied.entries()) {
      if (index % BATCHES_PER_TURN === BATCHES_PER_TURN - 1) await nextTurn();
      onApplied();
    }
    this.#options.onUpdated(update.lastSequence);
  }

  /** The writes are the tables' from here on. */
  #write(update: TableUpdate): Promise<void> | undefined {
    const writes = update.takeWrites();
    this.#statistics.rowsWrittenCount += writes.length;
    return writes.length === 0 ? undefined : this.#options.tables.commit(writes);
  }
}
