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

  test('tells once of each value that it drops', () => {
    const dropped: string[] = [];
    const map = new RecentMap<number, string>(4, (value) => dropped.push(value));
    map.set(0, 'zero');
    map.set(0, 'nought');
    map.set(1, 'one');
    assert.equal(map.get(0), 'nought');
    map.set(0, 'none');
    assert.deepEqual(dropped, ['zero', 'nought']);
    for (let i = 2; i < 6; i++) map.set(i, `${i}`);
    assert.deepEqual(dropped.toSorted(), ['2', 'none', 'nought', 'one', 'zero']);
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
