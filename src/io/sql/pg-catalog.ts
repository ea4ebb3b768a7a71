// The tables of PostgreSQL's catalog that its clients ask: filled where there is something to say, empty
// where this server has nothing of the kind. Source: PostgreSQL 15, "System Catalogs".
import type { ColumnType } from '../../storage/query/column.ts';
import type { QueryTable } from '../../storage/query/query-table.ts';
import { POSTGRES_TYPE_NAMES, POSTGRES_TYPES, type PostgresTypeName } from '../postgres-types.ts';
import { VIEW_NAMES } from './information-schema.ts';
import { PG_NAMES, pgFunctions } from './pg-functions.ts';

/**
 * Columns as `name:type=default`, separated by spaces. Without a type a column is a text, without a
 * default it is null.
 */
const TABLES = {
  pg_am: 'oid:o amname amhandler:o=0 amtype',
  pg_attrdef: 'oid:o adrelid:o adnum:i2 adbin',
  pg_attribute:
    'attrelid:o attname atttypid:o attstattarget:i4=-1 attlen:i2=-1 attnum:i2 attndims:i4=0 ' +
    "attcacheoff:i4=-1 atttypmod:i4=-1 attbyval:b=false attalign='i' attstorage='p' attcompression='' " +
    "attnotnull:b=false atthasdef:b=false atthasmissing:b=false attidentity='' attgenerated='' " +
    'attisdropped:b=false attislocal:b=true attinhcount:i4=0 attcollation:o=0 attacl:t[] ' +
    'attoptions:t[] attfdwoptions:t[] attmissingval',
  pg_auth_members: 'roleid:o member:o grantor:o admin_option:b',
  pg_cast: 'oid:o castsource:o casttarget:o castfunc:o castcontext castmethod',
  pg_class:
    'oid:o relname relnamespace:o reltype:o=0 reloftype:o=0 relowner:o=10 relam:o=0 relfilenode:o=0 ' +
    'reltablespace:o=0 relpages:i4=0 reltuples:f4=-1 relallvisible:i4=0 reltoastrelid:o=0 ' +
    "relhasindex:b=false relisshared:b=false relpersistence='p' relkind='r' relnatts:i2=0 " +
    'relchecks:i2=0 relhasrules:b=false relhastriggers:b=false relhassubclass:b=false ' +
    'relrowsecurity:b=false relforcerowsecurity:b=false relispopulated:b=true ' +
    "relreplident='d' relispartition:b=false relrewrite:o=0 relfrozenxid:o=0 relminmxid:o=0 " +
    'relacl:t[] reloptions:t[] relpartbound',
  pg_collation:
    "oid:o collname collnamespace:o=11 collowner:o=10 collprovider='c' collisdeterministic:b=true " +
    'collencoding:i4=-1 collcollate collctype colliculocale collversion',
  pg_constraint:
    'oid:o conname connamespace:o contype condeferrable:b condeferred:b convalidated:b conrelid:o ' +
    'contypid:o conindid:o conparentid:o confrelid:o confupdtype confdeltype confmatchtype ' +
    'conislocal:b coninhcount:i4 connoinherit:b conkey:i2[] confkey:i2[] conpfeqop:o[] ' +
    'conppeqop:o[] conffeqop:o[] confdelsetcols:i2[] conexclop:o[] conbin',
  pg_database:
    "oid:o datname datdba:o=10 encoding:i4=6 datlocprovider='c' datistemplate:b=false " +
    'datallowconn:b=true datconnlimit:i4=-1 datfrozenxid:o=0 datminmxid:o=0 dattablespace:o=1663 ' +
    "datcollate='C' datctype='C' daticulocale datcollversion datacl:t[]",
  pg_db_role_setting: 'setdatabase:o setrole:o setconfig:t[]',
  pg_default_acl: 'oid:o defaclrole:o defaclnamespace:o defaclobjtype defaclacl:t[]',
  pg_depend: 'classid:o objid:o objsubid:i4 refclassid:o refobjid:o refobjsubid:i4 deptype',
  pg_description: 'objoid:o classoid:o objsubid:i4 description',
  pg_enum: 'oid:o enumtypid:o enumsortorder:f4 enumlabel',
  pg_event_trigger: 'oid:o evtname evtevent evtowner:o evtfoid:o evtenabled evttags:t[]',
  pg_extension:
    'oid:o extname extowner:o extnamespace:o extrelocatable:b extversion extconfig:o[] extcondition:t[]',
  pg_foreign_data_wrapper:
    'oid:o fdwname fdwowner:o fdwhandler:o fdwvalidator:o fdwacl:t[] fdwoptions:t[]',
  pg_foreign_server:
    'oid:o srvname srvowner:o srvfdw:o srvtype srvversion srvacl:t[] srvoptions:t[]',
  pg_foreign_table: 'ftrelid:o ftserver:o ftoptions:t[]',
  pg_index:
    'indexrelid:o indrelid:o indnatts:i2 indnkeyatts:i2 indisunique:b indnullsnotdistinct:b ' +
    'indisprimary:b indisexclusion:b indimmediate:b indisclustered:b indisvalid:b indcheckxmin:b ' +
    'indisready:b indislive:b indisreplident:b indkey:i2[] indcollation:o[] indclass:o[] ' +
    'indoption:i2[] indexprs indpred',
  pg_indexes: 'schemaname tablename indexname tablespace indexdef',
  pg_inherits: 'inhrelid:o inhparent:o inhseqno:i4 inhdetachpending:b',
  pg_language:
    'oid:o lanname lanowner:o lanispl:b lanpltrusted:b lanplcallfoid:o laninline:o lanvalidator:o lanacl:t[]',
  pg_locks: 'locktype database:o relation:o pid:i4 mode granted:b',
  pg_matviews:
    'schemaname matviewname matviewowner tablespace hasindexes:b ispopulated:b definition',
  pg_namespace: 'oid:o nspname nspowner:o=10 nspacl:t[]',
  pg_opclass:
    'oid:o opcmethod:o opcname opcnamespace:o opcfamily:o opcintype:o opcdefault:b opckeytype:o',
  pg_operator: 'oid:o oprname oprnamespace:o oprkind oprleft:o oprright:o oprresult:o oprcode:o',
  pg_parameter_acl: 'oid:o parname paracl:t[]',
  pg_partitioned_table: 'partrelid:o partstrat partnatts:i2 partdefid:o partattrs:i2[] partexprs',
  pg_policy: 'oid:o polname polrelid:o polcmd polpermissive:b polroles:o[] polqual polwithcheck',
  pg_proc:
    'oid:o proname pronamespace:o=11 proowner:o=10 prolang:o=12 prokind provolatile proretset:b ' +
    'prorettype:o pronargs:i2 proargtypes:o[] proallargtypes:o[] proargmodes:t[] proargnames:t[] ' +
    'prosrc proacl:t[] prosecdef:b proleakproof:b proisstrict:b proparallel provariadic:o',
  pg_publication:
    'oid:o pubname pubowner:o puballtables:b pubinsert:b pubupdate:b pubdelete:b pubtruncate:b pubviaroot:b',
  pg_publication_namespace: 'oid:o pnpubid:o pnnspid:o',
  pg_publication_rel: 'oid:o prpubid:o prrelid:o prqual prattrs:i2[]',
  pg_range: 'rngtypid:o rngsubtype:o rngmultitypid:o rngcollation:o rngsubopc:o',
  pg_rewrite: 'oid:o rulename ev_class:o ev_type ev_enabled is_instead:b ev_qual ev_action',
  pg_roles:
    'rolname rolsuper:b=false rolinherit:b=true rolcreaterole:b=false rolcreatedb:b=false ' +
    'rolcanlogin:b=true rolreplication:b=false rolconnlimit:i4=-1 rolpassword rolvaliduntil:ts ' +
    'rolbypassrls:b=false rolconfig:t[] oid:o',
  pg_sequence:
    'seqrelid:o seqtypid:o seqstart:i8 seqincrement:i8 seqmax:i8 seqmin:i8 seqcache:i8 seqcycle:b',
  pg_sequences: 'schemaname sequencename sequenceowner data_type start_value:i8 last_value:i8',
  pg_settings:
    'name setting unit category short_desc extra_desc context vartype source min_val max_val ' +
    'enumvals:t[] boot_val reset_val sourcefile sourceline:i4 pending_restart:b=false',
  pg_shdescription: 'objoid:o classoid:o description',
  pg_stat_activity:
    'datid:o datname pid:i4 usesysid:o usename application_name client_addr client_port:i4 ' +
    'backend_start:ts query_start:ts state_change:ts wait_event_type wait_event state query backend_type',
  pg_stat_user_tables: 'relid:o schemaname relname seq_scan:i8 n_live_tup:i8 n_dead_tup:i8',
  pg_statio_user_tables: 'relid:o schemaname relname heap_blks_read:i8',
  pg_statistic_ext:
    'oid:o stxrelid:o stxname stxnamespace:o stxowner:o stxstattarget:i4 stxkeys:i2[] stxkind:t[] stxexprs',
  pg_subscription: 'oid:o subdbid:o subname subowner:o subenabled:b',
  pg_tables:
    'schemaname tablename tableowner tablespace hasindexes:b=false hasrules:b=false ' +
    'hastriggers:b=false rowsecurity:b=false',
  pg_tablespace: 'oid:o spcname spcowner:o=10 spcacl:t[] spcoptions:t[]',
  pg_trigger:
    'oid:o tgrelid:o tgparentid:o tgname tgfoid:o tgtype:i2 tgenabled tgisinternal:b tgconstrrelid:o ' +
    'tgconstrindid:o tgconstraint:o tgdeferrable:b tginitdeferred:b tgnargs:i2 tgargs tgqual',
  pg_type:
    "oid:o typname typnamespace:o=11 typowner:o=10 typlen:i2=-1 typbyval:b=false typtype='b' " +
    "typcategory='U' typispreferred:b=false typisdefined:b=true typdelim=',' typrelid:o=0 " +
    'typsubscript:o=0 typelem:o=0 typarray:o=0 typinput:o=0 typoutput:o=0 typreceive:o=0 ' +
    "typsend:o=0 typmodin:o=0 typmodout:o=0 typanalyze:o=0 typalign='i' typstorage='p' " +
    'typnotnull:b=false typbasetype:o=0 typtypmod:i4=-1 typndims:i4=0 typcollation:o=0 ' +
    'typdefaultbin typdefault typacl:t[]',
  pg_user:
    'usename usesysid:o usecreatedb:b=false usesuper:b=false userepl:b=false usebypassrls:b=false ' +
    'passwd valuntil:ts useconfig:t[]',
  pg_user_mapping: 'oid:o umuser:o umserver:o umoptions:t[]',
  pg_views: 'schemaname viewname viewowner definition',
} as const satisfies Readonly<Record<string, string>>;

