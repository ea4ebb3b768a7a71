// From the bytes of a parameter to a value of a query.
import type { QueryType, QueryValue } from '../../actors/ports.ts';
import { POSTGRES_TYPES, type PostgresTypeName } from '../postgres-types.ts';
import { decodeText } from './body-reader.ts';
import { ValueFormat } from './frontend-message.ts';
import { readArrayItems } from './array-text.ts';
import { invalidText, numberOf } from './number-text.ts';
import { readBinary } from './parameter-binary.ts';
import { PostgresError } from './postgres-error.ts';
import { elementOfOid, scalarOfOid } from './wire-type.ts';

export interface ParameterType {
  /** As the client sees it. */
  readonly oid: number;
  /** What the statement compares it with, where that is known. */
  readonly expected: QueryType | undefined;
}

/** Throws `PostgresError` for bytes that are no value of the type. */
export function readParameter(
  bytes: Uint8Array | null,
  { oid, expected }: ParameterType,
  format: ValueFormat,
): QueryValue {
  if (bytes === null) return null;
  const value =
    format === ValueFormat.binary
      ? readBinary(Buffer.from(bytes), oid)
      : readText(decodeText(bytes), oid);
  return expected === undefined ? value : withoutSign(value, expected);
}

/** Clients have no unsigned numbers: they give back the negative one that they were given. */
function withoutSign(value: QueryValue, type: QueryType): QueryValue {
  if (type.kind === 'list') {
    const { element } = type;
    return isList(value) ? value.map((item) => withoutSign(item, element)) : value;
  }
  if (typeof value !== 'bigint' || value >= 0n) return value;
  if (type.kind === 'uint64') return BigInt.asUintN(64, value);
  return type.kind === 'uint32' ? BigInt.asUintN(32, value) : value;
}

function isList(value: QueryValue): value is readonly QueryValue[] {
  return Array.isArray(value);
}

/** Of a type's text form. Throws `PostgresError` for a text that is no value of the type. */
export function readText(text: string, oid: number): QueryValue {
  const element = elementOfOid(oid);
  if (element !== undefined) return readArray(text, element);
  return readScalar(text, scalarOfOid(oid) ?? 'text');
}

const INTEGER_BITS: Readonly<Partial<Record<PostgresTypeName, number>>> = {
  int2: 16,
  int4: 32,
  int8: 64,
  oid: 32,
};

function readScalar(text: string, type: PostgresTypeName): QueryValue {
  switch (type) {
    case 'bool':
      return readBoolean(text);
    case 'int2':
    case 'int4':
    case 'int8':
    case 'oid':
      return readInteger(text, type);
    case 'float4':
    case 'float8':
      return readFloat(text, type);
    case 'numeric':
      return numberOf(text.trim(), type);
    case 'bytea':
      return readBytes(text);
    case 'char':
    case 'name':
    case 'text':
    case 'json':
    case 'unknown':
    case 'bpchar':
    case 'varchar':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
    case 'uuid':
    case 'jsonb':
      return text;
  }
}

function readBoolean(text: string): boolean {
  const word = text.trim().toLowerCase();
  if (['true', 't', 'yes', 'y', 'on', '1'].includes(word)) return true;
  if (['false', 'f', 'no', 'n', 'off', '0'].includes(word)) return false;
  throw invalidText(text, 'bool');
}

function readInteger(text: string, type: PostgresTypeName): bigint {
  const digits = text.trim();
  if (!/^[+-]?\d{1,40}$/.test(digits)) throw invalidText(text, type);
  const value = BigInt(digits.replace('+', ''));
  const bits = INTEGER_BITS[type] ?? 64;
  // What is too large for the signed type may still be an unsigned number that the server gave.
  if (BigInt.asIntN(bits, value) === value || BigInt.asUintN(bits, value) === value) return value;
  const { name } = POSTGRES_TYPES[type];
  throw new PostgresError('outOfRange', `value "${text}" is out of range for type ${name}`);
}

function readFloat(text: string, type: PostgresTypeName): QueryValue {
  const trimmed = text.trim();
  if (/^[+-]?(?:infinity|inf|nan)$/i.test(trimmed)) return trimmed;
  return numberOf(trimmed, type);
}

/** `\x0a0b`, or the older form with octal escapes. */
function readBytes(text: string): Uint8Array {
  if (text.startsWith('\\x')) {
    const digits = text.slice(2).replaceAll(/\s/g, '');
    if (!/^(?:[\da-f]{2})*$/i.test(digits)) throw invalidText(text, 'bytea');
    return Buffer.from(digits, 'hex');
  }
  return Buffer.concat([...text.matchAll(ESCAPED_PIECE)].map(([piece]) => unescape(piece, text)));
}

const ESCAPED_PIECE = /\\\\|\\[0-3][0-7]{2}|\\|[^\\]+/g;

function unescape(piece: string, whole: string): Buffer {
  if (!piece.startsWith('\\')) return Buffer.from(piece);
  if (piece === '\\\\') return Buffer.from('\\');
  if (piece === '\\') throw invalidText(whole, 'bytea');
  return Buffer.of(Number.parseInt(piece.slice(1), 8));
}

/** `{a,"b c",NULL}` of one dimension. */
function readArray(text: string, element: PostgresTypeName): QueryValue {
  return readArrayItems(text).map((item) => (item === null ? null : readScalar(item, element)));
}
