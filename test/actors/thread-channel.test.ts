import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import type { DeploymentId, PartitionNumber } from '../../src/actors/domain/ids.ts';
import {
  type Deployment,
  EMPTY_SCHEMA,
  type ServiceRevision,
} from '../../src/actors/domain/schema.ts';
import { unixMillis } from '../../src/actors/domain/time.ts';
import { largeBodyOf } from '../../src/actors/messages.ts';
import type { ToMainThread, ToPartitionThread } from '../../src/actors/messages.ts';
import type { PartitionCommand } from '../../src/actors/partition/command.ts';
import type { RequestReply } from '../../src/actors/partition/effect.ts';
import { ThreadChannel } from '../../src/actors/thread-channel.ts';
import { INVOCATIONS, MESSAGES, plain } from '../storage/rows.ts';
import { T0, idOf } from './partition/describe.ts';
import { HERE, Machine, VOID, success } from './partition/machine.ts';

type Message = ToPartitionThread | ToMainThread;

const LARGE_BYTES = 64 * 1024;
const submissions = new Machine();

function createPair(t: TestContext) {
  const { port1, port2 } = new MessageChannel();
  const received: Message[] = [];
  let expectedCount = 0;
  let onAll = (): void => {};
  const near = new ThreadChannel<Message, Message>({
    port: port1,
    largeBodyOf,
    onMessage: () => assert.fail('the near end hears nothing'),
  });
  const far = new ThreadChannel<Message, Message>({
    port: port2,
    largeBodyOf,
    onMessage: (message) => {
      received.push(message);
      if (received.length === expectedCount) onAll();
    },
  });
  t.after(() => {
    near.close();
    far.close();
  });
  const arrived = (count: number): Promise<readonly Message[]> =>
    new Promise((resolve) => {
      expectedCount = count;
      onAll = () => resolve(received);
      if (received.length >= count) resolve(received);
    });
  return { near, port: port1, arrived };
}

function submit(input: Uint8Array): PartitionCommand {
  return {
    kind: 'submit',
    nowMs: unixMillis(T0),
    requestId: 'r',
    submission: { ...submissions.submission('a'), input },
    awaitOutcome: true,
  };
}

function asCommand(command: PartitionCommand): Message {
  return { kind: 'command', partition: HERE, command };
}

function replyOf(reply: RequestReply): Message {
  return { kind: 'reply', requestId: 'r', reply };
}

const request = { requestId: 'r', invocationId: idOf('a') } as const;

const COMMANDS: readonly PartitionCommand[] = [
  submit(Buffer.from('body')),
  submit(new Uint8Array(0)),
  { kind: 'attach', ...request },
  { kind: 'getOutput', ...request },
  {
    kind: 'signal',
    ...request,
    nowMs: unixMillis(T0),
    signal: { kind: 'signal', index: 17 },
    result: success('x'),
  },
  {
    kind: 'signal',
    ...request,
    nowMs: unixMillis(T0),
    signal: { kind: 'namedSignal', name: 'gö' },
    result: VOID,
  },
];

const TARGETS = INVOCATIONS.map(({ target }) => target);

const REPLIES: readonly RequestReply[] = [
  { kind: 'accepted', isNew: true },
  { kind: 'accepted', isNew: false, executeAtMs: unixMillis(T0) },
  { kind: 'accepted', isNew: false, executeAtMs: undefined },
  ...TARGETS.map((target) => ({ kind: 'completed', target, outcome: success('x') }) as const),
  {
    kind: 'completed',
    target: { kind: 'service', service: 'S', handler: 'h' },
    outcome: {
      kind: 'failure',
      failure: { code: 500, message: 'broken', metadata: [['a', 'b']], stacktrace: 'at' },
    },
    expiresAtMs: unixMillis(T0),
  },
  { kind: 'notFound' },
  { kind: 'notCompleted' },
  { kind: 'workflowAlreadyInvoked' },
  { kind: 'signalAccepted' },
];

const way = { from: 3 as PartitionNumber, to: 2 as PartitionNumber, sequence: 2 ** 40 };

const ALL_KINDS: readonly Message[] = [
  ...COMMANDS.map(asCommand),
  ...REPLIES.map(replyOf),
  ...MESSAGES.map((message) => ({ kind: 'deliver', ...way, message }) as const),
  { kind: 'ackDelivery', ...way },
  { kind: 'resendOutbox', to: [0 as PartitionNumber, 2 as PartitionNumber] },
  { kind: 'ready' },
  { kind: 'close' },
];

test('every kind of message survives packing', async (t) => {
  const { near, arrived } = createPair(t);
  for (const message of ALL_KINDS) near.post(message);
  const received = await arrived(ALL_KINDS.length);
  assert.deepEqual(received.map(plain), ALL_KINDS.map(plain));
});

test('messages packed again and again keep their shapes apart', async (t) => {
  const { near, arrived } = createPair(t);
  for (let turn = 0; turn < 3; turn += 1) {
    for (const message of ALL_KINDS.toReversed()) near.post(message);
    await arrived((turn + 1) * ALL_KINDS.length);
  }
  const received = await arrived(3 * ALL_KINDS.length);
  const expected = ALL_KINDS.toReversed().map(plain);
  assert.deepEqual(received.map(plain), [...expected, ...expected, ...expected]);
});