type CatalogName = keyof typeof TABLES;

/** Of `TABLES`, in the words of DuckDB. */
const COLUMN_TYPES: Readonly<Partial<Record<string, string>>> = {
  o: 'UINTEGER',
  b: 'BOOLEAN',
  i2: 'SMALLINT',
  i4: 'INTEGER',
  i8: 'BIGINT',
  f4: 'FLOAT',
  ts: 'TIMESTAMPTZ',
  't[]': 'VARCHAR[]',
  'o[]': 'UINTEGER[]',
  'i2[]': 'SMALLINT[]',
};

type Cell = string | number | boolean;
type Row = Readonly<Record<string, Cell>>;

/** Numbers that PostgreSQL gives these, which clients know by heart. */
const PG_CATALOG = 11;
const PUBLIC = 2200;
const INFORMATION_SCHEMA = 13_000;
const OWNER = 10;
const HEAP = 2;
const DEFAULT_COLLATION = 100;
const ARRAY_IN = 750;
const ARRAY_OUT = 751;
const ARRAY_RECEIVE = 2400;
const ARRAY_SEND = 2401;
const KNOWN_RELATIONS: Readonly<Partial<Record<string, number>>> = {
  pg_type: 1247,
  pg_attribute: 1249,
  pg_proc: 1255,
  pg_class: 1259,
  pg_database: 1262,
  pg_constraint: 2606,
  pg_namespace: 2615,
  pg_description: 2609,
};

