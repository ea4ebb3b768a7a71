// Options of the invoker, the handlers and the process: what each of them changes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2, type Settings } from 'node:http2';
import { afterEach, describe, test } from 'node:test';
import { at } from '../support/manifests.ts';
import { answer, outputOf, RawDeployment } from '../support/raw-deployment.ts';
import { Rig } from '../support/rig.ts';
import { waitFor } from '../support/wait.ts';

const cleanups: Array<() => void | Promise<void>> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Environment = Readonly<Record<string, string>>;

/** One attempt only, so that its failure is the answer. */
const ONE_ATTEMPT = {
  RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS: '1',
  RESTATE_DEFAULT_RETRY_POLICY__ON_MAX_ATTEMPTS: 'kill',
};

const SERVICE = { name: 'Raw', ty: 'SERVICE', handlers: [{ name: 'run' }] };
const OBJECT = { name: 'RawObject', ty: 'VIRTUAL_OBJECT', handlers: [{ name: 'run' }] };

async function setUp(
  environment: Environment,
): Promise<{ readonly rig: Rig; readonly deployment: RawDeployment }> {
  const rig = await Rig.start({ server: { environment } });
  cleanups.push(() => rig.dispose());
  const deployment = await RawDeployment.start(SERVICE, OBJECT);
  cleanups.push(() => deployment.close());
  const reply = await rig.register({ uri: deployment.url });
  assert.equal(reply.status, 201, reply.text());
  return { rig, deployment };
}

describe('timeouts', () => {
  test('of inactivity and abort end a silent attempt', async () => {
    const { rig, deployment } = await setUp({
      ...ONE_ATTEMPT,
      RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '150ms',
      RESTATE_WORKER__INVOKER__ABORT_TIMEOUT: '150ms',
    });
    const startMs = performance.now();
    const reply = rig.ingress.post('/Raw/run');
    const attempt = await deployment.nextAttempt();
    await attempt.inputEnded;
    const suspendedMs = performance.now() - startMs;
    assert.equal((await reply).status, 500);
    const abortedMs = performance.now() - startMs;
    assert.ok(suspendedMs >= 140, `asked to suspend after ${suspendedMs} ms`);
    assert.ok(abortedMs >= 290 && abortedMs < 10_000, `aborted after ${abortedMs} ms`);
  });
});

describe('sizes', () => {
  const large = Buffer.alloc(300 * 1024, '1');

  for (const [limit, status] of [
    ['1 KiB', 500],
    ['32 MiB', 200],
  ] as const) {
    test(`of messages up to ${limit} make of a larger one: ${status}`, async () => {
      const environment = { ...ONE_ATTEMPT, RESTATE_WORKER__INVOKER__MESSAGE_SIZE_LIMIT: limit };
      const { rig, deployment } = await setUp(environment);
      const reply = rig.ingress.post('/Raw/run');
      answer(await deployment.nextAttempt(), outputOf(large));
      assert.equal((await reply).status, status);
    });
  }

  for (const [limit, entriesCount] of [
    ['0', 0],
    ['32 MiB', 1],
  ] as const) {
    test(`of state up to ${limit} send ${entriesCount} entries along`, async () => {
      const environment = { RESTATE_WORKER__INVOKER__EAGER_STATE_SIZE_LIMIT: limit };
      const { rig, deployment } = await setUp(environment);
      const state = { object_key: 'k', new_state: { name: '"value"' } };
      assert.equal((await rig.admin.post('/services/RawObject/state', state)).status, 202);
      // The edit is a message to the object; whoever comes after it sees it.
      const attempt = await waitFor('an attempt with the state', async () => {
        const reply = rig.ingress.post('/RawObject/k/run');
        const found = await deployment.nextAttempt();
        answer(found, outputOf(Buffer.from('1')));
        assert.equal((await reply).status, 200);
        return found.start.messages(4).length === entriesCount ? found : undefined;
      });
      assert.equal(attempt.start.number(5), entriesCount === 0 ? 1 : 0);
    });
  }
});

