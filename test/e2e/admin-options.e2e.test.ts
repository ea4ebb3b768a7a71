// Options of the admin API.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeEndpoint } from '../support/fake-endpoint.ts';
import { Rig } from '../support/rig.ts';
import { waitFor } from '../support/wait.ts';

test('requests over the limit are refused, and the page is gone where it is not wanted', async (context) => {
  const endpoint = await FakeEndpoint.start();
  context.after(() => endpoint.close());
  endpoint.behaviour = 'hang';
  const rig = await Rig.start({
    server: {
      environment: {
        RESTATE_ADMIN__CONCURRENT_API_REQUESTS_LIMIT: '1',
        RESTATE_ADMIN__DISABLE_WEB_UI: 'true',
      },
    },
  });
  context.after(() => rig.dispose());
  for (const path of ['/', '/ui', '/ui/', '/ui/x']) {
    assert.equal((await rig.admin.get(path)).status, 404, path);
  }

  const slow = rig.register({ uri: endpoint.origin });
  await waitFor('the discovery', () => endpoint.requests[0]);
  for (const path of ['/health', '/services', '/unknown']) {
    const reply = await rig.admin.get(path);
    assert.deepEqual(
      [reply.status, reply.text(), reply.headers['content-type']],
      [429, '', undefined],
    );
  }
  await endpoint.close();
  assert.equal((await slow).status, 500);
  assert.equal((await rig.admin.get('/health')).status, 200);
});
