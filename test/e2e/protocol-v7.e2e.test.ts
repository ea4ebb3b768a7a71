// Version 7 of the service protocol: its switch, acknowledged results, and handlers that wait for
// combinations of awakeables while the server is killed and switched.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MessageType } from '../../src/actors/attempt/service-message.ts';
import type { DeploymentMessage } from '../../src/actors/attempt/service-message.ts';
import { allSucceeded, flatten, unknown } from '../support/awaited-trees.ts';
import { encodeDeploymentMessage } from '../support/deployment-messages.ts';
import { field } from '../support/json.ts';
import { attachTo, send, signal, waitUntilSuspended } from '../support/operate.ts';
import { Rig } from '../support/rig.ts';
import { describeReplay, ScriptedDeployment } from '../support/scripted-deployment.ts';
import { NO_PROTOCOL_V7, PROTOCOL_V7, skippedOnReference } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';

const ACK_REQUESTED = 0x8000;

async function resultOf(rig: Rig, id: string): Promise<unknown> {
  const reply = await attachTo(rig, id);
  assert.equal(reply.status, 200, reply.text());
  return reply.json();
}

/** The invocation's id, and the ids of its awakeables once it is suspended on them. */
async function suspended(rig: Rig, handler: string, id: string) {
  const invocationId = await send(rig, `/Futures/${handler}/send`, { id });
  const awakeables = await rig.effects.waitForSuffix(`awakeables ${id} `);
  await rig.effects.waitForCount(`left ${id}`);
  const [a = '', b = '', c = ''] = awakeables.split(' ');
  return { invocationId, a, b, c };
}

async function complete(rig: Rig, awakeable: string, verb: 'resolve' | 'reject' = 'resolve') {
  const path = `/restate/awakeables/${awakeable}/${verb}`;
  const body = verb === 'resolve' ? JSON.stringify(awakeable.slice(-1)) : 'no';
  const headers = verb === 'resolve' ? { 'content-type': 'application/json' } : {};
  const reply = await rig.ingress.request({ path, body, headers });
  assert.equal(reply.status, 202, reply.text());
}

async function protocolV7Of(rig: Rig): Promise<unknown> {
  return field(field((await rig.admin.get('/version')).json(), 'features'), 'protocol_v7');
}

for (const [name, environment, spoken] of [
  ['on', PROTOCOL_V7, { 5: 5, 6: 6, 7: 7, 9: 7 }],
  ['off', NO_PROTOCOL_V7, { 5: 5, 6: 6, 7: 6, 9: 6 }],
] as const)
  test(`with protocol version 7 switched ${name} each deployment is spoken to in its version`, async () => {
    const rig = await Rig.start({ server: { environment } });
    const deployments: ScriptedDeployment[] = [];
    try {
      assert.equal(await protocolV7Of(rig), name === 'on');
      for (const [max, version] of Object.entries(spoken)) {
        const service = { name: `Max${max}`, ty: 'SERVICE', handlers: [{ name: 'greet' }] };
        const range = { minProtocolVersion: 5, maxProtocolVersion: Number(max) };
        const deployment = await ScriptedDeployment.start([service], range);
        deployments.push(deployment);
        assert.equal((await rig.register({ uri: deployment.url })).status, 201);
        const id = await send(rig, `/Max${max}/greet/send`);
        const attempt = await deployment.nextAttempt('greet');
        assert.equal(attempt.protocolVersion, version);
        await attempt.answer('hello');
        assert.equal(await resultOf(rig, id), 'hello');
      }
    } finally {
      for (const deployment of deployments) deployment.dispose();
      await rig.dispose();
    }
  });

