// The columns of a result as clients see them, and their values freed from DuckDB's classes.
import {
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { QueryError } from '../../actors/domain/query-error.ts';
import type { QueryColumn, QueryType, QueryValue } from '../../actors/ports.ts';
import { relationsOf, type Relation, type RelationLookup } from './relations.ts';
import {
  classOf,
  columnNamesOf,
  functionOf,
  nodeAt,
  nodesAt,
  textAt,
  typeOf,
  type TreeNode,
} from './syntax-tree.ts';

export interface ResultColumn {
  readonly column: QueryColumn;
  readonly valueOf: (value: DuckDBValue) => QueryValue;
}

/** What the statement says about a column of its result. */
export interface ColumnOrigin {
  readonly item: TreeNode | undefined;
  readonly relations: readonly Relation[];
}

/** One origin per column; nothing is known of columns that stand for several. */
export function columnOrigins(
  query: TreeNode,
  columnsCount: number,
  lookup: RelationLookup,
): ColumnOrigin[] {
  let select = query;
  while (typeOf(select) === 'SET_OPERATION_NODE') select = nodeAt(select, 'left') ?? {};
  const relations = relationsOf(nodeAt(select, 'from_table'), lookup);
  const items = nodesAt(select, 'select_list');
  const areSingle =
    items.length === columnsCount && items.every((item) => classOf(item) !== 'STAR');
  return Array.from({ length: columnsCount }, (_, index) => {
    return { item: areSingle ? items[index] : undefined, relations };
  });
}

export function resultColumn(name: string, type: DuckDBType, origin: ColumnOrigin): ResultColumn {
  const { type: queryType, valueOf } = convertType(type, origin);
  const column = {
    name: givenName(origin) ?? name,
    type: queryType,
    nullable: isNullable(name, origin),
  };
  return { column, valueOf: (value) => (value === null ? null : valueOf(value)) };
}

/** As the statement writes it: DuckDB folds the case of names, quoted or not. */
function givenName({ item }: ColumnOrigin): string | undefined {
  return item === undefined ? undefined : (textAt(item, 'alias') ?? columnNamesOf(item)?.at(-1));
}

interface Conversion {
  readonly type: QueryType;
  readonly valueOf: (value: DuckDBValue) => QueryValue;
}

function convertType(type: DuckDBType, origin: ColumnOrigin): Conversion {
  const { typeId } = type;
  if (isNullConstant(origin.item)) return same('null');
  const simple = SIMPLE.get(typeId);
  if (simple !== undefined) return simple;
  if (typeId === DuckDBTypeId.INTEGER) {
    return isCastTo(origin.item, 'INTEGER') ? same('int32') : widened('int64');
  }
  if (typeId === DuckDBTypeId.HUGEINT || typeId === DuckDBTypeId.UHUGEINT) {
    return narrowed(sumsUnsigned(origin) ? 'uint64' : 'int64');
  }
  if (typeId === DuckDBTypeId.INTERVAL) {
    return isCastTo(origin.item, 'INTERVAL')
      ? { type: { kind: 'interval' }, valueOf: intervalText }
      : { type: { kind: 'duration' }, valueOf: intervalMs };
  }
  if (typeId === DuckDBTypeId.VARCHAR) return same(isText(origin.item) ? 'utf8' : 'largeUtf8');
  if (typeId === DuckDBTypeId.DECIMAL) return decimal(type);
  if (typeId === DuckDBTypeId.LIST) return list(type, origin);
  if (typeId === DuckDBTypeId.STRUCT) return struct(type);
  return textual('utf8');
}

type PlainKind = Extract<QueryType, { readonly kind: string; readonly unit?: never }>['kind'];

function same(kind: Exclude<PlainKind, 'decimal' | 'list' | 'struct' | 'timestamp'>): Conversion {
  return { type: { kind }, valueOf: plainValue };
}

/** Whatever it is, its text says it. */
function textual(kind: 'date' | 'time' | 'utf8'): Conversion {
  return { type: { kind }, valueOf: (value) => String(value) };
}

function widened(kind: 'int64'): Conversion {
  return { type: { kind }, valueOf: (value) => (typeof value === 'number' ? BigInt(value) : null) };
}

function narrowed(kind: 'int64' | 'uint64'): Conversion {
  return {
    type: { kind },
    valueOf: (value) => {
      if (typeof value !== 'bigint') return null;
      const fitted = kind === 'int64' ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
      if (fitted === value) return value;
      throw new QueryError('invalidValue', `Arrow error: ${value} does not fit in 64 bits`);
    },
  };
}

function decimal(type: DuckDBType): Conversion {
  const { width, scale } = type.typeId === DuckDBTypeId.DECIMAL ? type : { width: 38, scale: 0 };
  return {
    type: { kind: 'decimal', precision: width, scale },
    valueOf: (value) => (value instanceof DuckDBDecimalValue ? value.toString() : String(value)),
  };
}

function timestamp(unit: 's' | 'ms' | 'us' | 'ns', isUtc = false): Conversion {
  return { type: { kind: 'timestamp', unit, isUtc }, valueOf: timeOf };
}

function timeOf(value: DuckDBValue): QueryValue {
  if (value instanceof DuckDBTimestampTZValue) return floorDivide(value.micros, 1000n);
  if (value instanceof DuckDBTimestampValue) return value.micros;
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis;
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds;
  return value instanceof DuckDBTimestampNanosecondsValue ? value.nanos : null;
}

function list(type: DuckDBType, { relations }: ColumnOrigin): Conversion {
  if (type.typeId !== DuckDBTypeId.LIST) return textual('utf8');
  const element = convertType(type.valueType, { item: undefined, relations });
  return {
    type: { kind: 'list', element: element.type },
    valueOf: (value) =>
      value instanceof DuckDBListValue
        ? value.items.map((item) => (item === null ? null : element.valueOf(item)))
        : null,
  };
}

function struct(type: DuckDBType): Conversion {
  if (type.typeId !== DuckDBTypeId.STRUCT) return textual('utf8');
  const fields = type.entryNames.map((name, index) => {
    const entry = type.entryTypes[index];
    const conversion = entry && convertType(entry, { item: undefined, relations: [] });
    return { name, conversion: conversion ?? textual('utf8') };
  });
  return {
    type: {
      kind: 'struct',
      fields: fields.map(({ name, conversion }) => {
        return { name, type: conversion.type, nullable: true };
      }),
    },
    valueOf: (value) => {
      if (!(value instanceof DuckDBStructValue)) return null;
      return Object.fromEntries(
        fields.map(({ name, conversion }) => {
          const entry = value.entries[name] ?? null;
          return [name, entry === null ? null : conversion.valueOf(entry)];
        }),
      );
    },
  };
}

function plainValue(value: DuckDBValue): QueryValue {
  const isPlain =
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    typeof value === 'boolean';
  return isPlain ? value : null;
}

function bytesOf(value: DuckDBValue): QueryValue {
  return value instanceof DuckDBBlobValue ? value.bytes : null;
}

/** Types that mean the same wherever they come from. */
const SIMPLE: ReadonlyMap<DuckDBTypeId, Conversion> = new Map([
  [DuckDBTypeId.SQLNULL, same('null')],
  [DuckDBTypeId.BOOLEAN, same('boolean')],
  [DuckDBTypeId.TINYINT, same('int8')],
  [DuckDBTypeId.SMALLINT, same('int16')],
  [DuckDBTypeId.BIGINT, same('int64')],
  [DuckDBTypeId.UTINYINT, same('uint8')],
  [DuckDBTypeId.USMALLINT, same('uint16')],
  [DuckDBTypeId.UINTEGER, same('uint32')],
  [DuckDBTypeId.UBIGINT, same('uint64')],
  [DuckDBTypeId.FLOAT, same('float32')],
  [DuckDBTypeId.DOUBLE, same('float64')],
  [DuckDBTypeId.BLOB, { type: { kind: 'largeBinary' }, valueOf: bytesOf }],
  [DuckDBTypeId.DATE, textual('date')],
  [DuckDBTypeId.TIME, textual('time')],
  [DuckDBTypeId.TIME_TZ, textual('time')],
  // Microseconds in DuckDB, milliseconds in every table.
  [DuckDBTypeId.TIMESTAMP_TZ, timestamp('ms', true)],
  [DuckDBTypeId.TIMESTAMP, timestamp('us')],
  [DuckDBTypeId.TIMESTAMP_S, timestamp('s')],
  [DuckDBTypeId.TIMESTAMP_MS, timestamp('ms')],
  [DuckDBTypeId.TIMESTAMP_NS, timestamp('ns')],
]);

const DAY_MS = 86_400_000n;

/** A month of an interval has thirty days. */
function intervalMs(value: DuckDBValue): QueryValue {
  if (!(value instanceof DuckDBIntervalValue)) return null;
  const days = BigInt(value.months * 30 + value.days);
  return days * DAY_MS + floorDivide(value.micros, 1000n);
}

function intervalText(value: DuckDBValue): QueryValue {
  if (!(value instanceof DuckDBIntervalValue)) return null;
  const seconds = value.micros / 1_000_000n;
  const parts = [
    value.months === 0 ? '' : `${value.months} mons`,
    value.days === 0 ? '' : `${value.days} days`,
    value.micros === 0n
      ? ''
      : `${seconds}.${String(value.micros % 1_000_000n).padStart(6, '0')} secs`,
  ].filter(Boolean);
  return parts.length === 0 ? '0 secs' : parts.join(' ');
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

function isConstant(item: TreeNode): boolean {
  return classOf(item) === 'CONSTANT' || classOf(nodeAt(item, 'child') ?? {}) === 'CONSTANT';
}

function isNullConstant(item: TreeNode | undefined): boolean {
  return item !== undefined && nodeAt(item, 'value')?.['is_null'] === true;
}

function isCastTo(item: TreeNode | undefined, type: string): boolean {
  return item !== undefined && textAt(nodeAt(item, 'cast_type') ?? {}, 'id') === type;
}

function isText(item: TreeNode | undefined): boolean {
  return item !== undefined && (classOf(item) === 'CONSTANT' || classOf(item) === 'CAST');
}

/** A sum over a column of numbers without sign. */
function sumsUnsigned({ item, relations }: ColumnOrigin): boolean {
  if (item === undefined || functionOf(item) !== 'sum') return false;
  const name = columnNamesOf(nodesAt(item, 'children')[0] ?? {})?.at(-1);
  return relations.some(({ table }) =>
    table?.columns.some((column) => column.name === name && /^u\d\d$/.test(column.type)),
  );
}

function isNullable(name: string, { item, relations }: ColumnOrigin): boolean {
  if (item !== undefined && isConstant(item)) return isNullConstant(item);
  if (item !== undefined && ['count', 'count_star'].includes(functionOf(item))) return false;
  const source = item === undefined ? name : columnNamesOf(item)?.at(-1);
  const [relation, second] = relations;
  if (source === undefined || second !== undefined) return true;
  return relation?.table?.columns.find((column) => column.name === source)?.nullable ?? true;
}
