import { assert } from '../../actors/domain/assert.ts';

/** Size of the buffer that small messages share. Unit: bytes. */
const SLAB_BYTES = 16 * 1024;
/** Bytes that one UTF-16 code unit becomes at most. */
const UTF8_BYTES_PER_UNIT_MAX = 3;
/** Strings whose UTF-8 length is sure to fit into one length byte. Unit: UTF-16 code units. */
const SHORT_STRING_LENGTH_MAX = 42;
const NO_BYTES = Buffer.alloc(0);
const WIRE_VARINT = 0;
const WIRE_BYTES = 2;

/**
 * Appends protobuf fields (proto3) to one growing buffer.
 *
 * The plain methods omit default values, as proto3 does for fields without explicit presence; the
 * `present…` methods always write, for members of a `oneof`, `optional` fields and list elements.
 * Field numbers are 1 to 2047. Positions are counted from the first byte not taken yet.
 */
export class ProtobufWriter {
  #buffer: Buffer;
  #begin = 0;
  #end = 0;

  /** `bytesExpected` sizes the first buffer. Default: one that many small messages share. */
  constructor(bytesExpected = SLAB_BYTES) {
    this.#buffer = Buffer.allocUnsafe(bytesExpected);
  }

  /** Bytes written and not taken yet. */
  get length(): number {
    return this.#end - this.#begin;
  }

  /** Gives the bytes written since the last call. They are the caller's; nothing writes to them again. */
  take(): Uint8Array {
    const bytes = this.#buffer.subarray(this.#begin, this.#end);
    this.#begin = this.#end;
    // The tail of a large buffer would keep all of it alive for a few bytes.
    if (this.#buffer.length > SLAB_BYTES) this.#replaceBuffer(NO_BYTES);
    return bytes;
  }

  uint(field: number, value: number): void {
    if (value !== 0) this.presentUint(field, value);
  }

  presentUint(field: number, value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a protobuf number is an unsigned integer');
    this.#tag(field, WIRE_VARINT);
    this.#varint(value);
  }

  /** The low 64 bits of `value`. */
  uint64Exact(field: number, value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    if (rest === 0n) return;
    this.#tag(field, WIRE_VARINT);
    this.#ensure(10);
    for (; rest > 0x7fn; rest >>= 7n) this.#buffer[this.#end++] = Number(rest & 0x7fn) | 0x80;
    this.#buffer[this.#end++] = Number(rest);
  }

  bool(field: number, value: boolean): void {
    if (value) this.presentUint(field, 1);
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length > 0) this.presentBytes(field, value);
  }

  presentBytes(field: number, value: Uint8Array): void {
    this.lengthPrefix(field, value.length);
    this.append(value);
  }

  string(field: number, value: string): void {
    if (value !== '') this.presentString(field, value);
  }

  presentString(field: number, value: string): void {
    if (value.length <= SHORT_STRING_LENGTH_MAX) {
      this.#tag(field, WIRE_BYTES);
      this.#ensure(1 + UTF8_BYTES_PER_UNIT_MAX * value.length);
      const length = this.#buffer.write(value, this.#end + 1, 'utf8');
      this.#buffer[this.#end] = length;
      this.#end += 1 + length;
      return;
    }
    const length = Buffer.byteLength(value, 'utf8');
    this.lengthPrefix(field, length);
    this.#ensure(length);
    this.#end += this.#buffer.write(value, this.#end, length, 'utf8');
  }

  /** Begins a length-delimited field of a known number of bytes; the caller writes those next. */
  lengthPrefix(field: number, bytesCount: number): void {
    this.#tag(field, WIRE_BYTES);
    this.#varint(bytesCount);
  }

  /** Begins a nested message of unknown length. Gives what `endMessage` needs. */
  beginMessage(field: number): number {
    this.#tag(field, WIRE_BYTES);
    return this.reserve(1);
  }

  endMessage(lengthPosition: number): void {
    const length = this.length - lengthPosition - 1;
    const extra = varintBytes(length) - 1;
    if (extra > 0) {
      this.#ensure(extra);
      const body = this.#begin + lengthPosition + 1;
      this.#buffer.copyWithin(body + extra, body, this.#end);
    }
    const end = this.#end + extra;
    this.#end = this.#begin + lengthPosition;
    this.#varint(length);
    this.#end = end;
  }

  append(bytes: Uint8Array): void {
    this.#ensure(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Leaves room for `bytesCount` bytes whose value is known later. Gives their position. */
  reserve(bytesCount: number): number {
    this.#ensure(bytesCount);
    const position = this.length;
    this.#end += bytesCount;
    return position;
  }

  setUint16(position: number, value: number): void {
    this.#buffer.writeUInt16BE(value, this.#begin + position);
  }

  setUint32(position: number, value: number): void {
    this.#buffer.writeUInt32BE(value, this.#begin + position);
  }

  #tag(field: number, wireType: number): void {
    this.#varint((field << 3) | wireType);
  }

  #varint(value: number): void {
    this.#ensure(10);
    let rest = value;
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 0x80))
      this.#buffer[this.#end++] = (rest % 0x80) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) this.#buffer[this.#end++] = (rest & 0x7f) | 0x80;
    this.#buffer[this.#end++] = rest;
  }

  #ensure(bytesCount: number): void {
    if (this.#buffer.length - this.#end < bytesCount) this.#grow(bytesCount);
  }

  #grow(bytesCount: number): void {
    const used = this.length;
    const bytes = Math.max(SLAB_BYTES, 2 * used, used + bytesCount);
    this.#replaceBuffer(Buffer.allocUnsafeSlow(bytes));
  }

  // Never writes to the old buffer again: parts of it belong to those who took them.
  #replaceBuffer(replacement: Buffer): void {
    const used = this.length;
    replacement.set(this.#buffer.subarray(this.#begin, this.#end));
    this.#buffer = replacement;
    this.#begin = 0;
    this.#end = used;
  }
}

/** Bytes of a length-delimited field with a number up to 15. */
export function bytesFieldBytes(length: number): number {
  return 1 + varintBytes(length) + length;
}

function varintBytes(value: number): number {
  let count = 1;
  for (let limit = 0x80; value >= limit; limit *= 0x80) count++;
  return count;
}
