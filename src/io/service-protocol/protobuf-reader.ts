import { isUtf8 } from 'node:buffer';
import { SERVICE_MESSAGE_FIELDS_MAX } from '../../actors/domain/limits.ts';
import { EMPTY_BYTES } from '../../actors/domain/outcome.ts';

/** Bytes that are no valid message. Thrown by the reader, caught where a message is decoded. */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';
}

/** A well-formed message that nests deeper than is allowed. */
export class TooDeepError extends Error {
  override readonly name = 'TooDeepError';

  constructor(depthMax: number) {
    super(`maximum awaited future depth limit of ${depthMax} has been reached.`);
  }
}

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

const VARINT_BYTES_MAX = 10;
const UINT32_MAX = 0xffff_ffff;

/** Up to here a loop that looks for non-ASCII bytes is cheaper than the native UTF-8 check. */
const SHORT_STRING_BYTES_MAX = 64;

/**
 * Reads the fields of one protobuf message (proto3) from untrusted bytes.
 *
 * `nextField` moves to a field; then exactly one of the value methods or `skip` is called. A nested
 * message is read with the same two steps between `enterMessage` and `leaveMessage`. Whatever is
 * wrong with the bytes surfaces as MalformedMessageError. Byte fields are views of the given bytes.
 */
export class ProtobufReader {
  readonly #bytes: Buffer;
  #position = 0;
  /** End of the message being read, nested or not. */
  #end: number;
  #fieldsCount = 0;
  #wireType = WIRE_VARINT;
  /** Number of the current field. */
  field = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes =
      bytes instanceof Buffer
        ? bytes
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
  }

  /** Moves to the next field of the current message; false at its end. */
  nextField(): boolean {
    if (this.#position === this.#end) return false;
    this.#countField();
    const tag = this.#varint();
    // Field numbers have 29 bits; number 0 is illegal.
    if (tag > UINT32_MAX || tag < 8) throw new MalformedMessageError(`illegal field tag ${tag}`);
    this.field = tag >>> 3;
    this.#wireType = tag & 7;
    return true;
  }

  uint32(): number {
    this.#expectWireType(WIRE_VARINT);
    return this.#varint32();
  }

  /**
   * A 64-bit number. Values above Number.MAX_SAFE_INTEGER become just that: as milliseconds it
   * means "never" either way.
   */
  uint64(): number {
    this.#expectWireType(WIRE_VARINT);
    return Math.min(this.#varint(), Number.MAX_SAFE_INTEGER);
  }

  /** Adds one element, or a packed run of elements, of a repeated uint32 field. */
  uint32s(into: number[]): void {
    if (this.#wireType !== WIRE_BYTES) {
      into.push(this.uint32());
      return;
    }
    const outerEnd = this.enterMessage();
    while (this.#position < this.#end) {
      this.#countField();
      into.push(this.#varint32());
    }
    this.leaveMessage(outerEnd);
  }

  bytes(): Uint8Array {
    const length = this.#bytesLength();
    if (length === 0) return EMPTY_BYTES;
    const begin = this.#position;
    this.#position = begin + length;
    return this.#bytes.subarray(begin, begin + length);
  }

  string(): string {
    const length = this.#bytesLength();
    if (length === 0) return '';
    const begin = this.#position;
    const end = begin + length;
    this.#position = end;
    if (length <= SHORT_STRING_BYTES_MAX && this.#isAscii(begin, end))
      return this.#bytes.toString('latin1', begin, end);
    if (!isUtf8(this.#bytes.subarray(begin, end)))
      throw new MalformedMessageError(`field ${this.field} is no valid UTF-8`);
    return this.#bytes.toString('utf8', begin, end);
  }

  /** Begins a nested message. Gives what `leaveMessage` needs. */
  enterMessage(): number {
    const length = this.#bytesLength();
    const outerEnd = this.#end;
    this.#end = this.#position + length;
    return outerEnd;
  }

  /** Ends a nested message that has been read to its end. */
  leaveMessage(outerEnd: number): void {
    this.#end = outerEnd;
  }

  /** Passes over the current field, which the reader does not know. */
  skip(): void {
    switch (this.#wireType) {
      case WIRE_VARINT:
        this.#varint();
        return;
      case WIRE_FIXED64:
        this.#advance(8);
        return;
      case WIRE_BYTES:
        this.#advance(this.#bytesLength());
        return;
      case WIRE_FIXED32:
        this.#advance(4);
        return;
      default:
        // Groups (3, 4) do not exist in proto3; 6 and 7 are unassigned.
        throw new MalformedMessageError(
          `field ${this.field} has unsupported wire type ${this.#wireType}`,
        );
    }
  }

  // A 32 MiB message holds 16 million two-byte fields; unbounded, each could cost an object.
  #countField(): void {
    if (++this.#fieldsCount > SERVICE_MESSAGE_FIELDS_MAX)
      throw new MalformedMessageError(`more than ${SERVICE_MESSAGE_FIELDS_MAX} fields`);
  }

  #expectWireType(expected: number): void {
    if (this.#wireType !== expected)
      throw new MalformedMessageError(
        `field ${this.field} has wire type ${this.#wireType} instead of ${expected}`,
      );
  }

  #bytesLength(): number {
    this.#expectWireType(WIRE_BYTES);
    const length = this.#varint();
    const left = this.#end - this.#position;
    if (length > left)
      throw new MalformedMessageError(
        `field ${this.field} has ${length} bytes where ${left} are left`,
      );
    return length;
  }

  #advance(count: number): void {
    const left = this.#end - this.#position;
    if (count > left)
      throw new MalformedMessageError(
        `field ${this.field} has ${count} bytes where ${left} are left`,
      );
    this.#position += count;
  }

  #varint32(): number {
    const value = this.#varint();
    if (value > UINT32_MAX)
      throw new MalformedMessageError(`field ${this.field} exceeds 32 bits: ${value}`);
    return value;
  }

  /** Exact up to 2^53, rounded above. */
  #varint(): number {
    if (this.#position < this.#end) {
      const first = this.#bytes[this.#position] ?? 0;
      if (first < 0x80) {
        this.#position++;
        return first;
      }
    }
    return this.#longVarint();
  }

  #longVarint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 1; count <= VARINT_BYTES_MAX; count++) {
      if (this.#position >= this.#end)
        throw new MalformedMessageError(`a number is cut off at byte ${this.#position}`);
      const byte = this.#bytes[this.#position++] ?? 0;
      // The tenth byte has room for bit 63 alone.
      if (count === VARINT_BYTES_MAX && byte > 1) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new MalformedMessageError(`a number exceeds 64 bits at byte ${this.#position}`);
  }

  #isAscii(begin: number, end: number): boolean {
    const bytes = this.#bytes;
    for (let at = begin; at < end; at++) if ((bytes[at] ?? 0) > 0x7f) return false;
    return true;
  }
}
