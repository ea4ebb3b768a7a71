// What every partition store does, whatever the backend and however durable the writes are already.
// Each scenario runs with its writes uncommitted, committed, flushed and reopened; those with two
// steps run in every pair of phases.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Invocation } from '../../src/actors/domain/invocation.ts';
import {
  RECENT_AWAITED_STEPS_MAX,
  RECENT_INVOCATIONS_MAX,
} from '../../src/storage/tables/invocation.ts';
import { allSucceeded, flatten } from '../support/awaited-trees.ts';
import {
  attachMessage,
  bytes,
  completed,
  idOf,
  invocation,
  OTHER_PARTITION,
  PARTITION,
  text,
  timer,
} from './rows.ts';
import { A, numbersOf, type Scenario, SCENARIOS, setState, statesOf } from './store-scenarios.ts';
import { DISKS, PHASES, TestStore } from './stores.ts';

for (const [diskName, makeDisk] of Object.entries(DISKS)) {
  describe(`a partition store over ${diskName}`, () => {
    for (const scenario of SCENARIOS) {
      test(`${scenario.fact}, in every phase`, async () => {
        for (const phases of phasesFor(scenario)) {
          const store = new TestStore(await makeDisk());
          for (const [i, step] of scenario.steps.entries()) {
            step(store.state);
            await store.moveTo(phases[i] ?? 'uncommitted');
          }
          try {
            scenario.check(store.state);
          } catch (cause) {
            throw new Error(`failed when ${phases.join(', then ')}`, { cause });
          }
          await store.remove();
        }
      });
    }

    test('invocation numbers and inbox sequences grow and are never used again', async () => {
      const store = new TestStore(await makeDisk());
      let lastNumber = 0;
      let lastSequence = 0;
      for (const phase of [...PHASES, ...PHASES]) {
        for (let i = 0; i < 1_700; i++) {
          const number = store.state.nextInvocationNumber();
          assert.ok(number > lastNumber, `${number} > ${lastNumber}`);
          lastNumber = number;
        }
        const sequence = store.state.pushInbox(A, idOf(1));
        assert.ok(sequence > lastSequence, `${sequence} > ${lastSequence}`);
        lastSequence = sequence;
        await store.moveTo(phase);
      }
      await store.remove();
    });

    test('what a suspended invocation awaits is kept decoded only when it is little', async () => {
      const store = new TestStore(await makeDisk());
      const leaves = Array.from({ length: RECENT_AWAITED_STEPS_MAX }, (_, index) => index);
      const little = suspendedOn(1, leaves.slice(1));
      const much = suspendedOn(2, leaves);
      for (const one of [little, much]) store.state.putInvocation(one);
      await store.moveTo('reopened');
      const read = ({ id }: Invocation): Invocation | undefined => store.state.getInvocation(id);
      assert.equal(read(little), read(little));
      assert.notEqual(read(much), read(much));
      assert.deepEqual(read(much)?.status, much.status);
      // What is not kept can be written all the same.
      store.state.putInvocation({ ...much, status: { kind: 'invoked' } });
      await store.moveTo('reopened');
      assert.deepEqual(read(much)?.status, { kind: 'invoked' });
      await store.remove();
    });

    test('a commit without writes resolves after the batches before it', async () => {
      const store = new TestStore(await makeDisk());
      assert.equal(store.state.hasUncommittedWrites(), false);
      await store.state.commit();
      store.state.setDedup(OTHER_PARTITION, 1);
      assert.equal(store.state.hasUncommittedWrites(), true);
      const order: string[] = [];
      const commits = [store.state.commit().then(() => order.push('writes'))];
      commits.push(store.state.commit().then(() => order.push('none')));
      assert.equal(store.state.hasUncommittedWrites(), false);
      await store.moveTo('flushed');
      await Promise.all(commits);
      assert.deepEqual(order, ['writes', 'none']);
      await store.remove();
    });

    test('an invocation that was not read lately can be completed, deleted and made again', async () => {
      const store = new TestStore(await makeDisk());
      const count = RECENT_INVOCATIONS_MAX + 100;
      for (let n = 1; n <= count; n++) store.state.putInvocation(invocation(n));
      await store.moveTo('flushed');
      store.state.putInvocation(invocation(1, { status: completed() }));
      store.state.deleteInvocation(invocation(2));
      store.state.deleteInvocation(invocation(3));
      store.state.putInvocation(invocation(count + 1, { id: idOf(3) }));
      await store.moveTo('reopened');
      assert.deepEqual(numbersOf(store.state).slice(0, 2), [4, 5]);
      assert.equal(numbersOf(store.state).length, count - 2);
      assert.equal(store.state.getInvocation(idOf(1))?.status.kind, 'completed');
      assert.equal(store.state.getInvocation(idOf(2)), undefined);
      assert.equal(store.state.getInvocation(idOf(3))?.number, count + 1);
      await store.remove();
    });

    test('partitions that share a backend do not see each other', async () => {
      const disk = await makeDisk();
      const here = new TestStore(disk);
      const there = new TestStore(disk, OTHER_PARTITION);
      for (const { state } of [here, there]) {
        state.putInvocation(invocation(state.partition));
        state.pushInbox(A, idOf(state.partition));
        state.setUserState(A, bytes('k'), bytes(`${state.partition}`));
        state.putTimer(timer(1, state.partition));
        state.pushOutbox(PARTITION, attachMessage(state.partition));
      }
      await Promise.all([here.moveTo('committed'), there.moveTo('committed')]);
      await here.moveTo('flushed');
      for (const { state } of [here, there]) {
        const { partition } = state;
        assert.deepEqual(numbersOf(state), [partition]);
        assert.equal(state.popInbox(A), idOf(partition));
        assert.equal(text(state.getUserState(A, bytes('k'))), `${partition}`);
        assert.deepEqual(state.firstTimers(9), [timer(1, partition)]);
        assert.equal([...state.outboxMessages()].length, 1);
      }
      await disk.remove();
    });

    test('a listing may be left before its end, and changed while it is read', async () => {
      const store = new TestStore(await makeDisk());
      for (const key of ['a', 'b', 'c']) setState(store.state, key, key);
      await store.moveTo('flushed');
      setState(store.state, 'd', 'd');
      const seen: Array<string | undefined> = [];
      for (const [key] of store.state.listUserState(A)) {
        seen.push(text(key));
        store.state.clearUserState(A, key);
        if (seen.length === 2) break;
      }
      assert.deepEqual(seen, ['a', 'b']);
      assert.deepEqual(statesOf(store.state), [
        ['c', 'c'],
        ['d', 'd'],
      ]);
      await store.remove();
    });
  });
}

function phasesFor({ steps }: Scenario): ReadonlyArray<ReadonlyArray<(typeof PHASES)[number]>> {
  if (steps.length === 1) return PHASES.map((phase) => [phase]);
  return PHASES.flatMap((first) => PHASES.map((second) => [first, second]));
}

function suspendedOn(number: number, signals: readonly number[]): Invocation {
  const awaiting = flatten(allSucceeded(...signals));
  return invocation(number, { status: { kind: 'suspended', awaiting } });
}
