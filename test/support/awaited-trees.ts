// Awaited futures as trees, which are easier to write down and to reason about than lists of steps.
import fc from 'fast-check';
import { COMBINATORS } from '../../src/actors/domain/awaited-future.ts';
import type { AwaitedFuture, Combinator } from '../../src/actors/domain/awaited-future.ts';
import type { NotificationId } from '../../src/actors/domain/journal.ts';

export type AwaitedTree = NotificationId | CombinedTree;

export interface CombinedTree {
  readonly combinator: Combinator;
  readonly children: readonly AwaitedTree[];
}

export function isCombined(tree: AwaitedTree): tree is CombinedTree {
  return 'combinator' in tree;
}

const combine =
  (combinator: Combinator) =>
  (...children: ReadonlyArray<AwaitedTree | number>): CombinedTree => ({
    combinator,
    children: children.map((child) =>
      typeof child === 'number' ? { kind: 'signal', index: child } : child,
    ),
  });

/** A number stands for the signal of that index. */
export const unknown = combine('unknown');
export const firstCompleted = combine('firstCompleted');
export const allCompleted = combine('allCompleted');
export const anySucceeded = combine('firstSucceededOrAllFailed');
export const allSucceeded = combine('allSucceededOrFirstFailed');

export function flatten(tree: AwaitedTree): AwaitedFuture {
  if (!isCombined(tree)) return [tree];
  const { combinator, children } = tree;
  return [...children.flatMap(flatten), { kind: 'combine', combinator, count: children.length }];
}

export function arbitraryTree(leaf: fc.Arbitrary<NotificationId>): fc.Arbitrary<CombinedTree> {
  const { tree } = fc.letrec<{ tree: CombinedTree; child: AwaitedTree }>((tie) => ({
    child: fc.oneof({ maxDepth: 4, withCrossShrink: true }, leaf, tie('tree')),
    tree: fc.record({
      combinator: fc.constantFrom(...COMBINATORS),
      children: fc.array(tie('child'), { minLength: 1, maxLength: 4 }),
    }),
  }));
  return tree;
}
