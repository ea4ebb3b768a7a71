import { HashInput, sha256Hash } from './hash.ts';

const input = new HashInput();
const KEY_START = 1;
const VALUE_START = 2;
const VALUE_END = 3;

/**
 * Names a user state by its content, so that an edit made for an older one is recognised. Entries come
 * in key order. Source: reference contract "State edit"; clients compute it too.
 */
export function stateVersionOf(
  entries: Iterable<readonly [key: Uint8Array, value: Uint8Array]>,
): string {
  input.reset();
  let index = 0;
  for (const [key, value] of entries) {
    input.uint64BigEndian(index).byte(KEY_START).raw(key);
    input.byte(VALUE_START).raw(value).byte(VALUE_END);
    index += 1;
  }
  return toBase64Url(sha256Hash(input));
}

function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
