// The official ingress client of the SDK.
import * as clients from '@restatedev/restate-sdk-clients';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Rig } from '../support/rig.ts';
import type { echo, keyed, workflow } from '../services/ingress-samples.ts';

const ECHO: typeof echo = { name: 'Echo' };
const OBJECT: typeof keyed = { name: 'Obj' };
const WORKFLOW: typeof workflow = { name: 'Wf' };

let rig: Rig;
let ingress: clients.Ingress;
before(async () => {
  rig = await Rig.start({ modules: ['ingress-samples'] });
  ingress = clients.connect({ url: rig.server.ingressUrl });
});
after(() => rig.dispose());

describe('the SDK client', { concurrency: 8 }, () => {
  test('calls services and objects', async () => {
    assert.deepEqual(await ingress.serviceClient(ECHO).echo({ a: 'ü' }), { a: 'ü' });
    assert.equal(await ingress.objectClient(OBJECT, 'a/b ü').key(), 'a/b ü');
    assert.equal(await ingress.serviceClient(ECHO).nothing(), undefined);
  });

  test('throws what the handler threw', async () => {
    const call = ingress.serviceClient(ECHO).fail({ message: 'no', code: 418 });
    await assert.rejects(
      () => Promise.resolve(call),
      (error: unknown) => {
        assert.ok(error instanceof clients.HttpCallError);
        assert.equal(error.status, 418);
        assert.match(error.responseText, /"message":"no"/);
        return true;
      },
    );
  });

  test('sends, repeats a send and fetches its result', async () => {
    const options = clients.rpc.sendOpts<string>({ idempotencyKey: 'client send' });
    const sends = ingress.serviceSendClient(ECHO);
    const first = await sends.once('client send', options);
    assert.equal(first.status, 'Accepted');
    assert.equal(first.attachable, true);
    assert.equal(await ingress.result(first), 'answer to client send');
    const second = await sends.once('client send', options);
    assert.equal(second.status, 'PreviouslyAccepted');
    assert.equal(second.invocationId, first.invocationId);
    assert.equal(rig.effects.count('once client send'), 1);
  });

  test('sends with a delay', async () => {
    const options = clients.rpc.sendOpts<string>({ delay: { milliseconds: 100 } });
    await ingress.serviceSendClient(ECHO).once('client delay', options);
    await rig.effects.waitForCount('once client delay');
  });

  test('submits, asks for and attaches to a workflow', async () => {
    const client = ingress.workflowClient(WORKFLOW, 'by client');
    const submitted = await client.workflowSubmit('in');
    assert.equal(submitted.status, 'Accepted');
    assert.equal((await client.workflowOutput()).ready, false);
    const attached = client.workflowAttach();
    await client.end('out');
    assert.deepEqual(await attached, ['in', 'out']);
    const output = await client.workflowOutput();
    assert.equal(output.ready, true);
    assert.deepEqual(output.result, ['in', 'out']);
    assert.equal((await client.workflowSubmit('again')).status, 'PreviouslyAccepted');
  });

  test('completes awakeables', async () => {
    const answer = ingress.serviceClient(ECHO).awakeable('client resolves');
    // The client sends on the first `then`.
    const resolved = Promise.resolve(answer);
    await ingress.resolveAwakeable(await rig.effects.waitForSuffix('awakeable client resolves '), [
      'value',
    ]);
    assert.deepEqual(await resolved, ['value']);

    const rejected = assert.rejects(
      Promise.resolve(ingress.serviceClient(ECHO).awakeable('client rejects')),
      /reason/,
    );
    await ingress.rejectAwakeable(
      await rig.effects.waitForSuffix('awakeable client rejects '),
      'a reason',
    );
    await rejected;
  });
});
