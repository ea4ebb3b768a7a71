// Values in Postgres' binary form, big-endian. Source: the send functions of PostgreSQL 17.
import type { QueryType, QueryValue } from '../../actors/ports.ts';
import { POSTGRES_TYPES, type PostgresTypeName } from '../postgres-types.ts';
import { intervalOf } from './interval.ts';
import { numericBytes } from './numeric.ts';
import { plainText, textWriterOf, wholeOf, type Present } from './text-value.ts';
import { microsecondsOf, microsecondsOfDay, POSTGRES_EPOCH_US, postgresDays } from './timestamp.ts';
import { isScalar, scalarOf } from './wire-type.ts';

export type BinaryWriter = (value: Present) => Uint8Array;

export function binaryWriterOf(type: QueryType): BinaryWriter {
  if (type.kind === 'timestamp') {
    return (value) => int8(microsecondsOf(wholeOf(value), type.unit) - POSTGRES_EPOCH_US);
  }
  if (type.kind === 'list' && isScalar(type.element)) return arrayWriterOf(type.element);
  return SIZED_WRITERS[scalarOf(type)] ?? textBytes(type);
}

/** Types whose binary form is not their text. */
const SIZED_WRITERS: Readonly<Partial<Record<PostgresTypeName, BinaryWriter>>> = {
  bool: (value) => Buffer.of(value === true ? 1 : 0),
  bytea: (value) => (value instanceof Uint8Array ? value : Buffer.from(plainText(value))),
  int2: (value) => sized(2, (bytes) => bytes.writeInt16BE(Number(value))),
  int4: (value) => sized(4, (bytes) => bytes.writeInt32BE(Number(value) | 0)),
  int8: (value) => int8(wholeOf(value)),
  float4: (value) => sized(4, (bytes) => bytes.writeFloatBE(Number(value))),
  float8: (value) => sized(8, (bytes) => bytes.writeDoubleBE(Number(value))),
  numeric: (value) => numericBytes(plainText(value)),
  date: (value) => sized(4, (bytes) => bytes.writeInt32BE(postgresDays(plainText(value)) ?? 0)),
  time: (value) => int8(microsecondsOfDay(plainText(value))),
  interval: intervalBytes,
};

function textBytes(type: QueryType): BinaryWriter {
  const write = textWriterOf(type);
  return (value) => Buffer.from(write(value));
}

function intervalBytes(value: Present): Buffer {
  const { months, days, micros } = intervalOf(value);
  return sized(POSTGRES_TYPES.interval.size, (bytes) => {
    bytes.writeBigInt64BE(micros, 0);
    bytes.writeInt32BE(days, 8);
    bytes.writeInt32BE(months, 12);
  });
}

// | Int32 dimensions | Int32 has nulls | Int32 element OID | Int32 length | Int32 first index | elements …
function arrayWriterOf(element: QueryType): BinaryWriter {
  const write = binaryWriterOf(element);
  const { oid } = POSTGRES_TYPES[scalarOf(element)];
  return (value) => {
    const items: readonly QueryValue[] = Array.isArray(value) ? value : [];
    const hasNulls = items.includes(null) ? 1 : 0;
    if (items.length === 0) return int4s(0, 0, oid);
    const parts = items.flatMap((item) => {
      if (item === null) return [int4s(-1)];
      const bytes = write(item);
      return [int4s(bytes.length), bytes];
    });
    return Buffer.concat([int4s(1, hasNulls, oid, items.length, 1), ...parts]);
  };
}

function int4s(...values: readonly number[]): Buffer {
  return sized(values.length * 4, (bytes) => {
    for (const [index, value] of values.entries()) bytes.writeInt32BE(value, index * 4);
  });
}

function int8(value: bigint): Buffer {
  return sized(8, (bytes) => bytes.writeBigInt64BE(BigInt.asIntN(64, value)));
}

function sized(bytesCount: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(bytesCount);
  write(bytes);
  return bytes;
}
