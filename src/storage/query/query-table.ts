// A table that SQL sees: its columns, and a scan that yields their values column by column.
import type { CellValue, Column, ColumnInfo } from './column.ts';
import type { BlockChoice, ChosenBlocks } from './invocation-scan.ts';
import type { ScanFilter } from './scan-filter.ts';
import type { QuerySource } from './source.ts';

export interface ScanRequest {
  readonly filter: ScanFilter;
  /** Indexes of the columns that are wanted; the rest is not read. */
  readonly columns: readonly number[];
}

export interface Scan {
  /** The next rows, as one array per wanted column and their number; 0 at the end. */
  next(rowsMax: number): { readonly rowsCount: number; readonly columns: CellValue[][] };
}

export interface QueryTable {
  readonly name: string;
  readonly columns: readonly ColumnInfo[];
  /** The rows are those of partitions, not of the schema. */
  readonly isStored: boolean;
  scan(source: QuerySource, request: ScanRequest): Scan;
  /** What of the table counts instead of reading; only for tables of invocations. */
  readonly invocations?: InvocationAccess | undefined;
}

export interface InvocationAccess {
  /** The same invocations in few rows; see `overview.ts`. */
  readonly overview: QueryTable;
  readonly overviewWithOldest: QueryTable;
  /** For `ScanFilter.blocks`. */
  chooseBlocks(source: QuerySource, filter: ScanFilter, choice: BlockChoice): ChosenBlocks;
}

/**
 * Yields every row that `filter` may want; a row may be reused for the one after it. Yields `undefined`
 * now and then while it finds nothing, so that a long search can be left.
 */
export type RowReader<Row> = (source: QuerySource, filter: ScanFilter) => Iterable<Row | undefined>;

/** Texts and byte strings of the rows given at once, the last row apart. Unit: characters and bytes. */
const ROWS_LENGTH_MAX = 4 * 1024 * 1024;

/** After so long without the wanted number of rows those found are given. Unit: milliseconds. */
const PATIENCE_MS = 20;

export function queryTable<Row>(
  name: string,
  columns: ReadonlyArray<Column<Row>>,
  readRows: RowReader<Row>,
): QueryTable {
  return {
    name,
    columns,
    isStored: true,
    scan: (source, { filter, columns: indexes }) => {
      const wanted = indexes.map((index) => columns[index]);
      const rows = readRows(source, filter)[Symbol.iterator]();
      const isFiltered = filter.values.size + filter.times.size > 0;
      return { next: (rowsMax) => nextRows(rows, wanted, { rowsMax, isFiltered, source }) };
    },
  };
}

/** A table whose rows are not those of partitions. */
export function unstoredTable<Row>(
  name: string,
  columns: ReadonlyArray<Column<Row>>,
  readRows: RowReader<Row>,
): QueryTable {
  return { ...queryTable(name, columns, readRows), isStored: false };
}

function nextRows<Row>(
  rows: Iterator<Row | undefined>,
  wanted: ReadonlyArray<Column<Row> | undefined>,
  { rowsMax, isFiltered, source }: NextOptions,
): ReturnType<Scan['next']> {
  const columns: CellValue[][] = wanted.map(() => []);
  const startMs = source.clock();
  let rowsCount = 0;
  let length = 0;
  while (rowsCount < rowsMax && length < ROWS_LENGTH_MAX) {
    const next = rows.next();
    if (next.done === true) break;
    const row = next.value;
    if (row !== undefined) {
      for (const [index, column] of wanted.entries()) {
        const value = column?.read(row);
        columns[index]?.push(value);
        if (typeof value === 'string' || value instanceof Uint8Array) length += value.length;
      }
      rowsCount += 1;
    } else if (source.clock() - startMs > PATIENCE_MS) {
      source.checkDeadline();
      if (rowsCount > 0) break;
      if (isFiltered) return nothingRow(wanted.length);
    }
  }
  return { rowsCount, columns };
}

interface NextOptions {
  readonly rowsMax: number;
  readonly isFiltered: boolean;
  readonly source: QuerySource;
}

/**
 * A row without values, because no row at all would end the scan. The condition that a filter was made
 * from is tested again, and is not met by a row without values.
 */
function nothingRow(columnsCount: number): ReturnType<Scan['next']> {
  return { rowsCount: 1, columns: Array.from({ length: columnsCount }, () => [undefined]) };
}
