// A second deployment of a service: what it takes over, and what stays on the first.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { assertHas, field, stringField } from '../support/json.ts';
import { Rig } from '../support/rig.ts';

let rig: Rig;
before(async () => {
  rig = await Rig.start({});
});
after(() => rig.dispose());

describe('a new version of a service', () => {
  let first: string;
  let second: string;
  let failing: string;
  const sent: Record<string, HttpReply> = {};

  before(async () => {
    first = await rig.deploy({ modules: ['greeter-v1'] });
    assert.equal((await rig.ingress.post('/Greeter/greet', 'Ada')).json(), 'v1 greets Ada');
    sent['inFlight'] = await rig.ingress.post('/Greeter/held/send', { id: 'in flight' });
    sent['holding'] = await rig.ingress.post('/Locked/k/held/send', { id: 'holding' });
    sent['queued'] = await rig.ingress.post('/Locked/k/held/send', { id: 'queued' });
    sent['delayed'] = await rig.ingress.post('/Greeter/greet/send?delay=1500ms', 'Delayed');
    sent['retired'] = await rig.ingress.post('/Retired/hello/send');
    failing = idOf(await rig.ingress.post('/Greeter/fails/send'));
    await rig.effects.waitForCount('in flight held by v1');
    await rig.effects.waitForCount('holding held by v1');
    await rig.effects.waitForCount('failed by v1');
    second = await rig.deploy({ modules: ['greeter-v2'] });
  });

  function idOf(reply: HttpReply | undefined): string {
    return stringField(reply?.json(), 'invocationId');
  }

  async function resultOf(name: string): Promise<unknown> {
    return (await rig.ingress.get(`/restate/attach/${idOf(sent[name])}`)).json();
  }

  test('is another deployment and the active revision', async () => {
    assert.notEqual(first, second);
    assertHas((await rig.admin.get('/services/Greeter')).json(), {
      revision: 2,
      deployment_id: second,
    });
    const old = field((await rig.admin.get(`/deployments/${first}`)).json(), 'services');
    assert.ok(Array.isArray(old));
    const greeter = old.find((one) => field(one, 'name') === 'Greeter');
    assert.equal(field(greeter, 'revision'), 1);
  });

  test('takes new invocations', async () => {
    assert.equal((await rig.ingress.post('/Greeter/greet', 'Bob')).json(), 'v2 greets Bob');
  });

  test('takes delayed invocations that start now', async () => {
    assert.equal(await resultOf('delayed'), 'v2 greets Delayed');
  });

  test('takes retries of an invocation that has recorded nothing yet', async () => {
    await rig.effects.waitForCount('failed by v2');
    assert.equal((await rig.ingress.get(`/restate/output/${failing}`)).status, 470);
  });

  test('leaves invocations in flight on their deployment, across a crash too', async () => {
    await rig.crash();
    await rig.effects.waitForCount('in flight held by v1', 2);
    rig.openGate('in flight');
    assert.equal(await resultOf('inFlight'), 'v1 held in flight');
    assert.equal(rig.effects.count('in flight held by v2'), 0);
    assert.equal(rig.effects.count('run in flight#1'), 1);
  });

  test('takes what was queued behind an invocation of the old one', async () => {
    rig.openGate('holding');
    rig.openGate('queued');
    assert.equal(await resultOf('holding'), 'v1 held holding');
    assert.equal(await resultOf('queued'), 'v2 held queued');
  });

  test('leaves services that only the old deployment has', async () => {
    assert.equal(await resultOf('retired'), 'hello from v1');
    assert.equal((await rig.ingress.post('/Retired/hello')).json(), 'hello from v1');
  });
});
