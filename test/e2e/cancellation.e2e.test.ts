// Cancellation of handlers that wait, in every way there is, with two versions of the SDK.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { field } from '../support/json.ts';
import { newTag } from '../support/operation-rig.ts';
import { attachTo, operate, outputOf, send } from '../support/operate.ts';
import { Rig } from '../support/rig.ts';
import { SDK_VERSIONS, type SdkPackage } from '../support/service-process.ts';

interface Way {
  readonly name: string;
  /** Effects of others that must have happened before the cancellation. */
  readonly awaited?: readonly string[];
  /** Effects that the cancellation causes in others. */
  readonly spreads?: readonly string[];
  /** Handlers keep waiting for it in an open attempt. */
  readonly cannotSuspend?: true;
  /** SDK version that lacks it. */
  readonly lackedBy?: SdkPackage;
}

const TO_CALLEE = {
  awaited: ['/callee waits'],
  spreads: ['/callee caught 409 Cancelled'],
} as const;

const WAYS: readonly Way[] = [
  { name: 'sleep' },
  { name: 'awakeable' },
  { name: 'signal', lackedBy: 'restate-sdk-1-12' },
  { name: 'run', cannotSuspend: true },
  { name: 'runWithRetries', awaited: [' try'], cannotSuspend: true },
  { name: 'call', ...TO_CALLEE },
  { name: 'callOfHeldKey', awaited: ['/holder waits'] },
  { name: 'attach', awaited: ['/sent waits'] },
  { name: 'all', ...TO_CALLEE },
  { name: 'race' },
  { name: 'any' },
  { name: 'allSettled' },
  { name: 'orTimeout' },
  { name: 'nested', ...TO_CALLEE },
  { name: 'sleepBesideCall', ...TO_CALLEE },
];

interface Host {
  readonly name: string;
  readonly path: (tag: string) => string;
  readonly suspends: boolean;
  readonly ways: readonly Way[];
}

const PROMISE: readonly Way[] = [{ name: 'promise' }, { name: 'call', ...TO_CALLEE }];

const HOSTS: readonly Host[] = [
  {
    name: 'a running service handler',
    path: () => '/Cancellable/wait/send',
    suspends: false,
    ways: WAYS,
  },
  {
    name: 'a suspended service handler',
    path: () => '/Cancellable/waitSuspended/send',
    suspends: true,
    ways: WAYS.filter((way) => way.cannotSuspend !== true),
  },
  {
    name: 'a workflow',
    path: (tag) => `/CancellableWorkflow/${tag}/run/send`,
    suspends: false,
    ways: PROMISE,
  },
  {
    name: 'a suspended shared handler',
    path: (tag) => `/CancellableWorkflow/${tag}/sharedSuspended/send`,
    suspends: true,
    ways: PROMISE,
  },
];

async function reachWait(rig: Rig, host: Host, way: Way, tag: string, then?: string) {
  const id = await send(rig, host.path(tag), { tag, way: way.name, then });
  await rig.effects.waitForCount(`${tag} ${host.suspends ? 'left' : 'waits'}`);
  for (const effect of way.awaited ?? []) await rig.effects.waitForCount(tag + effect);
  return id;
}

async function cancel(rig: Rig, id: string): Promise<void> {
  const reply = await operate(rig, id, 'cancel');
  assert.equal(reply.status, 202, reply.text());
}

async function assertCancelled(rig: Rig, id: string): Promise<void> {
  const reply = await attachTo(rig, id);
  assert.equal(reply.status, 409, reply.text());
  assert.deepEqual(reply.json(), { code: 409, message: 'Cancelled', source: 'invocation' });
}

function describeWay(rig: () => Rig, host: Host, way: Way): void {
  test(`${way.name} ends it, and what it called`, async () => {
    const tag = newTag();
    const id = await reachWait(rig(), host, way, tag);
    await cancel(rig(), id);
    await assertCancelled(rig(), id);
    assert.equal(rig().effects.count(`${tag} caught 409 Cancelled`), 1);
    for (const effect of way.spreads ?? []) await rig().effects.waitForCount(tag + effect);
  });

  test(`${way.name} lets a handler that catches it go on`, async () => {
    const tag = newTag();
    const id = await reachWait(rig(), host, way, tag, 'goOn');
    await cancel(rig(), id);
    assert.equal((await attachTo(rig(), id)).json(), 'cleaned up');
    assert.equal(rig().effects.count(`run ${tag}#clean-up`), 1);
  });
}

