// The query bench in its smallest size, so that it cannot rot. Its bounds are for quiet machines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureQueries } from '../../bench/query/measure.ts';
import { skippedOnReference } from '../support/servers.ts';

const skip = skippedOnReference('it fills the files of Reprise');

test(
  'the query bench measures every statement, and invocations beside them',
  { skip },
  async () => {
    const plan = {
      invocationsCount: 2000,
      rounds: 1,
      smallRounds: 1,
      seconds: 0.5,
      concurrency: 2,
    };
    const { small, statements, p99Ms, perSecond, memory } = await measureQueries(plan);
    assert.equal(small.length, 8);
    assert.equal(statements.length, 8);
    for (const { name, firstMs, medianMs } of [...small, ...statements]) {
      assert.ok(firstMs > 0 && medianMs > 0, name);
    }
    assert.ok(p99Ms.quiet > 0 && p99Ms.queried > 0);
    assert.ok(perSecond.quiet > 0 && perSecond.queried > 0);
    assert.ok(memory.after.rssBytes > memory.before.rssBytes);
  },
);
