// The rule for durable steps, checked on what the handlers recorded in one order:
// a step whose completion a handler saw (`after X`) never runs again (`run X`). A step that was running
// when the server died may run again: nobody had seen its completion.
import assert from 'node:assert/strict';

/** Asserts the rule; returns the names of the steps whose completion was seen. */
export function assertCompletedStepsNeverRunAgain(lines: readonly string[]): ReadonlySet<string> {
  const completed = new Set<string>();
  const begun = new Set<string>();
  for (const line of lines) {
    if (line.startsWith('run ')) {
      const name = line.slice('run '.length);
      assert.ok(!completed.has(name), `step '${name}' ran again after its completion was seen`);
      begun.add(name);
    } else if (line.startsWith('after ')) {
      const name = line.slice('after '.length);
      assert.ok(begun.has(name), `step '${name}' completed without having run`);
      completed.add(name);
    }
  }
  assert.deepEqual([...begun].toSorted(), [...completed].toSorted(), 'every begun step completed');
  return completed;
}
