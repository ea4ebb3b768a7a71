// How an awaited future is stored: its steps one after the other in one flat list of numbers and texts,
// since the row of a suspended invocation is written again with every notification.
import { must, unreachable } from '../../actors/domain/assert.ts';
import { COMBINATORS } from '../../actors/domain/awaited-future.ts';
import type { AwaitedFuture, AwaitStep } from '../../actors/domain/awaited-future.ts';

/** `tag, value` for each step; from `COMBINE_TAG_MIN` on, the tag tells how `value` futures are combined. */
export type PackedFuture = ReadonlyArray<number | string>;

const COMBINE_TAG_MIN = 3;

export function packFuture(future: AwaitedFuture): PackedFuture {
  const packed: Array<number | string> = [];
  for (const step of future) packed.push(tagOf(step), valueOf(step));
  return packed;
}

function tagOf(step: AwaitStep): number {
  switch (step.kind) {
    case 'completion':
      return 0;
    case 'signal':
      return 1;
    case 'namedSignal':
      return 2;
    case 'combine':
      return COMBINE_TAG_MIN + COMBINATORS.indexOf(step.combinator);
    default:
      return unreachable(step);
  }
}

function valueOf(step: AwaitStep): number | string {
  switch (step.kind) {
    case 'completion':
      return step.completionId;
    case 'signal':
      return step.index;
    case 'namedSignal':
      return step.name;
    case 'combine':
      return step.count;
    default:
      return unreachable(step);
  }
}

export function unpackFuture(packed: PackedFuture): AwaitedFuture {
  const future: AwaitStep[] = [];
  for (let at = 0; at < packed.length; at += 2) {
    future.push(unpackStep(Number(packed[at]), must(packed[at + 1], 'a tag has a value')));
  }
  return future;
}

function unpackStep(tag: number, value: number | string): AwaitStep {
  switch (tag) {
    case 0:
      return { kind: 'completion', completionId: Number(value) };
    case 1:
      return { kind: 'signal', index: Number(value) };
    case 2:
      return { kind: 'namedSignal', name: String(value) };
    default: {
      const combinator = must(COMBINATORS[tag - COMBINE_TAG_MIN], 'a stored tag is known');
      return { kind: 'combine', combinator, count: Number(value) };
    }
  }
}
