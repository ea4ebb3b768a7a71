// Functions of PostgreSQL that its clients call. They hide those of DuckDB that have the same name, which
// speak of DuckDB. Source: PostgreSQL 15, "System Information Functions".
import { POSTGRES_TYPE_NAMES, POSTGRES_TYPES, POSTGRES_VERSION } from '../postgres-types.ts';

/** Types that are texts here, or numbers of something. */
const TYPE_ALIASES: readonly string[] = [
  ...[
    'name',
    'regclass',
    'regtype',
    'regproc',
    'regprocedure',
    'regoper',
    'regnamespace',
    'regrole',
  ],
  ...[
    'cstring',
    'pg_node_tree',
    'aclitem',
    'int2vector',
    'oidvector',
    'anyarray',
    'unknown',
    'jsonb',
    'xid',
  ],
];

/** The same answer whatever the arguments, of which there may be up to four. */
const ANSWERS: ReadonlyArray<readonly [answer: string, names: string]> = [
  [
    'true',
    'pg_table_is_visible pg_type_is_visible pg_function_is_visible pg_operator_is_visible ' +
      'pg_opclass_is_visible pg_collation_is_visible pg_statistics_obj_is_visible ' +
      'has_table_privilege has_schema_privilege has_database_privilege has_column_privilege ' +
      'has_any_column_privilege has_function_privilege has_sequence_privilege has_type_privilege ' +
      'has_language_privilege has_tablespace_privilege pg_has_role',
  ],
  [
    'false',
    'pg_is_in_recovery pg_is_other_temp_schema pg_relation_is_publishable row_security_active',
  ],
  ["'restate'", 'current_user session_user pg_get_userbyid current_role'],
  ["'UTF8'", 'pg_encoding_to_char pg_client_encoding getdatabaseencoding'],
  ['6', 'pg_char_to_encoding'],
  [
    'CAST(0 AS BIGINT)',
    'pg_backend_pid pg_my_temp_schema pg_database_size pg_relation_size pg_table_size ' +
      'pg_indexes_size pg_total_relation_size pg_tablespace_size pg_stat_get_numscans',
  ],
  [
    'CAST(NULL AS VARCHAR)',
    'pg_get_expr pg_get_constraintdef pg_get_indexdef pg_get_viewdef pg_get_triggerdef ' +
      'pg_get_ruledef pg_get_functiondef pg_get_function_result pg_get_function_arguments ' +
      'pg_get_function_identity_arguments pg_get_statisticsobjdef_columns pg_get_partkeydef ' +
      'pg_get_partition_constraintdef pg_get_serial_sequence obj_description col_description ' +
      'shobj_description inet_server_addr inet_client_addr pg_advisory_unlock_all ' +
      'pg_tablespace_location pg_get_publication_tables',
  ],
];

const ARGUMENTS = ['a', 'b', 'c', 'd'];

/** Values of settings that clients ask for in a query. Others are null. */
const SETTINGS: Readonly<Record<string, string>> = {
  application_name: '',
  client_encoding: 'UTF8',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  is_superuser: 'off',
  jit: 'off',
  max_identifier_length: '63',
  max_index_keys: '32',
  search_path: '"$user", public',
  server_encoding: 'UTF8',
  server_version: POSTGRES_VERSION,
  server_version_num: '150000',
  standard_conforming_strings: 'on',
  timezone: 'UTC',
  transaction_isolation: 'read committed',
  transaction_read_only: 'on',
};

/** Names of settings that are PostgreSQL's rather than DuckDB's. */
export const PG_SETTINGS: ReadonlySet<string> = new Set(Object.keys(SETTINGS));

/** What is made here and does not begin with `pg_`, less the names that have other meanings, too. */
export const PG_NAMES: readonly string[] = [
  ...TYPE_ALIASES.filter((name) => name !== 'name' && name !== 'unknown'),
  ...ANSWERS.flatMap(([, names]) => names.split(' ')).filter((name) => !name.startsWith('pg_')),
  ...['version', 'current_setting', 'set_config', 'current_schemas', 'format_type', 'array_upper'],
  ...['array_lower', 'quote_ident', 'quote_literal', 'to_regclass', 'to_regtype', 'to_regproc'],
];

