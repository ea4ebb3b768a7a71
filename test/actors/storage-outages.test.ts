import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageOutages } from '../../src/actors/storage-outages.ts';

test('a thread that can store nothing is tried again at growing intervals, up to five seconds', () => {
  const outages = new StorageOutages();
  const delays = Array.from({ length: 8 }, () => outages.failed(0, 0));
  assert.deepEqual(delays, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  assert.equal(outages.failed(1, 0), 100, 'each thread for itself');
});

test('the intervals begin anew once a thread was up for half a minute, not before', () => {
  const outages = new StorageOutages();
  for (let i = 0; i < 3; i++) outages.failed(0, 0);
  outages.isUp(0, 1_000);
  assert.equal(outages.failed(0, 2_000), 800);
  outages.isUp(0, 3_000);
  assert.equal(outages.failed(0, 33_000), 100);
});

test('only a thread that was down has come up again', () => {
  const outages = new StorageOutages();
  assert.equal(outages.isUp(0, 0), false);
  outages.failed(0, 0);
  assert.equal(outages.isUp(0, 1), true);
  assert.equal(outages.isUp(0, 2), false);
});
