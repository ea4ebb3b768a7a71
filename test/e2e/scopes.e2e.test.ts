// Scopes as namespaces: ids, idempotency keys, objects and workflows of one scope have nothing to do
// with those of another, or with those of none.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { assertHas, field, stringField } from '../support/json.ts';
import { attachTo, operate, send } from '../support/operate.ts';
import type { Rig } from '../support/rig.ts';
import { assertPending, callIn, SCOPES_ON, sendIn, startScopedRig } from '../support/scopes.ts';
import { waitFor } from '../support/wait.ts';

let rig: Rig;
/** Whether the server speaks the protocol version that tells handlers of scopes. */
let speaksV7 = false;

before(async () => {
  rig = await startScopedRig();
  speaksV7 = field(field(await versionOf(rig), 'features'), 'protocol_v7') === true;
});
after(() => rig.dispose());

async function versionOf({ admin }: Rig): Promise<unknown> {
  return (await admin.get('/version')).json();
}

function assertRefusal(reply: HttpReply, message: string): void {
  assert.deepEqual(reply.json(), { code: 400, message, source: 'ingress' });
  assert.equal(reply.status, 400);
}

test('GET /version tells that the features are on', async () => {
  assertHas(field(await versionOf(rig), 'features'), {
    vqueues: true,
    scoped_virtual_objects: true,
    kafka_scope: false,
  });
});

describe('an invocation in a scope', () => {
  test('is called and sent, by POST and by GET', async () => {
    const called = await callIn(rig, 's1', 'Scoped/echo', 'x');
    assert.deepEqual([called.status, called.json()], [200, 'x']);
    assert.equal((await rig.ingress.get('/restate/scope/s1/call/Scoped/info')).status, 200);
    const id = await sendIn(rig, 's1', 'Scoped/echo?delay=10ms', 'y');
    assert.equal((await attachTo(rig, id)).json(), 'y');
  });

  test('has an id that begins like those of all others in its scope', async () => {
    const prefix = 'inv_1a1mlWikgvPI';
    for (const path of ['Scoped/echo', 'ScopedObject/k/put', 'ScopedWorkflow/ids/look']) {
      const id = await sendIn(rig, 's1', path, 'x');
      assert.equal(id.slice(0, prefix.length), prefix);
    }
  });

  test('of the same idempotency key and scope is the same one', async () => {
    const path = '/restate/scope/s1/send/Scoped/echo';
    const headers = { 'idempotency-key': 'ik' };
    const first = (await rig.ingress.post(path, 'first', headers)).json();
    assertHas(first, {
      invocationId: 'inv_1a1mlWikgvPI7DbD6GZLZ1UHt4FOT4P5R4',
      status: 'Accepted',
    });
    const again = (await rig.ingress.post(path, 'second', headers)).json();
    const invocationId = stringField(first, 'invocationId');
    assertHas(again, { invocationId, status: 'PreviouslyAccepted' });
    for (const scope of ['s2', undefined]) {
      const other =
        scope === undefined ? '/Scoped/echo/send' : `/restate/scope/${scope}/send/Scoped/echo`;
      const reply = (await rig.ingress.post(other, 'other', headers)).json();
      assertHas(reply, { status: 'Accepted' });
      assert.notEqual(stringField(reply, 'invocationId'), invocationId);
    }
  });

  test('is found by its key and scope', async () => {
    const headers = { 'idempotency-key': 'found' };
    await rig.ingress.post('/restate/scope/s1/call/Scoped/echo', 'scoped', headers);
    await rig.ingress.post('/restate/call/Scoped/echo', 'unscoped', headers);
    const target = {
      target: 'idempotentInvocation',
      service: 'Scoped',
      handler: 'echo',
      idempotencyKey: 'found',
    };
    for (const verb of ['attach', 'output']) {
      const scoped = await rig.ingress.post(`/restate/${verb}`, { ...target, scope: 's1' });
      assert.deepEqual([scoped.status, scoped.json()], [200, 'scoped']);
      const unscoped = await rig.ingress.post(`/restate/${verb}`, target);
      assert.deepEqual([unscoped.status, unscoped.json()], [200, 'unscoped']);
    }
    const other = await rig.ingress.post('/restate/output', { ...target, scope: 's2' });
    assert.equal(other.status, 404);
    const path = '/restate/invocation/Scoped/echo/found/output';
    assert.equal((await rig.ingress.get(path)).json(), 'unscoped');
  });

  test('is looked up without being there', async () => {
    const rows = [
      [
        { target: 'workflow', workflowName: 'Nope', workflowKey: 'k', scope: 's' },
        'inv_11110Rzeqthr3nM761ciEdiY03w9GqppoG',
      ],
      [
        {
          target: 'idempotentInvocation',
          service: 'ScopedObject',
          key: 'k',
          handler: 'put',
          idempotencyKey: 'ik',
          scope: 'y4',
        },
        'inv_1bsqIYboHr447oJ2nvy2BKj1ij0jb2MsHY',
      ],
    ] as const;
    for (const [target, invocationId] of rows) {
      assert.deepEqual((await rig.ingress.post('/restate/lookup', target)).json(), {
        invocationId,
      });
    }
  });

  test('restarted as new stays in its scope', async () => {
    const id = await sendIn(rig, 's1', 'Scoped/echo?limit-key=k', 'again');
    await attachTo(rig, id);
    const restarted = await operate(rig, id, 'restart-as-new');
    const newId = stringField(restarted.json(), 'new_invocation_id');
    assert.equal(newId.slice(0, 16), id.slice(0, 16));
    assert.equal((await attachTo(rig, newId)).json(), 'again');
  });
});