test('no message holds a bigint, which the two ways of posting treat differently', () => {
  const bigints: unknown[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'bigint') bigints.push(value);
    else if (value !== null && typeof value === 'object') Object.values(value).forEach(visit);
  };
  ALL_KINDS.forEach(visit);
  assert.deepEqual(bigints, []);
});

test('a schema arrives with its maps', async (t) => {
  const { near, arrived } = createPair(t);
  const id = 'dp_1test' as DeploymentId;
  const service: ServiceRevision = {
    name: 'S',
    type: 'Service',
    revision: 1,
    deploymentId: id,
    public: true,
    options: { enableLazyState: true },
    handlers: new Map(),
  };
  const services = new Map([['S', service]]);
  const deployment: Deployment = {
    id,
    endpoint: { kind: 'http', uri: 'http://localhost:9080/', httpVersion: 'HTTP/2.0' },
    protocolMode: 'BidiStream',
    additionalHeaders: { authorization: 'x' },
    metadata: {},
    createdAtMs: unixMillis(T0),
    minProtocolVersion: 5,
    maxProtocolVersion: 6,
    services,
  };
  const deployments = new Map([[id, deployment]]);
  const schema = { ...EMPTY_SCHEMA, deployments, services };
  near.postAlone({ kind: 'schema', schema });
  near.post({ kind: 'schema', schema });
  const received = await arrived(2);
  for (const message of received) {
    assert.ok(message.kind === 'schema');
    assert.deepEqual(message.schema.services.get('S'), service);
    assert.deepEqual(message.schema.deployments.get(id), deployment);
  }
});

test('messages of one turn travel in one packet', async (t) => {
  const { near, port, arrived } = createPair(t);
  const posted = t.mock.method(port, 'postMessage');
  for (const command of COMMANDS) near.post(asCommand(command));
  assert.equal(posted.mock.callCount(), 0);
  await arrived(COMMANDS.length);
  assert.equal(posted.mock.callCount(), 1);
});

test('order is kept between packed, transferred and lone messages', async (t) => {
  const { near, arrived } = createPair(t);
  const bodies = [10, LARGE_BYTES, 20, 30, LARGE_BYTES + 1, 40];
  for (const size of bodies) near.post(asCommand(submit(new Uint8Array(size).fill(size % 251))));
  near.postAlone({ kind: 'close' });
  near.post({ kind: 'crash' });
  const received = await arrived(bodies.length + 2);
  const sizes = received.map((message) => largeBodyOf(message)?.byteLength ?? message.kind);
  assert.deepEqual(sizes, [...bodies, 'close', 'crash']);
  assert.deepEqual(largeBodyOf(received[1] ?? { kind: 'ready' })?.[0], LARGE_BYTES % 251);
});

const BODY_MESSAGES: ReadonlyArray<readonly [name: string, make: (body: Uint8Array) => Message]> = [
  ['a submission', (body) => asCommand(submit(body))],
  [
    'an outcome',
    (value) =>
      replyOf({
        kind: 'completed',
        target: { kind: 'service', service: 'S', handler: 'h' },
        outcome: { kind: 'success', value },
      }),
  ],
  [
    'a message between partitions',
    (input) => ({
      kind: 'deliver',
      ...way,
      message: { kind: 'invoke', submission: { ...submissions.submission('a'), input } },
    }),
  ],
];

for (const [name, make] of BODY_MESSAGES) {
  test(`the large body of ${name} is given away, a smaller one is copied`, async (t) => {
    const { near, arrived } = createPair(t);
    const large = new Uint8Array(LARGE_BYTES).fill(7);
    const small = new Uint8Array(LARGE_BYTES - 1).fill(8);
    near.post(make(large));
    near.post(make(small));
    const received = await arrived(2);
    assert.equal(large.buffer.byteLength, 0);
    assert.equal(small.buffer.byteLength, LARGE_BYTES - 1);
    const bodies = received.map((message) => largeBodyOf(message));
    assert.deepEqual(
      bodies.map((body) => [body?.byteLength, body?.at(-1)]),
      [
        [LARGE_BYTES, 7],
        [LARGE_BYTES - 1, 8],
      ],
    );
  });
}

test('a large body inside a larger buffer is copied, not torn out of it', async (t) => {
  const { near, arrived } = createPair(t);
  const whole = new Uint8Array(2 * LARGE_BYTES).fill(7);
  near.post(asCommand(submit(whole.subarray(0, LARGE_BYTES))));
  const [message] = await arrived(1);
  assert.equal(largeBodyOf(message ?? { kind: 'ready' })?.byteLength, LARGE_BYTES);
  assert.equal(whole.byteLength, 2 * LARGE_BYTES);
});

test('closing sends what is still pending', async (t) => {
  const { near, arrived } = createPair(t);
  near.post({ kind: 'ready' });
  near.close();
  assert.deepEqual(await arrived(1), [{ kind: 'ready' }]);
});
