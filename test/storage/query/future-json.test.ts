// What a suspended invocation waits for, as SQL shows it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { futureJson, topmostIds } from '../../../src/storage/query/future-json.ts';
import {
  allCompleted,
  allSucceeded,
  anySucceeded,
  firstCompleted,
  flatten,
  unknown,
  type AwaitedTree,
} from '../../support/awaited-trees.ts';

const one = { kind: 'completion', completionId: 1 } as const;
const named = { kind: 'namedSignal', name: 'a "b"' } as const;

const CASES: ReadonlyArray<readonly [json: string, tree: AwaitedTree, topmost: readonly string[]]> =
  [
    ['{"Single":{"CompletionId":1}}', one, ['completion']],
    [
      '{"Unknown":[{"Single":{"CompletionId":1}},{"Single":{"SignalIndex":17}}]}',
      unknown(one, 17),
      ['completion', 'signal'],
    ],
    [
      '{"FirstCompleted":[{"Single":{"SignalIndex":1}},{"AllSucceededOrFirstFailed":' +
        '[{"Single":{"SignalIndex":17}},{"FirstCompleted":[{"Single":{"CompletionId":1}}]}]}]}',
      firstCompleted(1, allSucceeded(17, firstCompleted(one))),
      ['signal'],
    ],
    [
      '{"AllCompleted":[{"FirstSucceededOrAllFailed":[{"Single":{"SignalName":"a \\"b\\""}}]},' +
        '{"Single":{"CompletionId":1}}]}',
      allCompleted(anySucceeded(named), one),
      ['completion'],
    ],
  ];

describe('a future is shown as', () => {
  for (const [json, tree, topmost] of CASES) {
    test(json, () => {
      const future = flatten(tree);
      assert.equal(futureJson(future), json);
      assert.deepEqual(
        topmostIds(future).map(({ kind }) => kind),
        topmost,
      );
    });
  }
});

test('a future may be deep', () => {
  const steps = Array.from({ length: 100_000 }, () => {
    return { kind: 'combine', combinator: 'allCompleted', count: 1 } as const;
  });
  assert.match(futureJson([one, ...steps]) ?? '', /^(?:\{"AllCompleted":\[){100000}\{"Single"/);
});