const CHARACTERS = 'value contains characters outside the allowed set [a-zA-Z0-9_.-]';

describe('a scope', () => {
  for (const [segment, objection] of [
    ['', 'value cannot be empty'],
    ['a%2Fb', CHARACTERS],
    ['*', CHARACTERS],
    ['%C3%A9', CHARACTERS],
    ['a'.repeat(37), 'value too long: 37 bytes (max 36)'],
    ['%C3%A9'.repeat(20), 'value too long: 40 bytes (max 36)'],
  ] as const) {
    test(`is not '${segment}'`, async () => {
      const reply = await callIn(rig, segment, 'Scoped/echo');
      assertRefusal(reply, `bad scope value: ${objection}`);
    });
  }

  for (const segment of ['a'.repeat(36), 'A.b-c_9', '%73%31']) {
    test(`can be '${segment}'`, async () => {
      assert.equal((await callIn(rig, segment, 'Scoped/echo', 'x')).status, 200);
    });
  }

  test('is no scope of a JSON target when it is malformed', async () => {
    const target = { target: 'workflow', workflowName: 'W', workflowKey: 'k' };
    for (const [scope, objection] of [
      ['', 'value cannot be empty'],
      ['a b', CHARACTERS],
    ]) {
      const reply = await rig.ingress.post('/restate/lookup', { ...target, scope });
      assertRefusal(reply, `bad scope value: ${objection}`);
    }
  });

  test('does not hide what else is wrong', async () => {
    for (const [path, status] of [
      ['Nope/nope', 404],
      ['Scoped/nope', 404],
    ] as const) {
      assert.equal((await callIn(rig, 'a%20b', path)).status, status);
    }
    assert.equal((await rig.ingress.post('/restate/scope/s1/attach/Scoped/echo')).status, 400);
  });
});

describe('a limit key', () => {
  for (const [query, header, objection] of [
    ['limit-key=a/b/c', undefined, 'too many path components in the given limit-key (max 2)'],
    ['limit-key=a//', undefined, 'invalid limit-key component: value cannot be empty'],
    ['limit-key=a*', undefined, `invalid limit-key component: ${CHARACTERS}`],
    ['limit-key=a', '/', 'invalid limit-key component: value cannot be empty'],
    ['', 'a'.repeat(37), 'invalid limit-key component: value too long: 37 bytes (max 36)'],
  ] as const) {
    test(`is neither ?${query} nor ${header}`, async () => {
      const path = `/restate/scope/s1/call/Scoped/echo?${query}`;
      const headers = header === undefined ? {} : { 'x-restate-limit-key': header };
      assertRefusal(await rig.ingress.post(path, 'x', headers), `invalid limit-key: ${objection}`);
    });
  }

  test('needs a scope', async () => {
    const reply = await rig.ingress.post('/Scoped/echo?limit-key=a', 'x');
    assertRefusal(reply, 'limit-key requires a scope to be set');
  });

  test('is told to the handler, as is the scope', async (t) => {
    if (!speaksV7) return t.skip('the server does not speak service protocol 7');
    for (const [query, header, told] of [
      ['', undefined, 's1 -'],
      ['limit-key=a/b', undefined, 's1 a/b'],
      ['limit-key=a/', undefined, 's1 a'],
      ['limit-key=a', 'h', 's1 h'],
      ['limit-key=a', '', 's1 -'],
    ] as const) {
      const path = `/restate/scope/s1/call/Scoped/info?${query}`;
      const headers = header === undefined ? {} : { 'x-restate-limit-key': header };
      assert.equal((await rig.ingress.post(path, '', headers)).json(), told);
    }
    assert.equal((await rig.ingress.post('/Scoped/info', '')).json(), '- -');
  });
});

