import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  formatDuration,
  formatIdempotencyExpires,
  formatRfc3339Nanos,
  parseDuration,
} from '../../../src/actors/domain/duration.ts';
import { propertyParameters } from '../../support/property.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('parseDuration accepts', () => {
  const rows: ReadonlyArray<readonly [text: string, ms: number]> = [
    ['0', 0],
    ['0s', 0],
    ['-0s', 0],
    ['1ms', 1],
    ['1s', SECOND],
    ['1.5s', 1500],
    ['1,5s', 1500],
    ['1 sec', SECOND],
    ['5  s', 5 * SECOND],
    ['5s ', 5 * SECOND],
    ['+1s', SECOND],
    ['1m', MINUTE],
    ['1h30m', 90 * MINUTE],
    ['1h 30m', 90 * MINUTE],
    ['1h, 30m', 90 * MINUTE],
    ['1 hour 30 min', 90 * MINUTE],
    ['2.5h', 150 * MINUTE],
    ['1d', DAY],
    ['1 day', DAY],
    ['1w2d', 9 * DAY],
    ['2weeks', 14 * DAY],
    ['1us', 0.001],
    ['1µs', 0.001],
    ['1μs', 0.001],
    ['1ns', 0.000001],
    ['1.5ms', 1.5],
    ['1ms 5µs', 1.005],
    ['01:00:00', HOUR],
    ['1:30:00', 90 * MINUTE],
    ['00:00:05', 5 * SECOND],
    ['00:00:05.25', 5250],
    ['1d 12:00:00', 36 * HOUR],
    ['1w 2d 12:00:00', 9 * DAY + 12 * HOUR],
    ['5 minutes', 5 * MINUTE],
    ['3mins', 3 * MINUTE],
    ['10 secs', 10 * SECOND],
    ['1 min, 2 sec', 62 * SECOND],
    ['1500ms', 1500],
    ['1 week', 7 * DAY],
    ['1wk 1day 1hr 1min 1sec 1msec', 8 * DAY + HOUR + MINUTE + SECOND + 1],
    ['2 wks 2 days 2 hrs 2 mins 2 secs 2 millis', 16 * DAY + 2 * (HOUR + MINUTE + SECOND + 1)],
    ['7304484d', 7_304_484 * DAY],
    ['1000000d', 1_000_000 * DAY],
    ['PT0S', 0],
    ['PT1S', SECOND],
    ['+PT1S', SECOND],
    ['pt1s', SECOND],
    ['PT1.5S', 1500],
    ['PT1,5S', 1500],
    ['PT1.5M', 90 * SECOND],
    ['PT1M30.25S', 90_250],
    ['PT36H', 36 * HOUR],
    ['PT1H30M', 90 * MINUTE],
    ['P1D', DAY],
    ['P1W', 7 * DAY],
    ['P1W1D', 8 * DAY],
    ['P1DT2H', 26 * HOUR],
  ];
  for (const [text, ms] of rows) {
    test(`${JSON.stringify(text)} as ${ms} ms`, () => {
      assert.deepEqual(parseDuration(text), { ok: true, ms });
    });
  }
});

describe('parseDuration refuses', () => {
  const empty = `an empty string is not a valid duration in either the ISO 8601 format or Jiff's "friendly" format`;
  const calendar = 'please use units of days or smaller';
  const negative = 'negative signed durations cannot be converted to an unsigned duration';
  const noUnit =
    'failed to parse input in the "friendly" duration format: expected to find unit designator suffix (e.g., `years` or `secs`) after parsing integer';
  const noNumber =
    'failed to parse input in the "friendly" duration format: expected duration to start with a unit value (a decimal integer) after an optional sign, but no integer was found';
  const rows: ReadonlyArray<readonly [text: string, reason: string | RegExp]> = [
    ['', empty],
    ['100', noUnit],
    ['60', noUnit],
    ['00', noUnit],
    ['1.5', noUnit],
    ['10', noUnit],
    ['1m30', noUnit],
    ['1S', noUnit],
    ['1M', noUnit],
    ['1H', noUnit],
    ['1D', noUnit],
    ['1e3ms', noUnit],
    ['1.s', noUnit],
    ['1:30', noUnit],
    ['abc', noNumber],
    ['bogus', noNumber],
    ['infinity', noNumber],
    [' 5s', noNumber],
    [' ', noNumber],
    ['+', noNumber],
    ['--1s', noNumber],
    ['.5s', noNumber],
    ['-1s', negative],
    ['-5s', negative],
    ['1s ago', negative],
    ['2 days ago', negative],
    ['-PT1S', negative],
    ['P1M', calendar],
    ['P1Y', calendar],
    ['P1Y2M3D', calendar],
    ['1month', calendar],
    ['1 month', calendar],
    ['1y', calendar],
    ['1 year 2 days', calendar],
    ['1h,30m', /expected a number/],
    ['1h, ', /expected a number/],
    ['1h1h', /largest to the smallest/],
    ['1s1m', /largest to the smallest/],
    ['1.5h30m', /only the last unit/],
    ['1.5d', /may have a fraction/],
    ['1.5ns', /may have a fraction/],
    ['1h 00:30:00', /only days and weeks/],
    ['1.1234567891s', noUnit],
    ['-1s ago', /expected a number/],
    ['P', /ISO 8601/],
    ['PT', /ISO 8601/],
    ['P1DT', /ISO 8601/],
    ['P1.5D', /ISO 8601/],
    ['PT1.5H30M', /only the last unit/],
    ['PT1S1M', /ISO 8601/],
    ['PT1H1H', /ISO 8601/],
    ['P1D ', /ISO 8601/],
    ['7304485d', /7304484 days/],
    [`${'9'.repeat(200)}s`, /7304484 days/],
    [`${'9'.repeat(300)}s`, /shorter/],
  ];
  for (const [text, reason] of rows) {
    test(`${JSON.stringify(text.slice(0, 20))}`, () => {
      const parsed = parseDuration(text);
      assert(!parsed.ok, 'refused');
      if (typeof reason === 'string') assert.equal(parsed.reason, reason);
      else assert.match(parsed.reason, reason);
    });
  }
});

