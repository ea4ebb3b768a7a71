// What a deployment may await, frame by frame: sound trees, wrong ones, and what nobody can answer.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MessageType } from '../../src/actors/attempt/service-message.ts';
import { awaitAny } from '../../src/actors/domain/awaited-future.ts';
import { AWAITED_DEPTH_MAX } from '../../src/actors/domain/limits.ts';
import {
  allCompleted,
  allSucceeded,
  anySucceeded,
  firstCompleted,
  flatten,
  unknown,
} from '../support/awaited-trees.ts';
import type { CombinedTree } from '../support/awaited-trees.ts';
import { encodeFrame } from '../support/deployment-messages.ts';
import {
  attachTo,
  operate,
  send,
  signal,
  waitForPause,
  waitUntilSuspended,
} from '../support/operate.ts';
import { messageField, numberField } from '../support/protobuf.ts';
import { Rig } from '../support/rig.ts';
import { describeReplay, ScriptedDeployment } from '../support/scripted-deployment.ts';
import type { ScriptedAttempt } from '../support/scripted-deployment.ts';
import { PROTOCOL_V7, skippedOnReference } from '../support/servers.ts';

const outcome = { kind: 'success', value: new TextEncoder().encode('1') } as const;
const run = { kind: 'run', completionId: 1, name: 'step' } as const;
const proposal = { kind: 'proposeRunCompletion', completionId: 1, outcome } as const;

function suspension(tree: CombinedTree) {
  return { kind: 'suspension', awaiting: flatten(tree) } as const;
}

const onRun = {
  kind: 'suspension',
  awaiting: awaitAny([
    { kind: 'completion', completionId: 1 },
    { kind: 'signal', index: 1 },
  ]),
} as const;

let rig: Rig;
let deployments: ScriptedDeployment[] = [];

async function deploy(
  services: readonly unknown[],
  maxProtocolVersion = 7,
): Promise<ScriptedDeployment> {
  const deployment = await ScriptedDeployment.start(services, { maxProtocolVersion });
  deployments.push(deployment);
  const reply = await rig.register({ uri: deployment.url });
  assert.equal(reply.status, 201, reply.text());
  return deployment;
}

async function resultOf(id: string): Promise<unknown> {
  const reply = await attachTo(rig, id);
  assert.equal(reply.status, 200, reply.text());
  return reply.json();
}

/** Answers with what the attempt was started with. */
async function answerWithReplay(attempt: ScriptedAttempt): Promise<void> {
  await attempt.answer(describeReplay(await attempt.replay()));
}

before(async () => {
  rig = await Rig.start({ server: { environment: PROTOCOL_V7 } });
});
after(async () => {
  for (const deployment of deployments) deployment.dispose();
  deployments = [];
  await rig.dispose();
});

describe('an invocation suspended on', () => {
  interface Row {
    readonly name: string;
    readonly tree: CombinedTree;
    /** The last one lets it go on, the others do not. */
    readonly signals: readonly number[];
  }
  const rows: readonly Row[] = [
    { name: 'one future', tree: firstCompleted(17), signals: [18, 17] },
    { name: 'all', tree: allSucceeded(17, 18, 19), signals: [19, 17, 18] },
    { name: 'all, one fails', tree: allSucceeded(17, 18, 19), signals: [19, -17] },
    { name: 'any', tree: anySucceeded(17, 18, 19), signals: [-19, -17, 18] },
    { name: 'any, all fail', tree: anySucceeded(17, 18), signals: [-18, -17] },
    { name: 'settled', tree: allCompleted(17, 18), signals: [-18, 17] },
    { name: 'the same twice', tree: allSucceeded(17, 17), signals: [17] },
    {
      name: 'all of a race that was won',
      tree: allSucceeded(19, firstCompleted(17, 18)),
      signals: [18, -17, 19],
    },
    {
      name: 'all of a race that was lost',
      tree: allSucceeded(19, firstCompleted(17, 18)),
      signals: [-18],
    },
    {
      name: 'any of all that failed',
      tree: anySucceeded(19, allSucceeded(17, 18)),
      signals: [-17, 18, 19],
    },
    { name: 'all of a function', tree: allSucceeded(17, unknown(18)), signals: [18] },
    {
      name: 'settled of all of a function',
      tree: allCompleted(19, allSucceeded(17, unknown(18))),
      signals: [18],
    },
    {
      name: 'what nobody has begun',
      tree: firstCompleted({ kind: 'completion', completionId: 99 }, 17),
      signals: [17],
    },
    {
      name: 'the deepest tree',
      tree: nest(firstCompleted(17), AWAITED_DEPTH_MAX),
      signals: [18, 17],
    },
  ];
  let deployment: ScriptedDeployment;
  before(async () => {
    const handlers = rows.map((_, index) => ({ name: `row${index}` }));
    deployment = await deploy([{ name: 'Trees', ty: 'SERVICE', handlers }]);
  });

  for (const [index, { name, tree, signals }] of rows.entries())
    test(`${name} goes on by the last of ${signals.join(' ')}`, async () => {
      const id = await send(rig, `/Trees/row${index}/send`);
      const first = await deployment.nextAttempt(`row${index}`);
      await first.finish(suspension(tree));
      for (const one of signals) await signal(rig, id, one);
      const second = await deployment.nextAttempt(`row${index}`);
      // One of the earlier signals would have started it with less.
      const replay = describeReplay(await second.replay());
      assert.deepEqual(
        replay,
        signals.map((one) => `¬${Math.abs(one)}${one < 0 ? ' failed' : ''}`),
      );
      await second.answer('done');
      assert.equal(await resultOf(id), 'done');
    });
});

