// The types of PostgreSQL that results and parameters can have. Source: PostgreSQL's catalog `pg_type`.

/** The release of PostgreSQL whose catalog and answers clients may expect. */
export const POSTGRES_VERSION = '15.0';

export interface PostgresType {
  readonly oid: number;
  readonly arrayOid: number;
  /** Bytes in binary form; negative for any number. */
  readonly size: number;
  /** As `format_type` writes it. */
  readonly name: string;
  /** `typcategory`. */
  readonly category: string;
}

export const POSTGRES_TYPES = {
  bool: type(16, 1000, 1, 'B', 'boolean'),
  bytea: type(17, 1001, -1, 'U', 'bytea'),
  char: type(18, 1002, 1, 'Z', '"char"'),
  name: type(19, 1003, 64, 'S', 'name'),
  int8: type(20, 1016, 8, 'N', 'bigint'),
  int2: type(21, 1005, 2, 'N', 'smallint'),
  int4: type(23, 1007, 4, 'N', 'integer'),
  text: type(25, 1009, -1, 'S', 'text'),
  oid: type(26, 1028, 4, 'N', 'oid'),
  json: type(114, 199, -1, 'U', 'json'),
  float4: type(700, 1021, 4, 'N', 'real'),
  float8: type(701, 1022, 8, 'N', 'double precision'),
  unknown: type(705, 0, -2, 'X', 'unknown'),
  bpchar: type(1042, 1014, -1, 'S', 'character'),
  varchar: type(1043, 1015, -1, 'S', 'character varying'),
  date: type(1082, 1182, 4, 'D', 'date'),
  time: type(1083, 1183, 8, 'D', 'time without time zone'),
  timestamp: type(1114, 1115, 8, 'D', 'timestamp without time zone'),
  timestamptz: type(1184, 1185, 8, 'D', 'timestamp with time zone'),
  interval: type(1186, 1187, 16, 'T', 'interval'),
  numeric: type(1700, 1231, -1, 'N', 'numeric'),
  uuid: type(2950, 2951, 16, 'U', 'uuid'),
  jsonb: type(3802, 3807, -1, 'U', 'jsonb'),
} as const satisfies Readonly<Record<string, PostgresType>>;

export type PostgresTypeName = keyof typeof POSTGRES_TYPES;

export const POSTGRES_TYPE_NAMES: readonly PostgresTypeName[] =
  Object.keys(POSTGRES_TYPES).filter(isPostgresTypeName);

function isPostgresTypeName(name: string): name is PostgresTypeName {
  return name in POSTGRES_TYPES;
}

function type(
  oid: number,
  arrayOid: number,
  size: number,
  category: string,
  name: string,
): PostgresType {
  return { oid, arrayOid, size, category, name };
}
