// Rows of a result on their way out.
import type { QueryBatch } from '../../actors/ports.ts';
import type { ResultColumn } from './result-columns.ts';

/** The rows of a query that runs. `next` and `close` do not overlap. */
export interface Rows {
  readonly columns: readonly ResultColumn[];
  /** `undefined` at the end. */
  next(): Promise<QueryBatch | undefined>;
  close(): void;
}

export async function readAll(rows: Pick<Rows, 'next'>): Promise<QueryBatch[]> {
  const batches: QueryBatch[] = [];
  for (let batch = await rows.next(); batch !== undefined; batch = await rows.next()) {
    batches.push(batch);
  }
  return batches;
}

/** Ends behind so many rows. */
export function limitRows(rows: Rows, rowsMax: number): Rows {
  if (rowsMax === Number.POSITIVE_INFINITY) return rows;
  let left = rowsMax;
  return {
    columns: rows.columns,
    close: () => rows.close(),
    next: async () => {
      if (left <= 0) return undefined;
      const batch = await rows.next();
      if (batch === undefined) return undefined;
      const rowsCount = Math.min(left, batch.rowsCount);
      left -= rowsCount;
      return { rowsCount, columns: batch.columns.map((values) => values.slice(0, rowsCount)) };
    },
  };
}

/** Rows that have been read already, without their last column. */
export function withoutLastColumn(rows: Rows, batches: readonly QueryBatch[]): Rows {
  const left = batches.map(({ rowsCount, columns }) => {
    return { rowsCount, columns: columns.slice(0, -1) };
  });
  return {
    columns: rows.columns.slice(0, -1),
    close: () => rows.close(),
    next: () => Promise.resolve(left.shift()),
  };
}

/** The value in the last column of the last row. */
export function lastValue(batches: readonly QueryBatch[]): unknown {
  return batches.at(-1)?.columns.at(-1)?.at(-1);
}

export function countRows(batches: readonly QueryBatch[]): number {
  return batches.reduce((sum, { rowsCount }) => sum + rowsCount, 0);
}