describe('formatDuration', () => {
  const rows: ReadonlyArray<readonly [ms: number, text: string]> = [
    [0, '0s'],
    [0.000001, '1ns'],
    [0.1, '100µs'],
    [1.005, '1ms 5µs'],
    [1.005001, '1ms 5µs 1ns'],
    [500, '500ms'],
    [1500, '1s 500ms'],
    [90 * SECOND, '1m 30s'],
    [90 * MINUTE, '1h 30m'],
    [2 * HOUR, '2h'],
    [DAY, '1d'],
    [36 * HOUR, '1d 12h'],
    [7 * DAY, '7d'],
    [400 * DAY, '400d'],
    [3_723_000, '1h 2m 3s'],
    [1.9999999999, '2ms'],
  ];
  for (const [ms, text] of rows) {
    test(`of ${ms} ms is ${text}`, () => {
      assert.equal(formatDuration(ms), text);
    });
  }

  test('is understood by parseDuration, for whole milliseconds', () => {
    const property = fc.property(fc.integer({ min: 0, max: 7_304_484 * DAY }), (ms) => {
      assert.deepEqual(parseDuration(formatDuration(ms)), { ok: true, ms });
    });
    fc.assert(property, propertyParameters());
  });
});

describe('instants', () => {
  const at = Date.UTC(2026, 10, 23, 2, 10, 50, 523);

  test('have 9 fraction digits in JSON', () => {
    assert.equal(formatRfc3339Nanos(at), '2026-11-23T02:10:50.523000000Z');
    assert.equal(formatRfc3339Nanos(at - 523), '2026-11-23T02:10:50.000000000Z');
    assert.equal(formatRfc3339Nanos(at + 0.9), '2026-11-23T02:10:50.523000000Z');
  });

  test('have an offset, and a fraction only if it is not zero, in idempotency-expires', () => {
    assert.equal(
      formatIdempotencyExpires(Date.UTC(2026, 10, 24, 2, 12, 20, 9)),
      '2026-11-24T02:12:20.009+00:00',
    );
    assert.equal(
      formatIdempotencyExpires(Date.UTC(2026, 10, 24, 2, 12, 20)),
      '2026-11-24T02:12:20+00:00',
    );
  });

  test('beyond the year 9999 are still written', () => {
    assert.equal(formatRfc3339Nanos(253_402_300_800_000), '10000-01-01T00:00:00.000000000Z');
  });

  test('agree with the calendar of the JavaScript engine, for any millisecond of four-digit years', () => {
    const property = fc.property(
      fc.integer({ min: Date.UTC(1, 0, 1), max: 253_402_300_799_999 }),
      (ms) => {
        const expected = new Date(ms).toISOString().replace('Z', '000000Z');
        assert.equal(formatRfc3339Nanos(ms), expected);
      },
    );
    fc.assert(property, propertyParameters());
  });

  for (const date of [
    '1970-01-01',
    '2000-02-29',
    '2024-02-29',
    '2100-02-28',
    '2100-03-01',
    '2024-12-31',
  ]) {
    test(`are right on ${date}`, () => {
      assert.equal(
        formatRfc3339Nanos(Date.parse(`${date}T00:00:00Z`)),
        `${date}T00:00:00.000000000Z`,
      );
    });
  }
});
