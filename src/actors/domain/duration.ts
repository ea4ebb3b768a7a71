// Durations as texts: the grammar that query parameters, the admin API and the configuration share,
// and the forms in which durations and instants are shown. Source: reference contracts "delay" and
// "Value formats", seen on the reference server.

/** `ms` has a fraction for texts with micro- or nanoseconds; round it where only whole ones make sense. */
export type DurationParse =
  { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly reason: string };

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const NS_PER_MS = 1_000_000n;
const DAY_NS = BigInt(DAY_MS) * NS_PER_MS;

/** Longest duration. Unit: nanoseconds. Source: seen on the reference server, 7 304 484 days. */
const DURATION_NS_MAX = 7_304_484n * DAY_NS;

/** Keeps the work bounded for texts from outside; every real duration is far shorter. */
const TEXT_LENGTH_MAX = 256;

interface Unit {
  readonly ns: bigint;
  readonly mayHaveFraction: boolean;
}

function unit(ns: bigint, mayHaveFraction: boolean): Unit {
  return { ns, mayHaveFraction };
}

const WEEK = unit(7n * DAY_NS, false);
const DAY = unit(DAY_NS, false);
const HOUR = unit(BigInt(HOUR_MS) * NS_PER_MS, true);
const MINUTE = unit(BigInt(MINUTE_MS) * NS_PER_MS, true);
const SECOND = unit(BigInt(SECOND_MS) * NS_PER_MS, true);
const MILLISECOND = unit(NS_PER_MS, true);
const MICROSECOND = unit(1000n, true);
const NANOSECOND = unit(1n, false);

/** Months and years, which have no fixed length, are known only to be refused. */
const FRIENDLY_UNIT_NAMES: ReadonlyArray<readonly [of: Unit | 'calendar', names: string]> = [
  ['calendar', 'y yr yrs year years mo mos month months'],
  [WEEK, 'w wk wks week weeks'],
  [DAY, 'd day days'],
  [HOUR, 'h hr hrs hour hours'],
  [MINUTE, 'm min mins minute minutes'],
  [SECOND, 's sec secs second seconds'],
  [MILLISECOND, 'ms msec msecs milli millis millisecond milliseconds'],
  // Both the micro sign and the Greek letter.
  [MICROSECOND, 'us usec usecs µs µsec µsecs μs μsec μsecs micro micros microsecond microseconds'],
  [NANOSECOND, 'ns nsec nsecs nano nanos nanosecond nanoseconds'],
];

const FRIENDLY_UNITS: ReadonlyMap<string, Unit | 'calendar'> = new Map(
  FRIENDLY_UNIT_NAMES.flatMap(([of, names]) => names.split(' ').map((name) => [name, of])),
);

const EMPTY = `an empty string is not a valid duration in either the ISO 8601 format or Jiff's "friendly" format`;
const NEGATIVE = 'negative signed durations cannot be converted to an unsigned duration';
const CALENDAR_UNIT = 'please use units of days or smaller';
const FRIENDLY = 'failed to parse input in the "friendly" duration format: ';
const ISO_8601 = 'failed to parse input in the ISO 8601 duration format: ';
const NO_UNIT = `${FRIENDLY}expected to find unit designator suffix (e.g., \`years\` or \`secs\`) after parsing integer`;
const NO_NUMBER = `${FRIENDLY}expected duration to start with a unit value (a decimal integer) after an optional sign, but no integer was found`;

/** Parses `0`, an ISO 8601 duration (`PT1H30M`) or the friendly form (`1h 30m`, `1 day`, `01:30:00`). */
export function parseDuration(text: string): DurationParse {
  if (text === '') return refuse(EMPTY);
  if (text.length > TEXT_LENGTH_MAX) return refuse('expected a shorter text');
  if (text === '0') return { ok: true, ms: 0 };
  const [, sign, unsigned] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (unsigned === undefined) return refuse(NO_NUMBER);
  const parsed = /^p/i.test(unsigned)
    ? parseIso8601(unsigned)
    : parseFriendly(unsigned, sign ?? '');
  if (typeof parsed === 'string') return refuse(parsed);
  const isNegative = parsed.ago || sign === '-';
  if (isNegative && parsed.ns > 0n) return refuse(NEGATIVE);
  if (parsed.ns > DURATION_NS_MAX) return refuse('durations reach at most 7304484 days');
  return { ok: true, ms: Number(parsed.ns / NS_PER_MS) + Number(parsed.ns % NS_PER_MS) / 1e6 };
}

function refuse(reason: string): DurationParse {
  return { ok: false, reason };
}

/** The magnitude, or why there is none. */
type Magnitude = { readonly ns: bigint; readonly ago: boolean } | string;

const ISO_DATE_AND_TIME =
  /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+(?:[.,]\d{1,9})?)H)?(?:(\d+(?:[.,]\d{1,9})?)M)?(?:(\d+(?:[.,]\d{1,9})?)S)?)?$/i;

function parseIso8601(text: string): Magnitude {
  const match = ISO_DATE_AND_TIME.exec(text);
  if (match === null || /[PT]$/i.test(text)) {
    return `${ISO_8601}expected whole units in descending order, such as P1DT2H or PT1.5S`;
  }
  const [, years, months, weeks, days, ...time] = match;
  if (years !== undefined || months !== undefined) return CALENDAR_UNIT;
  const present = time.filter((value) => value !== undefined);
  if (present.slice(0, -1).some((value) => /[.,]/.test(value))) {
    return `${ISO_8601}only the last unit may have a fraction`;
  }
  const ns =
    amountNs(weeks, WEEK) +
    amountNs(days, DAY) +
    amountNs(time[0], HOUR) +
    amountNs(time[1], MINUTE) +
    amountNs(time[2], SECOND);
  return { ns, ago: false };
}

