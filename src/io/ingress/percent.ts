import { isUtf8 } from 'node:buffer';
import { refusals } from './errors.ts';

const PERCENT = 0x25;

/** Percent-decodes a path segment. Invalid escapes stay as they are; `+` is no space. */
export function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  const raw = Buffer.from(segment);
  const bytes: number[] = [];
  for (let at = 0; at < raw.length; at += 1) {
    const byte = raw[at] ?? 0;
    const escaped = byte === PERCENT ? hexByte(raw[at + 1], raw[at + 2]) : undefined;
    if (escaped !== undefined) at += 2;
    bytes.push(escaped ?? byte);
  }
  const decoded = Buffer.from(bytes);
  if (!isUtf8(decoded)) throw refusals.undecodableKey(describeInvalidUtf8(decoded));
  return decoded.toString();
}

function hexByte(high: number | undefined, low: number | undefined): number | undefined {
  const tens = hexDigit(high);
  const ones = hexDigit(low);
  return tens === undefined || ones === undefined ? undefined : tens * 16 + ones;
}

function hexDigit(code: number | undefined): number | undefined {
  if (code === undefined) return undefined;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}

/** In the reference's words: the bytes, how many are valid, and how long the first invalid sequence is. */
function describeInvalidUtf8(bytes: Buffer): string {
  let validCount = 0;
  for (;;) {
    const sequence = scanSequence(bytes, validCount);
    if (sequence.kind === 'valid') {
      validCount += sequence.length;
    } else {
      const errorLength = sequence.kind === 'cut' ? 'None' : `Some(${sequence.length})`;
      return `FromUtf8Error { bytes: [${bytes.join(', ')}], error: Utf8Error { valid_up_to: ${validCount}, error_len: ${errorLength} } }`;
    }
  }
}

interface Sequence {
  /** `cut`: the bytes end too early. */
  readonly kind: 'valid' | 'invalid' | 'cut';
  readonly length: number;
}

/** Length and range of the second byte by first byte. Source: Unicode standard, table 3-7. */
const LEADS: ReadonlyArray<
  readonly [from: number, to: number, length: number, low: number, high: number]
> = [
  [0x00, 0x7f, 1, 0x80, 0xbf],
  [0xc2, 0xdf, 2, 0x80, 0xbf],
  [0xe0, 0xe0, 3, 0xa0, 0xbf],
  [0xe1, 0xec, 3, 0x80, 0xbf],
  [0xed, 0xed, 3, 0x80, 0x9f],
  [0xee, 0xef, 3, 0x80, 0xbf],
  [0xf0, 0xf0, 4, 0x90, 0xbf],
  [0xf1, 0xf3, 4, 0x80, 0xbf],
  [0xf4, 0xf4, 4, 0x80, 0x8f],
];

function scanSequence(bytes: Buffer, start: number): Sequence {
  const first = bytes[start] ?? 0;
  const lead = LEADS.find(([from, to]) => first >= from && first <= to);
  if (lead === undefined) return { kind: 'invalid', length: 1 };
  const [, , length, low, high] = lead;
  for (let at = 1; at < length; at += 1) {
    const next = bytes[start + at];
    if (next === undefined) return { kind: 'cut', length: at };
    const isSecond = at === 1;
    if (next < (isSecond ? low : 0x80) || next > (isSecond ? high : 0xbf)) {
      return { kind: 'invalid', length: at };
    }
  }
  return { kind: 'valid', length };
}