test('no more invocations run at once than the limit says', async () => {
  const { rig, deployment } = await setUp({
    RESTATE_WORKER__INVOKER__CONCURRENT_INVOCATIONS_LIMIT: '1',
    RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '1h',
    RESTATE_DEFAULT_NUM_PARTITIONS: '1',
    RESTATE_WORKER__PARTITION_THREADS: '1',
  });
  const replies = [rig.ingress.post('/Raw/run'), rig.ingress.post('/Raw/run')];
  const first = await deployment.nextAttempt();
  const second = deployment.nextAttempt();
  const isSecond = second.then(() => 'too early');
  const soon = new Promise((resolve) => setTimeout(() => resolve('not yet'), 200));
  assert.equal(await Promise.race([isSecond, soon]), 'not yet');
  answer(first, outputOf(Buffer.from('1')));
  answer(await second, outputOf(Buffer.from('1')));
  for (const reply of replies) assert.equal((await reply).status, 200);
});

test('handlers that set nothing get the defaults', async () => {
  const { rig } = await setUp({
    RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '11s',
    RESTATE_WORKER__INVOKER__ABORT_TIMEOUT: '12s',
    RESTATE_DEFAULT_JOURNAL_RETENTION: '13s',
    RESTATE_DEFAULT_IDEMPOTENCY_RETENTION: '14s',
    RESTATE_DEFAULT_WORKFLOW_COMPLETION_RETENTION: '15s',
    RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL: '16s',
    RESTATE_DEFAULT_RETRY_POLICY__EXPONENTIATION_FACTOR: '1.5',
    RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS: '17',
    RESTATE_DEFAULT_RETRY_POLICY__MAX_INTERVAL: '18s',
    RESTATE_DEFAULT_RETRY_POLICY__ON_MAX_ATTEMPTS: 'kill',
  });
  const service = (await rig.admin.get('/services/Raw')).json();
  assert.equal(at(service, 'inactivity_timeout'), '11s');
  assert.equal(at(service, 'abort_timeout'), '12s');
  assert.equal(at(service, 'journal_retention'), '13s');
  assert.equal(at(service, 'idempotency_retention'), '14s');
  assert.deepEqual(at(service, 'retry_policy'), {
    initial_interval: '16s',
    exponentiation_factor: 1.5,
    max_attempts: 17,
    max_interval: '18s',
    on_max_attempts: 'Kill',
  });
  const flow = { name: 'Flow', ty: 'WORKFLOW', handlers: [{ name: 'run', ty: 'WORKFLOW' }] };
  const workflows = await RawDeployment.start(flow);
  cleanups.push(() => workflows.close());
  await rig.register({ uri: workflows.url });
  const workflow = (await rig.admin.get('/services/Flow')).json();
  assert.equal(at(workflow, 'workflow_completion_retention'), '15s');
});

test('one HTTP/2 connection carries as many requests to the ingress as it is told', async () => {
  const rig = await Rig.start({
    server: {
      environment: {
        RESTATE_INGRESS__HTTP2_MAX_CONCURRENT_STREAMS: '7',
        // uWebSockets.js speaks HTTP/1.1 only.
        RESTATE_LISTENER: 'node',
      },
    },
  });
  cleanups.push(() => rig.dispose());
  const session = connectHttp2(rig.server.ingressUrl);
  cleanups.push(() => session.destroy());
  session.on('error', () => {});
  const [settings] = (await once(session, 'remoteSettings')) as [Settings];
  assert.equal(settings.maxConcurrentStreams, 7);
});

test('a graceful stop takes no longer than the shutdown timeout', async () => {
  const { rig, deployment } = await setUp({ RESTATE_SHUTDOWN_TIMEOUT: '500ms' });
  const dropped = assert.rejects(rig.ingress.post('/Raw/run'));
  await deployment.nextAttempt();
  const startMs = performance.now();
  assert.deepEqual(await rig.server.kill('SIGTERM'), { code: 0, signal: null });
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs >= 450 && tookMs < 4000, `${tookMs} ms`);
  await dropped;
});