/** PostgreSQL numbers what users make from here on. */
const FIRST_OWN_OID = 16_384;
const FIRST_CATALOG_OID = 12_000;

/** The user that owns everything, and the database. */
const OWNER_NAME = 'restate';

/** Type of every column of a table as Postgres clients get it; arrays have their element's name. */
const COLUMN_POSTGRES_TYPES: Readonly<
  Record<ColumnType, readonly [name: PostgresTypeName, isArray?: boolean]>
> = {
  text: ['varchar'],
  bytes: ['bytea'],
  boolean: ['bool'],
  u32: ['int4'],
  u64: ['int8'],
  timestamp: ['timestamptz'],
  duration: ['interval'],
  u32List: ['int4', true],
  textList: ['varchar', true],
};

/** Types that are passed by value, and those of their category that others are turned into. */
const BY_VALUE_SIZE_MAX = 8;
const PREFERRED: ReadonlySet<PostgresTypeName> = new Set([
  'bool',
  'text',
  'float8',
  'oid',
  'timestamptz',
  'interval',
]);

/** Whether a statement may speak of the catalog or of its functions. */
export function namesPgCatalog(sql: string): boolean {
  return NAMES.test(sql);
}

const NAMES = new RegExp(`\\bpg_\\w|\\b(?:${PG_NAMES.join('|')})\\b`, 'i');

