/** Crockford's base 32, upper case. */
const DIGITS = Buffer.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 'latin1');

const TIME_DIGITS = 10;
const RANDOM_BYTES = 10;

const text = Buffer.alloc(26);

/** Text form of a ULID, 26 characters. `random` has at least 10 bytes. */
export function formatUlid(timeMs: number, random: Uint8Array): string {
  let rest = timeMs;
  for (let at = TIME_DIGITS - 1; at >= 0; at -= 1) {
    text[at] = DIGITS[rest % 32] ?? 0;
    rest = Math.floor(rest / 32);
  }
  let position = TIME_DIGITS;
  let bits = 0;
  let bitsCount = 0;
  for (let at = 0; at < RANDOM_BYTES; at += 1) {
    bits = (bits << 8) | (random[at] ?? 0);
    bitsCount += 8;
    while (bitsCount >= 5) {
      bitsCount -= 5;
      text[position] = DIGITS[(bits >> bitsCount) & 31] ?? 0;
      position += 1;
    }
    bits &= 31;
  }
  return text.toString('latin1', 0, position);
}
