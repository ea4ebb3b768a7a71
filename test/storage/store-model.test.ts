// Random operations, commits, flushes and crashes against a naive model. SEED repeats a run,
// PROPERTY_RUNS lengthens it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { awaitAny } from '../../src/actors/domain/awaited-future.ts';
import type { InvocationStatus } from '../../src/actors/domain/invocation.ts';
import type { DurablePromise } from '../../src/actors/partition/state.ts';
import type { PartitionStore } from '../../src/actors/ports.ts';
import { MemoryBackend } from '../../src/storage/memory-backend.ts';
import { propertyParameters } from '../support/property.ts';
import { compareCounts, compareState, latin1, Model, type ModelState, nameOf } from './model.ts';
import {
  attachMessage,
  bytes,
  completed,
  idOf,
  invocation,
  JOURNAL,
  OTHER_PARTITION,
  owner,
  PARTITION,
  plain,
  timer,
} from './rows.ts';
import { DISKS, openStore, TestStore } from './stores.ts';

const LONG = 'x'.repeat(600);
const IDS = [1, 2, 3, 4].map(idOf);
const OWNERS = [owner('a'), owner('b'), owner(LONG)];
const STATE_KEYS = ['', 'a', 'b', `${LONG}2`, `${LONG}1`, LONG.slice(0, 512)].map(bytes);
const PARTITIONS = [PARTITION, OTHER_PARTITION];
const STATUSES: readonly InvocationStatus[] = [
  { kind: 'invoked' },
  { kind: 'suspended', awaiting: awaitAny([{ kind: 'signal', index: 17 }]) },
  completed(),
];
const PROMISES: readonly DurablePromise[] = [
  { kind: 'awaited', listeners: [{ invocationId: idOf(1), completionId: 1 }] },
  { kind: 'completed', outcome: { kind: 'success', value: bytes('v') } },
];

type Operation = (store: PartitionStore, model: ModelState) => void;

const id = fc.constantFrom(...IDS);
const anOwner = fc.constantFrom(...OWNERS);
const stateKey = fc.constantFrom(...STATE_KEYS);
const partition = fc.constantFrom(...PARTITIONS);
const aTimer = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(2)).map((parts) => timer(...parts));

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(id, fc.constantFrom(...STATUSES)).map(([each, status]): Operation => {
    return (store, model) => {
      const before = model.invocations.get(each);
      const number = before?.number ?? freshNumber(store, model);
      const epoch = (before?.epoch ?? 0) + 1;
      const row = invocation(number, { id: each, number, status, epoch });
      store.putInvocation(row);
      model.invocations.set(each, row);
    };
  }),
  id.map((each): Operation => {
    return (store, model) => {
      const row = model.invocations.get(each);
      if (row === undefined) return;
      store.deleteInvocation(row);
      model.invocations.delete(each);
    };
  }),
  fc.tuple(fc.nat(3), fc.constantFrom(...JOURNAL)).map(([number, entry]): Operation => {
    return (store, model) => {
      const journal = model.journals.get(number) ?? [];
      store.appendJournal(number, journal.length, entry);
      model.journals.set(number, [...journal, entry]);
    };
  }),
  fc.nat(3).map((number): Operation => {
    return (store, model) => {
      store.deleteJournal(number, model.journals.get(number)?.length ?? 0);
      model.journals.delete(number);
    };
  }),
  fc.tuple(anOwner, stateKey, fc.string()).map(([each, key, value]): Operation => {
    return (store, model) => {
      store.setUserState(each, key, bytes(value));
      const state = model.userState.get(nameOf(each)) ?? new Map<string, string>();
      model.userState.set(nameOf(each), state.set(latin1(key), latin1(bytes(value))));
    };
  }),
  fc.tuple(anOwner, stateKey).map(([each, key]): Operation => {
    return (store, model) => {
      store.clearUserState(each, key);
      model.userState.get(nameOf(each))?.delete(latin1(key));
    };
  }),
  anOwner.map((each): Operation => {
    return (store, model) => {
      store.clearAllUserState(each);
      model.userState.delete(nameOf(each));
    };
  }),
  fc.tuple(anOwner, fc.option(id)).map(([each, holder]): Operation => {
    return (store, model) => {
      if (holder === null) store.releaseLock(each);
      else store.setLock(each, holder);
      if (holder === null) model.locks.delete(nameOf(each));
      else model.locks.set(nameOf(each), holder);
    };
  }),
  fc.tuple(anOwner, id).map(([each, waiting]): Operation => {
    return (store, model) => {
      const inbox = model.inboxes.get(nameOf(each)) ?? [];
      const sequence = store.pushInbox(each, waiting);
      assert.ok(sequence > (inbox.at(-1)?.sequence ?? 0));
      model.inboxes.set(nameOf(each), [...inbox, { sequence, id: waiting }]);
    };
  }),
  anOwner.map((each): Operation => {
    return (store, model) => {
      assert.equal(store.popInbox(each), model.inboxes.get(nameOf(each))?.shift()?.id);
    };
  }),
  fc.tuple(anOwner, fc.nat(3)).map(([each, index]): Operation => {
    return (store, model) => {
      const entry = model.inboxes.get(nameOf(each))?.splice(index, 1)[0];
      if (entry !== undefined) store.removeFromInbox(each, entry.sequence);
    };
  }),
  fc.tuple(aTimer, fc.boolean()).map(([each, isPut]): Operation => {
    return (store, model) => {
      if (isPut) store.putTimer(each);
      else store.deleteTimer(each);
      if (isPut) model.timers.set(JSON.stringify(each), each);
      else model.timers.delete(JSON.stringify(each));
    };
  }),
  fc
    .tuple(anOwner, fc.constantFrom('p', 'q'), fc.constantFrom(...PROMISES))
    .map(([each, key, promise]): Operation => {
      return (store, model) => {
        store.putPromise(each, key, promise);
        model.promises.set(nameOf(each, key), JSON.stringify(plain(promise)));
      };
    }),
  anOwner.map((each): Operation => {
    return (store, model) => {
      store.clearAllPromises(each);
      for (const key of ['p', 'q']) model.promises.delete(nameOf(each, key));
    };
  }),
  partition.map((to): Operation => {
    return (store, model) => {
      const sequence = (model.outboxSequences.get(to) ?? 0) + 1;
      const message = attachMessage(sequence);
      assert.equal(store.pushOutbox(to, message), sequence);
      model.outbox.push({ to, sequence, message });
      model.outboxSequences.set(to, sequence);
    };
  }),
  fc.tuple(partition, fc.nat(10)).map(([to, sequence]): Operation => {
    return (store, model) => {
      store.truncateOutbox(to, sequence);
      const kept = model.outbox.filter((each) => each.to !== to || each.sequence > sequence);
      model.outbox.splice(0, Infinity, ...kept);
    };
  }),
  fc.tuple(partition, fc.nat(100)).map(([from, sequence]): Operation => {
    return (store, model) => {
      store.setDedup(from, sequence);
      model.dedup.set(from, sequence);
    };
  }),
);

