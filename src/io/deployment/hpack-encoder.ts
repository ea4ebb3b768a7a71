// Encodes request header blocks without the dynamic table: every field is a match in the static
// table or a literal that is not indexed. Blocks therefore do not depend on each other, and what is
// common to all requests of one path is encoded once.
import { STATIC_TABLE } from './hpack-table.ts';

/** In the order they are sent; names in lower case. */
export type RequestFields = ReadonlyArray<readonly [name: string, value: string]>;

const INDEXED = 0x80;
const LITERAL_INDEX_MASK = 0x0f;
const STRING_LENGTH_MASK = 0x7f;
/** Longest encoding of a length: one prefix byte and five continuation bytes. */
const INTEGER_BYTES_MAX = 6;
/** Names whose encoding is remembered; far more than deployments send. */
const NAMES_CACHED_MAX = 1000;

/** Says "my dynamic table is empty from now on"; goes first in a block. Source: RFC 7541, 6.3. */
export const TABLE_SIZE_ZERO = 0x20;

const fieldName = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const encodedNames = new Map<string, Buffer | undefined>();

/** The part of a header block that all requests to one path share. */
export function encodePseudoFields(
  method: string,
  scheme: string,
  authority: string,
  path: string,
): Buffer | undefined {
  const fields = [
    [':method', method],
    [':scheme', scheme],
    [':authority', authority],
    [':path', path],
  ] as const;
  const block = Buffer.allocUnsafeSlow(fieldsBytesMax(fields));
  let position = 0;
  for (const [name, value] of fields) {
    const index = STATIC_TABLE.findIndex((entry) => entry[0] === name && entry[1] === value);
    if (index >= 0) {
      block[position++] = INDEXED | (index + 1);
    } else {
      position = writeField(block, position, name, value);
      if (position < 0) return undefined;
    }
  }
  return block.subarray(0, position);
}

/** No encoding of `fields` is longer than this. Unit: bytes. */
export function fieldsBytesMax(fields: RequestFields): number {
  let bytes = 0;
  for (const [name, value] of fields) bytes += name.length + value.length + 3 * INTEGER_BYTES_MAX;
  return bytes;
}

/**
 * Writes `fields` from `position` on and returns the position after them, or -1 when a name or a
 * value cannot be sent. `target` has room for `fieldsBytesMax(fields)` more bytes.
 */
export function writeFields(target: Buffer, position: number, fields: RequestFields): number {
  let next = position;
  for (const [name, value] of fields) {
    next = writeField(target, next, name, value);
    if (next < 0) return -1;
  }
  return next;
}

function writeField(target: Buffer, position: number, name: string, value: string): number {
  const head = encodedNames.get(name) ?? encodeName(name);
  if (head === undefined) return -1;
  target.set(head, position);
  return writeValue(target, position + head.length, value);
}

function encodeName(name: string): Buffer | undefined {
  if (encodedNames.size >= NAMES_CACHED_MAX) encodedNames.clear();
  if (!fieldName.test(name)) return undefined;
  const bytes = Buffer.allocUnsafeSlow(name.length + 2 * INTEGER_BYTES_MAX);
  const index = STATIC_TABLE.findIndex((entry) => entry[0] === name) + 1;
  let position = writeInteger(bytes, 0, 0, LITERAL_INDEX_MASK, index);
  if (index === 0) {
    position = writeInteger(bytes, position, 0, STRING_LENGTH_MASK, name.length);
    position += bytes.write(name, position, 'latin1');
  }
  const encoded = bytes.subarray(0, position);
  encodedNames.set(name, encoded);
  return encoded;
}

/** Returns -1 for control characters and characters that have no single byte. */
function writeValue(target: Buffer, position: number, value: string): number {
  const length = value.length;
  let next = writeInteger(target, position, 0, STRING_LENGTH_MASK, length);
  for (let index = 0; index < length; index++) {
    const code = value.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return -1;
    target[next++] = code;
  }
  return next;
}

function writeInteger(
  target: Buffer,
  position: number,
  pattern: number,
  mask: number,
  value: number,
): number {
  let next = position;
  if (value < mask) {
    target[next++] = pattern | value;
    return next;
  }
  target[next++] = pattern | mask;
  let rest = value - mask;
  while (rest > 0x7f) {
    target[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[next++] = rest;
  return next;
}
