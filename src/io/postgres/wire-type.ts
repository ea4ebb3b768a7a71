// The Postgres type of every type that a query can have. Numbers follow the reference up to 1.4: unsigned
// ones have the signed type of their width and keep their bits.
import { unreachable } from '../../actors/domain/assert.ts';
import type { QueryType } from '../../actors/ports.ts';
import { POSTGRES_TYPE_NAMES, POSTGRES_TYPES, type PostgresTypeName } from '../postgres-types.ts';

/** What a client is told of a column. */
export interface WireType {
  readonly oid: number;
  /** Bytes in binary form; negative for any number. */
  readonly size: number;
}

const NAMES_BY_OID: ReadonlyMap<number, PostgresTypeName> = new Map(
  POSTGRES_TYPE_NAMES.map((name) => [POSTGRES_TYPES[name].oid, name]),
);

const ELEMENTS_BY_OID: ReadonlyMap<number, PostgresTypeName> = new Map(
  POSTGRES_TYPE_NAMES.filter((name) => POSTGRES_TYPES[name].arrayOid > 0).map((name) => [
    POSTGRES_TYPES[name].arrayOid,
    name,
  ]),
);

export function scalarOfOid(oid: number): PostgresTypeName | undefined {
  return NAMES_BY_OID.get(oid);
}

/** The type of the elements, when the OID is that of an array. */
export function elementOfOid(oid: number): PostgresTypeName | undefined {
  return ELEMENTS_BY_OID.get(oid);
}

export function wireTypeOf(type: QueryType): WireType {
  if (type.kind !== 'list') return POSTGRES_TYPES[scalarOf(type)];
  const { element } = type;
  // Postgres has neither arrays of arrays of different lengths nor types for structs without a name.
  if (!isScalar(element)) return POSTGRES_TYPES.json;
  return { oid: POSTGRES_TYPES[scalarOf(element)].arrayOid, size: -1 };
}

/** Whether a list of it is an array. */
export function isScalar({ kind }: QueryType): boolean {
  return kind !== 'list' && kind !== 'struct';
}

/** Name of the type in which values of a type that is no list are written. */
export function scalarOf(type: QueryType): PostgresTypeName {
  switch (type.kind) {
    case 'boolean':
      return 'bool';
    case 'int8':
    case 'int16':
    case 'uint8':
      return 'int2';
    case 'int32':
    case 'uint16':
    case 'uint32':
      return 'int4';
    case 'int64':
    case 'uint64':
      return 'int8';
    case 'float32':
      return 'float4';
    case 'float64':
      return 'float8';
    case 'decimal':
      return 'numeric';
    case 'null':
      return 'text';
    case 'utf8':
    case 'largeUtf8':
      return 'varchar';
    case 'largeBinary':
      return 'bytea';
    case 'date':
    case 'time':
    case 'interval':
      return type.kind;
    case 'duration':
      return 'interval';
    case 'timestamp':
      return type.isUtc ? 'timestamptz' : 'timestamp';
    case 'list':
    case 'struct':
      return 'json';
    default:
      return unreachable(type);
  }
}
