import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { awaitedIds, settle } from '../../../src/actors/domain/awaited-future.ts';
import type { Answer, AwaitedFuture } from '../../../src/actors/domain/awaited-future.ts';
import type { NotificationId } from '../../../src/actors/domain/journal.ts';
import {
  allCompleted,
  allSucceeded,
  anySucceeded,
  arbitraryTree,
  firstCompleted,
  flatten,
  isCombined,
  unknown,
} from '../../support/awaited-trees.ts';
import type { AwaitedTree, CombinedTree } from '../../support/awaited-trees.ts';
import { propertyParameters } from '../../support/property.ts';

/** Signals that came one after the other; a negative one failed. */
type Arrivals = readonly number[];

function signal(index: number): NotificationId {
  return { kind: 'signal', index };
}

function answers(arrivals: Arrivals): (id: NotificationId) => Answer | undefined {
  const known = new Map<number, Answer>();
  for (const [order, arrival] of arrivals.entries()) {
    known.set(Math.abs(arrival), { state: arrival < 0 ? 'failed' : 'succeeded', order });
  }
  return (id) => (id.kind === 'signal' ? known.get(id.index) : undefined);
}

/** As `settle`, by one answer after the other. */
function settleOneByOne(future: AwaitedFuture, arrivals: Arrivals): AwaitedFuture | 'resolved' {
  let rest = future;
  for (const arrival of arrivals) {
    const settled = settle(rest, answers([arrival]));
    if (settled === 'resolved') return settled;
    rest = settled;
  }
  return rest;
}

const PENDING = 'pending';

describe('an awaited future', () => {
  const rows: ReadonlyArray<
    readonly [name: string, tree: CombinedTree, arrivals: Arrivals, rest: CombinedTree | 'resolved']
  > = [
    ['first, one of both', firstCompleted(1, 2), [2], 'resolved'],
    ['first, one that failed', firstCompleted(1, 2), [-2], 'resolved'],
    ['first, neither', firstCompleted(1, 2), [3], firstCompleted(1, 2)],
    ['settled, one of both', allCompleted(1, 2), [-1], allCompleted(2)],
    ['settled, both', allCompleted(1, 2), [-1, 2], 'resolved'],
    ['all, one of both', allSucceeded(1, 2), [1], allSucceeded(2)],
    ['all, both', allSucceeded(1, 2), [2, 1], 'resolved'],
    ['all, one that failed', allSucceeded(1, 2), [-2], 'resolved'],
    ['any, one that failed', anySucceeded(1, 2), [-1], anySucceeded(2)],
    ['any, both failed', anySucceeded(1, 2), [-1, -2], 'resolved'],
    ['any, one of both', anySucceeded(1, 2), [2], 'resolved'],
    ['the same twice', allSucceeded(1, 1), [1], 'resolved'],
    [
      'the same in two places',
      allSucceeded(3, firstCompleted(1), anySucceeded(1)),
      [1],
      allSucceeded(3),
    ],
    ['all of a settled one', allSucceeded(1, allCompleted(2)), [-2], allSucceeded(1)],
    [
      'all of a first one that succeeded',
      allSucceeded(1, firstCompleted(2, 3)),
      [3],
      allSucceeded(1),
    ],
    ['all of a first one that failed', allSucceeded(1, firstCompleted(2, 3)), [-3], 'resolved'],
    [
      'all of the first that succeeded, then failed',
      allSucceeded(1, firstCompleted(2, 3)),
      [3, -2],
      allSucceeded(1),
    ],
    ['any of all of which one failed', anySucceeded(1, allSucceeded(2, 3)), [-2], anySucceeded(1)],
    [
      'settled of all of which one failed',
      allCompleted(1, allSucceeded(2, 3)),
      [-2],
      allCompleted(1),
    ],
    // Only the handler knows what its function makes of the answer.
    ['all of a function', allSucceeded(1, unknown(2)), [2], 'resolved'],
    ['any of a function', anySucceeded(1, unknown(2)), [-2], 'resolved'],
    ['a function of all, one of both', unknown(allSucceeded(1, 2)), [1], unknown(allSucceeded(2))],
    ['settled of a function', allCompleted(1, unknown(2)), [2], 'resolved'],
    [
      'a function far down',
      allCompleted(1, allSucceeded(3, anySucceeded(4, unknown(2)))),
      [2],
      'resolved',
    ],
    [
      'a function that lost its race',
      allCompleted(1, firstCompleted(3, unknown(2))),
      [3, 2],
      allCompleted(1),
    ],
    [
      'a function that won its race',
      allCompleted(1, firstCompleted(3, unknown(2))),
      [2, 3],
      'resolved',
    ],
  ];
  for (const [name, tree, arrivals, rest] of rows)
    test(`${name}, by ${arrivals.join(' ')} is ${rest === 'resolved' ? rest : 'not resolved'}`, () => {
      const expected = rest === 'resolved' ? rest : flatten(rest);
      assert.deepEqual(settle(flatten(tree), answers(arrivals)), expected);
      assert.deepEqual(settleOneByOne(flatten(tree), arrivals), expected);
    });

  test('asks the handler what an unclear answer means', () => {
    const unclear = (): Answer => ({ state: 'unclear', order: 0 });
    assert.equal(settle(flatten(allCompleted(2, allSucceeded(1, 3))), unclear), 'resolved');
    const onlyFirst = (id: NotificationId): Answer | undefined =>
      id.kind === 'signal' && id.index === 1 ? unclear() : undefined;
    assert.equal(settle(flatten(allCompleted(2, anySucceeded(1, 3))), onlyFirst), 'resolved');
  });

  test('that no answer concerns is the same list', () => {
    const future = flatten(allSucceeded(1, firstCompleted(2)));
    assert.equal(settle(future, answers([3])), future);
  });

  test('lists what it depends on in the order of the tree', () => {
    const tree = allSucceeded(3, firstCompleted(2, 1), 2);
    assert.deepEqual(awaitedIds(flatten(tree)), [3, 2, 1, 2].map(signal));
  });

  test('is settled however deep and however wide it is', () => {
    const deep: AwaitedFuture = [
      signal(1),
      ...Array.from(
        { length: 300_000 },
        () => ({ kind: 'combine', combinator: 'allCompleted', count: 1 }) as const,
      ),
    ];
    assert.equal(settle(deep, answers([2])), deep);
    assert.equal(settle(deep, answers([1])), 'resolved');
    const ids = Array.from({ length: 300_000 }, (_, index) => signal(index));
    const wide: AwaitedFuture = [
      ...ids,
      { kind: 'combine', combinator: 'allCompleted', count: ids.length },
    ];
    const rest = settle(wide, answers(Array.from({ length: 299_999 }, (_, index) => index)));
    assert.deepEqual(rest, [
      signal(299_999),
      { kind: 'combine', combinator: 'allCompleted', count: 1 },
    ]);
  });

  const tree = arbitraryTree(fc.integer({ min: 1, max: 6 }).map(signal));
  const arrivals = fc
    .shuffledSubarray([1, 2, 3, 4, 5, 6])
    .chain((order) => fc.tuple(...order.map((index) => fc.constantFrom(index, -index))));

  test('is settled as the naive model does, at once and one by one', () => {
    fc.assert(
      fc.property(tree, arrivals, (tree, arrivals) => {
        const settled = settle(flatten(tree), answers(arrivals));
        assert.equal(settled === 'resolved', canGoOn(tree, arrivals));
        const oneByOne = settleOneByOne(flatten(tree), arrivals);
        assert.deepEqual(oneByOne, settled);
      }),
      propertyParameters(),
    );
  });

  test('goes on at the very answer with which the naive model does', () => {
    fc.assert(
      fc.property(tree, arrivals, (tree, arrivals) => {
        let rest: AwaitedFuture | 'resolved' = flatten(tree);
        for (const [at, arrival] of arrivals.entries()) {
          if (rest !== 'resolved') rest = settle(rest, answers([arrival]));
          assert.equal(rest === 'resolved', canGoOn(tree, arrivals.slice(0, at + 1)));
        }
      }),
      propertyParameters(),
    );
  });

  test('depends on nothing that was answered and on nothing new', () => {
    fc.assert(
      fc.property(tree, arrivals, (tree, arrivals) => {
        const settled = settle(flatten(tree), answers(arrivals));
        if (settled === 'resolved') return;
        const before = new Set(awaitedIds(flatten(tree)).map((id) => JSON.stringify(id)));
        for (const id of awaitedIds(settled)) {
          assert.ok(before.has(JSON.stringify(id)));
          assert.equal(answers(arrivals)(id), undefined);
        }
      }),
      propertyParameters(),
    );
  });
});

