// Looks into a stored row, a msgpack array, without unpacking it.
import { assert, must } from '../actors/domain/assert.ts';

/** The number that an element, an array, begins with. What lies behind it is not looked at. */
export function firstNumberIn(row: Buffer, element: number): number {
  let position = arrayStart(row, 0);
  for (let skipped = 0; skipped < element; skipped += 1) position = behind(row, position);
  const value = row[arrayStart(row, position)];
  assert(value !== undefined && value <= FIXED_NUMBER_MAX, 'the array begins with a small number');
  return value;
}

const FIXED_NUMBER_MAX = 0x7f;

/** Where the first element of the array at this position lies. */
function arrayStart(row: Buffer, position: number): number {
  const tag = byteAt(row, position);
  if (isFixedArray(tag)) return position + 1;
  assert(tag === 0xdc || tag === 0xdd, 'a row is an array');
  return position + (tag === 0xdc ? 3 : 5);
}

/** Where the value at this position ends. */
function behind(row: Buffer, position: number): number {
  const tag = byteAt(row, position);
  if (tag <= FIXED_NUMBER_MAX || tag >= 0xe0) return position + 1;
  if (tag >= 0xa0 && tag <= 0xbf) return position + 1 + (tag & 0x1f);
  if (isFixedArray(tag)) return behindAll(row, position + 1, tag & 0x0f);
  if (tag === 0xdc) return behindAll(row, position + 3, row.readUInt16BE(position + 1));
  if (tag === 0xdd) return behindAll(row, position + 5, row.readUInt32BE(position + 1));
  const lengthBytes = LENGTH_BYTES[tag];
  if (lengthBytes === undefined) return position + 1 + scalarBytes(tag);
  return position + 1 + lengthBytes + row.readUIntBE(position + 1, lengthBytes);
}

function behindAll(row: Buffer, start: number, count: number): number {
  let position = start;
  for (let rest = count; rest > 0; rest -= 1) position = behind(row, position);
  return position;
}

function isFixedArray(tag: number): boolean {
  return tag >= 0x90 && tag <= 0x9f;
}

function byteAt(row: Buffer, position: number): number {
  return must(row[position], 'a row ends with its last element');
}

/** Of the byte strings and texts whose length follows the tag. */
const LENGTH_BYTES: Readonly<Partial<Record<number, 1 | 2 | 4>>> = {
  0xc4: 1,
  0xc5: 2,
  0xc6: 4,
  0xd9: 1,
  0xda: 2,
  0xdb: 4,
};

function scalarBytes(tag: number): number {
  switch (tag) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return 0;
    case 0xcc:
    case 0xd0:
      return 1;
    case 0xcd:
    case 0xd1:
      return 2;
    case 0xca:
    case 0xce:
    case 0xd2:
      return 4;
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return 8;
    default:
      assert(false, `rows have no values of type 0x${tag.toString(16)}`);
  }
}
