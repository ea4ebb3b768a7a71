import type { QueryBatch, QueryColumn, QueryResult } from '../../actors/ports.ts';

/** Consecutive rows within one batch. */
export interface RowSlice {
  readonly batch: QueryBatch;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** Reads a result from its first row to its last, in steps of any size. */
export class RowCursor {
  readonly columns: readonly QueryColumn[];
  readonly #iterator: AsyncIterator<QueryBatch>;
  #batch: QueryBatch | undefined;
  #row = 0;
  #isDone = false;

  constructor({ columns, batches }: QueryResult<QueryBatch>) {
    this.columns = columns;
    this.#iterator = batches[Symbol.asyncIterator]();
  }

  /** Some of the next rows, at most `rowsMax`; `undefined` behind the last. */
  async next(rowsMax: number): Promise<RowSlice | undefined> {
    const batch = await this.#currentBatch();
    if (batch === undefined) return undefined;
    const start = this.#row;
    this.#row = Math.min(batch.rowsCount, start + rowsMax);
    return { batch, start, end: this.#row };
  }

  /** Lets go of the query. Call when nobody is inside `next`. */
  async close(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#batch = undefined;
    await this.#iterator.return?.();
  }

  async #currentBatch(): Promise<QueryBatch | undefined> {
    while (!this.#isDone && this.#row >= (this.#batch?.rowsCount ?? 0)) {
      this.#batch = undefined;
      const next = await this.#iterator.next();
      if (next.done === true) {
        this.#isDone = true;
      } else {
        this.#batch = next.value;
        this.#row = 0;
      }
    }
    return this.#batch;
  }
}

/** The next rows of `cursor` as a result of their own; ending it leaves the cursor where it is. */
export function takeRows(cursor: RowCursor, rowsMax: number): RowCursor {
  return new RowCursor({ columns: cursor.columns, batches: takeBatches(cursor, rowsMax) });
}

async function* takeBatches(cursor: RowCursor, rowsMax: number): AsyncGenerator<QueryBatch> {
  for (let left = rowsMax; left > 0;) {
    const slice = await cursor.next(left);
    if (slice === undefined) return;
    const { batch, start, end } = slice;
    left -= end - start;
    yield {
      rowsCount: end - start,
      columns: batch.columns.map((values) => values.slice(start, end)),
    };
  }
}

/** A result of one row of texts. */
export function singleRow(name: string, value: string): RowCursor {
  const batch: QueryBatch = { rowsCount: 1, columns: [[value]] };
  return new RowCursor({ columns: [textColumn(name)], batches: asyncList(batch) });
}

export function textColumn(name: string): QueryColumn {
  return { name, type: { kind: 'utf8' }, nullable: true };
}

// oxlint-disable-next-line require-await
async function* asyncList<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
