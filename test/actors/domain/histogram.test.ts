import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  addHistograms,
  copyHistogram,
  exponentialBounds,
  Histogram,
  observationsCount,
  QUANTILE_BOUNDS,
} from '../../../src/actors/domain/histogram.ts';

describe('a histogram', () => {
  const bounds = Float64Array.of(1, 2, 4);
  const rows: ReadonlyArray<readonly [value: number, bucket: number]> = [
    [-1, 0],
    [0, 0],
    [1, 0],
    [1.5, 1],
    [2, 1],
    [4, 2],
    [4.1, 3],
    [1e9, 3],
  ];
  for (const [value, bucket] of rows) {
    test(`counts ${value} in bucket ${bucket}`, () => {
      const histogram = new Histogram(bounds);
      histogram.observe(value);
      const expected = [0, 0, 0, 0];
      expected[bucket] = 1;
      assert.deepEqual([...histogram.counts], expected);
      assert.equal(histogram.sum, value);
    });
  }

  test('is copied as it is now, and added to another', () => {
    const histogram = new Histogram(bounds);
    histogram.observe(1);
    const copy = copyHistogram(histogram);
    histogram.observe(3);
    assert.equal(observationsCount(copy), 1);
    const both = addHistograms(copy, histogram);
    assert.deepEqual([...both.counts], [2, 0, 1, 0]);
    assert.equal(both.sum, 5);
  });
});

test('bounds grow by their factor', () => {
  assert.deepEqual([...exponentialBounds(1, 2, 5)], [1, 2, 4, 8, 16]);
  assert.deepEqual(
    [...QUANTILE_BOUNDS],
    [...QUANTILE_BOUNDS].toSorted((a, b) => a - b),
  );
  assert.ok((QUANTILE_BOUNDS.at(-1) ?? 0) > 2000);
});
