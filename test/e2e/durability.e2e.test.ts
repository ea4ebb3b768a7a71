// The server is killed without warning in the middle of one kind of work at a time, and started again
// on the same data. Everything accepted completes; every completed step ran once.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { stringField } from '../support/json.ts';
import { Rig } from '../support/rig.ts';
import { assertCompletedStepsNeverRunAgain } from '../support/step-rule.ts';
import { waitFor } from '../support/wait.ts';

let rig: Rig;

/** Sends an invocation, accepted by the server when this returns. */
async function accepted(path: string, body?: unknown): Promise<string> {
  const reply = await rig.ingress.post(path, body);
  assert.equal(reply.status, 202, reply.text());
  return stringField(reply.json(), 'invocationId');
}

async function resultOf(invocationId: string): Promise<unknown> {
  const reply = await rig.ingress.get(`/restate/attach/${invocationId}`);
  assert.equal(reply.status, 200, reply.text());
  return reply.json();
}

function resolveAwakeable(id: string, value: unknown): Promise<HttpReply> {
  return rig.ingress.post(`/restate/awakeables/${id}/resolve`, value);
}

async function countedIds(key: string): Promise<unknown> {
  return (await rig.ingress.get(`/DurableCounter/${key}/ids`)).json();
}

describe('after kill -9 and restart', () => {
  before(async () => {
    rig = await Rig.start({ modules: ['durable'] });
  });
  after(async () => {
    try {
      assertCompletedStepsNeverRunAgain(rig.effects.lines());
    } finally {
      await rig.dispose();
    }
  });

  test('a handler killed between two steps goes on with the second', async () => {
    const id = await accepted('/Steps/gated/send', { id: 'gated' });
    await rig.effects.waitForCount('after gated#1');
    await rig.crash();
    rig.openGate('gated');
    assert.equal(await resultOf(id), 'gated done');
    assert.equal(rig.effects.count('run gated#1'), 1);
    assert.equal(rig.effects.count('run gated#2'), 1);
  });

  test('a suspended call tree three services deep returns through every level', async () => {
    const id = await accepted('/TreeTop/run/send', { id: 'tree', wait: true });
    const awakeable = await rig.effects.waitForSuffix('awakeable tree ');
    for (const level of ['top', 'middle', 'leaf']) {
      await rig.effects.waitForCount(`left tree ${level}`);
    }
    await rig.crash();
    assert.equal((await resolveAwakeable(awakeable, 'a leaf')).status, 202);
    assert.equal(await resultOf(id), 'top of middle of a leaf');
    for (const level of ['top', 'middle', 'leaf']) {
      assert.equal(rig.effects.count(`run tree#${level} before`), 1);
      assert.equal(rig.effects.count(`run tree#${level} after`), 1);
    }
  });

  test('a sleep ends at its time', async () => {
    const id = await accepted('/Steps/sleep/send', { id: 'nap', ms: 2500 });
    await rig.effects.waitForCount('left nap sleep');
    await rig.crash();
    assert.equal(await resultOf(id), 'slept long enough');
    assert.equal(rig.effects.count('run nap#before'), 1);
  });

  test('a sleep that became due meanwhile ends at once', async () => {
    const id = await accepted('/Steps/sleep/send', { id: 'late', ms: 400 });
    await rig.effects.waitForCount('left late sleep');
    await rig.crash(() => new Promise((resolve) => setTimeout(resolve, 500)));
    assert.equal(await resultOf(id), 'slept long enough');
  });

  test('an awakeable that is waited for can be resolved', async () => {
    const id = await accepted('/Steps/awaitOutside/send', { id: 'outside' });
    const awakeable = await rig.effects.waitForSuffix('awakeable outside ');
    await rig.effects.waitForCount('left outside await');
    await rig.crash();
    assert.equal((await resolveAwakeable(awakeable, { came: 'later' })).status, 202);
    assert.deepEqual(await resultOf(id), { came: 'later' });
    assert.equal(rig.effects.count('run outside#before'), 1);
  });

  test('an awakeable whose completion was accepted is completed', async () => {
    const id = await accepted('/Steps/awaitOutside/send', { id: 'kept' });
    const awakeable = await rig.effects.waitForSuffix('awakeable kept ');
    await rig.effects.waitForCount('left kept await');
    assert.equal((await resolveAwakeable(awakeable, 'before the kill')).status, 202);
    await rig.crash();
    assert.equal(await resultOf(id), 'before the kill');
  });

  test('an inbox of 50 queued calls is worked off in order, once each', async () => {
    const ids = Array.from({ length: 51 }, (_, n) => `queued-${n}`);
    const [first, ...queued] = ids;
    const head = await accepted('/DurableCounter/inbox/add/send', { id: first, gate: 'inbox' });
    await rig.effects.waitForCount(`${first} at gate`);
    const sent: string[] = [];
    for (const id of queued) sent.push(await accepted('/DurableCounter/inbox/add/send', { id }));
    await rig.crash();
    assert.deepEqual(await countedIds('inbox'), []);
    rig.openGate('inbox');
    assert.equal(await resultOf(head), 1);
    assert.deepEqual(
      await Promise.all(sent.map(resultOf)),
      queued.map((_, n) => n + 2),
    );
    assert.deepEqual(await countedIds('inbox'), ids);
  });

  test('50 callers in a queue who lost their connection get their results by idempotency key', async () => {
    const call = (n: number): Promise<HttpReply> =>
      rig.ingress.post(
        '/DurableCounter/callers/add',
        { id: `caller-${n}`, gate: 'callers' },
        { 'idempotency-key': `caller-${n}` },
      );
    const all = Array.from({ length: 50 }, (_, n) => n);
    const broken = Promise.allSettled(all.map(call));
    for (const n of all) {
      await waitFor(`call ${n} to be accepted`, async () => {
        const path = `/restate/invocation/DurableCounter/callers/add/caller-${n}/output`;
        return (await rig.ingress.get(path)).status === 470 ? true : undefined;
      });
    }
    await rig.crash();
    assert.ok((await broken).every(({ status }) => status === 'rejected'));
    rig.openGate('callers');
    const replies = await Promise.all(all.map(call));
    const counts = replies.map((reply) => Number(reply.json()));
    assert.deepEqual(
      counts.toSorted((a, b) => a - b),
      all.map((n) => n + 1),
    );
    const counted = await countedIds('callers');
    assert.ok(Array.isArray(counted));
    assert.deepEqual(new Set(counted), new Set(all.map((n) => `caller-${n}`)));
    assert.equal(counted.length, 50);
  });

  test('a delayed send runs at its time, once', async () => {
    const reply = await rig.ingress.post('/DurableCounter/delayed/add/send?delay=2s', {
      id: 'delayed',
    });
    const dueMs = Date.parse(stringField(reply.json(), 'executionTime'));
    await rig.crash();
    assert.deepEqual(await countedIds('delayed'), []);
    assert.equal(await resultOf(stringField(reply.json(), 'invocationId')), 1);
    assert.ok(Date.now() >= dueMs, 'not before its time');
    assert.deepEqual(await countedIds('delayed'), ['delayed']);
  });

  test('a send accepted just before the kill runs', async () => {
    const id = await accepted('/Steps/run/send', { id: 'last', count: 3 });
    await rig.crash();
    assert.equal(await resultOf(id), 6);
  });

  test('a workflow that waits for a promise goes on when it is resolved', async () => {
    const id = await accepted('/Approval/wf-waits/run/send');
    await rig.effects.waitForCount('left wf-waits approval');
    await rig.crash();
    assert.equal((await rig.ingress.post('/Approval/wf-waits/approve', 'joy')).status, 200);
    assert.equal(await resultOf(id), 'approved with joy');
    assert.equal(rig.effects.count('run wf-waits#before'), 1);
    assert.equal(rig.effects.count('run wf-waits#after'), 1);
  });

  test('a workflow whose promise was resolved before the kill completes', async () => {
    const id = await accepted('/Approval/wf-kept/run/send');
    await rig.effects.waitForCount('left wf-kept approval');
    assert.equal((await rig.ingress.post('/Approval/wf-kept/approve', 'haste')).status, 200);
    await rig.crash();
    assert.equal(await resultOf(id), 'approved with haste');
    const again = await rig.ingress.post('/Approval/wf-kept/run');
    assert.equal(again.status, 409);
  });

  test('a result given out before the kill is still there', async () => {
    const call = () =>
      rig.ingress.post('/Steps/run', { id: 'stored', count: 2 }, { 'idempotency-key': 'stored' });
    assert.equal((await call()).json(), 3);
    await rig.crash();
    const again = await call();
    assert.equal(again.json(), 3);
    assert.notEqual(again.headers['idempotency-expires'], undefined);
    assert.equal(rig.effects.count('run stored#1'), 1);
  });
});
