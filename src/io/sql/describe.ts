// What DuckDB knows of a prepared statement before it runs.
import { DuckDBTypeId, type DuckDBPreparedStatement } from '@duckdb/node-api';
import type { QueryColumn, QueryDescription } from '../../actors/ports.ts';
import { resultColumn, type ColumnOrigin } from './result-columns.ts';

/** Stand for anything until a value is there. */
const OPEN_TYPES: ReadonlySet<DuckDBTypeId> = new Set([DuckDBTypeId.INVALID, DuckDBTypeId.ANY]);

const NO_ORIGIN: ColumnOrigin = { item: undefined, relations: [] };

export function describeParameters(
  prepared: DuckDBPreparedStatement,
): QueryDescription['parameterTypes'] {
  return Array.from({ length: prepared.parameterCount }, (_, index) => {
    const isOpen = OPEN_TYPES.has(prepared.parameterTypeId(index + 1));
    if (isOpen) return undefined;
    return resultColumn('', prepared.parameterType(index + 1), NO_ORIGIN).column.type;
  });
}

/** `undefined` where the columns depend on the type of a parameter. */
export function describeColumns(
  prepared: DuckDBPreparedStatement,
  originsOf: (columnsCount: number) => readonly ColumnOrigin[],
): readonly QueryColumn[] | undefined {
  const { columnCount } = prepared;
  for (let index = 0; index < columnCount; index += 1) {
    if (OPEN_TYPES.has(prepared.columnTypeId(index))) return undefined;
  }
  return originsOf(columnCount).map((origin, index) => {
    const name = prepared.columnName(index);
    return resultColumn(name, prepared.columnType(index), origin).column;
  });
}
