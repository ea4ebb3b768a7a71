// The output gate, over a store whose flushes the test holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMillis } from '../../src/actors/domain/time.ts';
import { PartitionActor } from '../../src/actors/partition-actor.ts';
import type { PartitionCommand } from '../../src/actors/partition/command.ts';
import type { KeyValueBackend } from '../../src/storage/key-value-backend.ts';
import { MemoryBackend } from '../../src/storage/memory-backend.ts';
import { openPartitionStore } from '../../src/storage/partition-store.ts';
import { T0, describeEffect, idOf } from './partition/describe.ts';
import { HERE, Machine } from './partition/machine.ts';

interface Rig {
  readonly actor: PartitionActor;
  /** Effects in the order of their release. */
  readonly released: string[];
  readonly failures: unknown[];
  /** How often a call of `applyBatch` was asked for. */
  readonly scheduled: () => number;
}

function createRig(backend: KeyValueBackend): Rig {
  const released: string[] = [];
  const failures: unknown[] = [];
  let scheduledCount = 0;
  const actor = new PartitionActor({
    store: openPartitionStore({ backend, partition: HERE, partitionsCount: 2 }),
    rules: {
      eagerStateBytesMax: 0,
      pausesAtOnce: false,
      isTracing: false,
      concurrencyLimitOf: () => Infinity,
      usesLazyState: () => false,
      findDeployment: () => undefined,
      completionIdsOf: () => [],
    },
    release: (effect) => released.push(describeEffect(effect)),
    schedule: () => (scheduledCount += 1),
    onFlushFailed: (error) => failures.push(error),
  });
  return { actor, released, failures, scheduled: () => scheduledCount };
}

const submissions = new Machine();

function send(name: string): PartitionCommand {
  const submission = submissions.submission(name);
  const requestId = `r-${name}`;
  return { kind: 'submit', nowMs: unixMillis(T0), requestId, submission, awaitOutcome: false };
}

function ask(name: string): PartitionCommand {
  return { kind: 'getOutput', requestId: `q-${name}`, invocationId: idOf(name) };
}

const effectsOf = (name: string): string[] => [`start ${name}#1 with 1`, `r-${name}: accepted new`];

/** Promise callbacks of everything that has happened so far have run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('nothing is released before its batch is flushed', async () => {
  const backend = new MemoryBackend({ holdsCommits: true });
  const { actor, released } = createRig(backend);
  actor.post(send('a'));
  await settle();
  assert.equal(backend.heldBatchesCount, 0);
  actor.applyBatch();
  await settle();
  assert.equal(backend.heldBatchesCount, 1);
  assert.deepEqual(released, []);
  backend.flushNext();
  await settle();
  assert.deepEqual(released, effectsOf('a'));
});

test('what one mailbox held is one batch, applied and released in its order', async () => {
  const backend = new MemoryBackend({ holdsCommits: true });
  const { actor, released, scheduled } = createRig(backend);
  for (const name of ['a', 'b', 'c']) actor.post(send(name));
  assert.equal(scheduled(), 1);
  actor.applyBatch();
  assert.equal(backend.heldBatchesCount, 1);
  backend.flushNext();
  await settle();
  assert.deepEqual(released, ['a', 'b', 'c'].flatMap(effectsOf));
});

test('the next batch is applied while the last one is flushed, and released after it', async () => {
  const backend = new MemoryBackend({ holdsCommits: true });
  const { actor, released } = createRig(backend);
  actor.post(send('a'));
  actor.applyBatch();
  actor.post(send('b'));
  actor.applyBatch();
  assert.equal(backend.heldBatchesCount, 2);
  assert.notEqual(actor.store.getInvocation(idOf('b')), undefined);
  backend.flushNext();
  await settle();
  assert.deepEqual(released, effectsOf('a'));
  backend.flushNext();
  await settle();
  assert.deepEqual(released, ['a', 'b'].flatMap(effectsOf));
});

test('a batch without writes waits for those before it, and needs no flush itself', async () => {
  const backend = new MemoryBackend({ holdsCommits: true });
  const { actor, released } = createRig(backend);
  actor.post(send('a'));
  actor.applyBatch();
  actor.post(ask('a'));
  actor.applyBatch();
  await settle();
  assert.equal(backend.heldBatchesCount, 1);
  assert.deepEqual(released, []);
  backend.flushNext();
  await settle();
  assert.deepEqual(released, [...effectsOf('a'), 'q-a: notCompleted']);
  actor.post(ask('b'));
  actor.applyBatch();
  assert.equal(released.at(-1), 'q-b: notFound');
});

/** Flushes when told to, in any order the test likes. */
class ManualBackend extends MemoryBackend {
  readonly commits: Array<{
    readonly succeed: () => void;
    readonly fail: (error: Error) => void;
  }> = [];

  override commit(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.commits.push({ succeed: resolve, fail: reject });
    });
  }
}

test('a batch that is reported flushed early still waits for the one before', async () => {
  const backend = new ManualBackend();
  const { actor, released } = createRig(backend);
  for (const name of ['a', 'b']) {
    actor.post(send(name));
    actor.applyBatch();
  }
  backend.commits[1]?.succeed();
  await settle();
  assert.deepEqual(released, []);
  backend.commits[0]?.succeed();
  await settle();
  assert.deepEqual(released, ['a', 'b'].flatMap(effectsOf));
});

test('after a failed flush nothing is released any more', async () => {
  const backend = new ManualBackend();
  const { actor, released, failures } = createRig(backend);
  for (const name of ['a', 'b', 'c']) {
    actor.post(send(name));
    actor.applyBatch();
  }
  backend.commits[0]?.succeed();
  await settle();
  const cause = new Error('disk is full');
  backend.commits[1]?.fail(cause);
  backend.commits[2]?.succeed();
  await settle();
  assert.deepEqual(released, effectsOf('a'));
  assert.equal(failures.length, 1);
  const [failed] = failures;
  assert.ok(failed instanceof Error && failed.cause === cause);
});

test('a crash before the flush leaves nothing of the batch, inside or outside', async () => {
  const backend = new MemoryBackend({ holdsCommits: true });
  const { actor, released } = createRig(backend);
  actor.post(send('a'));
  actor.applyBatch();
  backend.flushNext();
  actor.post(send('b'));
  actor.applyBatch();
  const restarted = createRig(backend.crash());
  await settle();
  assert.deepEqual(released, effectsOf('a'));
  restarted.actor.post({ kind: 'recover', nowMs: unixMillis(T0) });
  restarted.actor.applyBatch();
  assert.deepEqual(restarted.released, ['due a#1']);
});

test('a full mailbox is applied in several turns, each asked for', () => {
  const { actor, released, scheduled } = createRig(new MemoryBackend());
  for (let n = 0; n < 1500; n += 1) actor.post(ask(`n${n}`));
  assert.equal(scheduled(), 1);
  actor.applyBatch();
  assert.equal(released.length, 1024);
  assert.equal(scheduled(), 2);
  actor.applyBatch();
  assert.equal(released.length, 1500);
  assert.equal(scheduled(), 2);
  assert.equal(released.at(-1), 'q-n1499: notFound');
});

test('an empty mailbox commits nothing', () => {
  const backend = new MemoryBackend({ holdsCommits: true });
  const { actor, released } = createRig(backend);
  actor.applyBatch();
  assert.equal(backend.heldBatchesCount, 0);
  assert.deepEqual(released, []);
});
