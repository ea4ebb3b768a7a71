// Changes of deployments while invocations are under way: more revisions, a registration in place of
// another one, removal, another address. Source: reference contract, "Deployments", "Deployments and
// updates".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { assertHas, field, stringField } from '../support/json.ts';
import { attachTo, operate, outputOf, send, waitForPause } from '../support/operate.ts';
import { findFreePorts } from '../support/ports.ts';
import { Rig } from '../support/rig.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { waitFor } from '../support/wait.ts';

let rig: Rig;
before(async () => {
  rig = await Rig.start({});
});
after(() => rig.dispose());

interface Version {
  /** Of the service; every test has its own. */
  readonly name: string;
  readonly revision: string;
  readonly extra?: boolean;
  readonly asObject?: boolean;
}

function processOf({ name, revision, extra = false, asObject = false }: Version) {
  const environment = {
    SERVICE_NAME: name,
    REVISION: revision,
    ...(extra && { EXTRA: '1' }),
    ...(asObject && { AS_OBJECT: '1' }),
  };
  return { modules: ['versioned'], environment };
}

function deploy(version: Version, registration?: Readonly<Record<string, unknown>>) {
  return rig.deploy({ ...processOf(version), registration });
}

function patch(id: string, body: unknown): Promise<HttpReply> {
  return rig.admin.request({
    method: 'PATCH',
    path: `/deployments/${id}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function remove(id: string): Promise<HttpReply> {
  return rig.admin.request({ method: 'DELETE', path: `/deployments/${id}?force=true` });
}

/** A deployment without its services, which come in any order. */
async function shown(id: string): Promise<unknown> {
  const { services: _services, ...rest } = Object(
    (await rig.admin.get(`/deployments/${id}`)).json(),
  );
  return rest;
}

async function tell(name: string): Promise<unknown> {
  return (await rig.ingress.post(`/${name}/tell`)).json();
}

async function resultOf(id: string): Promise<unknown> {
  return (await attachTo(rig, id)).json();
}

/** Starts an invocation that is held at a gate of its name. */
async function hold(path: string, tag: string, by: string): Promise<string> {
  const id = await send(rig, `${path}/held/send`, tag);
  await rig.effects.waitForCount(`${tag} held by ${by}`);
  return id;
}

/** Starts an invocation that is suspended. */
async function suspend(name: string, tag: string): Promise<string> {
  const id = await send(rig, `/${name}/waits/send`, tag);
  await rig.effects.waitForCount(`${tag} left`);
  return id;
}

async function wake(tag: string): Promise<void> {
  const awakeable = await rig.effects.waitForSuffix(`${tag} awakeable `);
  await rig.ingress.post(`/restate/awakeables/${awakeable}/resolve`, 'the answer');
}

describe('three revisions at once', () => {
  test('each end what they began, across a crash, and the newest takes what is new', async () => {
    const name = 'Three';
    const ids: string[] = [];
    for (const revision of ['v1', 'v2', 'v3']) {
      await deploy({ name, revision });
      ids.push(await hold(`/${name}`, `three ${revision}`, revision));
    }
    await rig.crash();
    assert.equal(await tell(name), 'v3');
    assertHas((await rig.admin.get(`/services/${name}`)).json(), { revision: 3 });
    for (const [index, revision] of ['v1', 'v2', 'v3'].entries()) {
      await rig.effects.waitForCount(`three ${revision} held by ${revision}`, 2);
      rig.openGate(`three ${revision}`);
      assert.equal(await resultOf(ids[index] ?? ''), `${revision} held three ${revision}`);
      assert.equal(rig.effects.count(`run three ${revision}#1`), 1);
    }
  });
});

describe('a service that changes its type', () => {
  test('ends as what it was, and is invoked anew as what it is', async () => {
    const name = 'Retyped';
    await deploy({ name, revision: 'v1' });
    const id = await hold(`/${name}`, 'retyped', 'v1');
    await deploy({ name, revision: 'v2', asObject: true }, { breaking: true });
    assert.equal((await rig.ingress.post(`/${name}/key/tell`)).json(), 'v2');
    assert.equal((await rig.ingress.post(`/${name}/tell`)).status, 400);
    rig.openGate('retyped');
    assert.equal(await resultOf(id), 'v1 held retyped');
  });
});

