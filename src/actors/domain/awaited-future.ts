// What an invocation waits for: a tree whose leaves are notifications and whose nodes combine them.
// A deployment chooses the shape of the tree. Here it is a list in postfix order, so that reading,
// checking and storing it are loops, however deep it is. For example "all of completion 3 and the first
// of signals 1 and 2":
//   completion 3, signal 1, signal 2, firstCompleted of 2, allSucceededOrFirstFailed of 2
import { must } from './assert.ts';
import type { NotificationId } from './journal.ts';

/**
 * How a node combines its children, by the number that stands for it on the wire and on disk. `unknown`
 * is a function of the handler, which alone can tell what a completed child means. Source: service
 * protocol version 7, CombinatorType.
 */
export const COMBINATORS = [
  'unknown',
  'firstCompleted',
  'allCompleted',
  'firstSucceededOrAllFailed',
  'allSucceededOrFirstFailed',
] as const;

export type Combinator = (typeof COMBINATORS)[number];

export type AwaitStep =
  | NotificationId
  /** Combines the `count` futures before it into one. */
  | { readonly kind: 'combine'; readonly combinator: Combinator; readonly count: number };

export type AwaitedFuture = readonly AwaitStep[];

/**
 * What is known of a future that waits no more. `unclear`: only the handler can tell what it means, so
 * that it must go on, whatever the nodes above would wait for.
 */
export type SettledState = 'succeeded' | 'failed' | 'unclear';

/** What a journaled notification says to whoever awaits it. */
export interface Answer {
  readonly state: SettledState;
  /** Orders the answers: the lower one came first. */
  readonly order: number;
}

/** The flat list of protocol versions 5 and 6, any of which lets the handler go on. */
export function awaitAny(ids: readonly NotificationId[]): AwaitedFuture {
  return [...ids, { kind: 'combine', combinator: 'unknown', count: ids.length }];
}

/** The notifications that the future depends on, in the order of the tree. */
export function awaitedIds(future: AwaitedFuture): NotificationId[] {
  return future.filter((step) => step.kind !== 'combine');
}

/**
 * What is left to wait for once these answers are known; nothing when the handler can go on. The same
 * list again when no answer concerns it. Takes time linear in the tree.
 */
export function settle(
  future: AwaitedFuture,
  answerTo: (id: NotificationId) => Answer | undefined,
): AwaitedFuture | 'resolved' {
  const isConcerned = future.some(
    (step) => step.kind !== 'combine' && answerTo(step) !== undefined,
  );
  if (!isConcerned) return future;
  const rest: AwaitStep[] = [];
  const nodes: Node[] = [];
  for (const step of future) {
    if (step.kind === 'combine') combine(rest, nodes, step);
    else nodes.push(settleLeaf(rest, step, answerTo(step)));
  }
  return must(nodes[0], 'a future awaits something').state === 'pending' ? rest : 'resolved';
}

interface Node {
  readonly state: SettledState | 'pending';
  /** Of the answer that settled it; 0 while pending. */
  readonly order: number;
  /** Where its steps begin in the rest; a settled node has none. */
  readonly start: number;
}

function settleLeaf(rest: AwaitStep[], id: NotificationId, answer: Answer | undefined): Node {
  const start = rest.length;
  if (answer !== undefined) return { ...answer, start };
  rest.push(id);
  return { state: 'pending', order: 0, start };
}

function combine(
  rest: AwaitStep[],
  nodes: Node[],
  { combinator, count }: AwaitStep & { kind: 'combine' },
): void {
  const first = nodes.length - count;
  const { start } = must(nodes[first], 'a combination has children');
  let decisive: Node | undefined;
  let pendingCount = 0;
  let lastOrder = 0;
  for (let at = first; at < nodes.length; at++) {
    const child = must(nodes[at], 'a child has been settled');
    if (child.state === 'pending') pendingCount += 1;
    else if (decides(child.state, combinator)) decisive = earlier(decisive, child);
    lastOrder = Math.max(lastOrder, child.order);
  }
  nodes.length = first;
  if (decisive !== undefined) {
    rest.length = start;
    const state = combinator === 'unknown' ? 'unclear' : decisive.state;
    nodes.push({ state, order: decisive.order, start });
  } else if (pendingCount > 0) {
    rest.push({ kind: 'combine', combinator, count: pendingCount });
    nodes.push({ state: 'pending', order: 0, start });
  } else {
    const state = combinator === 'firstSucceededOrAllFailed' ? 'failed' : 'succeeded';
    nodes.push({ state, order: lastOrder, start });
  }
}

/** Whether a child in this state settles its node, whatever the other children do. */
function decides(state: SettledState, combinator: Combinator): boolean {
  if (state === 'unclear') return true;
  switch (combinator) {
    case 'unknown':
    case 'firstCompleted':
      return true;
    case 'allCompleted':
      return false;
    case 'firstSucceededOrAllFailed':
      return state === 'succeeded';
    case 'allSucceededOrFirstFailed':
      return state === 'failed';
  }
}

/** One answer may settle both children; then the one that asks for the handler goes first. */
function earlier(a: Node | undefined, b: Node): Node {
  if (a === undefined || b.order < a.order) return b;
  return b.order === a.order && b.state === 'unclear' ? b : a;
}
