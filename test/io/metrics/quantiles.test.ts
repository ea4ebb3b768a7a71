import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Histogram, QUANTILE_BOUNDS } from '../../../src/actors/domain/histogram.ts';
import { quantileOf, QuantileWindow } from '../../../src/io/metrics/quantiles.ts';

describe('a quantile', () => {
  test('of nothing is zero', () => {
    assert.equal(quantileOf(0.5, new Float64Array(3), Float64Array.of(1, 2)), 0);
  });

  test('beyond the last bound is that bound', () => {
    assert.equal(quantileOf(0.5, Float64Array.of(0, 0, 4), Float64Array.of(1, 2)), 2);
  });

  const milliseconds = Array.from({ length: 1000 }, (_, index) => (index + 1) / 1000);
  for (const [share, expected] of [
    [0.5, 0.5],
    [0.9, 0.9],
    [0.99, 0.99],
    [1, 1],
  ] as const) {
    test(`of ${share} lies within 15 % of the exact one`, () => {
      const histogram = new Histogram(QUANTILE_BOUNDS);
      for (const value of milliseconds) histogram.observe(value);
      const found = quantileOf(share, histogram.counts, histogram.bounds);
      assert.ok(Math.abs(found - expected) < expected * 0.15, String(found));
    });
  }
});

test('a window forgets what is more than two minutes old', () => {
  const histogram = new Histogram(Float64Array.of(1));
  const window = new QuantileWindow();
  const seenAt = (seconds: number) => [...window.slide(histogram, seconds * 1000)];
  histogram.observe(0);
  assert.deepEqual(seenAt(0), [1, 0]);
  histogram.observe(0);
  assert.deepEqual(seenAt(30), [2, 0]);
  assert.deepEqual(seenAt(60), [1, 0], 'the first one is older than the window');
  histogram.observe(2);
  assert.deepEqual(seenAt(90), [1, 1]);
  assert.deepEqual(seenAt(120), [0, 1]);
  assert.deepEqual(seenAt(180), [0, 0]);
  assert.deepEqual(seenAt(1000), [0, 0]);
});