/** Statements that make them. */
export function pgFunctions(): string[] {
  const setting = cases('lower(n)', Object.entries(SETTINGS), 'NULL');
  return [
    ...TYPE_ALIASES.map((name) => `CREATE TYPE "${name}" AS VARCHAR`),
    ...ANSWERS.flatMap(([answer, names]) => names.split(' ').map((name) => constant(name, answer))),
    `CREATE MACRO version() AS 'PostgreSQL ${POSTGRES_VERSION} (Reprise)'`,
    `CREATE MACRO pg_current_setting(n) AS ${setting}, (n, m) AS ${setting}`,
    'CREATE MACRO set_config(n, v, l) AS v',
    "CREATE MACRO current_schemas(i) AS CASE WHEN i THEN ['pg_catalog', 'public'] ELSE ['public'] END",
    `CREATE MACRO format_type(t, m) AS ${formatType()}`,
    "CREATE MACRO _pg_expandarray(l) AS {'x': l[1], 'n': 1}",
    'CREATE MACRO array_upper(l, d) AS nullif(len(l), 0)',
    'CREATE MACRO array_lower(l, d) AS CASE WHEN len(l) > 0 THEN 1 END',
    "CREATE MACRO pg_size_pretty(n) AS n || ' bytes'",
    `CREATE MACRO quote_ident(s) AS
      CASE WHEN regexp_full_match(s, '[a-z_][a-z0-9_$]*') THEN s
        ELSE '"' || replace(s, '"', '""') || '"' END`,
    // In a FROM, where the function of the same name cannot stand.
    'CREATE MACRO string_split(s, d) AS TABLE SELECT string_split(s, d)',
    "CREATE MACRO quote_literal(s) AS '''' || replace(s, '''', '''''') || ''''",
    ...OBJECT_NAMES,
    ...['regclass', 'regtype', 'regproc'].map(
      (name) => `CREATE MACRO to_${name}(n) AS pg_${name}_oid(n)`,
    ),
  ];
}

/** From names to numbers and back, for what `rewrite-postgres.ts` makes of casts. */
const OBJECT_NAMES: readonly string[] = [
  ...lookup('regclass', 'pg_class', 'relname'),
  ...lookup('regproc', 'pg_proc', 'proname'),
  ...lookup('regnamespace', 'pg_namespace', 'nspname'),
  ...lookup('regrole', 'pg_roles', 'rolname'),
  `CREATE MACRO pg_regtype_oid(n) AS
    coalesce(TRY_CAST(n AS UINTEGER), ${cases('lower(' + bareName('n') + ')', typeNumbers(), 'NULL')})`,
  'CREATE MACRO pg_regtype_name(o) AS format_type(o, NULL)',
];

/** Numbers are written as texts, too: `'16384'::regclass`. */
function lookup(type: string, table: string, column: string): string[] {
  return [
    `CREATE MACRO pg_${type}_oid(n) AS coalesce(TRY_CAST(n AS UINTEGER),
      (SELECT min(each.oid) FROM ${table} each WHERE each.${column} = ${bareName('n')}))`,
    `CREATE MACRO pg_${type}_name(o) AS CASE WHEN o = 0 THEN '-' ELSE coalesce(
      (SELECT min(each.${column}) FROM ${table} each WHERE each.oid = TRY_CAST(o AS UINTEGER)),
      CAST(o AS VARCHAR)) END`,
  ];
}

/** Without schema and quotes. */
function bareName(name: string): string {
  return `replace(regexp_replace(CAST(${name} AS VARCHAR), '^.*\\.', ''), '"', '')`;
}

function constant(name: string, answer: string): string {
  const forms = Array.from({ length: ARGUMENTS.length + 1 }, (_, count) => {
    return `(${ARGUMENTS.slice(0, count).join(', ')}) AS ${answer}`;
  });
  return `CREATE MACRO "${name}" ${forms.join(', ')}`;
}

function formatType(): string {
  const scalars = POSTGRES_TYPE_NAMES.map((name) => POSTGRES_TYPES[name]);
  const names = scalars.flatMap(({ oid, arrayOid, name }) => [
    [oid, name] as const,
    ...(arrayOid > 0 ? [[arrayOid, `${name}[]`] as const] : []),
  ]);
  return cases('CAST(t AS BIGINT)', names, "CASE WHEN t = 0 THEN '-' ELSE '???' END");
}

/** Every name that a type has. */
function typeNumbers(): Array<readonly [name: string, oid: number]> {
  return POSTGRES_TYPE_NAMES.flatMap((name) => {
    const { oid, arrayOid, name: formatted } = POSTGRES_TYPES[name];
    const names = [...new Set([name, formatted.replaceAll('"', '')])];
    return [
      ...names.map((each) => [each, oid] as const),
      ...[`_${name}`, ...names.map((each) => `${each}[]`)].map((each) => [each, arrayOid] as const),
    ];
  });
}

function cases(
  subject: string,
  answers: ReadonlyArray<readonly [value: string | number, answer: string | number]>,
  otherwise: string,
): string {
  const whens = answers.map(([value, answer]) => `WHEN ${literal(value)} THEN ${literal(answer)}`);
  return `CASE ${subject} ${whens.join(' ')} ELSE ${otherwise} END`;
}

function literal(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
