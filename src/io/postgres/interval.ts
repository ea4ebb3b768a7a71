import type { QueryValue } from '../../actors/ports.ts';

/** As Postgres keeps it: months and days have no fixed length. */
export interface Interval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;
}

/** Of a duration in milliseconds, or of the text form of an interval. */
export function intervalOf(value: QueryValue): Interval {
  if (typeof value === 'bigint') return { months: 0, days: 0, micros: value * 1000n };
  if (typeof value === 'number') {
    return { months: 0, days: 0, micros: BigInt(Math.round(value * 1000)) };
  }
  return parseInterval(typeof value === 'string' ? value : '');
}

const PART = /(-?\d+)(?:\.(-?\d+))?\s*(year|mon|week|day|hour|min|sec)[a-z]*/g;
const CLOCK = /(-)?(\d+):(\d\d):(\d\d)(?:\.(\d+))?/;

const MONTHS: Readonly<Partial<Record<string, number>>> = { year: 12, mon: 1 };
const DAYS: Readonly<Partial<Record<string, number>>> = { week: 7, day: 1 };
const SECONDS: Readonly<Partial<Record<string, bigint>>> = { hour: 3600n, min: 60n, sec: 1n };

/** `1 mons 2 days 3.500000 secs` as well as `1 year 2 days 04:05:06`. */
function parseInterval(text: string): Interval {
  let months = 0;
  let days = 0;
  let micros = clockMicros(text);
  for (const [, count = '0', fraction = '0', unit = ''] of text.matchAll(PART)) {
    months += Number(count) * (MONTHS[unit] ?? 0);
    days += Number(count) * (DAYS[unit] ?? 0);
    const seconds = SECONDS[unit] ?? 0n;
    const isNegative = count.startsWith('-') || fraction.startsWith('-');
    const part = fractionMicros(fraction.replace('-', ''));
    micros += BigInt(count) * seconds * 1_000_000n + (isNegative ? -part : part);
  }
  return { months, days, micros };
}

function clockMicros(text: string): bigint {
  const match = CLOCK.exec(text);
  if (match === null) return 0n;
  const [, sign, hours = '0', minutes = '0', seconds = '0', fraction = ''] = match;
  const whole = (BigInt(hours) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
  const micros = whole * 1_000_000n + fractionMicros(fraction);
  return sign === undefined ? micros : -micros;
}

function fractionMicros(digits: string): bigint {
  return BigInt(digits.slice(0, 6).padEnd(6, '0'));
}