describe('in protocol version 7 the result of a run', () => {
  const handlers = ['acked', 'sentBack', 'replayed'].map((name) => ({ name }));
  let rig: Rig;
  let deployment: ScriptedDeployment;
  before(async () => {
    deployment = await ScriptedDeployment.start([{ name: 'Scripted', ty: 'SERVICE', handlers }], {
      maxProtocolVersion: 7,
    });
    rig = await Rig.start({ server: { environment: PROTOCOL_V7 } });
    await rig.register({ uri: deployment.url });
  });
  after(async () => {
    deployment.dispose();
    await rig.dispose();
  });

  const outcome = { kind: 'success', value: Buffer.from('"done"') } as const;
  const run = { kind: 'run', completionId: 1, name: 'step' } as const;
  const proposal = encodeDeploymentMessage(
    { kind: 'proposeRunCompletion', completionId: 1, outcome },
    ACK_REQUESTED,
  );

  test('is acknowledged when that is asked for', async () => {
    const id = await send(rig, '/Scripted/acked/send');
    const attempt = await deployment.nextAttempt('acked');
    await attempt.replay();
    attempt.say(run);
    attempt.write(proposal);
    assert.deepEqual(await attempt.next(), {
      kind: 'proposeRunCompletionAck',
      completionId: 1,
      type: MessageType.proposeRunCompletionAck,
    });
    await attempt.answer('acked');
    assert.equal(await resultOf(rig, id), 'acked');
  });

  test('is sent back otherwise', async () => {
    const id = await send(rig, '/Scripted/sentBack/send');
    const attempt = await deployment.nextAttempt('sentBack');
    await attempt.replay();
    attempt.say(run, { kind: 'proposeRunCompletion', completionId: 1, outcome });
    const notification = await attempt.next();
    assert.ok(notification.kind === 'notification' && notification.result.kind === 'success');
    assert.equal(Buffer.from(notification.result.value).toString(), '"done"');
    await attempt.answer('sent back');
    assert.equal(await resultOf(rig, id), 'sent back');
  });

  test('is replayed in full after kill -9, once it was acknowledged', async () => {
    const id = await send(rig, '/Scripted/replayed/send');
    const first = await deployment.nextAttempt('replayed');
    await first.replay();
    first.say(run);
    first.write(proposal);
    assert.equal((await first.next()).kind, 'proposeRunCompletionAck');
    await rig.crash();
    const second = await deployment.nextAttempt('replayed');
    assert.equal(second.protocolVersion, 7);
    const replay = await second.replay();
    assert.deepEqual(describeReplay(replay), ['run', '¬run 1']);
    const completion = replay.at(-1);
    assert.ok(completion?.kind === 'notification' && completion.result.kind === 'success');
    assert.equal(Buffer.from(completion.result.value).toString(), '"done"');
    await second.answer('replayed');
    assert.equal(await resultOf(rig, id), 'replayed');
  });
});

describe('in protocol version 7 a handler of the SDK', () => {
  let rig: Rig;
  before(async () => {
    rig = await Rig.start({ modules: ['futures'], server: { environment: PROTOCOL_V7 } });
  });
  after(() => rig.dispose());

  interface Row {
    readonly handler: string;
    /** Completions in turn; the last one lets the handler go on. */
    readonly steps: ReadonlyArray<readonly ['a' | 'b' | 'c', 'resolve' | 'reject']>;
    readonly status?: number;
  }
  const rows: readonly Row[] = [
    {
      handler: 'all',
      steps: [
        ['b', 'resolve'],
        ['a', 'resolve'],
      ],
    },
    {
      handler: 'all',
      steps: [
        ['c', 'resolve'],
        ['b', 'reject'],
      ],
      status: 500,
    },
    {
      handler: 'any',
      steps: [
        ['b', 'reject'],
        ['a', 'resolve'],
      ],
    },
    {
      handler: 'settled',
      steps: [
        ['b', 'reject'],
        ['a', 'resolve'],
      ],
    },
    {
      handler: 'allOfRace',
      steps: [
        ['c', 'resolve'],
        ['b', 'reject'],
        ['a', 'resolve'],
      ],
    },
    {
      handler: 'allOrSleep',
      steps: [
        ['b', 'resolve'],
        ['a', 'resolve'],
      ],
    },
  ];
  for (const [index, { handler, steps, status = 200 }] of rows.entries()) {
    const told = steps.map(([awakeable, verb]) => `${verb} ${awakeable}`).join(', ');
    test(`that waits for ${handler} is attempted again by the last of: ${told}`, async () => {
      const id = `${handler} ${index}`;
      const { invocationId, ...awakeables } = await suspended(rig, handler, id);
      for (const [awakeable, verb] of steps) await complete(rig, awakeables[awakeable], verb);
      const reply = await attachTo(rig, invocationId);
      assert.equal(reply.status, status, reply.text());
      assert.equal(rig.effects.count(`entered ${id}`), 2);
      assert.equal(rig.effects.count(`run ${id}#before`), 1);
    });
  }

  test('that waits for all goes on with both answers, whatever kill -9 comes between', async () => {
    const { invocationId, a, b } = await suspended(rig, 'all', 'killed');
    await rig.crash();
    await complete(rig, b);
    await rig.crash();
    await complete(rig, a);
    assert.deepEqual(await resultOf(rig, invocationId), [a.slice(-1), b.slice(-1)]);
    assert.equal(rig.effects.count('run killed#before'), 1);
  });

  test('that was cancelled while it waits ends, after kill -9 as well', async () => {
    const { invocationId, a } = await suspended(rig, 'all', 'cancelled');
    await complete(rig, a);
    await rig.crash();
    const path = `/invocations/${invocationId}/cancel`;
    await waitFor('the cancellation to be accepted', async () => {
      const { status } = await rig.admin.request({ method: 'PATCH', path });
      return status === 202 ? true : undefined;
    });
    assert.equal((await attachTo(rig, invocationId)).status, 409);
  });

  test(
    'whose function completes what it also waits for goes on',
    { skip: skippedOnReference('waits for ever') },
    async () => {
      const { invocationId } = await suspended(rig, 'settledByItself', 'itself');
      assert.deepEqual(await resultOf(rig, invocationId), ['by itself', 'slept']);
    },
  );
});