for (const { name, sdkPackage } of SDK_VERSIONS) {
  describe(name, { concurrency: true }, () => {
    let rig: Rig;
    before(async () => {
      rig = await Rig.start({ modules: ['cancellable'], sdkPackage });
    });
    after(() => rig.dispose());

    for (const host of HOSTS) {
      describe(`cancelling ${host.name} at`, { concurrency: 6 }, () => {
        for (const way of host.ways) {
          const isLacking = way.lackedBy !== undefined && way.lackedBy === sdkPackage;
          if (!isLacking) describeWay(() => rig, host, way);
        }
      });
    }

    describe('a cancellation', { concurrency: 6 }, () => {
      for (const { path } of HOSTS.slice(0, 2)) {
        test(`that was caught does not hide the next one, at ${path('')}`, async (t) => {
          if (sdkPackage !== undefined) return t.skip('this version of the SDK hears of one only');
          const tag = newTag();
          const input = { tag, way: 'awakeable', then: 'waitAgain' };
          const id = await send(rig, path(tag), input);
          await rig.effects.waitForCount(`${tag} waits`);
          await cancel(rig, id);
          await rig.effects.waitForCount(`${tag} waits again`);
          assert.equal((await outputOf(rig, id)).status, 470);
          await cancel(rig, id);
          await assertCancelled(rig, id);
          assert.equal(rig.effects.count(`run ${tag}#clean-up`), 1);
        });
      }

      test('travels down every call of a tree, awaited or not, and to nothing sent', async () => {
        const tag = newTag();
        const id = await send(rig, '/Cancellable/tree/send', { tag, depth: 2 });
        const below = (depth: number) => tag + '/below'.repeat(depth);
        const leaves = [0, 1, 2].map((depth) => `${below(depth)}/beside`).concat(below(3));
        for (const leaf of leaves) await rig.effects.waitForCount(`${leaf} waits`);
        const levels = await Promise.all(
          [0, 1, 2].map((depth) => rig.effects.waitForSuffix(`${below(depth)} children `)),
        );
        await cancel(rig, id);
        await assertCancelled(rig, id);
        for (const level of levels) {
          const [beside = '', called = '', sent = ''] = level.split(' ');
          for (const each of [beside, called]) await assertCancelled(rig, each);
          assert.equal((await outputOf(rig, sent)).status, 470);
        }
      });

      test('ends a callee that is still queued behind the holder of its key', async () => {
        const tag = newTag();
        const input = { tag, way: 'callOfHeldKey' };
        const id = await send(rig, '/Cancellable/waitSuspended/send', input);
        await rig.effects.waitForCount(`${tag}/holder waits`);
        await rig.effects.waitForCount(`${tag} left`);
        await cancel(rig, id);
        await assertCancelled(rig, id);
        assert.equal(rig.effects.count(`${tag}/queued waits`), 0);
      });

      test('does not reach the call that a handler left behind when it ended', async () => {
        const tag = newTag();
        const id = await send(rig, '/Cancellable/leaveCallBehind/send', { tag, way: '' });
        const callee = (await attachTo(rig, id)).json();
        assert.equal(typeof callee, 'string');
        assert.equal((await operate(rig, id, 'cancel')).status, 409);
        assert.equal((await outputOf(rig, String(callee))).status, 470);
      });

      test('comes to the handler where it asks for it, if it wants it so', async (t) => {
        if (sdkPackage !== undefined) return t.skip('this version of the SDK cannot');
        const tag = newTag();
        const id = await send(rig, '/ExplicitlyCancellable/wait/send', { tag, way: '' });
        await rig.effects.waitForCount(`${tag} waits`);
        await cancel(rig, id);
        // It was told while it slept, and slept on.
        await rig.effects.waitForCount(`${tag} first`);
        assert.ok(rig.effects.count(`${tag} slept`) >= 1);
        assert.equal((await outputOf(rig, id)).status, 470);
        await cancel(rig, id);
        assert.equal((await attachTo(rig, id)).json(), 'cancelled, cancelled again');
      });
    });
  });
}

test('a cancellation of a suspended handler survives a crash', async () => {
  const rig = await Rig.start({ modules: ['cancellable'] });
  try {
    const id = await send(rig, '/Cancellable/waitSuspended/send', { tag: 'crash', way: 'call' });
    await rig.effects.waitForCount('crash left');
    await rig.effects.waitForCount('crash/callee waits');
    await cancel(rig, id);
    await rig.crash();
    await assertCancelled(rig, id);
    await rig.effects.waitForCount('crash/callee caught 409 Cancelled');
    assert.equal(field((await outputOf(rig, id)).json(), 'message'), 'Cancelled');
  } finally {
    await rig.dispose();
  }
});
