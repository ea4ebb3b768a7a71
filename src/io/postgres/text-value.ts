// Values in Postgres' text form. Source: PostgreSQL 17, "Data Types", with DateStyle ISO and IntervalStyle
// postgres; seen on PostgreSQL where the documentation says less.
import { unreachable } from '../../actors/domain/assert.ts';
import type { QueryType, QueryValue } from '../../actors/ports.ts';
import { intervalOf, type Interval } from './interval.ts';
import { microsecondsOf } from './timestamp.ts';
import { isScalar } from './wire-type.ts';

/** A value that is not null. */
export type Present = Exclude<QueryValue, null>;

export type TextWriter = (value: Present) => string;

export function textWriterOf(type: QueryType): TextWriter {
  switch (type.kind) {
    case 'boolean':
      return (value) => (value === true ? 't' : 'f');
    case 'uint32':
      return (value) => String(Number(value) | 0);
    case 'uint64':
      return (value) => String(BigInt.asIntN(64, wholeOf(value)));
    case 'float32':
      return (value) => floatText(Number(value), shortestSingle);
    case 'float64':
      return (value) => floatText(Number(value), String);
    case 'largeBinary':
      return hexText;
    case 'timestamp': {
      const zone = type.isUtc ? '+00' : '';
      return (value) => timestampText(microsecondsOf(wholeOf(value), type.unit), zone);
    }
    case 'duration':
    case 'interval':
      return (value) => intervalText(intervalOf(value));
    case 'list':
      return isScalar(type.element) ? arrayWriterOf(type.element) : jsonText;
    case 'struct':
      return jsonText;
    case 'null':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'uint8':
    case 'uint16':
    case 'decimal':
    case 'utf8':
    case 'largeUtf8':
    case 'date':
    case 'time':
      return plainText;
    default:
      return unreachable(type);
  }
}

/** Of a value whose own text is that of its type. */
export function plainText(value: Present): string {
  return typeof value === 'object' ? jsonText(value) : String(value);
}

/** Whatever form a whole number has. */
export function wholeOf(value: Present): bigint {
  return typeof value === 'bigint' ? value : BigInt(Number(value));
}

function floatText(value: number, finite: (value: number) => string): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : finite(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

/** The shortest text that stands for this number of single precision. */
function shortestSingle(value: number): string {
  for (let digits = 6; digits < 9; digits += 1) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === Math.fround(value)) return String(text);
  }
  return String(Number(value.toPrecision(9)));
}

function hexText(value: Present): string {
  return value instanceof Uint8Array
    ? `\\x${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}`
    : plainText(value);
}

const SECOND_US = 1_000_000n;
const DAY_SECONDS = 86_400n;

function timestampText(micros: bigint, zone: string): string {
  const seconds = floorDivide(micros, SECOND_US);
  const days = floorDivide(seconds, DAY_SECONDS);
  const fraction = fractionText(micros - seconds * SECOND_US);
  const { year, month, day } = civilOf(days);
  const time = clockText(seconds - days * DAY_SECONDS);
  const isBefore = year <= 0;
  const shownYear = isBefore ? 1 - year : year;
  const date = `${String(shownYear).padStart(4, '0')}-${two(month)}-${two(day)}`;
  return `${date} ${time}${fraction}${zone}${isBefore ? ' BC' : ''}`;
}

/** Day of the proleptic Gregorian calendar. `Date` would end in the year 275760. */
function civilOf(days: bigint) {
  const ERA_DAYS = 146_097n;
  const ERA_YEARS = 400;
  const era = floorDivide(days, ERA_DAYS);
  // Within one era of 400 years, which begins in 1970 here, Date counts right.
  const date = new Date(Number(days - era * ERA_DAYS) * 86_400_000);
  return {
    year: date.getUTCFullYear() + Number(era) * ERA_YEARS,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
  };
}

function clockText(seconds: bigint): string {
  const hours = seconds / 3600n;
  return `${two(hours)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
}

/** Empty, or the point and its digits without zeros at the end. */
function fractionText(micros: bigint): string {
  return micros === 0n ? '' : `.${String(micros).padStart(6, '0').replace(/0+$/, '')}`;
}

function two(value: number | bigint): string {
  return String(value).padStart(2, '0');
}

function intervalText({ months, days, micros }: Interval): string {
  const years = Math.trunc(months / 12);
  const parts = [counted(years, 'year'), counted(months % 12, 'mon'), counted(days, 'day')];
  const isNegative = micros < 0n;
  const absolute = isNegative ? -micros : micros;
  const clock = `${clockText(absolute / SECOND_US)}${fractionText(absolute % SECOND_US)}`;
  const texts = parts.filter((part) => part !== '');
  if (micros !== 0n || texts.length === 0) texts.push(`${isNegative ? '-' : ''}${clock}`);
  return texts.join(' ');
}

function counted(count: number, unit: string): string {
  if (count === 0) return '';
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

const MUST_BE_QUOTED = /^$|^null$|[{}",\\\s]/i;

function arrayWriterOf(element: QueryType): TextWriter {
  const write = textWriterOf(element);
  const elementText = (value: QueryValue): string => {
    if (value === null) return 'NULL';
    const text = write(value);
    return MUST_BE_QUOTED.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : text;
  };
  return (value) =>
    Array.isArray(value) ? `{${value.map(elementText).join(',')}}` : plainText(value);
}

/** Whole numbers keep all their digits; bytes are in hexadecimal digits, as in JSON replies. */
function jsonText(value: QueryValue): string {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('hex'));
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, each]) => `${JSON.stringify(name)}:${jsonText(each)}`,
    );
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}
