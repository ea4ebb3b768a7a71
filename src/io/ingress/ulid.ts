/** Crockford's base 32, upper case. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const TIME_DIGITS = 10;
const RANDOM_BYTES = 10;

/** Text form of a ULID, 26 characters. `random` has at least 10 bytes. */
export function formatUlid(timeMs: number, random: Uint8Array): string {
  let time = '';
  let rest = timeMs;
  for (let at = 0; at < TIME_DIGITS; at += 1) {
    time = DIGITS.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  let text = time;
  let bits = 0;
  let bitsCount = 0;
  for (let at = 0; at < RANDOM_BYTES; at += 1) {
    bits = (bits << 8) | (random[at] ?? 0);
    bitsCount += 8;
    while (bitsCount >= 5) {
      bitsCount -= 5;
      text += DIGITS.charAt((bits >> bitsCount) & 31);
    }
    bits &= 31;
  }
  return text;
}
