// Results as an Arrow IPC stream: a schema, record batches, an end mark. Source: Arrow IPC format 1.5
// with metadata version 5; field numbers are those of Schema.fbs and Message.fbs.
//
//   message: | ff ff ff ff | metadata bytes i32 | metadata, padded to 8 | body, padded to 8 |
import { Builder } from 'flatbuffers';
import type { QueryBatch, QueryColumn, QueryType } from '../../actors/ports.ts';
import { appendColumn, type ColumnBuffers } from './arrow-columns.ts';

/** Ends a stream. */
export const ARROW_END = Buffer.from('ffffffff00000000', 'hex');

const METADATA_V5 = 4;
const HeaderType = { schema: 1, recordBatch: 3 } as const;
const ALIGNMENT = 8;

/** Numbers of the union of types. */
const TypeNumber = {
  null: 1,
  int: 2,
  floatingPoint: 3,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  timestamp: 10,
  list: 12,
  struct: 13,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
} as const;

const TIME_UNITS = { s: 0, ms: 1, us: 2, ns: 3 } as const;

export function encodeArrowSchema(columns: readonly QueryColumn[]): Buffer {
  const builder = new Builder(1024);
  const fields = columns.map((column) => writeField(builder, column));
  const vector = writeOffsets(builder, fields);
  builder.startObject(4);
  builder.addFieldOffset(1, vector, 0);
  const schema = builder.endObject();
  return frame(finishMessage(builder, HeaderType.schema, schema, 0), []);
}

export function encodeArrowBatch(columns: readonly QueryColumn[], batch: QueryBatch): Buffer {
  const content: ColumnBuffers = { nodes: [], buffers: [] };
  for (const [index, { type }] of columns.entries()) {
    appendColumn(content, type, batch.columns[index] ?? []);
  }
  const builder = new Builder(1024);
  const bodyBytes = content.buffers.reduce((sum, { length }) => sum + padded(length), 0);
  const buffers = writeBuffers(builder, content.buffers);
  const nodes = writeNodes(builder, content.nodes);
  builder.startObject(4);
  builder.addFieldInt64(0, BigInt(batch.rowsCount), 0n);
  builder.addFieldOffset(1, nodes, 0);
  builder.addFieldOffset(2, buffers, 0);
  const header = builder.endObject();
  return frame(finishMessage(builder, HeaderType.recordBatch, header, bodyBytes), content.buffers);
}

function finishMessage(
  builder: Builder,
  headerType: number,
  header: number,
  bodyBytes: number,
): Uint8Array {
  builder.startObject(5);
  builder.addFieldInt16(0, METADATA_V5, 0);
  builder.addFieldInt8(1, headerType, 0);
  builder.addFieldOffset(2, header, 0);
  builder.addFieldInt64(3, BigInt(bodyBytes), 0n);
  builder.finish(builder.endObject());
  return builder.asUint8Array();
}

function frame(metadata: Uint8Array, buffers: readonly Buffer[]): Buffer {
  const metadataBytes = padded(metadata.length);
  const bodyBytes = buffers.reduce((sum, { length }) => sum + padded(length), 0);
  const message = Buffer.alloc(2 * 4 + metadataBytes + bodyBytes);
  message.writeUInt32LE(0xffff_ffff, 0);
  message.writeInt32LE(metadataBytes, 4);
  message.set(metadata, 8);
  let offset = 8 + metadataBytes;
  for (const buffer of buffers) {
    message.set(buffer, offset);
    offset += padded(buffer.length);
  }
  return message;
}

function writeField(builder: Builder, { name, type, nullable }: QueryColumn): number {
  const children = childrenOf(type).map((child) => writeField(builder, child));
  const childVector = writeOffsets(builder, children);
  const nameOffset = builder.createString(name);
  const [typeNumber, typeOffset] = writeType(builder, type);
  builder.startObject(7);
  builder.addFieldOffset(0, nameOffset, 0);
  builder.addFieldInt8(1, nullable ? 1 : 0, 0);
  builder.addFieldInt8(2, typeNumber, 0);
  builder.addFieldOffset(3, typeOffset, 0);
  builder.addFieldOffset(5, childVector, 0);
  return builder.endObject();
}