describe('a forced registration at the same address', () => {
  test('takes over what is in flight on its deployment', async () => {
    const name = 'Forced';
    const [port = 0] = await findFreePorts(1);
    const start = async (revision: string) => {
      const options = processOf({ name, revision });
      return startServiceProcess({
        ...options,
        environment: { ...options.environment, SERVICE_PORT: String(port) },
        effectsPath: rig.effects.path,
      });
    };
    const old = await start('v1');
    const uri = old.url;
    const first = await rig.register({ uri });
    const id = await suspend(name, 'forced');
    await old.dispose();
    const replacement = await start('v2');
    try {
      const second = await rig.register({ uri, force: true });
      assert.equal(second.status, 200, second.text());
      assert.equal(field(second.json(), 'id'), field(first.json(), 'id'));
      assertHas((await rig.admin.get(`/services/${name}`)).json(), { revision: 2 });
      await wake('forced');
      assert.equal(await resultOf(id), 'v2 got the answer');
      assert.equal(await tell(name), 'v2');
    } finally {
      await replacement.dispose();
    }
  });
});

describe('a removed deployment', () => {
  test('leaves its services to the revision before', async () => {
    const name = 'Fallback';
    const first = await deploy({ name, revision: 'v1' });
    const second = await deploy({ name, revision: 'v2', extra: true });
    assert.equal((await rig.ingress.post(`/${name}/extra`)).json(), 'extra of v2');
    const reply = await remove(second);
    assert.deepEqual([reply.status, reply.body.length], [202, 0]);
    assert.equal(await tell(name), 'v1');
    assert.equal((await rig.ingress.post(`/${name}/extra`)).status, 404);
    assertHas((await rig.admin.get(`/services/${name}`)).json(), {
      revision: 1,
      deployment_id: first,
    });
    assert.equal((await remove(second)).status, 404);
    assert.equal((await rig.admin.get(`/deployments/${second}`)).status, 404);
    // The number of a removed revision is given again.
    await deploy({ name, revision: 'v3' });
    assertHas((await rig.admin.get(`/services/${name}`)).json(), { revision: 2 });
  });

  test('is not removed unless it is forced', async () => {
    const name = 'Unforced';
    const id = await deploy({ name, revision: 'v1' });
    for (const query of ['', '?force=false']) {
      const path = `/deployments/${id}${query}`;
      const reply = await rig.admin.request({ method: 'DELETE', path });
      assert.deepEqual([reply.status, reply.body.length], [501, 0]);
    }
    assert.equal(await tell(name), 'v1');
  });

  test('ends the attempt that it has; another one waits to be moved or killed', async () => {
    const name = 'Orphaned';
    await deploy({ name, revision: 'v1' });
    const second = await deploy({ name, revision: 'v2' });
    const running = await hold(`/${name}`, 'orphaned running', 'v2');
    const moved = await suspend(name, 'orphaned moved');
    const killed = await suspend(name, 'orphaned killed');
    await remove(second);

    rig.openGate('orphaned running');
    assert.equal(await resultOf(running), 'v2 held orphaned running');

    await wake('orphaned moved');
    await wake('orphaned killed');
    assert.equal((await outputOf(rig, moved)).status, 470);
    assert.equal((await operate(rig, moved, 'pause')).status, 202);
    await waitForPause(rig, moved);
    assert.equal((await operate(rig, moved, 'resume')).status, 200);
    assert.equal((await outputOf(rig, moved)).status, 470);
    await operate(rig, moved, 'pause');
    await waitForPause(rig, moved);
    assert.equal((await operate(rig, moved, 'resume?deployment=latest')).status, 200);
    assert.equal(await resultOf(moved), 'v1 got the answer');

    assert.equal((await outputOf(rig, killed)).status, 470);
    assert.equal((await operate(rig, killed, 'kill')).status, 200);
    assert.equal(field(await resultOf(killed), 'message'), 'killed');
  });

  test('takes its services along if nothing else has them; what waits for them goes on later', async () => {
    const name = 'Gone';
    const first = await deploy({ name, revision: 'v1' });
    const holder = await hold(`/${name}Object/k`, 'gone holder', 'v1');
    const queued = await send(rig, `/${name}Object/k/held/send`, 'gone queued');
    const delayed = await send(rig, `/${name}/tell/send?delay=300ms`);
    await remove(first);
    for (const path of [`/${name}/tell`, `/${name}Object/k/held`]) {
      assert.equal((await rig.ingress.post(path, 'x')).status, 404);
    }
    assert.equal((await rig.admin.get(`/services/${name}`)).status, 404);
    rig.openGate('gone holder');
    await waitFor('the end of the holder', async () =>
      (await outputOf(rig, holder)).status === 470 ? undefined : true,
    );
    for (const id of [queued, delayed]) assert.equal((await outputOf(rig, id)).status, 470);
    await deploy({ name, revision: 'v2' });
    rig.openGate('gone queued');
    assert.equal(await resultOf(queued), 'v2 held gone queued');
    assert.equal(await resultOf(delayed), 'v2');
    assert.equal(await resultOf(holder), 'v1 held gone holder');
    assertHas((await rig.admin.get(`/services/${name}`)).json(), { revision: 1 });
  });
});

