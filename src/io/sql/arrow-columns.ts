// Columns of values as the buffers of an Arrow record batch. Source: Arrow columnar format, version 1.5.
import type { QueryType, QueryValue } from '../../actors/ports.ts';

export interface ColumnBuffers {
  /** One per column and nested column, parents first. */
  readonly nodes: Array<{ readonly length: number; readonly nullCount: number }>;
  readonly buffers: Buffer[];
}

/** Appends the buffers of one column. Dates are days; times and intervals are texts. */
export function appendColumn(
  target: ColumnBuffers,
  type: QueryType,
  values: readonly QueryValue[],
): void {
  const nullCount = values.reduce((count: number, value) => count + (value === null ? 1 : 0), 0);
  target.nodes.push({ length: values.length, nullCount });
  if (type.kind === 'null') return;
  target.buffers.push(nullCount === 0 ? EMPTY : bitmap(values, (value) => value !== null));
  switch (type.kind) {
    case 'boolean':
      target.buffers.push(bitmap(values, (value) => value === true));
      return;
    case 'utf8':
    case 'time':
    case 'interval':
      return appendBytes(target, values, { isLarge: false, toBytes: textBytes });
    case 'largeUtf8':
      return appendBytes(target, values, { isLarge: true, toBytes: textBytes });
    case 'largeBinary':
      return appendBytes(target, values, { isLarge: true, toBytes: rawBytes });
    case 'list':
      return appendList(target, type.element, values);
    case 'struct':
      for (const field of type.fields) {
        appendColumn(
          target,
          field.type,
          values.map((value) => memberOf(value, field.name)),
        );
      }
      return;
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'uint64':
    case 'float32':
    case 'float64':
    case 'date':
    case 'decimal':
    case 'duration':
    case 'timestamp':
      return void target.buffers.push(numbers(NUMBER_WRITERS[type.kind], values));
  }
}

const EMPTY = Buffer.alloc(0);

interface NumberWriter {
  readonly bytes: number;
  write(buffer: Buffer, offset: number, value: QueryValue): void;
}

const BIG_SIGNED: NumberWriter = {
  bytes: 8,
  write: (buffer, offset, value) => void buffer.writeBigInt64LE(toBigInt(value), offset),
};

const NUMBER_WRITERS = {
  int8: small(1, (buffer, value, offset) => buffer.writeInt8(value, offset)),
  int16: small(2, (buffer, value, offset) => buffer.writeInt16LE(value, offset)),
  int32: small(4, (buffer, value, offset) => buffer.writeInt32LE(value, offset)),
  int64: BIG_SIGNED,
  uint8: small(1, (buffer, value, offset) => buffer.writeUInt8(value, offset)),
  uint16: small(2, (buffer, value, offset) => buffer.writeUInt16LE(value, offset)),
  uint32: small(4, (buffer, value, offset) => buffer.writeUInt32LE(value, offset)),
  uint64: {
    bytes: 8,
    write: (buffer, offset, value) => void buffer.writeBigUInt64LE(toBigInt(value), offset),
  },
  float32: small(4, (buffer, value, offset) => buffer.writeFloatLE(value, offset)),
  float64: small(8, (buffer, value, offset) => buffer.writeDoubleLE(value, offset)),
  timestamp: BIG_SIGNED,
  duration: BIG_SIGNED,
  date: {
    bytes: 4,
    write: (buffer, offset, value) => {
      const days = typeof value === 'string' ? Date.parse(`${value}T00:00:00Z`) / 86_400_000 : 0;
      buffer.writeInt32LE(Number.isNaN(days) ? 0 : days, offset);
    },
  },
  /** The digits without the point, 128 bits. */
  decimal: {
    bytes: 16,
    write: (buffer, offset, value) => {
      const digits = BigInt(textOf(value).replace('.', '') || 0);
      buffer.writeBigUInt64LE(BigInt.asUintN(64, digits), offset);
      buffer.writeBigInt64LE(BigInt.asIntN(64, digits >> 64n), offset + 8);
    },
  },
} as const satisfies Readonly<Record<string, NumberWriter>>;

function small(
  bytes: number,
  write: (buffer: Buffer, value: number, offset: number) => number,
): NumberWriter {
  return { bytes, write: (buffer, offset, value) => void write(buffer, Number(value), offset) };
}

function numbers(writer: NumberWriter, values: readonly QueryValue[]): Buffer {
  const { bytes } = writer;
  const buffer = Buffer.alloc(values.length * bytes);
  for (const [index, value] of values.entries()) {
    if (value !== null) writer.write(buffer, index * bytes, value);
  }
  return buffer;
}

function bitmap(values: readonly QueryValue[], isSet: (value: QueryValue) => boolean): Buffer {
  const bits = Buffer.alloc(Math.ceil(values.length / 8));
  for (const [index, value] of values.entries()) {
    if (isSet(value)) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return bits;
}

function appendBytes(
  { buffers }: ColumnBuffers,
  values: readonly QueryValue[],
  {
    isLarge,
    toBytes,
  }: { readonly isLarge: boolean; readonly toBytes: (value: QueryValue) => Uint8Array },
): void {
  const parts: Uint8Array[] = [];
  const ends = [0];
  let end = 0;
  for (const value of values) {
    if (value !== null) {
      const bytes = toBytes(value);
      parts.push(bytes);
      end += bytes.length;
    }
    ends.push(end);
  }
  buffers.push(offsets(ends, isLarge), Buffer.concat(parts));
}

function appendList(
  target: ColumnBuffers,
  element: QueryType,
  values: readonly QueryValue[],
): void {
  const items: QueryValue[] = [];
  const ends = [0];
  for (const value of values) {
    if (Array.isArray(value)) items.push(...value);
    ends.push(items.length);
  }
  target.buffers.push(offsets(ends, false));
  appendColumn(target, element, items);
}

function offsets(ends: readonly number[], isLarge: boolean): Buffer {
  const buffer = Buffer.alloc(ends.length * (isLarge ? 8 : 4));
  for (const [index, end] of ends.entries()) {
    if (isLarge) buffer.writeBigInt64LE(BigInt(end), index * 8);
    else buffer.writeInt32LE(end, index * 4);
  }
  return buffer;
}

function textBytes(value: QueryValue): Uint8Array {
  return Buffer.from(textOf(value));
}

function textOf(value: QueryValue): string {
  return typeof value === 'string' ? value : '';
}

function rawBytes(value: QueryValue): Uint8Array {
  return value instanceof Uint8Array ? value : EMPTY;
}

function toBigInt(value: QueryValue): bigint {
  return typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : 0n;
}

function memberOf(value: QueryValue, name: string): QueryValue {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return null;
  return Array.isArray(value) ? null : (membersOf(value).get(name) ?? null);
}

function membersOf(value: object): ReadonlyMap<string, QueryValue> {
  return new Map(Object.entries(value));
}