test('what an invocation still waits for outlives kill -9', async () => {
  const handlers = [{ name: 'killed' }];
  const deployment = await deploy([{ name: 'Killed', ty: 'SERVICE', handlers }]);
  const id = await send(rig, '/Killed/killed/send');
  const tree = allSucceeded(17, anySucceeded(18, 19), firstCompleted(20, 21));
  await (await deployment.nextAttempt('killed')).finish(suspension(tree));
  await waitUntilSuspended(rig, id);
  await rig.crash();
  await signal(rig, id, -18);
  await signal(rig, id, 17);
  await rig.crash();
  await signal(rig, id, 21);
  await signal(rig, id, -20);
  await rig.crash();
  assert.equal(deployment.unseenAttemptsCount, 0);
  await signal(rig, id, 19);
  await answerWithReplay(await deployment.nextAttempt('killed'));
  assert.deepEqual(await resultOf(id), ['¬18 failed', '¬17', '¬21', '¬20 failed', '¬19']);
});

describe('a deployment that awaits', () => {
  const empty = new Uint8Array(0);
  const tree = (...fields: readonly Uint8Array[]): Uint8Array =>
    encodeFrame(MessageType.suspension, messageField(4, ...fields));
  const rows: ReadonlyArray<readonly [name: string, frame: Uint8Array]> = [
    ['nothing', encodeFrame(MessageType.suspension, empty)],
    ['an empty tree', tree()],
    ['an empty tree in a tree', tree(numberField(2, 17), messageField(4))],
    ['what version 6 would call a list', encodeFrame(MessageType.suspension, numberField(1, 1))],
    ['an unknown combination', tree(numberField(2, 17), numberField(5, 9))],
    ['nothing while it goes on', encodeFrame(MessageType.awaitingOn, empty)],
    ['an empty tree while it goes on', encodeFrame(MessageType.awaitingOn, messageField(1))],
    ['garbage', encodeFrame(MessageType.suspension, Buffer.from('22ff01', 'hex'))],
  ];
  let deployment: ScriptedDeployment;
  before(async () => {
    const names = [...rows.map((_, index) => `row${index}`), 'deep', 'deepWhileRunning', 'told'];
    const handlers = names.map((name) => ({ name }));
    const policy = { retryPolicyMaxAttempts: 1, retryPolicyOnMaxAttempts: 'KILL' };
    deployment = await deploy([{ name: 'Wrong', ty: 'SERVICE', handlers, ...policy }]);
  });

  for (const [index, [name, frame]] of rows.entries())
    test(`${name} fails its attempt`, async () => {
      const id = await send(rig, `/Wrong/row${index}/send`);
      const attempt = await deployment.nextAttempt(`row${index}`);
      attempt.write(frame);
      await attempt.finish();
      assert.equal((await attachTo(rig, id)).status, 500);
    });

  const tooDeep = nest(firstCompleted(17), AWAITED_DEPTH_MAX + 1);
  for (const [handler, message] of [
    ['deep', suspension(tooDeep)],
    ['deepWhileRunning', { kind: 'awaitingOn', awaiting: flatten(tooDeep) }],
  ] as const)
    test(`too deep a tree (${handler}) is paused whatever its policy, and does not wake`, async () => {
      const id = await send(rig, `/Wrong/${handler}/send`);
      await (await deployment.nextAttempt(handler)).finish(message);
      await waitForPause(rig, id);
      await signal(rig, id, 17);
      assert.equal((await operate(rig, id, 'pause')).status, 200);
      assert.equal((await operate(rig, id, 'resume')).status, 200);
      await answerWithReplay(await deployment.nextAttempt(handler));
      assert.deepEqual(await resultOf(id), ['¬17']);
    });

  test('something while it goes on may go on', async () => {
    const id = await send(rig, '/Wrong/told/send');
    const attempt = await deployment.nextAttempt('told');
    attempt.say({ kind: 'awaitingOn', awaiting: flatten(allSucceeded(17, unknown(18))) });
    await attempt.answer('told');
    assert.equal(await resultOf(id), 'told');
  });
});