describe('objects in a scope', () => {
  test('have a state of their own', async () => {
    await callIn(rig, 'o1', 'ScopedObject/k/put', 'in o1');
    await callIn(rig, 'o2', 'ScopedObject/k/put', 'in o2');
    assert.equal((await callIn(rig, 'o1', 'ScopedObject/k/get')).json(), 'in o1');
    assert.equal((await callIn(rig, 'o2', 'ScopedObject/k/get')).json(), 'in o2');
    assert.equal((await rig.ingress.post('/ScopedObject/k/get', '')).json(), null);
  });

  test('have a lock of their own', async () => {
    const holder = await sendIn(rig, 'l1', 'ScopedObject/k/hold', 'l1');
    await rig.effects.waitForCount('l1 attempt');
    const second = await sendIn(rig, 'l1', 'ScopedObject/k/hold', 'l1-second');
    const other = await sendIn(rig, 'l2', 'ScopedObject/k/hold', 'l2');
    const unscoped = await send(rig, '/ScopedObject/k/hold/send', 'l0');
    await rig.effects.waitForCount('l2 attempt');
    await rig.effects.waitForCount('l0 attempt');
    await assertPending(rig, second);
    for (const gate of ['l0', 'l1', 'l2', 'l1-second']) rig.openGate(gate);
    for (const id of [holder, second, other, unscoped]) {
      assert.equal((await attachTo(rig, id)).status, 200);
    }
  });

  test('are edited by operators, in turn with their handlers', async () => {
    const edit = (scope: string | null, text: string): Promise<HttpReply> =>
      rig.admin.post('/services/ScopedObject/state', {
        object_key: 'edited',
        scope,
        new_state: { value: [...Buffer.from(JSON.stringify(text))] },
      });
    await sendIn(rig, 'e1', 'ScopedObject/edited/hold', 'e1');
    await rig.effects.waitForCount('e1 attempt');
    await sendIn(rig, 'e1', 'ScopedObject/edited/put', 'by the handler');
    assert.equal((await edit('e1', 'in e1')).status, 202);
    assert.equal((await edit(null, 'in none')).status, 202);
    const unscoped = async () => (await rig.ingress.post('/ScopedObject/edited/get', '')).json();
    await waitFor('the edit', async () => ((await unscoped()) === 'in none' ? true : undefined));
    assert.equal((await callIn(rig, 'e1', 'ScopedObject/edited/get')).json(), null);
    rig.openGate('e1');
    await waitFor('the edit', async () => {
      const value = (await callIn(rig, 'e1', 'ScopedObject/edited/get')).json();
      return value === 'in e1' ? true : undefined;
    });
    assert.equal(await unscoped(), 'in none');
  });

  test('of a malformed scope are not edited', async () => {
    const body = { object_key: 'k', scope: 'a b', new_state: {} };
    const reply = await rig.admin.post('/services/ScopedObject/state', body);
    assert.equal(reply.status, 500);
    assert.deepEqual(reply.json(), { message: `bad scope: ${CHARACTERS}`, restate_code: null });
  });
});

