// The form of a log: one record per flush, with the writes of whole batches.
//
//   0       4       8          12         18
//   | magic | bytes | checksum | sequence | writes … |      integers are little-endian
//
// The checksum is over the sequence and the writes. Sequences grow by one, so that what an earlier use
// of the file left behind is not taken for a record. A write is
// `| key bytes u16 | value bytes + 1 u32, or 0 when deleted | key | value |`.
import { crc32 } from 'node:zlib';
import type { Write } from '../key-value-backend.ts';

const MAGIC = 0x52_50_4c_31;
const CHECKSUM_OFFSET = 8;
const SEQUENCE_OFFSET = 12;
const HEADER_BYTES = 18;
const WRITE_HEADER_BYTES = 6;
/** Records begin at multiples of this. Unit: bytes. */
export const RECORD_ALIGNMENT = 8;
const FIRST_SCRATCH_BYTES = 256 * 1024;
/** A larger buffer is given back after use. Unit: bytes. */
const KEPT_SCRATCH_BYTES_MAX = 4 * 1024 * 1024;

export interface LogRecord {
  readonly sequence: number;
  readonly writes: readonly Write[];
  /** Where the next record begins. */
  readonly end: number;
}

/** Encodes batches into a buffer of its own, which the next call overwrites. */
export class RecordEncoder {
  #scratch = Buffer.allocUnsafeSlow(FIRST_SCRATCH_BYTES);

  encode(sequence: number, batches: readonly (readonly Write[])[]): Buffer {
    const scratch = this.#reserve(recordBytes(batches));
    let offset = HEADER_BYTES;
    for (const writes of batches) {
      for (const { key, value } of writes) offset = encodeWrite(scratch, offset, key, value);
    }
    scratch.writeUInt32LE(MAGIC, 0);
    scratch.writeUInt32LE(offset - HEADER_BYTES, 4);
    scratch.writeUIntLE(sequence, SEQUENCE_OFFSET, 6);
    const checksum = crc32(scratch.subarray(SEQUENCE_OFFSET, offset));
    scratch.writeUInt32LE(checksum, CHECKSUM_OFFSET);
    const end = aligned(offset);
    scratch.fill(0, offset, end);
    return scratch.subarray(0, end);
  }

  #reserve(bytes: number): Buffer {
    if (this.#scratch.length >= bytes) return this.#scratch;
    const larger = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(bytes)));
    if (larger.length <= KEPT_SCRATCH_BYTES_MAX) this.#scratch = larger;
    return larger;
  }
}

/** The record at `offset`, or nothing when there is no whole one. */
export function decodeRecord(bytes: Buffer, offset: number): LogRecord | undefined {
  const start = offset + HEADER_BYTES;
  if (start > bytes.length || bytes.readUInt32LE(offset) !== MAGIC) return undefined;
  const end = start + bytes.readUInt32LE(offset + 4);
  if (end > bytes.length) return undefined;
  const checksum = crc32(bytes.subarray(offset + SEQUENCE_OFFSET, end));
  if (checksum !== bytes.readUInt32LE(offset + CHECKSUM_OFFSET)) return undefined;
  const sequence = bytes.readUIntLE(offset + SEQUENCE_OFFSET, 6);
  return { sequence, writes: decodeWrites(bytes.subarray(start, end)), end: aligned(end) };
}

function recordBytes(batches: readonly (readonly Write[])[]): number {
  let bytes = HEADER_BYTES + RECORD_ALIGNMENT;
  for (const writes of batches) {
    for (const { key, value } of writes) {
      bytes += WRITE_HEADER_BYTES + key.length + (value?.length ?? 0);
    }
  }
  return bytes;
}

function encodeWrite(
  scratch: Buffer,
  start: number,
  key: Buffer,
  value: Uint8Array | undefined,
): number {
  let offset = scratch.writeUInt16LE(key.length, start);
  offset = scratch.writeUInt32LE(value === undefined ? 0 : value.length + 1, offset);
  scratch.set(key, offset);
  offset += key.length;
  if (value === undefined) return offset;
  scratch.set(value, offset);
  return offset + value.length;
}

function decodeWrites(bytes: Buffer): Write[] {
  const writes: Write[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const keyStart = offset + WRITE_HEADER_BYTES;
    const valueStart = keyStart + bytes.readUInt16LE(offset);
    const marked = bytes.readUInt32LE(offset + 2);
    offset = valueStart + Math.max(marked - 1, 0);
    const value = marked === 0 ? undefined : bytes.subarray(valueStart, offset);
    writes.push({ key: bytes.subarray(keyStart, valueStart), value });
  }
  return writes;
}

function aligned(offset: number): number {
  return Math.ceil(offset / RECORD_ALIGNMENT) * RECORD_ALIGNMENT;
}
