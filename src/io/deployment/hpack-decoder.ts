import { decodeHuffman } from './hpack-huffman.ts';
import { STATIC_TABLE } from './hpack-table.ts';

/** Names and values in turn, in the order received. */
export type DecodedFields = readonly string[];

/**
 * `corrupt`: the shared table can no longer be trusted, the connection must end.
 * `tooLarge`: the table is intact, only this list of fields is refused.
 */
export type HpackResult = DecodedFields | 'corrupt' | 'tooLarge';

/**
 * What we allow the peer's dynamic table to hold. Unit: bytes as HPACK counts them. Default of
 * HTTP/2, and what the reference server announces.
 */
export const HEADER_TABLE_BYTES = 4096;

/** Bookkeeping that HPACK adds to the bytes of each field. */
const FIELD_OVERHEAD_BYTES = 32;
const TABLE_ENTRIES_MAX = HEADER_TABLE_BYTES / FIELD_OVERHEAD_BYTES;
/** Longest integer accepted: larger ones can only be an attack. */
const INTEGER_MAX = 2 ** 28;

/** Decodes the header blocks of one connection, in the order they arrive. */
export class HpackDecoder {
  readonly #fieldsBytesMax: number;
  // Ring of the dynamic table; the newest entry sits just before `#head`.
  readonly #names: string[] = new Array<string>(TABLE_ENTRIES_MAX).fill('');
  readonly #values: string[] = new Array<string>(TABLE_ENTRIES_MAX).fill('');
  #head = 0;
  #count = 0;
  #tableBytes = 0;
  #tableBytesMax = HEADER_TABLE_BYTES;
  // Cursor over the block being decoded.
  #bytes: Buffer = Buffer.alloc(0);
  #position = 0;
  #end = 0;
  #corrupt = false;

  /** `fieldsBytesMax` bounds one decoded list: names, values and 32 bytes for each field. */
  constructor(fieldsBytesMax: number) {
    this.#fieldsBytesMax = fieldsBytesMax;
  }

  decode(bytes: Buffer, start: number, end: number): HpackResult {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
    this.#readSizeUpdates();
    const fields: string[] = [];
    let fieldsBytes = 0;
    while (this.#position < this.#end && !this.#corrupt) {
      const kept = fieldsBytes <= this.#fieldsBytesMax;
      fieldsBytes += this.#readField(kept ? fields : undefined);
    }
    this.#bytes = EMPTY;
    if (this.#corrupt) return 'corrupt';
    return fieldsBytes <= this.#fieldsBytesMax ? fields : 'tooLarge';
  }

  /** Appends one field to `fields`, if given, and returns its size. */
  #readField(fields: string[] | undefined): number {
    const first = this.#bytes[this.#position] ?? 0;
    let name: string;
    let value: string;
    if ((first & 0x80) !== 0) {
      const index = this.#readInteger(0x7f);
      name = this.#nameAt(index);
      value = this.#valueAt(index);
    } else if ((first & 0x40) !== 0) {
      name = this.#readName(0x3f);
      value = this.#readString();
      this.#insert(name, value);
    } else if ((first & 0x20) !== 0) {
      // A size update is legal only at the beginning of a block.
      this.#corrupt = true;
      return 0;
    } else {
      name = this.#readName(0x0f);
      value = this.#readString();
    }
    fields?.push(name, value);
    return name.length + value.length + FIELD_OVERHEAD_BYTES;
  }

  #readSizeUpdates(): void {
    while (this.#position < this.#end && ((this.#bytes[this.#position] ?? 0) & 0xe0) === 0x20) {
      const bytesMax = this.#readInteger(0x1f);
      if (this.#corrupt || bytesMax > HEADER_TABLE_BYTES) {
        this.#corrupt = true;
        return;
      }
      this.#tableBytesMax = bytesMax;
      this.#evictTo(bytesMax);
    }
  }

  #readName(indexMask: number): string {
    const index = this.#readInteger(indexMask);
    return index === 0 ? this.#readString() : this.#nameAt(index);
  }

  #readString(): string {
    const huffman = ((this.#bytes[this.#position] ?? 0) & 0x80) !== 0;
    const length = this.#readInteger(0x7f);
    const start = this.#position;
    if (this.#corrupt || length > this.#end - start) {
      this.#corrupt = true;
      return '';
    }
    this.#position = start + length;
    if (!huffman) return this.#bytes.toString('latin1', start, start + length);
    const text = decodeHuffman(this.#bytes, start, start + length);
    if (text === undefined) this.#corrupt = true;
    return text ?? '';
  }

  #readInteger(mask: number): number {
    if (this.#position >= this.#end) {
      this.#corrupt = true;
      return 0;
    }
    let value = (this.#bytes[this.#position++] ?? 0) & mask;
    if (value < mask) return value;
    for (let shift = 0; this.#position < this.#end; shift += 7) {
      const byte = this.#bytes[this.#position++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (value > INTEGER_MAX || shift > 28) break;
      if ((byte & 0x80) === 0) return value;
    }
    this.#corrupt = true;
    return 0;
  }

  #nameAt(index: number): string {
    if (index <= STATIC_TABLE.length) return STATIC_TABLE[index - 1]?.[0] ?? this.#missing();
    return this.#names[this.#slotOf(index)] ?? this.#missing();
  }

  #valueAt(index: number): string {
    if (index <= STATIC_TABLE.length) return STATIC_TABLE[index - 1]?.[1] ?? this.#missing();
    return this.#values[this.#slotOf(index)] ?? this.#missing();
  }

  #missing(): string {
    this.#corrupt = true;
    return '';
  }

  /** Where the ring holds the entry of an index beyond the static table; -1 when it holds none. */
  #slotOf(index: number): number {
    const age = index - STATIC_TABLE.length - 1;
    if (age >= this.#count) return -1;
    return (this.#head - 1 - age + 2 * TABLE_ENTRIES_MAX) % TABLE_ENTRIES_MAX;
  }

  #insert(name: string, value: string): void {
    if (this.#corrupt) return;
    const entryBytes = name.length + value.length + FIELD_OVERHEAD_BYTES;
    this.#evictTo(this.#tableBytesMax - entryBytes);
    // An entry larger than the table only empties it.
    if (entryBytes > this.#tableBytesMax) return;
    this.#names[this.#head] = name;
    this.#values[this.#head] = value;
    this.#head = (this.#head + 1) % TABLE_ENTRIES_MAX;
    this.#count++;
    this.#tableBytes += entryBytes;
  }

  #evictTo(bytesMax: number): void {
    while (this.#count > 0 && this.#tableBytes > bytesMax) {
      const oldest = (this.#head - this.#count + TABLE_ENTRIES_MAX) % TABLE_ENTRIES_MAX;
      const name = this.#names[oldest] ?? '';
      const value = this.#values[oldest] ?? '';
      this.#tableBytes -= name.length + value.length + FIELD_OVERHEAD_BYTES;
      this.#names[oldest] = '';
      this.#values[oldest] = '';
      this.#count--;
    }
  }
}

const EMPTY = Buffer.alloc(0);
