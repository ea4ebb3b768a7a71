// Two threads and four partitions, each thread a real channel whose other end the test holds.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { formatInvocationId, partitionOfKey } from '../../src/actors/domain/ids.ts';
import type { InvocationId, PartitionNumber } from '../../src/actors/domain/ids.ts';
import { keyedPartitionKey } from '../../src/actors/domain/make-invocation-id.ts';
import { EMPTY_SCHEMA } from '../../src/actors/domain/schema.ts';
import { durationMs, unixMillis } from '../../src/actors/domain/time.ts';
import { largeBodyOf } from '../../src/actors/messages.ts';
import type { ToMainThread, ToPartitionThread } from '../../src/actors/messages.ts';
import { GatewayUnavailableError } from '../../src/actors/ports.ts';
import type { IngressSubmission } from '../../src/actors/ports.ts';
import { Router } from '../../src/actors/router.ts';
import type { OperationOutcome, RequestReply } from '../../src/actors/partition/effect.ts';
import { ThreadChannel } from '../../src/actors/thread-channel.ts';
import { T0 } from './partition/describe.ts';
import { Machine, VOID } from './partition/machine.ts';

const PARTITIONS_COUNT = 4;
const ACCEPTED: RequestReply = { kind: 'accepted', isNew: true };
const submissions = new Machine();

/** A key whose partition is this one. */
function keyIn(partition: number): string {
  for (let n = 0; ; n += 1) {
    const key = `key ${n}`;
    if (partitionOfKey(keyedPartitionKey(key), PARTITIONS_COUNT) === partition) return key;
  }
}

function idIn(partition: number): InvocationId {
  return formatInvocationId(BigInt(partition) << 62n, 7n);
}

function submissionIn(partition: number, retentionMs = 1000): IngressSubmission {
  const { source, ...submission } = submissions.submission('a');
  const completionRetentionMs = durationMs(retentionMs);
  assert.equal(source.kind, 'ingress');
  return { ...submission, invocationId: idIn(partition), completionRetentionMs };
}

/** One thread as the router sees it. */
class FakeThread {
  readonly received: ToPartitionThread[] = [];
  readonly channel: ThreadChannel<ToPartitionThread, ToMainThread>;
  readonly mainChannel: ThreadChannel<ToMainThread, ToPartitionThread>;
  readonly #far: MessageChannel['port2'];

  constructor(onMessage: (message: ToMainThread) => void) {
    const { port1, port2 } = new MessageChannel();
    this.#far = port2;
    this.mainChannel = new ThreadChannel<ToMainThread, ToPartitionThread>({
      port: port1,
      largeBodyOf,
      onMessage,
    });
    this.channel = new ThreadChannel<ToPartitionThread, ToMainThread>({
      port: port2,
      largeBodyOf,
      onMessage: (message) => this.received.push(message),
    });
  }

