// What the ingress does: calls, sends, delays, idempotency, attach and output, awakeables.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { field, stringField } from '../support/json.ts';
import { assertSucceeded, INVOCATION_ID, withKey } from '../support/ingress-asserts.ts';
import { Rig } from '../support/rig.ts';

let rig: Rig;
before(async () => {
  rig = await Rig.start({ modules: ['ingress-samples'] });
});
after(() => rig.dispose());

describe('a call', { concurrency: 8 }, () => {
  for (const path of ['/Echo/echo', '/restate/call/Echo/echo', '//Echo/echo', '/Echo/echo///']) {
    test(`to ${path} answers with the result`, async () => {
      assertSucceeded(await rig.ingress.post(path, { a: [1, 'ü'] }), { a: [1, 'ü'] });
    });
  }

  test('may be a GET', async () => {
    const reply = await rig.ingress.get('/Echo/noInput');
    assertSucceeded(reply, 'without input');
  });

  test('without a result has neither body nor content type', async () => {
    const reply = await rig.ingress.post('/Echo/nothing');
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['content-type'], undefined);
    assert.equal(reply.headers['content-length'], '0');
  });

  for (const contentType of ['application/json; charset=utf-8', ' application/json ']) {
    test(`with content type '${contentType}' is taken as JSON`, async () => {
      const headers = { 'content-type': contentType };
      assertSucceeded(await rig.ingress.request({ path: '/Echo/echo', body: '7', headers }), 7);
    });
  }

  test('with a body that is not JSON is answered by the SDK', async () => {
    const headers = { 'content-type': 'application/json' };
    const reply = await rig.ingress.request({ path: '/Echo/echo', body: '{"a":', headers });
    assert.equal(reply.status, 400);
    assert.equal(reply.headers['x-restate-error-source'], 'invocation');
    assert.equal(field(reply.json(), 'source'), 'invocation');
    assert.match(stringField(reply.json(), 'message'), /^Failed to deserialize input/);
  });

  test('of a private handler by another handler is allowed', async () => {
    assertSucceeded(await rig.ingress.post('/Echo/callsHidden'), 'not to be seen');
  });

  test('goes on when its client disconnects', async () => {
    const aborted = rig.ingress
      .request({
        path: '/Echo/gated',
        body: '"disconnected"',
        headers: { 'content-type': 'application/json', ...withKey('disconnected') },
        timeoutMs: 500,
      })
      .catch(() => 'gone');
    await rig.effects.waitForCount('at disconnected');
    assert.equal(await aborted, 'gone');
    rig.openGate('disconnected');
    const path = '/restate/invocation/Echo/gated/disconnected/attach';
    assertSucceeded(await rig.ingress.get(path), 'past disconnected');
    assert.equal(rig.effects.count('at disconnected'), 1);
  });
});

describe('a failure', { concurrency: 8 }, () => {
  for (const code of [400, 409, 418, 499, 503, 600, 999]) {
    test(`with code ${code} has that status`, async () => {
      const reply = await rig.ingress.post('/Echo/fail', { message: 'm', code });
      assert.equal(reply.status, code);
      assert.equal(reply.headers['x-restate-error-source'], 'invocation');
      assert.match(String(reply.headers['x-restate-id']), INVOCATION_ID);
      assert.deepEqual(reply.json(), { code, message: 'm', source: 'invocation' });
    });
  }

  for (const code of [0, 1000]) {
    test(`with code ${code} has status 500 and keeps the code in the body`, async () => {
      const reply = await rig.ingress.post('/Echo/fail', { message: 'm', code });
      assert.equal(reply.status, 500);
      assert.deepEqual(reply.json(), { code, message: 'm', source: 'invocation' });
    });
  }

  test('carries metadata', async () => {
    const metadata = { k: 'v', a: 'ü' };
    const reply = await rig.ingress.post('/Echo/fail', { message: 'm', code: 409, metadata });
    assert.deepEqual(reply.json(), { code: 409, message: 'm', metadata, source: 'invocation' });
  });
});

