// Functions of the reference that DuckDB lacks. `rewrite-functions.ts` calls them by these names, so
// that they hide none of DuckDB's own.

/** JSON functions name a member, or an element of an array by number. */
const JSON_PATH = `CASE WHEN typeof(k) = 'VARCHAR' THEN '$."' || k || '"' ELSE '$[' || k || ']' END`;

/** `//` divides integers as such, and everything else as `/` does. */
const integerTypes =
  "'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'";
const areIntegers = `typeof(a) IN (${integerTypes}) AND typeof(b) IN (${integerTypes})`;
const divideByZero = "error('Arrow error: Divide by zero error')";

export const MACROS: readonly string[] = [
  'CREATE MACRO df_to_unixtime(t) AS CAST(floor(epoch(CAST(t AS TIMESTAMPTZ))) AS BIGINT)',
  `CREATE MACRO df_date_bin
    (stride, t) AS time_bucket(stride, CAST(t AS TIMESTAMPTZ), TIMESTAMPTZ '1970-01-01 00:00:00+00'),
    (stride, t, origin) AS time_bucket(stride, CAST(t AS TIMESTAMPTZ), CAST(origin AS TIMESTAMPTZ))`,
  `CREATE MACRO df_divide(a, b) AS CASE WHEN ${areIntegers} AND b = 0 THEN ${divideByZero} ELSE a // b END`,
  `CREATE MACRO df_modulo(a, b) AS CASE WHEN ${areIntegers} AND b = 0 THEN ${divideByZero} ELSE a % b END`,
  `CREATE MACRO df_encode(v, f) AS
    CASE lower(f) WHEN 'hex' THEN lower(hex(v))
      WHEN 'base64' THEN rtrim(to_base64(CAST(v AS BLOB)), '=')
      ELSE error('unknown encoding ' || f) END`,
  `CREATE MACRO df_decode(v, f) AS
    CASE lower(f) WHEN 'hex' THEN unhex(v) WHEN 'base64' THEN from_base64(v)
      ELSE error('unknown encoding ' || f) END`,
  `CREATE MACRO df_octet_length(v) AS
    CASE typeof(v) WHEN 'BLOB' THEN octet_length(CAST(v AS BLOB)) ELSE strlen(CAST(v AS VARCHAR)) END`,
  'CREATE MACRO df_to_hex(n) AS lower(to_hex(n))',
  `CREATE MACRO df_arrow_typeof(v) AS
    CASE typeof(v) WHEN 'VARCHAR' THEN 'LargeUtf8' WHEN 'BLOB' THEN 'LargeBinary'
      WHEN 'UBIGINT' THEN 'UInt64' WHEN 'UINTEGER' THEN 'UInt32' WHEN 'BIGINT' THEN 'Int64'
      WHEN 'INTEGER' THEN 'Int64' WHEN 'DOUBLE' THEN 'Float64' WHEN 'BOOLEAN' THEN 'Boolean'
      WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'Timestamp(ms, "+00:00")'
      WHEN 'INTERVAL' THEN 'Duration(ms)' ELSE typeof(v) END`,
  `CREATE MACRO df_json_get(j, k) AS CAST(json_extract(j, ${JSON_PATH}) AS VARCHAR)`,
  `CREATE MACRO df_json_get_json(j, k) AS CAST(json_extract(j, ${JSON_PATH}) AS VARCHAR)`,
  `CREATE MACRO df_json_get_str(j, k) AS json_extract_string(j, ${JSON_PATH})`,
  `CREATE MACRO df_json_get_int(j, k) AS TRY_CAST(json_extract_string(j, ${JSON_PATH}) AS BIGINT)`,
  `CREATE MACRO df_json_get_float(j, k) AS TRY_CAST(json_extract_string(j, ${JSON_PATH}) AS DOUBLE)`,
  `CREATE MACRO df_json_get_bool(j, k) AS TRY_CAST(json_extract_string(j, ${JSON_PATH}) AS BOOLEAN)`,
  `CREATE MACRO df_json_contains(j, k) AS json_exists(j, ${JSON_PATH})`,
  `CREATE MACRO df_json_length(j) AS
    CASE json_type(j) WHEN 'ARRAY' THEN CAST(json_array_length(j) AS UBIGINT)
      WHEN 'OBJECT' THEN CAST(len(json_keys(j)) AS UBIGINT) END`,
];
