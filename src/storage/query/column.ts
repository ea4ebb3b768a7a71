// Columns of the tables that SQL sees, and how their values are read from a row.

/** `u64` is for numbers that may exceed 2^53 (`bigint`) as well as for counts (`number`). */
export type ColumnType =
  | 'text'
  | 'bytes'
  | 'boolean'
  | 'u32'
  | 'u64'
  /** Milliseconds since the Unix epoch. */
  | 'timestamp'
  /** Milliseconds. */
  | 'duration'
  | 'u32List'
  | 'textList';

export type CellValue =
  | string
  | Uint8Array
  | boolean
  | number
  | bigint
  | readonly number[]
  | readonly string[]
  | undefined;

export interface ColumnInfo {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

export interface Column<Row> extends ColumnInfo {
  /** The row may be reused for the next one: nothing of it is kept but the value. */
  read(row: Row): CellValue;
}

function columnOf<Type extends ColumnType, Value extends CellValue>(type: Type) {
  return <Row>(name: string, read: (row: Row) => Value | undefined): Column<Row> => {
    return { name, type, nullable: true, read };
  };
}

export const text = columnOf<'text', string>('text');
export const bytes = columnOf<'bytes', Uint8Array>('bytes');
export const boolean = columnOf<'boolean', boolean>('boolean');
export const u32 = columnOf<'u32', number>('u32');
export const u64 = columnOf<'u64', number | bigint>('u64');
export const timestamp = columnOf<'timestamp', number>('timestamp');
export const duration = columnOf<'duration', number>('duration');
export const u32List = columnOf<'u32List', readonly number[]>('u32List');
export const textList = columnOf<'textList', readonly string[]>('textList');

/** Columns that are always null, as `name:type` separated by spaces. */
export function nullColumns<Row>(names: string): ReadonlyArray<Column<Row>> {
  return names
    .split(/\s+/)
    .filter(Boolean)
    .map((each) => {
      const [name = '', type = 'text'] = each.split(':');
      return { name, type: NULL_TYPES[type] ?? 'text', nullable: true, read: () => undefined };
    });
}

const NULL_TYPES: Readonly<Record<string, ColumnType>> = {
  text: 'text',
  boolean: 'boolean',
  u32: 'u32',
  u64: 'u64',
  timestamp: 'timestamp',
  duration: 'duration',
};
