import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RecentMap } from '../../../src/actors/domain/recent-map.ts';

describe('a recent map', () => {
  test('keeps what was used lately and drops the rest', () => {
    const map = new RecentMap<number, string>(10);
    for (let i = 0; i < 100; i++) {
      map.set(i, `${i}`);
      assert.equal(map.get(0), '0'); // Read again and again, so always recent.
    }
    assert.equal(map.get(99), '99');
    assert.equal(map.get(50), undefined);
    const kept = Array.from({ length: 100 }, (_, i) => map.get(i)).filter(Boolean);
    assert.ok(kept.length >= 5 && kept.length <= 10, `${kept.length} are kept`);
  });

  test('forgets a deleted value in either generation', () => {
    const map = new RecentMap<number, string>(4);
    for (let i = 0; i < 3; i++) map.set(i, 'old');
    map.set(0, 'new');
    map.delete(0);
    map.delete(1);
    assert.deepEqual([map.get(0), map.get(1), map.get(2)], [undefined, undefined, 'old']);
  });
});