describe('a changed deployment', () => {
  test('at another address takes along what is in flight', async () => {
    const name = 'Moved';
    const id = await deploy({ name, revision: 'v1' });
    const running = await hold(`/${name}`, 'moved running', 'v1');
    const suspended = await suspend(name, 'moved suspended');
    const uri = `${await rig.serve(processOf({ name, revision: 'v2', extra: true }))}/`;
    const before = await shown(id);

    const tried = await patch(id, { uri, dry_run: true });
    assert.equal(tried.status, 200, tried.text());
    assert.equal(field(tried.json(), 'uri'), uri);
    assert.deepEqual(await shown(id), before);
    assert.equal(await tell(name), 'v1');

    const changed = await patch(id, { uri });
    assert.equal(changed.status, 200, changed.text());
    assertHas(changed.json(), {
      id,
      uri,
      created_at: field(before, 'created_at'),
    });
    assertHas((await rig.admin.get(`/services/${name}`)).json(), { revision: 1 });
    assert.equal(await tell(name), 'v2');
    assert.equal((await rig.ingress.post(`/${name}/extra`)).status, 404);
    await wake('moved suspended');
    assert.equal(await resultOf(suspended), 'v2 got the answer');
    rig.openGate('moved running');
    assert.equal(await resultOf(running), 'v1 held moved running');
  });

  test('shows and serves other services only if it is overwritten', async () => {
    const name = 'Overwritten';
    const id = await deploy({ name, revision: 'v1' });
    const uri = await rig.serve(processOf({ name, revision: 'v2', extra: true, asObject: true }));
    const reply = await patch(id, { uri, overwrite: true });
    assert.equal(reply.status, 200, reply.text());
    assertHas((await rig.admin.get(`/services/${name}`)).json(), {
      ty: 'VirtualObject',
      revision: 1,
      deployment_id: id,
    });
    assert.equal((await rig.ingress.post(`/${name}/k/extra`)).json(), 'extra of v2');
  });

  test('sends other headers from the next attempt on', async () => {
    const name = 'Headers';
    const id = await deploy({ name, revision: 'v1' }, { additional_headers: { 'x-other': 'o' } });
    const header = async () => (await rig.ingress.post(`/${name}/header`)).json();
    assert.equal(await header(), 'none');
    const changed = await patch(id, { additional_headers: { 'X-Extra': 'one' } });
    assert.deepEqual(field(changed.json(), 'additional_headers'), { 'x-extra': 'one' });
    assert.equal(await header(), 'one');
    const cleared = await patch(id, { additional_headers: {} });
    assert.equal(field(cleared.json(), 'additional_headers'), undefined);
    assert.equal(await header(), 'none');
  });

  test('stays as it is where nothing of it is named, or what is named cannot be', async () => {
    const name = 'Unchanged';
    const id = await deploy({ name, revision: 'v1' });
    const before = await shown(id);
    for (const body of [{}, { overwrite: true }, { dry_run: true }]) {
      const reply = await patch(id, body);
      assert.equal(reply.status, 200, reply.text());
      assert.equal(stringField(reply.json(), 'id'), id);
    }
    const [port = 0] = await findFreePorts(1);
    const unreachable = await patch(id, { uri: `http://127.0.0.1:${port}` });
    assert.equal(unreachable.status, 500);
    assert.equal(field(unreachable.json(), 'restate_code'), 'META0003');
    assert.equal((await patch('dp_11nUDTmrnIQh1DcnTIQmUtt', {})).status, 404);
    assert.deepEqual(await shown(id), before);
    assert.equal(await tell(name), 'v1');
  });
});

describe('what is private', () => {
  test('is refused by the ingress and open to handlers', async () => {
    const name = 'Private';
    await deploy({ name, revision: 'v1' });
    for (const path of [`/${name}Hidden/tell`, `/${name}Half/hidden`]) {
      for (const suffix of ['', '/send']) {
        const reply = await rig.ingress.post(path + suffix);
        assert.equal(reply.status, 400);
        assert.deepEqual(reply.json(), {
          code: 400,
          message: 'the invoked service is not public',
          source: 'ingress',
        });
      }
    }
    assert.equal((await rig.ingress.post(`/${name}Half/shown`)).json(), 'v1');
  });
});
