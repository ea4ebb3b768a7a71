import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RecentRows } from '../../src/storage/recent-rows.ts';

describe('recent rows', () => {
  test('keep what was used lately and drop the rest', () => {
    const rows = new RecentRows<number, string>(10);
    for (let i = 0; i < 100; i++) {
      rows.set(i, `${i}`);
      assert.equal(rows.get(0), '0'); // Read again and again, so always recent.
    }
    assert.equal(rows.get(99), '99');
    assert.equal(rows.get(50), undefined);
    const kept = Array.from({ length: 100 }, (_, i) => rows.get(i)).filter(Boolean);
    assert.ok(kept.length >= 5 && kept.length <= 10, `${kept.length} are kept`);
  });

  test('forget a deleted row in either generation', () => {
    const rows = new RecentRows<number, string>(4);
    for (let i = 0; i < 3; i++) rows.set(i, 'old');
    rows.set(0, 'new');
    rows.delete(0);
    rows.delete(1);
    assert.deepEqual([rows.get(0), rows.get(1), rows.get(2)], [undefined, undefined, 'old']);
  });
});
