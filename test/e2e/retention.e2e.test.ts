// What is kept of completed invocations, and for how long. Source: reference contract, "Retention".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
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
