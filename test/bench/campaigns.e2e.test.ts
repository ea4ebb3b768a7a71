// The campaigns in their smallest size, so that they cannot rot. Their bounds are for quiet machines.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLEANUP_NEVER, measureBacklog } from '../../bench/campaigns/backlog.ts';
import { measureScheduled } from '../../bench/campaigns/scheduled.ts';
import { Stage } from '../../bench/campaigns/stage.ts';
import { measureSteadyLoad } from '../../bench/campaigns/steady-load.ts';
import { measureSuspended } from '../../bench/campaigns/suspended.ts';
import { skippedOnReference } from '../support/servers.ts';

const skip = skippedOnReference('campaigns run Reprise');

describe('the campaigns', { skip }, () => {
  test('wake suspended invocations before and after a kill', async () => {
    const { points, restart, wakeAfterRestartMs } = await measureSuspended('awakeable', 40);
    assert.deepEqual(
      points.map(({ count }) => count),
      [0, 10, 20, 30, 40],
    );
    for (const { rssBytes, anonymousBytes, diskBytes } of points) {
      assert.ok(rssBytes > anonymousBytes && anonymousBytes > 0 && diskBytes > 0);
    }
    assert.ok(restart.readyMs > 0 && restart.servingMs > restart.readyMs);
    assert.ok(wakeAfterRestartMs > 0);
  });

  test('see scheduled sends run when they are due, before and after a kill', async () => {
    const { lateness, latenessAfterRestart } = await measureScheduled(40);
    for (const { p50Ms, maxMs } of [lateness, latenessAfterRestart]) {
      assert.ok(p50Ms >= 0 && maxMs >= p50Ms, `${p50Ms} and ${maxMs} ms late`);
    }
  });

  test('see the clean-up delete a backlog, and rows under a steady load', async () => {
    const stage = await Stage.open(CLEANUP_NEVER);
    try {
      const backlog = await measureBacklog(stage, 500);
      assert.ok(backlog.rowsPerInvocation >= 3, `${backlog.rowsPerInvocation} rows per invocation`);
      assert.ok(backlog.deletedPerSecond > 0);
      const points = await measureSteadyLoad(stage, 2.5);
      assert.ok(points.some(({ rows, createdPerSecond }) => rows > 0 && createdPerSecond > 0));
    } finally {
      await stage.close();
    }
  });
});