test('protocol version 7 switched on, off and on again leaves each invocation in its version', async () => {
  const handlers = ['seventh', 'seventhLater', 'sixth', 'unpinned'].map((name) => ({ name }));
  const services = [{ name: 'Switched', ty: 'SERVICE', handlers }];
  const deployment = await ScriptedDeployment.start(services, { maxProtocolVersion: 7 });
  const rig = await Rig.start({ server: { environment: PROTOCOL_V7 } });
  const restart = async (environment: Readonly<Record<string, string>>): Promise<void> => {
    await rig.server.kill('SIGKILL');
    await rig.server.restart(environment);
  };
  /** Suspends on both of two awakeables; a first entry fixes the version. */
  const suspend = async (
    handler: string,
    version: number,
    ...entries: readonly DeploymentMessage[]
  ) => {
    const id = await send(rig, `/Switched/${handler}/send`);
    const attempt = await deployment.nextAttempt(handler);
    assert.equal(attempt.protocolVersion, version);
    const awaiting = flatten(allSucceeded(17, 18));
    await attempt.finish(...entries, { kind: 'suspension', awaiting });
    await waitUntilSuspended(rig, id);
    return id;
  };
  const resumed = async (handler: string, version: number, replay: readonly string[]) => {
    const attempt = await deployment.nextAttempt(handler);
    assert.equal(attempt.protocolVersion, version);
    assert.deepEqual(describeReplay(await attempt.replay()), replay);
    return attempt;
  };
  const step = { kind: 'sleep', wakeUpTimeMs: 2 ** 42, completionId: 1, name: '' } as const;
  try {
    assert.equal((await rig.register({ uri: deployment.url })).status, 201);
    const seventh = await suspend('seventh', 7, step);
    const seventhLater = await suspend('seventhLater', 7, step);
    const unpinned = await suspend('unpinned', 7);
    await signal(rig, seventhLater, 17);

    await restart(NO_PROTOCOL_V7);
    assert.equal(await protocolV7Of(rig), false);
    const sixth = await suspend('sixth', 6, step);
    await signal(rig, seventh, 17);
    await signal(rig, seventh, 18);
    await (await resumed('seventh', 7, ['sleep', '¬17', '¬18'])).answer('seventh');
    await signal(rig, unpinned, 18);
    await signal(rig, unpinned, 17);
    await (await resumed('unpinned', 6, ['¬18', '¬17'])).answer('unpinned');
    // In version 6 any answer lets it go on.
    await signal(rig, sixth, 18);
    const again = await resumed('sixth', 6, ['sleep', '¬18']);
    await again.finish({ kind: 'suspension', awaiting: flatten(unknown(17)) });
    await waitUntilSuspended(rig, sixth);

    await restart(PROTOCOL_V7);
    assert.equal(await protocolV7Of(rig), true);
    await signal(rig, seventhLater, 18);
    await (await resumed('seventhLater', 7, ['sleep', '¬17', '¬18'])).answer('seventh later');
    await signal(rig, sixth, 17);
    await (await resumed('sixth', 6, ['sleep', '¬18', '¬17'])).answer('sixth');
    for (const [id, result] of [
      [seventh, 'seventh'],
      [seventhLater, 'seventh later'],
      [sixth, 'sixth'],
      [unpinned, 'unpinned'],
    ] as const) {
      assert.equal(await resultOf(rig, id), result);
    }
    assert.equal(deployment.unseenAttemptsCount, 0);
  } finally {
    deployment.dispose();
    await rig.dispose();
  }
});
