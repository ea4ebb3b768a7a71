// Every route of the admin API against every kind of malformed or unsuitable request: which status,
// and in which of the four forms it is refused.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { HttpReply } from '../support/http.ts';
import {
  manifestOf,
  startManifestEndpoint,
  type ManifestEndpoint,
} from '../support/manifest-endpoint.ts';
import { Rig } from '../support/rig.ts';

let rig: Rig;
let endpoint: ManifestEndpoint;

before(async () => {
  rig = await Rig.start({});
  const handlers = [{ name: 'h' }];
  endpoint = await startManifestEndpoint({
    body: manifestOf(
      { name: 'Svc', ty: 'SERVICE', handlers },
      { name: 'Obj', ty: 'VIRTUAL_OBJECT', handlers },
    ),
  });
  const reply = await rig.register({ uri: endpoint.url });
  assert.equal(reply.status, 201, reply.text());
  const cluster = { name: 'known', properties: { 'bootstrap.servers': 'b:9092' } };
  assert.equal((await rig.admin.post('/kafka-clusters', cluster)).status, 201);
});

after(async () => {
  await endpoint.dispose();
  await rig.dispose();
});

const DEPLOYMENT = 'dp_11bnGiHbkfDHqKPHMoQDmpj';
const INVOCATION = 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz';
const SUBSCRIPTION = 'sub_11111111111111111111111';
const BATCH = '/internal/invocations_batch_operations';
const VERBS = ['cancel', 'kill', 'pause', 'resume', 'purge', 'purge-journal', 'restart-as-new'];

function send(method: string, path: string, json?: string): Promise<HttpReply> {
  const headers = json === undefined ? {} : { 'content-type': 'application/json' };
  return rig.admin.request({ method, path, body: json, headers });
}

function assertEmpty(reply: HttpReply, status: number): void {
  assert.equal(reply.status, status, reply.text());
  assert.deepEqual([reply.headers['content-type'], reply.text()], [undefined, '']);
}

function assertText(reply: HttpReply, status: number, text: RegExp): void {
  assert.equal(reply.status, status, reply.text());
  assert.equal(reply.headers['content-type'], 'text/plain; charset=utf-8');
  assert.match(reply.text(), text);
}

function assertDescribed(
  reply: HttpReply,
  status: number,
  message: string,
  code: string | null = null,
): void {
  assert.equal(reply.status, status, reply.text());
  assert.equal(reply.headers['content-type'], 'application/json');
  assert.deepEqual(reply.json(), { message, restate_code: code });
}

describe('a path', () => {
  const unknown = [
    '/unknown',
    '/services/',
    '//services',
    '/services/Svc/',
    '/services/Svc/unknown',
    '/deployments/',
    `${BATCH}/unknown`,
    '/internal/services/Svc/serdes/decode',
    '/internal/services/Svc/serdes/decode/',
    '/internal/services/Svc/serdes/recode/x',
    '/v2/',
    '/v5/services',
    '/v2/v3/services',
  ];
  for (const path of unknown) {
    test(`${path} is unknown`, async () => assertEmpty(await send('GET', path), 404));
  }

  for (const [path, status] of [
    ['/v2/services', 200],
    ['/v3/services/Svc', 200],
    ['/v4/deployments', 200],
    ['/v2/kafka-clusters', 200],
    ['/v3/openapi', 200],
    ['/v2/health', 200],
    ['/v4/version', 200],
    ['/v2/services/Nope', 404],
  ] as const) {
    test(`${path} is answered with ${status}`, async () => {
      assert.equal((await send('GET', path)).status, status);
    });
  }

  for (const path of ['/v1', '/v1/services', '/v1/unknown/x']) {
    test(`${path} is of a version that is too old`, async () => {
      assertText(
        await send('GET', path),
        400,
        /^Unsupported Admin API version V1\. .*V2 and V4\.$/,
      );
    });
  }

  for (const [path, location] of [
    ['/', '/ui/'],
    ['/?x=1', '/ui/?x=1'],
    ['/ui', '/ui/'],
    ['/v2', '/ui/'],
    ['/v3/ui?x', '/ui/?x'],
  ] as const) {
    test(`${path} leads to ${location}`, async () => {
      const reply = await send('GET', path);
      assertEmpty(reply, 308);
      assert.equal(reply.headers['location'], location);
    });
  }

  for (const path of ['/ui/', '/ui/invocations/x', '/v2/ui/']) {
    test(`${path} is a page`, async () => {
      const reply = await send('GET', path);
      assert.equal(reply.status, 200);
      assert.equal(reply.headers['content-type'], 'text/html; charset=utf-8');
      assert.match(reply.text(), /^<!doctype html>/i);
    });
  }

  for (const [path, name] of [
    ['/services/%FF', 'service'],
    ['/deployments/%FF', 'deployment'],
    ['/subscriptions/%FF', 'subscription'],
    ['/kafka-clusters/%FF', 'cluster_name'],
  ] as const) {
    test(`${path} is no UTF-8`, async () => {
      const text = new RegExp(`^Invalid URL: Invalid UTF-8 in \`${name}\`$`);
      assertText(await send('GET', path), 400, text);
    });
  }
});

