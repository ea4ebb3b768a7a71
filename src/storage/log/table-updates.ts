// Batches that are durable in the log and on their way to the tables.
//   U1. The tables get whole batches in the order of their commits, so that what they show is a state
//       that the partitions were in.
//   U2. A row is written once per update, however many batches wrote it.
//   U3. One update is in flight at a time, and a bounded one, so that its writes keep the thread
//       for a moment only.
import { LogStatistics } from '../../actors/domain/statistics.ts';
import type { KeyValueBackend, Write } from '../key-value-backend.ts';

/** Rows of one update, more or less. */
const ROWS_PER_UPDATE = 2_000;

/** How long a batch waits for others. Unit: milliseconds. */
const UPDATE_DELAY_MS = 100;

export interface LoggedBatch {
  readonly writes: readonly Write[];
  readonly onApplied: (() => void) | undefined;
}

export interface TableUpdatesOptions {
  readonly tables: KeyValueBackend;
  /** The tables have everything up to this record of the log, flushed. */
  readonly onUpdated: (sequence: number) => void;
  readonly onFailed: (error: unknown) => void;
  /** Default: counts that nobody reads. */
  readonly statistics?: LogStatistics | undefined;
}

interface Waiting {
  readonly batches: readonly LoggedBatch[];
  readonly sequence: number;
  readonly rows: number;
}

export class TableUpdates {
  readonly #options: TableUpdatesOptions;
  readonly #statistics: LogStatistics;
  #waiting: Waiting[] = [];
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
    const rows = batches.reduce((sum, { writes }) => sum + writes.length, 0);
    this.#waiting.push({ batches, sequence, rows });
    this.#waitingRows += rows;
    if (this.#updating !== undefined) return;
    if (this.#waitingRows >= ROWS_PER_UPDATE) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), UPDATE_DELAY_MS);
  }

  /** Resolves once the tables have everything that was added, or cannot have it. */
  async settle(): Promise<void> {
    const last = this.#waiting.at(-1)?.sequence;
    if (this.#updating === undefined && last !== undefined) this.#start();
    while (this.#updating !== undefined) {
      await this.#updating;
      const next = this.#waiting[0];
      if (last === undefined || next === undefined || next.sequence > last) return;
      if (this.#updating === undefined) this.#start();
    }
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#updating = this.#update().then(
      () => {
        this.#updating = undefined;
        if (this.#waitingRows >= ROWS_PER_UPDATE) this.#start();
        else if (this.#waiting.length > 0) {
          this.#timer = setTimeout(() => this.#start(), UPDATE_DELAY_MS);
        }
      },
      (error: unknown) => {
        this.#updating = undefined;
        this.#waiting = [];
        this.#hasFailed = true;
        this.#options.onFailed(error);
      },
    );
  }

  async #update(): Promise<void> {
    const taken = this.#take();
    const rows = new Map<string, Write>(); // Keeps U2.
    for (const { batches } of taken) {
      for (const { writes } of batches) {
        for (const write of writes) rows.set(write.key.toString('latin1'), write);
      }
    }
    const startedMs = performance.now();
    await this.#options.tables.commit([...rows.values()]);
    this.#statistics.tableUpdateSeconds.observe((performance.now() - startedMs) / 1000);
    this.#statistics.rowsWrittenCount += rows.size;
    for (const { batches } of taken) for (const { onApplied } of batches) onApplied?.();
    const last = taken.at(-1);
    if (last !== undefined) this.#options.onUpdated(last.sequence);
  }

  /** Keeps U1 and U3. */
  #take(): readonly Waiting[] {
    let rows = 0;
    let count = 0;
    while (count < this.#waiting.length && rows < ROWS_PER_UPDATE) {
      rows += this.#waiting[count]?.rows ?? 0;
      count += 1;
    }
    this.#waitingRows -= rows;
    return this.#waiting.splice(0, count);
  }
}
