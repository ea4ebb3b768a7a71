// The table function that every table is read through. DuckDB calls it in its own threads and waits for
// the query thread to answer; columns that the statement does not need are not asked for.
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DuckDBBlobValue,
  DuckDBIntervalValue,
  DuckDBTableFunction,
  DuckDBTimestampTZValue,
  INTERVAL,
  LIST,
  TIMESTAMPTZ,
  UBIGINT,
  UINTEGER,
  VARCHAR,
  DuckDBListValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { assert } from '../../actors/domain/assert.ts';
import type { CellValue, ColumnInfo, ColumnType } from '../../storage/query/column.ts';
import type { Scan } from '../../storage/query/query-table.ts';
import type { QuerySource } from '../../storage/query/source.ts';
import { SCAN_FUNCTION, type PlannedScan } from './planner.ts';

/** A planned scan once its query runs. `source` is absent while a statement is only described. */
export interface OpenScan extends PlannedScan {
  readonly source: QuerySource | undefined;
  /** Hears what a scan failed of, since DuckDB passes on its text only. */
  readonly onError: (error: unknown) => void;
}

/** Rows given at once. DuckDB takes no more than 2048. */
const ROWS_MAX = 2048;

/** Gives the scan of that number of the statement at work on the connection. */
export type FindScan = (connection: number, number: number) => OpenScan | undefined;

/** Where a call finds its scan, each time that its statement runs. */
class ScanCall {
  readonly #find: FindScan;
  readonly #connection: number;
  readonly #number: number;

  constructor(find: FindScan, connection: number, number: number) {
    this.#find = find;
    this.#connection = connection;
    this.#number = number;
  }

  get scan(): OpenScan | undefined {
    return this.#find(this.#connection, this.#number);
  }
}

class RunningScan {
  readonly onError: OpenScan['onError'];
  readonly #scan: Scan;
  readonly #converters: ReadonlyArray<(value: CellValue) => DuckDBValue>;

  constructor({ table, filter, source, onError }: OpenScan, columns: readonly number[]) {
    assert(source !== undefined, 'a query that runs has a source');
    this.onError = onError;
    this.#scan = table.scan(source, { filter, columns });
    this.#converters = columns.map((index) => converterFor(table.columns[index]));
  }

  next(): { readonly rowsCount: number; readonly columns: readonly DuckDBValue[][] } {
    const { rowsCount, columns } = this.#scan.next(ROWS_MAX);
    const converted = columns.map((values, index) => {
      const convert = this.#converters[index];
      return values.map((value) => (value === undefined ? null : (convert?.(value) ?? null)));
    });
    return { rowsCount, columns: converted };
  }
}

export function createScanFunction(find: FindScan): DuckDBTableFunction {
  return DuckDBTableFunction.create({
    name: SCAN_FUNCTION,
    parameterTypes: [BIGINT, BIGINT],
    supportsProjectionPushdown: true,
    bindFunction: (bind) => {
      const call = new ScanCall(find, Number(bind.getParameter(0)), Number(bind.getParameter(1)));
      const { scan } = call;
      if (scan === undefined) return bind.setError('no such scan');
      for (const { name, type } of scan.table.columns)
        bind.addResultColumn(name, DUCKDB_TYPES[type]);
      bind.setBindData(call);
    },
    initFunction: (init) => {
      init.setMaxThreads(1);
      const call = init.bindData;
      assert(
        call instanceof ScanCall && call.scan !== undefined,
        'a scan is bound before it begins',
      );
      init.setInitData(new RunningScan(call.scan, init.getColumnIndexes()));
    },
    mainFunction: (info, chunk) => {
      const running = info.initData;
      assert(running instanceof RunningScan, 'a scan begins before it goes on');
      try {
        const { rowsCount, columns } = running.next();
        chunk.rowCount = rowsCount;
        for (const [index, values] of columns.entries()) chunk.setColumnValues(index, values);
      } catch (error) {
        running.onError(error);
        throw error;
      }
    },
  });
}

/** How DuckDB holds the columns of our tables. */
const DUCKDB_TYPES: Readonly<Record<ColumnType, DuckDBType>> = {
  text: VARCHAR,
  bytes: BLOB,
  boolean: BOOLEAN,
  u32: UINTEGER,
  u64: UBIGINT,
  timestamp: TIMESTAMPTZ,
  duration: INTERVAL,
  u32List: LIST(UINTEGER),
  textList: LIST(VARCHAR),
};

/** SQL names of the same types. */
export const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'VARCHAR',
  bytes: 'BLOB',
  boolean: 'BOOLEAN',
  u32: 'UINTEGER',
  u64: 'UBIGINT',
  timestamp: 'TIMESTAMPTZ',
  duration: 'INTERVAL',
  u32List: 'UINTEGER[]',
  textList: 'VARCHAR[]',
};

function converterFor(column: ColumnInfo | undefined): (value: CellValue) => DuckDBValue {
  switch (column?.type) {
    case 'timestamp':
      return (value) =>
        typeof value === 'number' ? new DuckDBTimestampTZValue(BigInt(value) * 1000n) : null;
    case 'duration':
      return (value) =>
        typeof value === 'number' ? new DuckDBIntervalValue(0, 0, BigInt(value) * 1000n) : null;
    case 'u64':
      return (value) => (typeof value === 'number' ? BigInt(value) : scalar(value));
    case 'bytes':
      return (value) => (value instanceof Uint8Array ? new DuckDBBlobValue(value) : null);
    case 'u32List':
    case 'textList':
      return (value) => (Array.isArray(value) ? new DuckDBListValue([...value]) : null);
    case 'text':
    case 'boolean':
    case 'u32':
    case undefined:
      return scalar;
  }
}

function scalar(value: CellValue): DuckDBValue {
  const isScalar =
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    typeof value === 'boolean';
  return isScalar ? value : null;
}