describe('a method', () => {
  const rows: ReadonlyArray<readonly [path: string, allow: string]> = [
    ['/', 'GET,HEAD'],
    ['/ui', 'GET,HEAD'],
    ['/ui/', 'GET,HEAD'],
    ['/openapi', 'GET,HEAD'],
    ['/health', 'GET,HEAD'],
    ['/version', 'GET,HEAD'],
    ['/cluster-health', 'GET,HEAD'],
    ['/deployments', 'GET,HEAD,POST'],
    ['/deployments/x', 'GET,HEAD,DELETE,PATCH,PUT'],
    ['/services', 'GET,HEAD'],
    ['/services/x', 'GET,HEAD,PATCH'],
    ['/services/x/openapi', 'GET,HEAD'],
    ['/services/x/state', 'POST'],
    ['/services/x/handlers', 'GET,HEAD'],
    ['/services/x/handlers/y', 'GET,HEAD'],
    ['/invocations/x', 'DELETE'],
    ...VERBS.map((verb) => [`/invocations/x/${verb}`, 'PATCH'] as const),
    ...VERBS.map((verb) => [`${BATCH}/${verb}`, 'POST'] as const),
    ['/kafka-clusters', 'POST,GET,HEAD'],
    ['/kafka-clusters/x', 'GET,HEAD,PATCH,DELETE'],
    ['/subscriptions', 'POST,GET,HEAD'],
    ['/subscriptions/x', 'GET,HEAD,DELETE'],
    ['/internal/services/x/serdes/decode/y', 'POST'],
    ['/internal/services/x/serdes/encode/y/z', 'POST'],
  ];
  for (const [path, allow] of rows) {
    test(`of ${path} is one of ${allow}`, async () => {
      const reply = await send('OPTIONS', path);
      assertEmpty(reply, 405);
      assert.equal(reply.headers['allow'], allow);
    });
  }

  for (const path of ['/services', '/services/Svc', '/services/Nope', '/openapi', '/ui/']) {
    test(`HEAD of ${path} has the head of GET and no body`, async () => {
      const [head, get] = [await send('HEAD', path), await send('GET', path)];
      assert.equal(head.status, get.status);
      assert.equal(head.text(), '');
      for (const name of ['content-type', 'content-length', 'vary']) {
        assert.equal(head.headers[name], get.headers[name], name);
      }
    });
  }
});

