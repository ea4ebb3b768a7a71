// What is past its retention goes, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMs, unixMillis } from '../../../src/actors/domain/time.ts';
import { apply } from '../../../src/actors/partition/apply.ts';
import type { Submission } from '../../../src/actors/partition/command.ts';
import type { PartitionEffect } from '../../../src/actors/partition/effect.ts';
import { MemoryBackend } from '../../../src/storage/memory-backend.ts';
import { openPartitionStore } from '../../../src/storage/partition-store.ts';
import { invocationIdFor } from '../../../src/actors/domain/make-invocation-id.ts';
import type { InvocationTarget } from '../../../src/actors/domain/invocation.ts';
import { HERE, PIN, RUN, bytes } from './machine.ts';

const RULES = {
  eagerStateBytesMax: 1000,
  pausesAtOnce: false,
  isTracing: false,
  concurrencyLimitOf: () => Infinity,
  usesLazyState: () => false,
  findDeployment: () => undefined,
  completionIdsOf: () => [],
};
const OUTCOME = { kind: 'success', value: bytes('1') } as const;

/** One partition whose batches are flushed at once. */
class Partition {
  readonly store = openPartitionStore({
    backend: new MemoryBackend(),
    partition: HERE,
    partitionsCount: 1,
  });

  async apply(command: Parameters<typeof apply>[2]): Promise<string[]> {
    const effects: PartitionEffect[] = [];
    apply(this.store, RULES, command, effects);
    await this.store.commit();
    return effects.map(({ kind }) => kind);
  }

  /** Submits an invocation at 0 and completes it at once. */
  async run(
    target: InvocationTarget,
    seed: number,
    retentionsMs: { readonly completion: number; readonly journal: number },
  ): Promise<Submission['invocationId']> {
    const nowMs = unixMillis(0);
    const random = new Uint8Array(16).fill(seed);
    const invocationId = invocationIdFor({ target, random, nowMs });
    const submission: Submission = {
      invocationId,
      target,
      source: { kind: 'ingress', requestId: `r${seed}` },
      input: bytes('in'),
      completionRetentionMs: durationMs(retentionsMs.completion),
      journalRetentionMs: durationMs(retentionsMs.journal),
    };
    const requestId = `r${seed}`;
    await this.apply({ kind: 'submit', nowMs, requestId, submission, awaitOutcome: false });
    const identity = { invocationId, epoch: 1, nowMs };
    if (target.kind === 'workflow') {
      const message = { kind: 'setState', key: bytes('s'), value: bytes('v'), name: '' } as const;
      const entry = { message, payload: bytes(''), ackRequested: false };
      await this.apply({ kind: 'entryProposed', ...identity, pin: PIN, entry });
      this.store.putPromise(target, 'p', { kind: 'completed', outcome: OUTCOME });
    }
    const end = { kind: 'ended', outcome: OUTCOME } as const;
    await this.apply({ kind: 'attemptEnded', ...identity, end });
    return invocationId;
  }

  clean(nowMs: number): Promise<string[]> {
    return this.apply({ kind: 'clean', nowMs: unixMillis(nowMs) });
  }
}

const GREET: InvocationTarget = { kind: 'service', service: 'Greeter', handler: 'greet' };

test('an outcome is kept until its retention is over, its journal possibly less long', async () => {
  const partition = new Partition();
  const id = await partition.run(GREET, 1, { completion: 1000, journal: 400 });
  const seen = () => partition.store.getInvocation(id)?.journalLength;
  assert.deepEqual(await partition.clean(399), []);
  assert.equal(seen(), 1);
  await partition.clean(400);
  assert.equal(seen(), 0);
  await partition.clean(999);
  assert.equal(seen(), 0);
  await partition.clean(1000);
  assert.equal(partition.store.getInvocation(id), undefined);
});

test('a workflow run takes its state and promises along', async () => {
  const partition = new Partition();
  assert.ok(RUN.kind === 'workflow');
  await partition.run(RUN, 1, { completion: 1000, journal: 1000 });
  await partition.clean(999);
  assert.equal(partition.store.getPromise(RUN, 'p')?.kind, 'completed');
  await partition.clean(1000);
  assert.equal(partition.store.getPromise(RUN, 'p'), undefined);
  assert.deepEqual([...partition.store.listUserState(RUN)], []);
});

test('a workflow run that keeps nothing leaves no state and no promises', async () => {
  const partition = new Partition();
  assert.ok(RUN.kind === 'workflow');
  await partition.run(RUN, 1, { completion: 0, journal: 0 });
  assert.equal(partition.store.getPromise(RUN, 'p'), undefined);
  assert.deepEqual([...partition.store.listUserState(RUN)], []);
});

test('one command deletes a bounded number and says that there is more', async () => {
  const partition = new Partition();
  for (let seed = 0; seed < 200; seed += 1) {
    await partition.run(GREET, seed, { completion: 1, journal: 1 });
  }
  assert.deepEqual(await partition.clean(100), ['cleanMore']);
  assert.deepEqual(await partition.clean(100), []);
  assert.deepEqual(partition.store.takeExpired(unixMillis(10_000), 1), []);
});

test('an invocation purged and invoked anew under its id keeps its own retention', async () => {
  const partition = new Partition();
  const id = await partition.run(GREET, 1, { completion: 1000, journal: 1000 });
  const operation = { kind: 'purge' } as const;
  const nowMs = unixMillis(500);
  const purge = { kind: 'operate', nowMs, requestId: 'o', invocationId: id, operation } as const;
  assert.deepEqual(await partition.apply(purge), ['reply']);
  await partition.run(GREET, 1, { completion: 5000, journal: 5000 });
  await partition.clean(2000);
  assert.equal(partition.store.getInvocation(id)?.status.kind, 'completed');
  await partition.clean(5000);
  assert.equal(partition.store.getInvocation(id), undefined);
});