/** Statements that make the catalog and its functions in the current schema. */
export function pgCatalogStatements(tables: readonly QueryTable[]): string[] {
  const rows = catalogRows(tables);
  return [
    ...Object.entries(TABLES).map(([name, columns]) => createTable(name, columns)),
    ...Object.entries(rows).flatMap(([name, each]) => insertRows(name, each)),
    ...pgFunctions(),
  ];
}

function createTable(name: string, columns: string): string {
  const definitions = columns.split(' ').map((column) => {
    const [, columnName, type, value] = /^([^:=]+)(?::([^=]+))?(?:=(.*))?$/.exec(column) ?? [];
    const byDefault = value === undefined ? '' : ` DEFAULT ${value}`;
    return `"${columnName}" ${COLUMN_TYPES[type ?? ''] ?? 'VARCHAR'}${byDefault}`;
  });
  return `CREATE TABLE ${name} (${definitions.join(', ')})`;
}

/** One statement for the rows that have the same columns; columns left out have their default. */
function insertRows(table: string, rows: readonly Row[]): string[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const columns = Object.keys(row).join(', ');
    const group = groups.get(columns) ?? [];
    group.push(row);
    groups.set(columns, group);
  }
  return [...groups].map(([columns, each]) => {
    const values = each.map((row) => `(${Object.values(row).map(literal).join(', ')})`);
    return `INSERT INTO ${table} (${columns}) VALUES ${values.join(', ')}`;
  });
}

function literal(value: Cell): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}