describe('a body', () => {
  const routes: ReadonlyArray<readonly [method: string, path: string]> = [
    ['POST', '/deployments'],
    ['PATCH', `/deployments/${DEPLOYMENT}`],
    ['PUT', `/deployments/${DEPLOYMENT}`],
    ['PATCH', '/services/Nope'],
    ['POST', '/services/Nope/state'],
    ['POST', '/kafka-clusters'],
    ['PATCH', '/kafka-clusters/nope'],
    ['POST', '/subscriptions'],
    ...VERBS.map((verb) => ['POST', `${BATCH}/${verb}`] as const),
  ];
  for (const [method, path] of routes) {
    test(`of ${method} ${path} has to be JSON of its form`, async () => {
      const plain = { method, path, body: '{}', headers: { 'content-type': 'text/plain' } };
      assertText(await rig.admin.request(plain), 415, /^Expected request with `Content-Type: app/);
      assertText(await send(method, path), 415, /^Expected request with `Content-Type: app/);
      assertText(await send(method, path, '{'), 400, /^Failed to parse the request body as JSON: /);
      assertText(await send(method, path, ''), 400, /^Failed to parse the request body as JSON: /);
      assertText(await send(method, path, '"x"'), 422, /^Failed to deserialize the JSON body into/);
    });
  }

  test('may be JSON by another name', async () => {
    const headers = { 'content-type': 'application/x+json; charset=utf-8' };
    const path = '/services/Svc';
    const reply = await rig.admin.request({ method: 'PATCH', path, body: '{"odd":1}', headers });
    assert.equal(reply.status, 200, reply.text());
  });

  test('may have 2 MiB', async () => {
    const spaces = ' '.repeat(2 * 1024 * 1024 - 2);
    assert.equal((await send('PATCH', '/services/Svc', `{}${spaces}`)).status, 200);
    const reply = await send('PATCH', '/services/Svc', `{}${spaces} `);
    assertText(reply, 413, /^Failed to buffer the request body: length limit exceeded$/);
  });
});

describe('text in a path or a query', () => {
  const force = /^Failed to deserialize query string: force: provided string was not `true` or/;
  const mode = /^Failed to deserialize query string: mode: unknown variant `x`, expected one of/;
  const from = /^Failed to deserialize query string: from: invalid digit found in string$/;
  const deployment = /^Invalid URL: Cannot parse `deployment` with value `x`: bad format$/;
  const subscription = /^Invalid URL: Cannot parse `subscription` with value `x`: bad format$/;
  const texts: ReadonlyArray<readonly [method: string, target: string, json: string, RegExp]> = [
    ['GET', '/deployments/x', '', deployment],
    ['PATCH', '/deployments/x', '{', deployment],
    ['PUT', '/v2/deployments/x', '{', deployment],
    ['DELETE', '/deployments/x?force=x', '', deployment],
    ['DELETE', `/deployments/${DEPLOYMENT}?force=x`, '', force],
    ['DELETE', `/deployments/${DEPLOYMENT}?force=`, '', force],
    ['DELETE', `/deployments/${DEPLOYMENT}?force=true&force=true`, '', /duplicate field `force`$/],
    ['GET', '/subscriptions/x', '', subscription],
    ['DELETE', '/subscriptions/x', '', subscription],
    ['GET', '/subscriptions?sink=a&sink=b', '', /duplicate field `sink`$/],
    ['GET', '/kafka-clusters/nope?include_subscriptions=1', '', /include_subscriptions: provided/],
    ['DELETE', '/kafka-clusters/a%20b?force=x', '', force],
    ['PATCH', '/kafka-clusters/a%20b', '{}', /properties/],
    ['DELETE', '/invocations/x?mode=x', '', mode],
    ['PATCH', '/invocations/x/restart-as-new?from=-1', '', from],
    ['PATCH', `/invocations/${INVOCATION}/restart-as-new?from=4294967296`, '', /too large/],
    ['POST', '/internal/services/Svc/serdes/decode/y?deployment=x', '', /deployment: bad format$/],
    ['POST', `${BATCH}/kill`, '{"invocation_ids":["x"]}', /invocation_ids\[0\]: bad format/],
  ];
  for (const [method, target, json, text] of texts) {
    test(`${method} ${target} ${json} is refused as ${text}`, async () => {
      const reply = await send(method, target, json === '' ? undefined : json);
      assertText(reply, json.includes('{}') || json.includes('[') ? 422 : 400, text);
    });
  }

  const invalid = (what: string, reason: string) => `The ${what} is invalid. Reason: ${reason}`;
  const fields: ReadonlyArray<readonly [method: string, target: string, json: string, string]> = [
    ...VERBS.map(
      (verb) =>
        [
          'PATCH',
          `/invocations/x/${verb}`,
          '',
          invalid("request field 'invocation_id'", 'bad format'),
        ] as const,
    ),
    ['DELETE', '/invocations/x', '', invalid("request field 'invocation_id'", 'bad format')],
    ...['resume', 'restart-as-new'].map(
      (verb) =>
        [
          'PATCH',
          `/invocations/${INVOCATION}/${verb}?deployment=x`,
          '',
          invalid("query parameter 'deployment'", 'bad format'),
        ] as const,
    ),
    [
      'POST',
      `${BATCH}/resume`,
      '{"invocation_ids":[],"deployment":"x"}',
      invalid("request field 'deployment'", 'bad format'),
    ],
    [
      'DELETE',
      '/kafka-clusters/a%20b',
      '',
      invalid("request field 'cluster_name'", 'invalid uri character'),
    ],
    [
      'PATCH',
      '/kafka-clusters/a%25b',
      '{"properties":{}}',
      invalid("request field 'cluster_name'", 'invalid authority'),
    ],
    [
      'POST',
      '/deployments',
      '{"uri":"/x"}',
      invalid(
        "request field 'uri'",
        'The provided uri /x is not absolute, only absolute URIs can be used.',
      ),
    ],
  ];
  for (const [method, target, json, message] of fields) {
    test(`${method} ${target} ${json} is refused: ${message}`, async () => {
      assertDescribed(await send(method, target, json === '' ? undefined : json), 400, message);
    });
  }
});

