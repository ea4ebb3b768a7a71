import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PairTable, Tally } from '../../../src/actors/domain/tally.ts';

test('a tally tells so many names apart and counts the rest together', () => {
  const tally = new Tally(2);
  for (const name of ['a', 'b', 'a', 'c', 'd', 'b', 'c']) tally.add(name);
  tally.add('a', 5);
  assert.deepEqual(
    [...tally.entries()],
    [
      ['a', 7],
      ['b', 2],
      ['other', 3],
    ],
  );
});

test('a table of pairs keeps a value for each, and one for all that are too many', () => {
  const table = new PairTable(2, () => ({ count: 0 }));
  const pairs = ['a x', 'a y', 'a x', 'b x', 'c x', 'b x'];
  for (const pair of pairs) {
    const [first = '', second = ''] = pair.split(' ');
    table.of(first, second).count += 1;
  }
  assert.deepEqual(
    [...table.entries()],
    [
      ['a', 'x', { count: 2 }],
      ['a', 'y', { count: 1 }],
      ['other', 'other', { count: 3 }],
    ],
  );
});