describe('a suspension on a run', () => {
  const VERSIONS = [5, 6, 7];
  const byVersion = new Map<number, ScriptedDeployment>();
  before(async () => {
    const retryPolicy = { retryPolicyInitialInterval: 20, retryPolicyMaxInterval: 20 };
    for (const version of VERSIONS) {
      const name = `Run${version}`;
      const handlers = ['open', 'lost', 'proposed'].map((handler) => ({ name: handler }));
      const object = { name, ty: 'VIRTUAL_OBJECT', handlers, ...retryPolicy };
      byVersion.set(version, await deploy([object], version));
    }
  });

  async function firstAttempt(version: number, handler: string) {
    const deployment = byVersion.get(version);
    assert.ok(deployment !== undefined);
    const id = await send(rig, `/Run${version}/key/${handler}/send`);
    const attempt = await deployment.nextAttempt(handler);
    assert.equal(attempt.protocolVersion, version);
    return { id, deployment, attempt };
  }

  for (const version of VERSIONS) {
    const skip = skippedOnReference('stays suspended and keeps its key for ever');

    test(
      `without its result starts a new attempt and frees its key in version ${version}`,
      { skip },
      async () => {
        const { id, deployment, attempt } = await firstAttempt(version, 'open');
        const queued = await send(rig, `/Run${version}/key/open/send`);
        await attempt.finish(run, onRun);
        // This one suspends on a run that an earlier attempt began.
        const second = await deployment.nextAttempt('open');
        assert.deepEqual(describeReplay(await second.replay()), ['run']);
        await second.finish(onRun);
        const third = await deployment.nextAttempt('open');
        third.say(proposal);
        await third.answer('done');
        assert.equal(await resultOf(id), 'done');
        await (await deployment.nextAttempt('open')).answer('next');
        assert.equal(await resultOf(queued), 'next');
      },
    );

    test(
      `whose result was lost with kill -9 starts a new attempt in version ${version}`,
      { skip },
      async () => {
        const { id, deployment, attempt } = await firstAttempt(version, 'lost');
        attempt.write(encodeRunWithAck());
        // Acknowledged, hence stored, unlike what comes next.
        await attempt.replay();
        assert.equal((await attempt.next()).kind, 'commandAck');
        await rig.server.kill('SIGKILL');
        attempt.say(proposal, onRun);
        await rig.server.restart();
        const second = await deployment.nextAttempt('lost');
        assert.deepEqual(describeReplay(await second.replay()), ['run']);
        await second.finish(onRun);
        const third = await deployment.nextAttempt('lost');
        third.say(proposal);
        await third.answer('done');
        assert.equal(await resultOf(id), 'done');
      },
    );

    test(`whose result is on its way starts a new attempt with it in version ${version}`, async () => {
      const { id, deployment, attempt } = await firstAttempt(version, 'proposed');
      await attempt.finish(run, proposal, onRun);
      await answerWithReplay(await deployment.nextAttempt('proposed'));
      assert.deepEqual(await resultOf(id), ['run', '¬run 1']);
    });
  }
});

function nest(innermost: CombinedTree, depth: number): CombinedTree {
  let tree = innermost;
  for (let level = 0; level < depth; level++) tree = unknown(tree);
  return tree;
}

function encodeRunWithAck(): Uint8Array {
  return encodeFrame(MessageType.run, numberField(11, 1), 0x8000);
}
