// What the clean-up of a partition reads and deletes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { completed, idOf, invocation } from './rows.ts';
import { DISKS, PHASES, TestStore } from './stores.ts';

const WORKFLOW = { service: 'Wf', key: 'k' };
const OTHER = { service: 'Wf', key: 'kk' };
const awaited = { kind: 'awaited', listeners: [] } as const;

for (const [diskName, makeDisk] of Object.entries(DISKS)) {
  describe(`a partition store over ${diskName}`, () => {
    test('scans flushed completed invocations in order, past journals and open ones', async () => {
      const store = new TestStore(makeDisk());
      const numbers: number[] = [];
      for (let i = 0; i < 7; i += 1) {
        const number = store.state.nextInvocationNumber();
        const row = { ...invocation(number), id: idOf(number), number };
        const isOpen = i % 3 === 2;
        for (let index = 0; index < 5; index += 1) {
          store.state.appendJournal(number, index, {
            kind: 'command',
            type: 0x0400,
            appendedAtMs: row.createdAtMs,
            payload: new Uint8Array(3),
          });
        }
        store.state.putInvocation(isOpen ? row : { ...row, status: completed() });
        if (!isOpen) numbers.push(number);
      }
      await store.moveTo('flushed');
      const found: number[] = [];
      let after: number | undefined = 0;
      for (let scans = 0; after !== undefined; scans += 1) {
        assert.ok(scans < 20, 'the scan ends');
        const scan = store.state.scanCompleted(after, 2);
        found.push(...scan.completed.map(({ number }) => number));
        after = scan.lastNumber;
      }
      assert.deepEqual(found, numbers);
      const [first] = store.state.scanCompleted(0, 1).completed;
      assert.ok(first !== undefined);
      store.state.deleteInvocation(first);
      assert.deepEqual(store.state.scanCompleted(0, 1).completed, []);
      await store.remove();
    });

    for (const phase of PHASES) {
      test(`forgets the promises of one workflow when they are ${phase}`, async () => {
        const store = new TestStore(makeDisk());
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