  /** Everything posted so far has arrived. */
  async drain(): Promise<readonly ToPartitionThread[]> {
    this.mainChannel.postAlone({ kind: 'close' });
    while (this.received.at(-1)?.kind !== 'close') await once(this.#far, 'message');
    this.received.pop();
    return this.received.splice(0);
  }

  commands(messages: readonly ToPartitionThread[]) {
    return messages.flatMap((message) => (message.kind === 'command' ? [message] : []));
  }

  close(): void {
    this.channel.close();
    this.mainChannel.close();
  }
}

interface Rig {
  readonly router: Router;
  /** Starts a thread, which is not ready yet. */
  readonly start: (thread: number) => FakeThread;
  /** The thread says something to the main thread. */
  readonly say: (thread: number, message: ToMainThread) => void;
}

function createRig(t: TestContext): Rig {
  const router = new Router({
    partitionsCount: PARTITIONS_COUNT,
    threadsCount: 2,
    now: () => unixMillis(T0),
    bootId: 'boot-',
    schema: () => EMPTY_SCHEMA,
  });
  const start = (thread: number): FakeThread => {
    const fake = new FakeThread((message) => router.receive(thread, message));
    t.after(() => fake.close());
    router.threadStarted(thread, fake.mainChannel);
    return fake;
  };
  return { router, start, say: (thread, message) => router.receive(thread, message) };
}

async function createReadyRig(t: TestContext) {
  const rig = createRig(t);
  const threads = [rig.start(0), rig.start(1)] as const;
  for (const thread of [0, 1]) rig.say(thread, { kind: 'ready' });
  for (const thread of threads) await thread.drain();
  return { ...rig, threads };
}

test('partitions are dealt out to the threads in turn', (t) => {
  const { router } = createRig(t);
  assert.deepEqual(router.partitionsOf(0), [0, 2]);
  assert.deepEqual(router.partitionsOf(1), [1, 3]);
});

test('each kind of request reaches the partition of its id, under a name of its own', async (t) => {
  const { router, say, threads } = await createReadyRig(t);
  const replies = [
    router.send(submissionIn(3)),
    router.call(submissionIn(3)),
    router.attach(idIn(3)),
    router.getOutput(idIn(3)),
    router.signal(idIn(3), { kind: 'signal', index: 17 }, VOID),
  ];
  assert.deepEqual(await threads[0].drain(), []);
  const commands = threads[1].commands(await threads[1].drain());
  assert.deepEqual(
    commands.map(({ partition, command }) => [partition, command.kind]),
    ['submit', 'submit', 'attach', 'getOutput', 'signal'].map((kind) => [3, kind]),
  );
  const requestIds = commands.map(({ command }) => 'requestId' in command && command.requestId);
  assert.equal(new Set(requestIds).size, 5);
  for (const { command } of commands) {
    assert.ok('requestId' in command && command.requestId.startsWith('boot-'));
    if (command.kind !== 'submit') continue;
    assert.deepEqual(command.submission.source, { kind: 'ingress', requestId: command.requestId });
    assert.equal(command.nowMs, T0);
  }
  for (const { command } of commands.toReversed()) {
    if (!('requestId' in command)) continue;
    const { requestId } = command;
    const target = submissions.submission('a').target;
    const outcome = { kind: 'success', value: Buffer.from(requestId) } as const;
    say(1, { kind: 'reply', requestId, reply: { kind: 'completed', target, outcome } });
  }
  const answered = await Promise.all(replies);
  assert.deepEqual(
    answered.map(
      (reply) =>
        reply.kind === 'completed' &&
        reply.outcome.kind === 'success' &&
        Buffer.from(reply.outcome.value).toString(),
    ),
    requestIds,
  );
});

test('a reply nobody waits for is ignored', async (t) => {
  const { say } = await createReadyRig(t);
  say(0, { kind: 'reply', requestId: 'boot-unknown', reply: ACCEPTED });
});

test('a thread gets the schema before anything else, and requests once it is ready', async (t) => {
  const { router, start, say } = createRig(t);
  const early = router.send(submissionIn(0));
  const thread = start(0);
  const reply = router.send(submissionIn(0));
  const before = await thread.drain();
  assert.deepEqual(
    before.map(({ kind }) => kind),
    ['schema'],
  );
  say(0, { kind: 'ready' });
  const commands = thread.commands(await thread.drain());
  assert.equal(commands.length, 2);
  for (const { command } of commands) {
    assert.ok('requestId' in command);
    say(0, { kind: 'reply', requestId: command.requestId, reply: ACCEPTED });
  }
  assert.deepEqual(await Promise.all([early, reply]), [ACCEPTED, ACCEPTED]);
});

test('schema changes reach every thread, ready or not', async (t) => {
  const { router, start, say } = createRig(t);
  const threads = [start(0), start(1)] as const;
  say(0, { kind: 'ready' });
  router.publishSchema({ ...EMPTY_SCHEMA, version: 5 });
  for (const thread of threads) {
    const versions = (await thread.drain()).flatMap((message) =>
      message.kind === 'schema' ? [message.schema.version] : [],
    );
    assert.deepEqual(versions, [0, 5]);
  }
});

test('an edit of the state of a key goes where its scope lives, if it is in one', async (t) => {
  const { router, threads } = await createReadyRig(t);
  const edit = { entries: [] };
  const places = new Set<number>();
  for (const scope of [undefined, 's1', 's2', 's3', 's4']) {
    const owner = { service: 'Counter', key: 'k', ...(scope !== undefined && { scope }) };
    void router.editState(owner, edit);
    const [first, second] = await Promise.all(threads.map(async (each) => each.drain()));
    const [message] = [...(first ?? []), ...(second ?? [])];
    assert.ok(message?.kind === 'command' && message.command.kind === 'editState');
    assert.deepEqual(message.command.owner, owner);
    const key = keyedPartitionKey(scope ?? 'k');
    assert.equal(message.partition, partitionOfKey(key, PARTITIONS_COUNT));
    places.add(message.partition);
  }
  assert.ok(places.size > 1);
});

interface LossRow {
  readonly name: string;
  readonly request: (router: Router) => Promise<RequestReply | OperationOutcome | void>;
  readonly isRepeatable: boolean;
  /** What the partition answers in the end. Default: accepted. */
  readonly answer?: RequestReply;
}

/** A key that belongs to the first partition. */
const OWNER = { service: 'Counter', key: keyIn(0) };
const DONE: RequestReply = { kind: 'operated', outcome: { kind: 'done' } };
const EDITED: RequestReply = { kind: 'stateEditAccepted' };

/** What whoever asked is told. */
function toldOf(reply: RequestReply): unknown {
  if (reply.kind === 'operated') return reply.outcome;
  return reply.kind === 'stateEditAccepted' ? undefined : reply;
}

const LOSSES: readonly LossRow[] = [
  { name: 'send', request: (router) => router.send(submissionIn(0)), isRepeatable: true },
  { name: 'call', request: (router) => router.call(submissionIn(0)), isRepeatable: true },
  {
    name: 'call that keeps no outcome',
    request: (router) => router.call(submissionIn(0, 0)),
    isRepeatable: false,
  },
  {
    name: 'send that keeps no outcome',
    request: (router) => router.send(submissionIn(0, 0)),
    isRepeatable: false,
  },
  { name: 'attach', request: (router) => router.attach(idIn(0)), isRepeatable: true },
  { name: 'output', request: (router) => router.getOutput(idIn(0)), isRepeatable: true },
  {
    name: 'signal',
    request: (router) => router.signal(idIn(0), { kind: 'signal', index: 17 }, VOID),
    isRepeatable: false,
  },
  ...(['pause', 'purgeJournal', 'cancel', 'kill', 'purge'] as const).map((kind) => ({
    name: kind,
    request: (router: Router) => router.operate(idIn(0), { kind }),
    isRepeatable: kind === 'pause' || kind === 'purgeJournal',
    answer: DONE,
  })),
  {
    name: 'resume',
    request: (router) => router.operate(idIn(0), { kind: 'resume', deployment: 'keep' }),
    isRepeatable: true,
    answer: DONE,
  },
  {
    name: 'restart as new',
    request: (router) =>
      router.operate(idIn(0), {
        kind: 'restartAsNew',
        newInvocationId: formatInvocationId(0n, 8n),
        from: 0,
        deployment: 'latest',
      }),
    isRepeatable: true,
    answer: DONE,
  },
  {
    name: 'state edit of any version',
    request: (router) => router.editState(OWNER, { entries: [] }),
    isRepeatable: false,
    answer: EDITED,
  },
  {
    name: 'state edit of one version',
    request: (router) => router.editState(OWNER, { entries: [], expectedVersion: 'v' }),
    isRepeatable: true,
    answer: EDITED,
  },
];

for (const { name, request, isRepeatable, answer = ACCEPTED } of LOSSES) {
  test(`a ${name} is ${isRepeatable ? 'sent again' : 'refused'} when its thread is lost`, async (t) => {
    const { router, start, say, threads } = await createReadyRig(t);
    const answered = request(router);
    const [first] = threads[0].commands(await threads[0].drain());
    router.threadLost(0);
    if (!isRepeatable) return assert.rejects(answered, GatewayUnavailableError);
    const replacement = start(0);
    assert.deepEqual(replacement.commands(await replacement.drain()), []);
    say(0, { kind: 'ready' });
    const [again] = replacement.commands(await replacement.drain());
    assert.deepEqual(again, first);
    assert.ok(again !== undefined && 'requestId' in again.command);
    say(0, { kind: 'reply', requestId: again.command.requestId, reply: answer });
    assert.deepEqual(await answered, toldOf(answer));
  });
}

test('requests of other threads, and requests that arrive meanwhile, survive the loss', async (t) => {
  const { router, start, say } = await createReadyRig(t);
  const other = router.signal(idIn(1), { kind: 'signal', index: 17 }, VOID);
  router.threadLost(0);
  const late = router.signal(idIn(0), { kind: 'signal', index: 17 }, VOID);
  const replacement = start(0);
  say(0, { kind: 'ready' });
  assert.equal(replacement.commands(await replacement.drain()).length, 1);
  for (const [thread, requestId] of ['boot-2', 'boot-1'].entries()) {
    say(thread, { kind: 'reply', requestId, reply: { kind: 'signalAccepted' } });
  }
  await Promise.all([other, late]);
});

test('a thread that can store nothing has all its requests refused, at once, until it is ready again', async (t) => {
  const { router, say, start } = await createReadyRig(t);
  const waiting = [
    router.send(submissionIn(3)),
    router.attach(idIn(3)),
    router.call(submissionIn(1)),
  ];
  const other = router.attach(idIn(2));
  const failure = { message: 'ENOSPC: no space left on device', isLasting: false };
  say(1, { kind: 'storageFailed', failure });
  for (const request of [...waiting, router.attach(idIn(3))]) {
    await assert.rejects(request, { name: 'GatewayUnavailableError', message: /ENOSPC/ });
  }
  router.threadLost(1);
  await assert.rejects(router.send(submissionIn(1)), /can store nothing now/);
  assert.equal(router.isReady(), false);

  const successor = start(1);
  const asked = router.attach(idIn(3));
  say(1, { kind: 'ready' });
  assert.equal(router.isReady(), true);
  const [command] = successor.commands(await successor.drain());
  assert.ok(command !== undefined && 'requestId' in command.command);
  const { requestId } = command.command;
  say(1, { kind: 'reply', requestId, reply: { kind: 'notFound' } });
  assert.deepEqual(await asked, { kind: 'notFound' });
  router.close();
  await assert.rejects(other, /the server stops/);
});

test('queries that a thread is needed for, which can store nothing, are refused; others are not', async (t) => {
  const { router, say, start } = await createReadyRig(t);
  const needs = { showsAttempts: false };
  const waiting = router.settle(needs);
  const other = router.settle({ ...needs, ids: [idIn(2)] });
  const failure = { message: 'ENOSPC: no space left on device', isLasting: false };
  const isRefused = { name: 'QueryError', kind: 'unavailable', message: /ENOSPC/ };
  say(1, { kind: 'storageFailed', failure });
  await assert.rejects(waiting, isRefused);
  await assert.rejects(router.settle({ ...needs, ids: [idIn(3)] }), isRefused);
  say(0, { kind: 'settled', requestId: 2, statuses: [] });
  assert.deepEqual(await other, []);

  start(1);
  const later = router.settle({ ...needs, ids: [idIn(3)] });
  say(1, { kind: 'storageFailed', failure });
  await assert.rejects(later, isRefused);
});

test('when a thread is ready the others send it again what may be lost', async (t) => {
  const { router, start, say, threads } = await createReadyRig(t);
  router.threadLost(0);
  start(0);
  assert.deepEqual(await threads[1].drain(), []);
  say(0, { kind: 'ready' });
  assert.deepEqual(await threads[1].drain(), [{ kind: 'resendOutbox', to: [0, 2] }]);
  say(0, { kind: 'ready' });
  assert.deepEqual(await threads[1].drain(), []);
});

test('messages between threads pass; those to a thread that is not ready are dropped', async (t) => {
  const { router, start, say, threads } = await createReadyRig(t);
  const delivery = (sequence: number): ToMainThread => ({
    kind: 'deliver',
    from: 1 as PartitionNumber,
    to: 2 as PartitionNumber,
    sequence,
    message: {
      kind: 'getOutput',
      invocationId: idIn(2),
      askerId: idIn(1),
      completionId: 1,
    },
  });
  say(1, delivery(1));
  const ack = { from: 2 as PartitionNumber, to: 1 as PartitionNumber, sequence: 1 };
  say(0, { kind: 'ackDelivery', ...ack });
  assert.deepEqual(await threads[0].drain(), [delivery(1)]);
  assert.deepEqual(await threads[1].drain(), [{ kind: 'ackDelivery', ...ack }]);
  router.threadLost(0);
  const replacement = start(0);
  say(1, delivery(2));
  say(0, { kind: 'ready' });
  const received = (await replacement.drain()).map(({ kind }) => kind);
  assert.deepEqual(received, ['schema']);
  assert.deepEqual(await threads[1].drain(), [{ kind: 'resendOutbox', to: [0, 2] }]);
});

test('what still waits when the server stops is refused', async (t) => {
  const { router } = await createReadyRig(t);
  const replies = [router.call(submissionIn(0)), router.attach(idIn(1))];
  router.close();
  for (const reply of replies) await assert.rejects(reply, GatewayUnavailableError);
});
