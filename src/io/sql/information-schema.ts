// information_schema as the reference has it: types in Arrow's words, positions from 0.
import { QUERY_TABLES } from '../../storage/query/tables.ts';
import {
  nullColumns,
  text,
  u64,
  type ColumnInfo,
  type ColumnType,
} from '../../storage/query/column.ts';
import { unstoredTable, type QueryTable } from '../../storage/query/query-table.ts';

/** Names of the tables that are shown as views. */
export const VIEW_NAMES: ReadonlySet<string> = new Set(['sys_invocation']);

const TYPE_NAMES: Readonly<Record<ColumnType, string>> = {
  text: 'LargeUtf8',
  bytes: 'LargeBinary',
  boolean: 'Boolean',
  u32: 'UInt32',
  u64: 'UInt64',
  timestamp: 'Timestamp(ms, "+00:00")',
  duration: 'Duration(ms)',
  u32List: 'List(UInt32)',
  textList: 'List(LargeUtf8)',
};

interface ColumnRow {
  readonly table: string;
  readonly column: ColumnInfo;
  readonly position: number;
}

const COLUMNS = unstoredTable<ColumnRow>(
  'information_schema.columns',
  [
    text('table_catalog', () => 'restate'),
    text('table_schema', () => 'public'),
    text('table_name', ({ table }) => table),
    text('column_name', ({ column }) => column.name),
    u64('ordinal_position', ({ position }) => position),
    ...nullColumns<ColumnRow>('column_default'),
    text('is_nullable', ({ column }) => (column.nullable ? 'YES' : 'NO')),
    text('data_type', ({ column }) => TYPE_NAMES[column.type]),
    ...nullColumns<ColumnRow>(
      'character_maximum_length:u64 character_octet_length:u64 numeric_precision:u64 ' +
        'numeric_precision_radix:u64 numeric_scale:u64 datetime_precision:u64 interval_type',
    ),
  ],
  () =>
    [...QUERY_TABLES.values()].flatMap(({ name, columns }) =>
      columns.map((column, position) => ({ table: name, column, position })),
    ),
);

const TABLES = unstoredTable<QueryTable>(
  'information_schema.tables',
  [
    text('table_catalog', () => 'restate'),
    text('table_schema', () => 'public'),
    text('table_name', ({ name }) => name),
    text('table_type', ({ name }) => (VIEW_NAMES.has(name) ? 'VIEW' : 'BASE TABLE')),
  ],
  () => QUERY_TABLES.values(),
);

const SCHEMATA = unstoredTable<string>(
  'information_schema.schemata',
  [
    text('catalog_name', () => 'restate'),
    text('schema_name', (name) => name),
    ...nullColumns<string>(
      'schema_owner default_character_set_catalog default_character_set_schema',
    ),
  ],
  () => ['public'],
);

const EMPTY = Object.entries({
  views: 'table_catalog table_schema table_name definition',
  df_settings: 'name value description',
  routines:
    'specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name routine_type data_type',
  parameters:
    'specific_catalog specific_schema specific_name ordinal_position:u64 parameter_name data_type',
}).map(([name, columns]) =>
  unstoredTable<never>(`information_schema.${name}`, nullColumns(columns), () => []),
);

/** Every table that a statement can name, by name; those of information_schema with its name. */
export const NAMED_TABLES: ReadonlyMap<string, QueryTable> = new Map([
  ...QUERY_TABLES,
  ...[COLUMNS, TABLES, SCHEMATA, ...EMPTY].map((table) => [table.name, table] as const),
]);