describe('what does not exist', () => {
  const requested = (what: string) => `The requested ${what} does not exist`;
  const registered = (what: string) => `not found in the schema registry: ${what}`;
  const rows: ReadonlyArray<readonly [method: string, target: string, json: string, string]> = [
    ['GET', `/deployments/${DEPLOYMENT}`, '', requested(`deployment '${DEPLOYMENT}'`)],
    ['PATCH', `/deployments/${DEPLOYMENT}`, '{}', requested(`deployment '${DEPLOYMENT}'`)],
    ['PUT', `/v2/deployments/${DEPLOYMENT}`, '{}', requested(`deployment '${DEPLOYMENT}'`)],
    [
      'DELETE',
      `/deployments/${DEPLOYMENT}?force=true`,
      '',
      registered(`deployment with id '${DEPLOYMENT}'`),
    ],
    ['GET', '/services/Nope', '', requested("service 'Nope'")],
    ['GET', '/services/a%2Fb', '', requested("service 'a/b'")],
    ['GET', '/services/Nope/openapi', '', requested("service 'Nope'")],
    ['GET', '/services/Nope/handlers', '', requested("service 'Nope'")],
    ['GET', '/services/Nope/handlers/h', '', requested("handler 'h' on service 'Nope'")],
    ['GET', '/services/Svc/handlers/nope', '', requested("handler 'nope' on service 'Svc'")],
    ['PATCH', '/services/Nope', '{}', requested("service 'Nope'")],
    ['PATCH', '/services/Nope', '{"public":true}', registered("service with name 'Nope'")],
    [
      'POST',
      '/services/Nope/state',
      '{"object_key":"k","new_state":{"a":[1]}}',
      requested("service 'Nope'"),
    ],
    ...VERBS.map(
      (verb) =>
        [
          'PATCH',
          `/invocations/${INVOCATION}/${verb}`,
          '',
          requested(`invocation '${INVOCATION}'`),
        ] as const,
    ),
    ['GET', '/kafka-clusters/nope', '', requested("Kafka cluster 'nope'")],
    [
      'PATCH',
      '/kafka-clusters/nope',
      '{"properties":{"bootstrap.servers":"b"}}',
      registered("kafka cluster 'nope'"),
    ],
    ['DELETE', '/kafka-clusters/nope', '', registered("kafka cluster named 'nope'")],
    ['GET', `/subscriptions/${SUBSCRIPTION}`, '', requested(`subscription '${SUBSCRIPTION}'`)],
    [
      'DELETE',
      `/subscriptions/${SUBSCRIPTION}`,
      '',
      registered(`subscription with id '${SUBSCRIPTION}'`),
    ],
    ['POST', '/internal/services/Nope/serdes/encode/x', '', requested("service 'Nope'")],
    [
      'POST',
      `/internal/services/Svc/serdes/decode/x?deployment=${DEPLOYMENT}`,
      '',
      requested(`deployment '${DEPLOYMENT}'`),
    ],
  ];
  for (const [method, target, json, message] of rows) {
    test(`${method} ${target} ${json} says so`, async () => {
      assertDescribed(await send(method, target, json === '' ? undefined : json), 404, message);
    });
  }

  test('is deleted in the old way, all the same', async () => {
    assertEmpty(await send('DELETE', `/invocations/${INVOCATION}`), 202);
  });
});

