// What is kept of completed invocations, and for how long. Source: reference contract, "Retention".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { assertHas } from '../support/json.ts';
import { attachTo, operate, outputOf, send } from '../support/operate.ts';
import { Rig } from '../support/rig.ts';
import { waitFor } from '../support/wait.ts';

let rig: Rig;
before(async () => {
  const environment = { RESTATE_WORKER__CLEANUP_INTERVAL: '1s' };
  rig = await Rig.start({ modules: ['short-lived'], server: { environment } });
});
after(() => rig.dispose());

async function waitUntilGone(id: string): Promise<void> {
  await waitFor(`the end of ${id}`, async () =>
    (await outputOf(rig, id)).status === 404 ? true : undefined,
  );
}

describe('past its retention', () => {
  test('an outcome is gone, and its key runs anew under the same id', async () => {
    const call = () =>
      rig.ingress.post('/ShortLived/answer', undefined, { 'idempotency-key': 'k' });
    const first = await call();
    assert.equal(first.json(), 'answer');
    const id = String(first.headers['x-restate-id']);
    assert.equal((await call()).headers['idempotency-expires'] === undefined, false);
    await waitUntilGone(id);
    const again = await call();
    assert.equal(again.headers['x-restate-id'], id);
    assert.equal(again.headers['idempotency-expires'], undefined);
  });

  test('a workflow is gone with its state and promises, and may run anew', async () => {
    const path = '/ShortLivedWorkflow/w';
    const look = async () => (await rig.ingress.post(`${path}/look`)).json();
    const id = await send(rig, `${path}/run/send`, 'first');
    assert.equal((await attachTo(rig, id)).json(), 'ran with first');
    assert.deepEqual(await look(), ['first', 'first']);
    await waitUntilGone(id);
    assert.deepEqual(await look(), [null, null]);
    assert.equal(await send(rig, `${path}/run/send`, 'second'), id);
    assert.equal((await attachTo(rig, id)).json(), 'ran with second');
  });

  test('a journal is gone while the outcome is kept', async () => {
    const id = await send(rig, '/ShortJournal/answer/send');
    assert.equal((await attachTo(rig, id)).json(), 'answer');
    await waitFor('the end of the journal', async () =>
      (await operate(rig, id, 'restart-as-new')).status === 410 ? true : undefined,
    );
    assert.equal((await outputOf(rig, id)).json(), 'answer');
  });
});

describe('the time that an outcome is kept', () => {
  let retained: Rig;
  before(async () => {
    const environment = {
      RESTATE_DEFAULT_IDEMPOTENCY_RETENTION: '40m',
      RESTATE_DEFAULT_WORKFLOW_COMPLETION_RETENTION: '45m',
      RESTATE_MAX_IDEMPOTENCY_RETENTION: '1h',
      RESTATE_MAX_WORKFLOW_COMPLETION_RETENTION: '65m',
      RESTATE_MAX_JOURNAL_RETENTION: '70m',
      RESTATE_WORKER__CLEANUP_INTERVAL: '1s',
    };
    retained = await Rig.start({ modules: ['retained'], server: { environment } });
  });
  after(() => retained.dispose());

  const KEY = { 'idempotency-key': 'k' };

  /** As the answer says that is read back. Unit: minutes. */
  async function minutesKept(read: () => Promise<HttpReply>): Promise<number> {
    const reply = await read();
    const expires = String(reply.headers['idempotency-expires']);
    return Math.round((Date.parse(expires) - Date.now()) / 60_000);
  }

  const rows = [
    ['/RetainedByDefault/answer', 40],
    ['/Retained/answer', 20],
    ['/Retained/longer', 30],
    ['/Retained/shorter', 10],
    ['/Retained/tooLong', 60],
    ['/RetainedObject/k/answer', 20],
    ['/RetainedObject/k/longer', 30],
    ['/RetainedWorkflow/k/shared', 20],
  ] as const;
  for (const [path, minutes] of rows) {
    test(`of ${path} is ${minutes} minutes, with a key of the client and without`, async () => {
      const call = () => retained.ingress.post(path, undefined, KEY);
      assert.equal((await call()).json(), 'answer');
      assert.equal(await minutesKept(call), minutes);
      if (path.includes('Workflow')) return;
      const unkeyed = await retained.ingress.post(path);
      const id = String(unkeyed.headers['x-restate-id']);
      assert.equal(await minutesKept(() => attachTo(retained, id)), minutes);
      assert.equal(await minutesKept(() => outputOf(retained, id)), minutes);
    });
  }

  for (const [name, minutes] of [
    ['RetainedWorkflowByDefault', 45],
    ['RetainedWorkflow', 25],
    ['RetainedWorkflowTooLong', 65],
  ] as const) {
    test(`of a run of ${name} is ${minutes} minutes`, async () => {
      await retained.ingress.post(`/${name}/k/run`);
      const path = `/restate/workflow/${name}/k/output`;
      assert.equal(await minutesKept(() => retained.ingress.get(path)), minutes);
    });
  }

  test('of a shared workflow handler without a key is that of its journal', async () => {
    const reply = await retained.ingress.post('/RetainedWorkflow/other/shared');
    const id = String(reply.headers['x-restate-id']);
    assert.equal(await minutesKept(() => outputOf(retained, id)), 70);
  });

  test('of none is over at once: the key runs again, under the same id', async () => {
    const call = () => retained.ingress.post('/Retained/notAtAll', undefined, KEY);
    const [first, second] = [await call(), await call()];
    assert.equal(second.headers['x-restate-id'], first.headers['x-restate-id']);
    assert.equal(second.headers['idempotency-expires'], undefined);
    const id = String(first.headers['x-restate-id']);
    assert.equal((await outputOf(retained, id)).status, 404);
  });

  test('is not that of the journal, of which nothing may be kept', async () => {
    for (const [handler, status] of [
      ['answer', 200],
      ['notAtAll', 410],
    ] as const) {
      const id = await send(retained, `/RetainedJournal/${handler}/send`);
      assert.equal((await attachTo(retained, id)).json(), 'answer');
      assert.equal((await operate(retained, id, 'restart-as-new')).status, status, handler);
      assert.equal((await outputOf(retained, id)).json(), 'answer');
    }
  });

  test('is shown as it is bounded, with a hint', async () => {
    const hint = (name: string) => ({
      code: 'RT0022',
      message: `The configured ${name} is clamped to the maximum server limit.`,
    });
    const shown = (await retained.admin.get('/services/RetainedWorkflowTooLong')).json();
    assertHas(shown, {
      workflow_completion_retention: '1h 5m',
      idempotency_retention: '40m',
      journal_retention: '1h 10m',
      info: [hint('journal_retention'), hint('workflow_completion_retention')],
    });
    const path = '/services/Retained/handlers/tooLong';
    assertHas((await retained.admin.get(path)).json(), {
      idempotency_retention: '1h',
      info: [hint('idempotency_retention')],
    });
  });
});
