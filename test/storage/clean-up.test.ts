// What the clean-up of a partition reads and deletes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unixMillis } from '../../src/actors/domain/time.ts';
import { bytes, idOf, invocation, plain } from './rows.ts';
import { DISKS, PHASES, TestStore } from './stores.ts';

const WORKFLOW = { service: 'Wf', key: 'k' };
const OTHER = { service: 'Wf', key: 'kk' };
const awaited = { kind: 'awaited', listeners: [] } as const;

for (const [diskName, makeDisk] of Object.entries(DISKS)) {
  describe(`a partition store over ${diskName}`, () => {
    for (const phase of PHASES) {
      test(`takes what has expired, once and in order, when it is ${phase}`, async () => {
        const store = new TestStore(await makeDisk());
        const put = (n: number, expiresAtMs: number) =>
          store.state.putExpiry(invocation(n), unixMillis(expiresAtMs));
        put(1, 1000);
        put(2, 5000);
        put(3, 990);
        await store.moveTo(phase);
        put(4, 1000);
        put(5, 2 ** 60);
        const take = (nowMs: number) => store.state.takeExpired(unixMillis(nowMs), 100);
        assert.deepEqual(take(999), []);
        assert.deepEqual(new Set(take(1000)), new Set([idOf(1), idOf(3), idOf(4)]));
        await store.moveTo(phase);
        put(6, 1000);
        assert.deepEqual(take(1000), [idOf(6)]);
        await store.moveTo('reopened');
        assert.deepEqual(take(5000), [idOf(2)]);
        assert.deepEqual(take(5000), []);
        await store.remove();
      });
    }

    test('takes little more than it is asked for', async () => {
      const store = new TestStore(await makeDisk());
      for (let n = 1; n <= 1000; n += 1) store.state.putExpiry(invocation(n), unixMillis(1000));
      await store.moveTo('flushed');
      const counts: number[] = [];
      for (;;) {
        const taken = store.state.takeExpired(unixMillis(1000), 100);
        if (taken.length === 0) break;
        counts.push(taken.length);
        await store.moveTo('flushed');
      }
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        1000,
      );
      assert.ok(Math.max(...counts) < 200, String(counts));
      await store.remove();
    });

    for (const phase of PHASES) {
      test(`hands out edits of the state in turn when they are ${phase}`, async () => {
        const store = new TestStore(await makeDisk());
        const edit = { expectedVersion: 'v', entries: [[bytes('k'), bytes('1')]] } as const;
        store.state.pushInbox(WORKFLOW, idOf(1));
        store.state.pushInbox(WORKFLOW, edit);
        store.state.pushInbox(WORKFLOW, idOf(2));
        await store.moveTo(phase);
        assert.equal(store.state.popInbox(WORKFLOW), idOf(1));
        assert.deepEqual(plain(store.state.popInbox(WORKFLOW)), plain(edit));
        assert.equal(store.state.popInbox(WORKFLOW), idOf(2));
        await store.remove();
      });
    }

    for (const phase of PHASES) {
      test(`forgets the promises of one workflow when they are ${phase}`, async () => {
        const store = new TestStore(await makeDisk());
        for (const name of ['p', 'q', 'x'.repeat(2000)]) {
          store.state.putPromise(WORKFLOW, name, awaited);
        }
        store.state.putPromise(OTHER, 'p', awaited);
        await store.moveTo(phase);
        store.state.clearAllPromises(WORKFLOW);
        store.state.putPromise(WORKFLOW, 'q', { kind: 'awaited', listeners: [] });
        await store.moveTo('reopened');
        assert.equal(store.state.getPromise(WORKFLOW, 'p'), undefined);
        assert.equal(store.state.getPromise(WORKFLOW, 'x'.repeat(2000)), undefined);
        assert.deepEqual(store.state.getPromise(WORKFLOW, 'q'), awaited);
        assert.deepEqual(store.state.getPromise(OTHER, 'p'), awaited);
        await store.remove();
      });
    }
  });
}
