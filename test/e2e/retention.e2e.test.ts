// Outcomes are read back while they are kept, and are gone once the clean-up finds them expired.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Rig } from '../support/rig.ts';
import { waitFor } from '../support/wait.ts';

describe('an outcome past its retention', () => {
  let rig: Rig;
  before(async () => {
    const environment = { RESTATE_WORKER__CLEANUP_INTERVAL: '1s' };
    rig = await Rig.start({ modules: ['retention'], server: { environment } });
  });
  after(() => rig.dispose());

  test('is deleted, and its key runs anew under the same id', async () => {
    const call = () => rig.ingress.post('/Brief/now', undefined, { 'idempotency-key': 'k' });
    const first = await call();
    assert.equal(first.status, 200, first.text());
    const id = String(first.headers['x-restate-id']);
    const output = () => rig.ingress.get(`/restate/output/${id}`);
    assert.equal((await output()).text(), first.text());
    await waitFor('the outcome to go', async () =>
      (await output()).status === 404 ? true : undefined,
    );
    const again = await call();
    assert.equal(again.headers['x-restate-id'], id);
    assert.notEqual(again.text(), first.text());
  });
});