describe('workflows in a scope', () => {
  const output = (scope?: string): Promise<HttpReply> =>
    rig.ingress.post('/restate/output', {
      target: 'workflow',
      workflowName: 'ScopedWorkflow',
      workflowKey: 'w',
      scope,
    });

  test('run once per scope, with promises and state of their own', async () => {
    for (const scope of ['w1', 'w2']) await sendIn(rig, scope, 'ScopedWorkflow/w/run', scope);
    for (const scope of ['w1', 'w2']) await rig.effects.waitForCount(`${scope} attempt`);
    assert.equal((await output('w1')).status, 470);
    assert.equal((await output()).status, 404);
    const again = await callIn(rig, 'w1', 'ScopedWorkflow/w/run', 'again');
    assert.equal(again.status, 409);
    assertHas(again.json(), { message: 'the workflow method was already invoked' });

    await callIn(rig, 'w1', 'ScopedWorkflow/w/give', 'gift');
    await waitFor('the outcome', async () => ((await output('w1')).status === 200 ? 1 : undefined));
    assert.equal((await output('w1')).json(), 'w1 gift');
    assert.deepEqual((await callIn(rig, 'w1', 'ScopedWorkflow/w/look')).json(), ['w1', 'gift']);
    assert.deepEqual((await callIn(rig, 'w2', 'ScopedWorkflow/w/look')).json(), ['w2', null]);
    assert.deepEqual((await rig.ingress.post('/ScopedWorkflow/w/look', '')).json(), [null, null]);
    assert.equal((await output('w2')).status, 470);
  });

  test('leave nothing behind when they are purged', async () => {
    const id = await sendIn(rig, 'w3', 'ScopedWorkflow/w/run', 'w3');
    await callIn(rig, 'w3', 'ScopedWorkflow/w/give', 'gift');
    await attachTo(rig, id);
    assert.equal((await operate(rig, id, 'purge')).status, 200);
    assert.deepEqual((await callIn(rig, 'w3', 'ScopedWorkflow/w/look')).json(), [null, null]);
  });
});

describe('calls from handlers', () => {
  test('reach the scope that they name, and are in none otherwise', async (t) => {
    if (!speaksV7) return t.skip('the server does not speak service protocol 7');
    const call = { scope: 'from', handler: 'info', input: '', limitKey: 'a/b' };
    assert.equal((await rig.ingress.post('/Scoped/callScoped', call)).json(), 'from a/b');
    assert.equal((await callIn(rig, 's1', 'Scoped/callUnscoped')).json(), '- -');
    await callIn(rig, 'o9', 'ScopedObject/k/put', 'in o9');
    const read = await rig.ingress.post('/Scoped/getScoped', { scope: 'o9', key: 'k' });
    assert.equal(read.json(), 'in o9');
  });
});

test('scoped state survives kill -9', async () => {
  await callIn(rig, 'crash', 'ScopedObject/k/put', 'kept');
  await rig.crash();
  assert.equal((await callIn(rig, 'crash', 'ScopedObject/k/get')).json(), 'kept');
  assert.equal((await rig.ingress.post('/ScopedObject/crash/get', '')).json(), null);
});

describe('without the switch for objects', () => {
  let plain: Rig;
  before(async () => {
    const { RESTATE_EXPERIMENTAL_ENABLE_VQUEUES } = SCOPES_ON;
    plain = await startScopedRig({ RESTATE_EXPERIMENTAL_ENABLE_VQUEUES });
  });
  after(() => plain.dispose());

  test('services and workflows can be in a scope, objects cannot', async () => {
    assert.equal((await callIn(plain, 's', 'Scoped/echo', 'x')).status, 200);
    assert.equal((await callIn(plain, 's', 'ScopedWorkflow/k/look')).status, 200);
    const reply = await callIn(plain, 's', 'ScopedObject/k/get');
    assertRefusal(reply, 'scope is not supported for Virtual Object targets');
    assertHas(field(await versionOf(plain), 'features'), {
      vqueues: true,
      scoped_virtual_objects: false,
    });
  });
});

describe('without any switch', () => {
  let plain: Rig;
  before(async () => {
    plain = await startScopedRig({});
  });
  after(() => plain.dispose());

  test('nothing can be in a scope, but what is named by one can be looked up', async () => {
    const disabled = 'scoped invocations require vqueues to be enabled';
    assertRefusal(await callIn(plain, 's', 'Scoped/echo'), disabled);
    assertRefusal(await callIn(plain, 's', 'ScopedObject/k/get'), disabled);
    assertRefusal(await callIn(plain, 'a%20b', 'Scoped/echo'), `bad scope value: ${CHARACTERS}`);
    const target = { target: 'workflow', workflowName: 'Nope', workflowKey: 'k', scope: 's' };
    const invocationId = 'inv_11110Rzeqthr3nM761ciEdiY03w9GqppoG';
    assert.deepEqual((await plain.ingress.post('/restate/lookup', target)).json(), {
      invocationId,
    });
    assertHas(field(await versionOf(plain), 'features'), {
      vqueues: false,
      scoped_virtual_objects: false,
    });
  });
});