describe('a send', { concurrency: 8 }, () => {
  for (const path of ['/Echo/once/send', '/restate/send/Echo/once']) {
    test(`to ${path} is accepted and runs`, async () => {
      const reply = await rig.ingress.post(path, path);
      assert.equal(reply.status, 202);
      assert.equal(reply.headers['content-type'], 'application/json');
      const invocationId = stringField(reply.json(), 'invocationId');
      assert.match(invocationId, INVOCATION_ID);
      assert.equal(reply.headers['x-restate-id'], invocationId);
      assert.deepEqual(reply.json(), { invocationId, status: 'Accepted' });
      assertSucceeded(
        await rig.ingress.get(`/restate/attach/${invocationId}`),
        `answer to ${path}`,
      );
      assert.equal(rig.effects.count(`once ${path}`), 1);
    });
  }

  for (const delay of ['300ms', 'PT0.3S', '0.3+sec']) {
    test(`with delay ${delay} tells its time and runs then`, async () => {
      const sentMs = Date.now();
      const reply = await rig.ingress.post(`/Echo/once/send?delay=${delay}`, delay);
      assert.equal(reply.status, 202);
      const executionTime = stringField(reply.json(), 'executionTime');
      assert.match(executionTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      const dueMs = Date.parse(executionTime);
      assert.ok(dueMs >= sentMs + 300 && dueMs < sentMs + 10_000, executionTime);
      await rig.effects.waitForCount(`once ${delay}`);
      assert.ok(Date.now() >= dueMs, 'ran before its time');
    });
  }

  test('with delay 0 tells its time too', async () => {
    const reply = await rig.ingress.post('/Echo/once/send?delay=0', 'no delay');
    assert.notEqual(field(reply.json(), 'executionTime'), undefined);
    await rig.effects.waitForCount('once no delay');
  });

  test('repeated while delayed keeps its first time', async () => {
    const headers = withKey('delayed twice');
    const send = (delay: string) =>
      rig.ingress.post(`/Echo/once/send?delay=${delay}`, 'delayed twice', headers);
    const first = (await send('1h')).json();
    const second = (await send('2h')).json();
    assert.equal(field(first, 'status'), 'Accepted');
    assert.deepEqual(second, { ...Object(first), status: 'PreviouslyAccepted' });
    const output = `/restate/output/${stringField(first, 'invocationId')}`;
    assert.equal((await rig.ingress.get(output)).status, 470);
  });
});

describe('an idempotency key', { concurrency: 8 }, () => {
  test('gives every repetition the first result', async () => {
    const call = (body: string) => rig.ingress.post('/Echo/once', body, withKey('repeated'));
    const first = await call('repeated');
    assertSucceeded(first, 'answer to repeated');
    assert.equal(first.headers['idempotency-expires'], undefined);
    const second = await call('another body');
    assertSucceeded(second, 'answer to repeated');
    assert.equal(second.headers['x-restate-id'], first.headers['x-restate-id']);
    assert.match(
      String(second.headers['idempotency-expires']),
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/,
    );
    assert.equal(rig.effects.count('once repeated'), 1);
    assert.equal(rig.effects.count('once another body'), 0);

    const sent = await rig.ingress.post('/Echo/once/send', 'sent', withKey('repeated'));
    assert.equal(field(sent.json(), 'status'), 'PreviouslyAccepted');
  });

  test('repeats failures too', async () => {
    const call = () =>
      rig.ingress.post('/Echo/fail', { message: 'kept', code: 418 }, withKey('failure'));
    const [first, second] = [await call(), await call()];
    assert.equal(second.status, 418);
    assert.deepEqual(second.json(), first.json());
    assert.equal(second.headers['x-restate-id'], first.headers['x-restate-id']);
  });

  test('joins concurrent callers', async () => {
    const calls = [1, 2, 3].map(() => rig.ingress.post('/Echo/gated', 'joined', withKey('joined')));
    await rig.effects.waitForCount('at joined');
    rig.openGate('joined');
    for (const call of calls) assertSucceeded(await call, 'past joined');
    assert.equal(rig.effects.count('at joined'), 1);
  });

  test('means another invocation for another handler or object key', async () => {
    const ids = await Promise.all(
      ['/Obj/x/count', '/Obj/y/count', '/Obj/x/key', '/Echo/nothing'].map(async (path) => {
        const reply = await rig.ingress.post(path, undefined, withKey('shared'));
        assert.equal(reply.status, 200);
        return reply.headers['x-restate-id'];
      }),
    );
    assert.equal(new Set(ids).size, ids.length);
  });
});

describe('attach and output', { concurrency: 8 }, () => {
  test('find an invocation by id and by idempotency key, while it runs and afterwards', async () => {
    const sent = await rig.ingress.post('/Echo/gated/send', 'found', withKey('found'));
    const id = stringField(sent.json(), 'invocationId');
    await rig.effects.waitForCount('at found');
    const target = {
      target: 'idempotentInvocation',
      service: 'Echo',
      handler: 'gated',
      idempotencyKey: 'found',
    };
    const ask = (verb: 'attach' | 'output'): Array<Promise<HttpReply>> => [
      rig.ingress.get(`/restate/${verb}/${id}`),
      rig.ingress.get(`/restate/invocation/${id}/${verb}`),
      rig.ingress.get(`/restate/invocation/Echo/gated/found/${verb}`),
      rig.ingress.post(`/restate/${verb}`, target),
      rig.ingress.post(`/restate/${verb}`, { target: 'invocation', invocationId: id }),
    ];
    for (const reply of await Promise.all(ask('output'))) {
      assert.equal(reply.status, 470);
      assert.deepEqual(reply.json(), {
        code: 470,
        message: 'the invocation exists but has not completed yet',
        source: 'ingress',
      });
    }
    const attached = ask('attach');
    rig.openGate('found');
    for (const reply of await Promise.all(attached)) assertSucceeded(reply, 'past found');
    for (const reply of await Promise.all([...ask('output'), ...ask('attach')])) {
      assertSucceeded(reply, 'past found');
      assert.equal(reply.headers['x-restate-id'], id);
      assert.notEqual(reply.headers['idempotency-expires'], undefined);
    }
  });

  test('find the run of a workflow', async () => {
    const sent = await rig.ingress.post('/Wf/w1/run/send', 'in');
    assert.equal(field(sent.json(), 'status'), 'Accepted');
    assert.equal((await rig.ingress.get('/restate/workflow/Wf/w1/output')).status, 470);
    const again = await rig.ingress.post('/Wf/w1/run/send', 'other');
    assert.equal(field(again.json(), 'status'), 'PreviouslyAccepted');
    const attached = rig.ingress.get('/restate/workflow/Wf/w1/attach');
    assert.equal((await rig.ingress.post('/Wf/w1/end', 'out')).status, 200);
    assertSucceeded(await attached, ['in', 'out']);
    const target = { target: 'workflow', workflowName: 'Wf', workflowKey: 'w1' };
    assertSucceeded(await rig.ingress.post('/restate/output', target), ['in', 'out']);
    const called = await rig.ingress.post('/Wf/w1/run', 'third');
    assert.equal(called.status, 409);
    assert.equal(field(called.json(), 'message'), 'the workflow method was already invoked');
  });

  test('lookup computes ids without asking whether they exist', async () => {
    const rows = [
      [
        { target: 'workflow', workflowName: 'Wf', workflowKey: 'k' },
        'inv_10T5Thwsbi8d7wE78MIGiRTCknW9s9u0Kn',
      ],
      [
        {
          target: 'idempotentInvocation',
          service: 'Obj',
          key: 'k',
          handler: 'key',
          idempotencyKey: 'ik',
        },
        'inv_10T5Thwsbi8d45Km1iz8dRNk12oI6b3I4f',
      ],
      [
        { target: 'idempotentInvocation', service: 'Echo', handler: 'echo', idempotencyKey: 'ik' },
        'inv_1d9p4py5kYe40vantL55DcOXsLbHgmcFKm',
      ],
    ] as const;
    for (const [target, invocationId] of rows) {
      const reply = await rig.ingress.post('/restate/lookup', target);
      assert.equal(reply.status, 200);
      assert.deepEqual(reply.json(), { invocationId });
    }
    const called = await rig.ingress.post('/Echo/echo', 1, withKey('ik'));
    assert.equal(called.headers['x-restate-id'], 'inv_1d9p4py5kYe40vantL55DcOXsLbHgmcFKm');
  });
});

describe('an awakeable', { concurrency: 8 }, () => {
  async function start(tag: string): Promise<readonly [id: string, answer: Promise<HttpReply>]> {
    const answer = rig.ingress.post('/Echo/awakeable', tag);
    const id = await rig.effects.waitForSuffix(`awakeable ${tag} `);
    assert.match(id, /^sign_1[\w-]{38}$/);
    return [id, answer];
  }

  for (const prefix of ['/restate/awakeables', '/restate/a']) {
    test(`is resolved under ${prefix}`, async () => {
      const [id, answer] = await start(`resolved ${prefix}`);
      const reply = await rig.ingress.post(`${prefix}/${id}/resolve`, { v: 1 });
      assert.equal(reply.status, 202);
      assert.equal(reply.body.length, 0);
      assert.equal(reply.headers['content-type'], undefined);
      assertSucceeded(await answer, { v: 1 });
    });

    test(`is rejected under ${prefix}`, async () => {
      const [id, answer] = await start(`rejected ${prefix}`);
      const reply = await rig.ingress.request({
        path: `${prefix}/${id}/reject`,
        body: 'my reason',
      });
      assert.equal(reply.status, 202);
      const failure = await answer;
      assert.equal(failure.status, 500);
      assert.deepEqual(failure.json(), { code: 500, message: 'my reason', source: 'invocation' });
    });
  }

  test('is resolved without a value', async () => {
    const [id, answer] = await start('no value');
    assert.equal((await rig.ingress.post(`/restate/a/${id}/resolve`)).status, 202);
    assertSucceeded(await answer, 'no value');
  });

  test('of an unknown or completed invocation is accepted and ignored', async () => {
    const [id, answer] = await start('late');
    await rig.ingress.post(`/restate/a/${id}/resolve`, 'first');
    assertSucceeded(await answer, 'first');
    const unknown = `sign_1${Buffer.alloc(28, 17).toString('base64url')}`;
    for (const late of [id, unknown]) {
      assert.equal((await rig.ingress.post(`/restate/a/${late}/resolve`, 'second')).status, 202);
    }
  });
});

test('health lists every registered service', async () => {
  const reply = await rig.ingress.get('/restate/health');
  assert.equal(reply.headers['content-type'], 'application/json');
  const services = field(reply.json(), 'services');
  assert.ok(Array.isArray(services));
  assert.deepEqual(services.map(String).toSorted(), ['Echo', 'Obj', 'Priv', 'Wf']);
});
