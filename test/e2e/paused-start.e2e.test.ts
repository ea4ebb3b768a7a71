// A server that is started with --paused stores what is submitted, and invokes nothing before it is told to.
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { stringField } from '../support/json.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { Rig } from '../support/rig.ts';
import { skippedOnReference } from '../support/servers.ts';
import { askSql } from '../support/sql-rig.ts';
import { spansOf, spansOfKind } from '../support/traces.ts';

/** Longer than what a server that is not paused needs to begin an attempt or to fire a timer. */
const LONG_ENOUGH_MS = 500;

const cleanups: Array<() => void | Promise<void>> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function startRig(): Promise<Rig> {
  const rig = await Rig.start({ modules: ['durable'] });
  cleanups.push(() => rig.dispose());
  return rig;
}

async function restartPaused(rig: Rig): Promise<void> {
  await rig.server.kill('SIGKILL');
  await rig.server.restart({}, { flags: ['--paused'] });
}

async function send(rig: Rig, path: string, body?: unknown): Promise<string> {
  const reply = await rig.ingress.post(path, body);
  assert.equal(reply.status, 202, reply.text());
  return stringField(reply.json(), 'invocationId');
}

async function resume(rig: Rig): Promise<void> {
  assert.equal((await rig.admin.post('/internal/resume')).status, 200);
}

describe('a paused server', { skip: skippedOnReference('has no paused start') }, () => {
  test('invokes nothing and fires no timer before it is resumed', async () => {
    const rig = await startRig();
    await send(rig, '/Steps/gated/send', { id: 'begun' });
    await send(rig, '/Steps/sleep/send', { id: 'asleep', ms: 400 });
    await rig.effects.waitForCount('after begun#1');
    await rig.effects.waitForCount('left asleep sleep');
    await restartPaused(rig);
    rig.openGate('begun');
    await send(rig, '/Steps/run/send', { id: 'new', count: 1 });
    await send(rig, '/Steps/run/send?delay=10ms', { id: 'delayed', count: 1 });
    const call = rig.ingress.post('/Steps/run', { id: 'called', count: 2 });
    const lines = rig.effects.lines().length;
    await delay(LONG_ENOUGH_MS);
    assert.deepEqual(rig.effects.lines().slice(lines), []);
    assert.deepEqual((await rig.admin.get('/health')).json(), { status: 'paused' });
    assert.match(rig.server.logs, /started paused/);

    await resume(rig);
    for (const step of ['begun#2', 'asleep#after', 'new#1', 'delayed#1']) {
      await rig.effects.waitForCount(`after ${step}`);
    }
    assert.equal((await call).json(), 3);
    assert.equal(rig.effects.count('run begun#1'), 1);
    assert.equal((await rig.admin.get('/health')).body.length, 0);
    await resume(rig);
  });

  test('lets operators end, and look at, what it holds', async () => {
    const rig = await startRig();
    await restartPaused(rig);
    const killed = await send(rig, '/Steps/run/send', { id: 'killed', count: 1 });
    const paused = await send(rig, '/Steps/run/send', { id: 'paused', count: 1 });
    const output = await rig.ingress.get(`/restate/output/${killed}`);
    assert.equal(output.status, 470);
    const held = await askSql(rig, 'SELECT id, status FROM sys_invocation ORDER BY created_at');
    assert.deepEqual(
      held.rows,
      [killed, paused].map((id) => ({ id, status: 'ready' })),
    );
    assert.equal(
      (await rig.admin.request({ method: 'PATCH', path: `/invocations/${killed}/kill` })).status,
      200,
    );
    assert.equal((await rig.ingress.get(`/restate/output/${killed}`)).status, 409);
    assert.equal(
      (await rig.admin.request({ method: 'PATCH', path: `/invocations/${paused}/pause` })).status,
      202,
    );

    await resume(rig);
    await send(rig, '/Steps/run/send', { id: 'after', count: 1 });
    await rig.effects.waitForCount('after after#1');
    for (const id of ['killed', 'paused']) assert.equal(rig.effects.count(`run ${id}#1`), 0, id);
    const again = { method: 'PATCH', path: `/invocations/${paused}/resume` };
    assert.equal((await rig.admin.request(again)).status, 200);
    await rig.effects.waitForCount('after paused#1');
  });

  test('that is killed before it was resumed, and then started as usual, goes on by itself', async () => {
    const rig = await startRig();
    await restartPaused(rig);
    await send(rig, '/Steps/run/send', { id: 'kept', count: 1 });
    await rig.crash();
    await rig.effects.waitForCount('after kept#1');
    assert.equal(rig.effects.count('run kept#1'), 1);
  });

  test('can be paused by the environment, on a data directory that is new', async () => {
    const rig = await Rig.start({ server: { environment: { RESTATE_PAUSED: 'true' } } });
    cleanups.push(() => rig.dispose());
    await rig.deploy({ modules: ['durable'] });
    await send(rig, '/Steps/run/send', { id: 'first', count: 1 });
    await delay(LONG_ENOUGH_MS);
    assert.equal(rig.effects.count('run first#1'), 0);
    await resume(rig);
    await rig.effects.waitForCount('after first#1');
  });

  test('shows in a trace that an attempt began later than its invocation', async () => {
    const receiver = await OtlpReceiver.start('http');
    cleanups.push(() => receiver.close());
    const environment = {
      RESTATE_TRACING_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    };
    const rig = await Rig.start({ modules: ['durable'], server: { environment } });
    cleanups.push(() => rig.dispose());
    await restartPaused(rig);
    const id = await send(rig, '/Steps/run/send', { id: 'traced', count: 1 });
    const [ingress, start] = await spansOf(receiver, id, { ingress: 1, 'invocation-start': 1 });
    await delay(LONG_ENOUGH_MS);
    assert.deepEqual(spansOfKind(receiver, id, 'invocation-attempt'), []);

    const resumedNs = BigInt(Date.now()) * 1_000_000n;
    await resume(rig);
    const counts = { 'invocation-attempt': 1, 'invocation-end': 1 };
    const [attempt, end] = await spansOf(receiver, id, counts);
    assert.ok(ingress && start && attempt && end);
    for (const span of [start, attempt, end]) assert.equal(span.traceId, ingress.traceId);
    assert.equal(attempt.parentSpanId, start.spanId);
    assert.ok(start.startNs < resumedNs && attempt.startNs >= resumedNs);
  });
});
