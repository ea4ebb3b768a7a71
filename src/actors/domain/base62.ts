// Base 62 as ids use it: the bytes are read as one little-endian number, written with a fixed width.
// Numbers are held as 32-bit limbs and taken three digits at a time, because a limb times 62^3 still
// fits a double exactly; bigint would cost ten times as much.

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const NOT_A_DIGIT = 255;
const TWO_TO_32 = 2 ** 32;

const CHAR_CODES = Uint8Array.from(ALPHABET, (char) => char.charCodeAt(0));
const DIGITS = new Uint8Array(128).fill(NOT_A_DIGIT);
CHAR_CODES.forEach((code, digit) => (DIGITS[code] = digit));

/** Text width of a 64-bit and of a 128-bit number. Unit: characters. */
export const BASE62_WIDTH = { 8: 11, 16: 22 } as const;

export type Base62Bytes = keyof typeof BASE62_WIDTH;

/** Value of one digit by its character code; 255 when it is none. */
export function base62Digit(charCode: number): number {
  return DIGITS[charCode] ?? NOT_A_DIGIT;
}

const limbs = new DataView(new ArrayBuffer(16));

/** Writes `bytesCount` bytes of `source` as text into `target`. */
export function encodeBase62(
  source: DataView,
  sourceOffset: number,
  bytesCount: Base62Bytes,
  target: Uint8Array,
  targetOffset: number,
): void {
  for (let at = 0; at < bytesCount; at += 4) {
    limbs.setUint32(at, source.getUint32(sourceOffset + at, true));
  }
  let end = targetOffset + BASE62_WIDTH[bytesCount];
  while (end > targetOffset) {
    let rest = divideLimbs(bytesCount, 238_328);
    for (let digit = 0; digit < 3 && end > targetOffset; digit += 1) {
      const quotient = (rest / 62) | 0;
      target[--end] = CHAR_CODES[rest - quotient * 62] ?? 0;
      rest = quotient;
    }
  }
}

/** Divides the number in `limbs` and returns the remainder. */
function divideLimbs(bytesCount: number, divisor: number): number {
  let remainder = 0;
  for (let at = bytesCount - 4; at >= 0; at -= 4) {
    const current = remainder * TWO_TO_32 + limbs.getUint32(at);
    const quotient = Math.floor(current / divisor);
    limbs.setUint32(at, quotient);
    remainder = current - quotient * divisor;
  }
  return remainder;
}

/** Reads the digits at `textOffset` into `target`; false for a bad digit or a number that does not fit. */
export function decodeBase62(
  text: string,
  textOffset: number,
  bytesCount: Base62Bytes,
  target: DataView,
  targetOffset: number,
): boolean {
  const end = textOffset + BASE62_WIDTH[bytesCount];
  for (let at = 0; at < bytesCount; at += 4) limbs.setUint32(at, 0);
  let at = textOffset;
  // The first group is shorter, so that the others are all three digits long.
  let groupEnd = at + ((end - at) % 3);
  while (at < end) {
    let group = 0;
    for (; at < groupEnd; at += 1) {
      const digit = base62Digit(text.charCodeAt(at));
      if (digit === NOT_A_DIGIT) return false;
      group = group * 62 + digit;
    }
    if (multiplyLimbs(bytesCount, 238_328, group) !== 0) return false;
    groupEnd += 3;
  }
  for (let limb = 0; limb < bytesCount; limb += 4) {
    target.setUint32(targetOffset + limb, limbs.getUint32(limb), true);
  }
  return true;
}

/** Multiplies the number in `limbs`, adds `addend` and returns what does not fit any more. */
function multiplyLimbs(bytesCount: number, factor: number, addend: number): number {
  let carry = addend;
  for (let at = 0; at < bytesCount; at += 4) {
    const current = limbs.getUint32(at) * factor + carry;
    limbs.setUint32(at, current);
    carry = Math.floor(current / TWO_TO_32);
  }
  return carry;
}
