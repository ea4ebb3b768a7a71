// Postgres' binary form of exact decimals: groups of four decimal digits, the first of them counted in
// powers of 10,000.
//   | Int16 groups | Int16 weight of the first | Int16 sign | Int16 digits behind the point | Int16 each group …
// Example: `-12345.67` is `0003 0001 4000 0002 | 0001 0929 1a2c` (1, 2345, 6700).
import { PostgresError } from './postgres-error.ts';

const GROUP_DIGITS = 4;
const GROUP_END = 10_000;
const HEADER_BYTES = 8;
const SIGN_POSITIVE = 0x0000;
const SIGN_NEGATIVE = 0x4000;
const SIGN_NAN = 0xc000;

/** Of a plain decimal text, such as `-12.50`. */
export function numericBytes(text: string): Buffer {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text) ?? [];
  if (whole === '' && fraction === '') return header({ sign: SIGN_NAN, groupsCount: 0 });
  const wholeGroups = Math.ceil(whole.length / GROUP_DIGITS);
  const fractionGroups = Math.ceil(fraction.length / GROUP_DIGITS);
  const digits =
    whole.padStart(wholeGroups * GROUP_DIGITS, '0') +
    fraction.padEnd(fractionGroups * GROUP_DIGITS, '0');
  const all = (digits.match(/\d{4}/g) ?? []).map(Number);
  const first = all.findIndex((group) => group !== 0);
  const groups = first < 0 ? [] : all.slice(first, all.findLastIndex((group) => group !== 0) + 1);
  const isZero = groups.length === 0;
  const bytes = header({
    groupsCount: groups.length,
    weight: isZero ? 0 : wholeGroups - 1 - first,
    sign: sign === '-' && !isZero ? SIGN_NEGATIVE : SIGN_POSITIVE,
    scale: fraction.length,
  });
  for (const [index, group] of groups.entries()) {
    bytes.writeUInt16BE(group, HEADER_BYTES + index * 2);
  }
  return bytes;
}

function header(fields: {
  readonly groupsCount: number;
  readonly weight?: number;
  readonly sign: number;
  readonly scale?: number;
}): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + fields.groupsCount * 2);
  bytes.writeUInt16BE(fields.groupsCount, 0);
  bytes.writeInt16BE(fields.weight ?? 0, 2);
  bytes.writeUInt16BE(fields.sign, 4);
  bytes.writeUInt16BE(fields.scale ?? 0, 6);
  return bytes;
}

/** The text of a number in binary form. Throws `PostgresError` for anything else. */
export function numericText(bytes: Buffer): string {
  if (bytes.length < HEADER_BYTES) throw invalidNumeric();
  const groupsCount = bytes.readUInt16BE(0);
  const weight = bytes.readInt16BE(2);
  const sign = bytes.readUInt16BE(4);
  const scale = bytes.readUInt16BE(6);
  if (bytes.length !== HEADER_BYTES + groupsCount * 2) throw invalidNumeric();
  if (sign === SIGN_NAN) return 'NaN';
  if (sign !== SIGN_POSITIVE && sign !== SIGN_NEGATIVE) throw invalidNumeric();
  const groupAt = (power: number): string => {
    const index = weight - power;
    const group =
      index >= 0 && index < groupsCount ? bytes.readUInt16BE(HEADER_BYTES + index * 2) : 0;
    if (group >= GROUP_END) throw invalidNumeric();
    return String(group).padStart(GROUP_DIGITS, '0');
  };
  const wholeGroups = Array.from({ length: Math.max(0, weight + 1) }, (_, i) =>
    groupAt(weight - i),
  );
  const fractionGroups = Array.from({ length: Math.ceil(scale / GROUP_DIGITS) }, (_, i) =>
    groupAt(-1 - i),
  );
  const whole = wholeGroups.join('').replace(/^0+(?=\d)/, '') || '0';
  const fraction = fractionGroups.join('').slice(0, scale);
  return `${sign === SIGN_NEGATIVE ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function invalidNumeric(): PostgresError {
  return new PostgresError('invalidBinary', 'invalid binary format of a numeric');
}