type Step = Operation | 'commit' | 'flush' | 'crash' | 'compare';

function stepsWith(...control: ReadonlyArray<Exclude<Step, Operation>>) {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 3, arbitrary: operation },
    { weight: 1, arbitrary: fc.constantFrom(...control) },
  );
  return fc.array(step, { maxLength: 120, size: 'max' });
}

describe('a partition store does what the model does', () => {
  test('over memory, with crashes', async () => {
    const property = fc.asyncProperty(
      stepsWith('commit', 'flush', 'crash', 'compare'),
      async (steps) => {
        let backend = new MemoryBackend({ holdsCommits: true });
        let store = openStore(backend);
        const model = new Model();
        for (const step of steps) {
          if (typeof step === 'function') step(store, model.current);
          else if (step === 'commit' && store.hasUncommittedWrites()) {
            void store.commit();
            model.commit();
          } else if (step === 'flush' && backend.flushNext()) {
            model.flushNext();
            await Promise.resolve();
          } else if (step === 'crash') {
            backend = backend.crash();
            store = openStore(backend);
            recover(store);
            model.crash();
            compareCounts(backend, model.current);
          } else if (step === 'compare') compare(store, model);
        }
        compare(store, model);
      },
    );
    await fc.assert(property, propertyParameters());
  });

  for (const [name, makeDisk] of Object.entries(DISKS)) {
    test(`over ${name}, with restarts`, async () => {
      const property = fc.asyncProperty(stepsWith('commit', 'flush', 'crash'), async (steps) => {
        const disk = await makeDisk();
        const store = new TestStore(disk);
        const model = new Model();
        for (const step of steps) {
          if (typeof step === 'function') step(store.state, model.current);
          else if (step === 'crash') await reopen(store);
          else await store.moveTo(step === 'flush' ? 'flushed' : 'committed');
        }
        compare(store.state, model);
        await reopen(store);
        compare(store.state, model);
        compareCounts(disk.backend, model.current);
        await store.remove();
      });
      const parameters = propertyParameters();
      await fc.assert(property, { ...parameters, numRuns: Math.ceil(parameters.numRuns / 5) });
    });
  }
});

async function reopen(store: TestStore): Promise<void> {
  await store.moveTo('reopened');
  recover(store.state);
}

/** Reads what recovery reads. */
function recover(store: PartitionStore): void {
  for (const { id: read } of store.unfinishedInvocations('all')) assert.ok(IDS.includes(read));
}

function compare(store: PartitionStore, model: Model): void {
  const names = { ids: IDS, owners: OWNERS, stateKeys: STATE_KEYS, partitions: PARTITIONS };
  compareState(store, model.current, names);
}

function freshNumber(store: PartitionStore, model: ModelState): number {
  const number = store.nextInvocationNumber();
  assert.ok(!model.numbers.has(number), `number ${number} is not used again`);
  model.numbers.add(number);
  return number;
}