/** The definition, word by word: looks at the whole tree again after every answer. */
function canGoOn(tree: CombinedTree, arrivals: Arrivals): boolean {
  const settled = new Map<AwaitedTree, 'succeeded' | 'failed'>();
  const known = new Map<number, 'succeeded' | 'failed'>();
  for (const arrival of arrivals) {
    known.set(Math.abs(arrival), arrival < 0 ? 'failed' : 'succeeded');
    let asksHandler = false;
    const look = (node: AwaitedTree): 'succeeded' | 'failed' | 'pending' => {
      if (!isCombined(node)) return (node.kind === 'signal' && known.get(node.index)) || PENDING;
      const before = settled.get(node);
      if (before !== undefined) return before;
      const children = node.children.map(look);
      const state = combined(node, children);
      if (node.combinator === 'unknown' && state !== PENDING) asksHandler = true;
      if (state !== PENDING) settled.set(node, state);
      return state;
    };
    if (look(tree) !== PENDING || asksHandler) return true;
  }
  return false;
}

function combined(
  { combinator }: CombinedTree,
  children: ReadonlyArray<'succeeded' | 'failed' | 'pending'>,
): 'succeeded' | 'failed' | 'pending' {
  const all = (state: string): boolean => children.every((child) => child === state);
  switch (combinator) {
    case 'unknown':
    case 'firstCompleted':
      return children.find((child) => child !== PENDING) ?? PENDING;
    case 'allCompleted':
      return children.includes(PENDING) ? PENDING : 'succeeded';
    case 'firstSucceededOrAllFailed':
      if (children.includes('succeeded')) return 'succeeded';
      return all('failed') ? 'failed' : PENDING;
    case 'allSucceededOrFirstFailed':
      if (children.includes('failed')) return 'failed';
      return all('succeeded') ? 'succeeded' : PENDING;
  }
}