describe('what is not allowed', () => {
  test('is the removal of a deployment without force', async () => {
    assertEmpty(await send('DELETE', `/deployments/${DEPLOYMENT}`), 501);
  });

  for (const prefix of ['', '/v3', '/v4']) {
    test(`is PUT of a deployment below ${prefix === '' ? '/' : prefix}`, async () => {
      const reply = await send('PUT', `${prefix}/deployments/${DEPLOYMENT}`, '{}');
      assertDescribed(reply, 405, 'PUT deployment is deprecated, use PATCH instead');
    });
  }

  test('is state for a service that has none', async () => {
    const reply = await send('POST', '/services/Svc/state', '{"object_key":"k","new_state":{}}');
    assertDescribed(reply, 400, 'Cannot modify state for service type Service');
  });

  test('is to register twice below /v2', async () => {
    const reply = await rig.admin.post('/v2/deployments', { uri: endpoint.url, force: false });
    const id = /dp_1\w+/.exec(reply.text())?.[0];
    assertDescribed(reply, 409, `Conflict: deployment ${id} already exists`);
  });
});

describe('a response', () => {
  const rows: ReadonlyArray<readonly [accept: string, coding: string | undefined]> = [
    ['gzip', 'gzip'],
    ['gzip, br', 'br'],
    ['br;q=0.5, gzip', 'gzip'],
    ['deflate', undefined],
    ['identity', undefined],
    ['*', undefined],
  ];
  for (const [accept, coding] of rows) {
    test(`to a client that takes ${accept} is ${coding ?? 'not'} compressed`, async () => {
      const reply = await rig.admin.get('/services/Svc', { 'accept-encoding': accept });
      assert.equal(reply.headers['content-encoding'], coding);
      assert.equal(reply.headers['vary'], 'accept-encoding');
      const plain = await rig.admin.get('/services/Svc');
      assert.deepEqual(JSON.parse(decompress(reply)), plain.json());
    });
  }

  test('of less than 32 bytes never is', async () => {
    const reply = await rig.admin.get('/subscriptions', { 'accept-encoding': 'gzip' });
    assert.equal(reply.text(), '{"subscriptions":[]}');
    assert.deepEqual(
      [reply.headers['content-encoding'], reply.headers['vary']],
      [undefined, undefined],
    );
  });

  test('has no header that lets pages of other origins read it', async () => {
    const reply = await rig.admin.get('/services', { origin: 'http://example.com' });
    assert.equal(reply.headers['access-control-allow-origin'], undefined);
  });
});

function decompress({ headers, body }: HttpReply): string {
  if (headers['content-encoding'] === 'gzip') return gunzipSync(body).toString();
  if (headers['content-encoding'] === 'br') return brotliDecompressSync(body).toString();
  return body.toString();
}
