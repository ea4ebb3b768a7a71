// Parameters in binary form. Source: the receive functions of PostgreSQL 17.
import type { QueryValue } from '../../actors/ports.ts';
import { POSTGRES_TYPES, type PostgresTypeName } from '../postgres-types.ts';
import { decodeText } from './body-reader.ts';
import { numberOf } from './number-text.ts';
import { numericText } from './numeric.ts';
import { PostgresError } from './postgres-error.ts';
import { POSTGRES_EPOCH_US } from './timestamp.ts';
import { elementOfOid, scalarOfOid } from './wire-type.ts';

const DAY_US = 86_400_000_000n;

/** Throws `PostgresError` for bytes that are no value of the type, and for types it does not know. */
export function readBinary(bytes: Buffer, oid: number): QueryValue {
  const element = elementOfOid(oid);
  if (element !== undefined) return readArray(bytes, element);
  const type = scalarOfOid(oid);
  if (type !== undefined) return readScalar(bytes, type);
  const message = `binary parameters of the type with OID ${oid} are not supported`;
  throw new PostgresError('unsupported', message);
}

function readScalar(bytes: Buffer, type: PostgresTypeName): QueryValue {
  const { size } = POSTGRES_TYPES[type];
  const isText = TEXTS.has(type);
  if (size > 0 && !isText && bytes.length !== size) throw invalid(type);
  switch (type) {
    case 'bool':
      return bytes[0] !== 0;
    case 'int2':
      return BigInt(bytes.readInt16BE());
    case 'int4':
      return BigInt(bytes.readInt32BE());
    case 'oid':
      return BigInt(bytes.readUInt32BE());
    case 'int8':
      return bytes.readBigInt64BE();
    case 'float4':
      return finiteOrText(bytes.readFloatBE());
    case 'float8':
      return finiteOrText(bytes.readDoubleBE());
    case 'numeric':
      return numberOf(numericText(bytes), 'numeric');
    case 'bytea':
      return bytes;
    case 'date':
      return timestampText(BigInt(bytes.readInt32BE()) * DAY_US).slice(0, 10);
    case 'time':
      return timestampText(bytes.readBigInt64BE()).slice(11, -1);
    case 'timestamp':
      return timestampText(bytes.readBigInt64BE()).slice(0, -1);
    case 'timestamptz':
      return timestampText(bytes.readBigInt64BE());
    case 'interval':
      return intervalText(bytes);
    case 'uuid':
      return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    case 'jsonb':
      if (bytes[0] !== JSONB_VERSION) throw invalid(type);
      return decodeText(bytes.subarray(1));
    case 'char':
    case 'name':
    case 'text':
    case 'json':
    case 'unknown':
    case 'bpchar':
    case 'varchar':
      return decodeText(bytes);
  }
}

const TEXTS: ReadonlySet<PostgresTypeName> = new Set(['char', 'name']);

const JSONB_VERSION = 1;

/** JSON, in which constants travel, has no other numbers. */
function finiteOrText(value: number): QueryValue {
  return Number.isFinite(value) ? value : String(value);
}

/** `2026-11-23T02:18:31.199000Z`, of microseconds since 2000. */
function timestampText(sinceEpoch: bigint): string {
  const micros = sinceEpoch + POSTGRES_EPOCH_US;
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const date = new Date(Number((micros - rest) / 1000n));
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1 || date.getUTCFullYear() > 9999) {
    throw new PostgresError('outOfRange', 'timestamp out of range');
  }
  return date.toISOString().replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

function intervalText(bytes: Buffer): string {
  const micros = bytes.readBigInt64BE(0);
  const [days, months] = [bytes.readInt32BE(8), bytes.readInt32BE(12)];
  return `${months} months ${days} days ${micros} microseconds`;
}

const ARRAY_HEADER_BYTES = 12;
const DIMENSION_BYTES = 8;

// | Int32 dimensions | Int32 has nulls | Int32 element OID | Int32 length | Int32 first index | elements …
function readArray(bytes: Buffer, element: PostgresTypeName): QueryValue {
  if (bytes.length < ARRAY_HEADER_BYTES) throw invalid(element);
  const dimensions = bytes.readInt32BE(0);
  if (dimensions === 0) return [];
  if (dimensions !== 1) {
    throw new PostgresError('unsupported', 'arrays of several dimensions are not supported');
  }
  let position = ARRAY_HEADER_BYTES + DIMENSION_BYTES;
  if (bytes.length < position) throw invalid(element);
  const count = bytes.readInt32BE(ARRAY_HEADER_BYTES);
  const items: QueryValue[] = [];
  while (items.length < count) {
    if (bytes.length < position + 4) throw invalid(element);
    const itemBytes = bytes.readInt32BE(position);
    position += 4;
    if (itemBytes < -1 || bytes.length < position + itemBytes) throw invalid(element);
    if (itemBytes === -1) {
      items.push(null);
    } else {
      items.push(readScalar(bytes.subarray(position, position + itemBytes), element));
      position += itemBytes;
    }
  }
  if (position !== bytes.length) throw invalid(element);
  return items;
}

function invalid(type: PostgresTypeName): PostgresError {
  const { name } = POSTGRES_TYPES[type];
  return new PostgresError('invalidBinary', `incorrect binary data format for type ${name}`);
}