const CLOCK = /^(\d+):(\d+):(\d+(?:[.,]\d{1,9})?)$/;
const UNIT_VALUE = /^(\d+(?:[.,]\d{1,9})?)[ \t\n\f\r]*([a-zµμ]*)(,(?=[ \t\n\f\r]))?[ \t\n\f\r]*/;
const AGO = /[ \t\n\f\r]ago[ \t\n\f\r]*$/;

/** `1h 30m`, `1 hour, 30 minutes`, `1d 12:00:00`, `2.5h`, each optionally with `ago`. */
function parseFriendly(text: string, sign: string): Magnitude {
  const ago = sign === '' && AGO.test(text);
  let rest = (ago ? text.replace(AGO, '') : text).trimEnd();
  let total = 0n;
  let previous: Unit | undefined;
  let hasFraction = false;
  do {
    if (!/^\d/.test(rest))
      return previous === undefined ? NO_NUMBER : `${FRIENDLY}expected a number`;
    if (hasFraction) return `${FRIENDLY}only the last unit may have a fraction`;
    const clock = CLOCK.exec(rest);
    if (clock !== null) {
      if (previous !== undefined && previous.ns < DAY.ns) {
        return `${FRIENDLY}hours, minutes and seconds may follow only days and weeks`;
      }
      const ns = amountNs(clock[1], HOUR) + amountNs(clock[2], MINUTE) + amountNs(clock[3], SECOND);
      return { ns: total + ns, ago };
    }
    const [whole = '', value = '', name = ''] = UNIT_VALUE.exec(rest) ?? [];
    const found = FRIENDLY_UNITS.get(name);
    if (found === undefined) return NO_UNIT;
    if (found === 'calendar') return CALENDAR_UNIT;
    if (previous !== undefined && found.ns >= previous.ns) {
      return `${FRIENDLY}units must come once each, from the largest to the smallest`;
    }
    hasFraction = /[.,]/.test(value);
    if (hasFraction && !found.mayHaveFraction) {
      return `${FRIENDLY}only hours and smaller units may have a fraction`;
    }
    total += amountNs(value, found);
    previous = found;
    rest = rest.slice(whole.length);
  } while (rest !== '');
  return { ns: total, ago };
}

function amountNs(value: string | undefined, of: Unit): bigint {
  if (value === undefined) return 0n;
  const [whole = '', fraction = ''] = value.split(/[.,]/);
  const fractionNs = (BigInt(fraction.padEnd(9, '0')) * of.ns) / 1_000_000_000n;
  return BigInt(whole) * of.ns + fractionNs;
}

const SHOWN_UNITS: ReadonlyArray<readonly [ms: number, name: string]> = [
  [DAY_MS, 'd'],
  [HOUR_MS, 'h'],
  [MINUTE_MS, 'm'],
  [SECOND_MS, 's'],
  [1, 'ms'],
];

/** `1d 12h`, `1m 30s`, `1ms 5µs`; `0s` for none. */
export function formatDuration(ms: number): string {
  const fractionNs = Math.round((ms % 1) * 1e6);
  let rest = Math.trunc(ms) + Math.trunc(fractionNs / 1e6);
  const parts: string[] = [];
  const add = (amount: number, name: string): void => {
    if (amount > 0) parts.push(`${amount}${name}`);
  };
  for (const [unitMs, name] of SHOWN_UNITS) {
    add(Math.floor(rest / unitMs), name);
    rest %= unitMs;
  }
  const ns = fractionNs % 1e6;
  add(Math.floor(ns / 1000), 'µs');
  add(ns % 1000, 'ns');
  return parts.length === 0 ? '0s' : parts.join(' ');
}

/** Instant in UTC with 9 fraction digits: `2026-11-23T02:10:50.523000000Z`. Unit of `ms`: since 1970. */
export function formatRfc3339Nanos(ms: number): string {
  const { seconds, fraction } = formatInstant(ms);
  return `${seconds}.${fraction}000000Z`;
}

/** Value of the header `idempotency-expires`: `2026-11-24T02:12:20.009+00:00`, without a zero fraction. */
export function formatIdempotencyExpires(ms: number): string {
  const { seconds, fraction } = formatInstant(ms);
  return fraction === '000' ? `${seconds}+00:00` : `${seconds}.${fraction}+00:00`;
}

function formatInstant(ms: number): { readonly seconds: string; readonly fraction: string } {
  const whole = Math.floor(ms);
  const days = Math.floor(whole / DAY_MS);
  const ofDay = whole - days * DAY_MS;
  const { year, month, day } = civilDate(days);
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const hour = Math.floor(ofDay / HOUR_MS);
  const minute = Math.floor(ofDay / MINUTE_MS) % 60;
  const second = Math.floor(ofDay / SECOND_MS) % 60;
  return {
    seconds: `${date}T${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}`,
    fraction: digits(ofDay % SECOND_MS, 3),
  };
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** Gregorian date of a day counted from 1970-01-01. Counts in years that begin in March, so leap days end them. */
function civilDate(days: number): { year: number; month: number; day: number } {
  const sinceMarchOfYear0 = days + 719_468;
  const era = Math.floor(sinceMarchOfYear0 / 146_097);
  const dayOfEra = sinceMarchOfYear0 - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
