// Settings of a service that an operator changes: what they mean for invocations that are under way and
// for later ones. Source: reference contract, "PATCH /services/{name}".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { assertHas } from '../support/json.ts';
import { attachTo, outputOf, send } from '../support/operate.ts';
import { Rig } from '../support/rig.ts';

let rig: Rig;
before(async () => {
  rig = await Rig.start({});
});
after(() => rig.dispose());

async function deploy(name: string): Promise<void> {
  await rig.deploy({ modules: ['versioned'], environment: { SERVICE_NAME: name } });
}

async function change(name: string, settings: unknown): Promise<void> {
  const reply = await rig.admin.request({
    method: 'PATCH',
    path: `/services/${name}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  });
  assert.equal(reply.status, 200, reply.text());
}

async function hold(name: string, tag: string, key?: string): Promise<string> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  const reply = await rig.ingress.post(`/${name}/held/send`, tag, headers);
  await rig.effects.waitForCount(`${tag} held by v1`);
  return Object(reply.json()).invocationId;
}

function minutesKept(reply: HttpReply): number {
  const expires = Date.parse(String(reply.headers['idempotency-expires']));
  return Math.round((expires - Date.now()) / 60_000);
}

describe('a service that is made private', () => {
  test('ends what it has, serves handlers, and refuses the ingress until it is public again', async () => {
    const name = 'MadePrivate';
    await deploy(name);
    const running = await hold(name, 'private running');
    const delayed = await send(rig, `/${name}/tell/send?delay=300ms`);
    await change(name, { public: false });
    for (const path of [`/${name}/tell`, `/${name}/tell/send`]) {
      assert.equal((await rig.ingress.post(path)).status, 400);
    }
    rig.openGate('private running');
    assert.equal((await attachTo(rig, running)).json(), 'v1 held private running');
    assert.equal((await attachTo(rig, delayed)).json(), 'v1');
    await change(name, { public: true });
    assert.equal((await rig.ingress.post(`/${name}/tell`)).json(), 'v1');
  });
});

describe('a retention that is changed', () => {
  test('holds for what is accepted later', async () => {
    const name = 'Retained';
    await deploy(name);
    await change(name, { idempotency_retention: '30m' });
    const earlier = await hold(name, 'retained earlier', 'earlier');
    await change(name, { idempotency_retention: '10m' });
    const later = await hold(name, 'retained later', 'later');
    for (const [id, tag, minutes] of [
      [earlier, 'retained earlier', 30],
      [later, 'retained later', 10],
    ] as const) {
      rig.openGate(tag);
      assert.equal((await attachTo(rig, id)).json(), `v1 held ${tag}`);
      assert.equal(minutesKept(await outputOf(rig, id)), minutes);
    }
  });
});

describe('a timeout that is changed', () => {
  test('holds for the next attempt, and leaves the one under way alone', async () => {
    const name = 'Timed';
    await deploy(name);
    const under = await hold(name, 'timed under way');
    await change(name, { inactivity_timeout: '100ms', abort_timeout: '100ms' });
    // Its gate keeps it silent: each attempt is aborted and followed by another one.
    const later = await send(rig, `/${name}/held/send`, 'timed later');
    await rig.effects.waitForCount('timed later held by v1', 2);
    assert.equal(rig.effects.count('timed under way held by v1'), 1);
    rig.openGate('timed under way');
    assert.equal((await attachTo(rig, under)).json(), 'v1 held timed under way');
    await change(name, { inactivity_timeout: '1m', abort_timeout: '1m' });
    rig.openGate('timed later');
    assert.equal((await attachTo(rig, later)).json(), 'v1 held timed later');
  });
});

describe('changed settings', () => {
  test('hold until the service is registered again', async () => {
    const name = 'Forgotten';
    await deploy(name);
    await change(name, { public: false, idempotency_retention: '10m', abort_timeout: '7s' });
    const path = `/services/${name}`;
    const changed = { public: false, idempotency_retention: '10m', abort_timeout: '7s' };
    assertHas((await rig.admin.get(path)).json(), { revision: 1, ...changed });
    await rig.crash();
    assertHas((await rig.admin.get(path)).json(), { revision: 1, ...changed });
    await deploy(name);
    assertHas((await rig.admin.get(path)).json(), {
      revision: 2,
      public: true,
      idempotency_retention: '1d',
      abort_timeout: '10m',
    });
  });
});
