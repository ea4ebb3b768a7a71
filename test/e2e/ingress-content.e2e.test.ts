// What the ingress carries unchanged: bodies, headers, keys; and what it says to browsers.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { assertSucceeded, withKey } from '../support/ingress-asserts.ts';
import { Rig } from '../support/rig.ts';

let rig: Rig;
before(async () => {
  rig = await Rig.start({ modules: ['ingress-samples'] });
});
after(() => rig.dispose());

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
