// What the ingress carries: calls, sends, delays, idempotency, attach and output, awakeables, bodies,
// headers, keys, CORS.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { field, stringField } from '../support/json.ts';
import { Rig } from '../support/rig.ts';

let rig: Rig;
before(async () => {
  rig = await Rig.start({ modules: ['ingress-samples'] });
});
after(() => rig.dispose());

const INVOCATION_ID = /^inv_1[0-9a-zA-Z]{33}$/;

function assertSucceeded(reply: HttpReply, answer: unknown): void {
  assert.equal(reply.status, 200, reply.text());
  assert.match(String(reply.headers['x-restate-id']), INVOCATION_ID);
  assert.equal(reply.headers['content-type'], 'application/json');
  assert.equal(reply.headers['x-restate-error-source'], undefined);
  assert.deepEqual(reply.json(), answer);
}

function withKey(key: string): Readonly<Record<string, string>> {
  return { 'idempotency-key': key };
}

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

describe('a body', () => {
  const bytes = (body: Uint8Array) =>
    rig.ingress.request({
      path: '/Echo/bytes',
      body,
      headers: { 'content-type': 'application/octet-stream' },
      chunked: body.length % 2 === 1,
    });

  for (const [name, body] of [
    ['of no bytes', Buffer.alloc(0)],
    ['of every byte value', Buffer.from(Array.from({ length: 256 }, (_, n) => n))],
    ['of 1 MB', randomBytes(1_000_000)],
    ['of 1 MB in chunks', randomBytes(1_000_001)],
    ['of 10 MB', randomBytes(10_000_000)],
  ] as const) {
    test(`${name} comes back as it was`, async () => {
      const reply = await bytes(body);
      assert.equal(reply.status, 200);
      assert.ok(reply.body.equals(body));
      assert.equal(
        reply.headers['content-type'],
        body.length === 0 ? undefined : 'application/octet-stream',
      );
    });
  }

  test('of 10 MB of JSON comes back as it was', async () => {
    const text = 'ü'.repeat(5_000_000);
    assertSucceeded(await rig.ingress.post('/Echo/echo', text), text);
  });
});

describe('the handler sees', { concurrency: 8 }, () => {
  test('the path first, then the headers of the request without the connection’s own', async () => {
    const reply = await rig.ingress.request({
      path: '/Echo/request/?q=1&r=%20x',
      body: '{"raw":  1}',
      headers: {
        'content-type': 'application/json',
        'X-Mixed-Case': 'Value',
        'x-twice': ['first', 'second'],
        authorization: 'Bearer t',
        cookie: 'c=1',
        ...withKey('seen'),
      },
    });
    const { headers, body } = Object(reply.json());
    assert.equal(body, '{"raw":  1}');
    assert.deepEqual(headers, [
      ['x-restate-ingress-path', '/Echo/request?q=1&r=%20x'],
      ['content-length', '11'],
      ['content-type', 'application/json'],
      ['x-mixed-case', 'Value'],
      ['x-twice', 'first'],
      ['authorization', 'Bearer t'],
      ['cookie', 'c=1'],
    ]);
  });

  for (const [segment, key] of [
    ['plain', 'plain'],
    ['a%2Fb%20c', 'a/b c'],
    ['a+b', 'a+b'],
    ['a%zz%', 'a%zz%'],
    ['%C3%BC%F0%9F%98%80', 'ü😀'],
    ['%00', '\0'],
    ['..', '..'],
    ['', ''],
  ] as const) {
    test(`key segment '${segment}' as ${JSON.stringify(key)}`, async () => {
      assertSucceeded(await rig.ingress.post(`/Obj/${segment}/key`), key);
      assertSucceeded(await rig.ingress.post(`/restate/call/Obj/${segment}/key`), key);
    });
  }
});

describe('CORS', { concurrency: 8 }, () => {
  const vary = 'origin, access-control-request-method, access-control-request-headers';

  test('mirrors the origin on every routed response', async () => {
    for (const path of ['/restate/health', '/Echo/noInput', '/Nope/nope', '/']) {
      const reply = await rig.ingress.get(path, { origin: 'http://site.example' });
      assert.equal(reply.headers['access-control-allow-origin'], 'http://site.example');
      assert.equal(reply.headers['access-control-allow-credentials'], 'true');
      assert.equal(reply.headers.vary, vary);
    }
    const reply = await rig.ingress.get('/restate/health');
    assert.equal(reply.headers['access-control-allow-origin'], undefined);
    assert.equal(reply.headers['access-control-allow-credentials'], 'true');
  });

  test('answers every OPTIONS request, whatever its path', async () => {
    for (const path of ['/', '/Echo/echo', '/Nope/nope', '/restate/health']) {
      const reply = await rig.ingress.request({
        method: 'OPTIONS',
        path,
        headers: {
          origin: 'http://site.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,idempotency-key',
        },
      });
      assert.equal(reply.status, 200);
      assert.equal(reply.body.length, 0);
      assert.equal(reply.headers['access-control-allow-origin'], 'http://site.example');
      assert.equal(reply.headers['access-control-allow-methods'], 'POST');
      assert.equal(reply.headers['access-control-allow-headers'], 'content-type,idempotency-key');
      assert.equal(reply.headers['access-control-max-age'], undefined);
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