function catalogRows(
  tables: readonly QueryTable[],
): Readonly<Partial<Record<CatalogName, readonly Row[]>>> {
  const views = tables.filter(({ name }) => VIEW_NAMES.has(name));
  const others = tables.filter((table) => !views.includes(table));
  return {
    pg_namespace: [
      { oid: PG_CATALOG, nspname: 'pg_catalog' },
      { oid: PUBLIC, nspname: 'public' },
      { oid: INFORMATION_SCHEMA, nspname: 'information_schema' },
    ],
    pg_database: [{ oid: FIRST_OWN_OID - 1, datname: OWNER_NAME }],
    pg_roles: [{ rolname: OWNER_NAME, oid: OWNER }],
    pg_user: [{ usename: OWNER_NAME, usesysid: OWNER }],
    pg_am: [{ oid: HEAP, amname: 'heap', amtype: 't' }],
    pg_collation: [{ oid: DEFAULT_COLLATION, collname: 'default' }],
    pg_tablespace: [{ oid: 1663, spcname: 'pg_default' }],
    pg_proc: [
      { oid: ARRAY_IN, proname: 'array_in', prokind: 'f' },
      { oid: ARRAY_OUT, proname: 'array_out', prokind: 'f' },
      { oid: ARRAY_RECEIVE, proname: 'array_recv', prokind: 'f' },
      { oid: ARRAY_SEND, proname: 'array_send', prokind: 'f' },
    ],
    pg_type: [...scalarRows(), ...arrayRows()],
    pg_class: [...relationRows(tables), ...catalogRelationRows()],
    pg_attribute: tables.flatMap(attributeRows),
    pg_tables: others.map(({ name }) => {
      return { schemaname: 'public', tablename: name, tableowner: OWNER_NAME };
    }),
    pg_views: views.map(({ name }) => {
      return { schemaname: 'public', viewname: name, viewowner: OWNER_NAME };
    }),
  };
}

function relationRows(tables: readonly QueryTable[]): Row[] {
  return tables.map(({ name, columns }, index) => {
    const isView = VIEW_NAMES.has(name);
    return {
      oid: FIRST_OWN_OID + index,
      relname: name,
      relnamespace: PUBLIC,
      relkind: isView ? 'v' : 'r',
      relam: isView ? 0 : HEAP,
      relnatts: columns.length,
    };
  });
}

function catalogRelationRows(): Row[] {
  return Object.entries(TABLES).map(([name, columns], index) => {
    return {
      oid: KNOWN_RELATIONS[name] ?? FIRST_CATALOG_OID + index,
      relname: name,
      relnamespace: PG_CATALOG,
      relkind: 'r',
      relam: HEAP,
      relnatts: columns.split(' ').length,
    };
  });
}

function attributeRows({ columns }: QueryTable, table: number): Row[] {
  return columns.map((column, index) => {
    const [typeName, isArray = false] = COLUMN_POSTGRES_TYPES[column.type];
    const { oid, arrayOid, size } = POSTGRES_TYPES[typeName];
    return {
      attrelid: FIRST_OWN_OID + table,
      attname: column.name,
      atttypid: isArray ? arrayOid : oid,
      attlen: isArray ? -1 : size,
      attnum: index + 1,
      attndims: isArray ? 1 : 0,
      attbyval: !isArray && isByValue(size),
      attnotnull: !column.nullable,
      attcollation: typeName === 'varchar' ? DEFAULT_COLLATION : 0,
    };
  });
}

function scalarRows(): Row[] {
  return POSTGRES_TYPE_NAMES.map((name) => {
    const { oid, arrayOid, size, category } = POSTGRES_TYPES[name];
    return {
      oid,
      typname: name,
      typlen: size,
      typbyval: isByValue(size),
      typcategory: category,
      typispreferred: PREFERRED.has(name),
      typarray: arrayOid,
      typcollation: category === 'S' ? DEFAULT_COLLATION : 0,
      typtype: name === 'unknown' ? 'p' : 'b',
    };
  });
}

function arrayRows(): Row[] {
  return POSTGRES_TYPE_NAMES.filter((name) => POSTGRES_TYPES[name].arrayOid > 0).map((name) => {
    const { oid, arrayOid, category } = POSTGRES_TYPES[name];
    return {
      oid: arrayOid,
      typname: `_${name}`,
      typcategory: 'A',
      typelem: oid,
      typinput: ARRAY_IN,
      typoutput: ARRAY_OUT,
      typreceive: ARRAY_RECEIVE,
      typsend: ARRAY_SEND,
      typcollation: category === 'S' ? DEFAULT_COLLATION : 0,
    };
  });
}

function isByValue(size: number): boolean {
  return size > 0 && size <= BY_VALUE_SIZE_MAX;
}
