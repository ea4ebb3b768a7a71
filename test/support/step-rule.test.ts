import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertCompletedStepsNeverRunAgain } from './step-rule.ts';

describe('assertCompletedStepsNeverRunAgain', () => {
  test('accepts a step that ran twice before its completion was seen', () => {
    const lines = ['entered x', 'run a', 'run a', 'after a', 'after a', 'run b', 'after b'];
    assert.deepEqual(assertCompletedStepsNeverRunAgain(lines), new Set(['a', 'b']));
  });

  for (const [lines, reason] of [
    [['run a', 'after a', 'run a'], /'a' ran again/],
    [['after a'], /'a' completed without having run/],
    [['run a'], /every begun step completed/],
  ] as const) {
    test(`refuses ${lines.join(', ')}`, () => {
      assert.throws(() => assertCompletedStepsNeverRunAgain(lines), reason);
    });
  }
});
