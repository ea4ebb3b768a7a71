/** Fractions of a second that timestamps of queries are counted in. */
export type TimestampUnit = 's' | 'ms' | 'us' | 'ns';

/** Microseconds from 1970 to 2000, where Postgres counts from. */
export const POSTGRES_EPOCH_US = 946_684_800_000_000n;

const DAY_US = 86_400_000_000;

/** Rounded down where the unit is finer. */
export function microsecondsOf(value: bigint, unit: TimestampUnit): bigint {
  switch (unit) {
    case 's':
      return value * 1_000_000n;
    case 'ms':
      return value * 1000n;
    case 'us':
      return value;
    case 'ns':
      return (value - (((value % 1000n) + 1000n) % 1000n)) / 1000n;
  }
}

/** Days from 2000 to the date in a text, or `undefined` for what is no date. */
export function postgresDays(text: string): number | undefined {
  const ms = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(ms)) return undefined;
  return Math.round((ms * 1000 - Number(POSTGRES_EPOCH_US)) / DAY_US);
}

/** Of a text like `04:05:06.789`. */
export function microsecondsOfDay(text: string): bigint {
  const [, hours = '0', minutes = '0', seconds = '0', fraction = ''] =
    /^(\d+):(\d+)(?::(\d+)(?:\.(\d+))?)?/.exec(text) ?? [];
  const whole = (BigInt(hours) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
  return whole * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
}