function childrenOf(type: QueryType): readonly QueryColumn[] {
  if (type.kind === 'struct') return type.fields;
  return type.kind === 'list' ? [{ name: 'item', type: type.element, nullable: true }] : [];
}

function writeType(builder: Builder, type: QueryType): readonly [number: number, offset: number] {
  switch (type.kind) {
    case 'null':
      return [TypeNumber.null, writeTable(builder, [])];
    case 'boolean':
      return [TypeNumber.bool, writeTable(builder, [])];
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'uint64':
      return [TypeNumber.int, writeInteger(builder, type.kind)];
    case 'float32':
      return [TypeNumber.floatingPoint, writeTable(builder, [1])];
    case 'float64':
      return [TypeNumber.floatingPoint, writeTable(builder, [2])];
    case 'largeUtf8':
      return [TypeNumber.largeUtf8, writeTable(builder, [])];
    case 'utf8':
    case 'time':
    case 'interval':
      return [TypeNumber.utf8, writeTable(builder, [])];
    case 'largeBinary':
      return [TypeNumber.largeBinary, writeTable(builder, [])];
    case 'date':
      return [TypeNumber.date, writeTable(builder, [0])];
    case 'duration':
      return [TypeNumber.duration, writeTable(builder, [TIME_UNITS.ms])];
    case 'timestamp':
      return [TypeNumber.timestamp, writeTimestamp(builder, TIME_UNITS[type.unit], type.isUtc)];
    case 'decimal':
      return [TypeNumber.decimal, writeDecimal(builder, type)];
    case 'list':
      return [TypeNumber.list, writeTable(builder, [])];
    case 'struct':
      return [TypeNumber.struct, writeTable(builder, [])];
  }
}

/** A table of 16-bit numbers, written even where they are the default. */
function writeTable(builder: Builder, numbers: readonly number[]): number {
  builder.startObject(numbers.length);
  for (const [index, number] of numbers.entries()) builder.addFieldInt16(index, number, -1);
  return builder.endObject();
}

function writeInteger(builder: Builder, kind: string): number {
  builder.startObject(2);
  builder.addFieldInt32(0, Number(/\d+$/.exec(kind)?.[0]), 0);
  builder.addFieldInt8(1, kind.startsWith('u') ? 0 : 1, 0);
  return builder.endObject();
}

function writeTimestamp(builder: Builder, unit: number, isUtc: boolean): number {
  const zone = isUtc ? builder.createString('+00:00') : 0;
  builder.startObject(2);
  builder.addFieldInt16(0, unit, 0);
  if (isUtc) builder.addFieldOffset(1, zone, 0);
  return builder.endObject();
}

function writeDecimal(
  builder: Builder,
  { precision, scale }: { readonly precision: number; readonly scale: number },
): number {
  builder.startObject(3);
  builder.addFieldInt32(0, precision, 0);
  builder.addFieldInt32(1, scale, 0);
  builder.addFieldInt32(2, 128, 128);
  return builder.endObject();
}

function writeOffsets(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}

function writeNodes(builder: Builder, nodes: ColumnBuffers['nodes']): number {
  return writePairs(
    builder,
    nodes.map(({ length, nullCount }) => [length, nullCount]),
  );
}

function writeBuffers(builder: Builder, buffers: readonly Buffer[]): number {
  let offset = 0;
  const pairs = buffers.map(({ length }): readonly [number, number] => {
    const pair = [offset, length] as const;
    offset += padded(length);
    return pair;
  });
  return writePairs(builder, pairs);
}

/** A vector of structs of two 64-bit numbers. */
function writePairs(builder: Builder, pairs: ReadonlyArray<readonly [number, number]>): number {
  builder.startVector(16, pairs.length, 8);
  for (const [first, second] of pairs.toReversed()) {
    builder.prep(8, 16);
    builder.writeInt64(BigInt(second));
    builder.writeInt64(BigInt(first));
  }
  return builder.endVector();
}

function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
