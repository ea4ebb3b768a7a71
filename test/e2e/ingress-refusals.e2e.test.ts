// What the ingress refuses, with the exact status and body.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HttpClient, type HttpCall, type HttpReply } from '../support/http.ts';
import { field } from '../support/json.ts';
import {
  manifestOf,
  startManifestEndpoint,
  type ManifestEndpoint,
} from '../support/manifest-endpoint.ts';
import { Rig } from '../support/rig.ts';

let rig: Rig;
let manifest: ManifestEndpoint;

/** Handlers whose input rules the SDK cannot express. They are never invoked. */
const RULES_MANIFEST = manifestOf({
  name: 'Rules',
  ty: 'SERVICE',
  handlers: [
    { name: 'required', input: { required: true, contentType: 'application/json' } },
    {
      name: 'schema',
      input: { required: false, contentType: 'application/json', jsonSchema: { type: 'object' } },
    },
    { name: 'image', input: { required: true, contentType: 'image/*' } },
    { name: 'unsatisfiable', input: { required: true } },
  ],
});

before(async () => {
  rig = await Rig.start({ modules: ['ingress-samples'] });
  manifest = await startManifestEndpoint({ body: RULES_MANIFEST });
  assert.equal((await rig.register({ uri: manifest.url })).status, 201);
});
after(async () => {
  await rig.dispose();
  await manifest.dispose();
});

/** A refusal by the ingress itself: its JSON body and its headers. */
function assertIngressError(reply: HttpReply, status: number, message: string | RegExp): void {
  assert.equal(reply.status, status, reply.text());
  assert.equal(reply.headers['x-restate-error-source'], 'ingress');
  assert.equal(reply.headers['content-type'], 'application/json');
  assert.equal(reply.headers['x-restate-id'], undefined);
  assert.equal(reply.headers['access-control-allow-credentials'], 'true');
  const body = reply.json();
  if (typeof message === 'string') {
    assert.deepEqual(body, { code: status, message, source: 'ingress' });
  } else {
    assert.equal(field(body, 'code'), status);
    assert.match(String(field(body, 'message')), message);
  }
}

type Row = readonly [call: string, status: number, message: string | RegExp];

/** `METHOD /path`. */
function toCall(text: string): HttpCall {
  const [method, path = ''] = text.split(' ');
  return { method, path };
}

const BAD_TARGET =
  'bad path, expected either /:service-name/:handler or /:object-name/:object-key/:handler';
const BAD_API_PATH =
  'bad path, expected /restate/call/:service/:handler, /restate/send/:service/:handler, /restate/scope/:scope/call/:service/:handler, /restate/attach/:invocation_id, /restate/output/:invocation_id, or /restate/lookup';
const NO_SUCH_SERVICE = (name: string): string =>
  `service '${name}' not found, make sure to register the service before calling it.`;
const NO_SUCH_HANDLER = (service: string, handler: string): string =>
  `the service '${service}' exists, but the handler '${handler}' was not found, check that the handler exists in the latest registered service version.`;
const UNKNOWN_ID = `inv_1${'0'.repeat(33)}`;

const PATH_ROWS: readonly Row[] = [
  ['GET /', 400, 'bad path: /'],
  ['GET /Echo', 400, 'bad path: /Echo'],
  ['GET /health', 400, 'bad path: /health'],
  ['GET /openapi', 400, 'bad path: /openapi'],
  ['GET /restate', 400, 'bad path: /restate'],
  ['GET /a/b/c/d/e/f/g/h', 400, 'bad path: /a/b/c/d/e/f/g/h'],
  ['GET /openapi/Echo', 404, 'not found'],
  ['GET /restate/nonsense/Echo', 404, 'not found'],
  ['GET /restate/v1/call', 404, 'not found'],
  ['POST /Echo/echo/sned', 400, BAD_TARGET],
  ['POST /Echo/echo/send/more', 400, BAD_TARGET],
  ['POST /Obj/key', 400, BAD_TARGET],
  ['POST /Obj/k/key/sned', 400, BAD_TARGET],
  ['POST /restate/call/Echo', 400, BAD_API_PATH],
  ['POST /restate/call/Echo/echo/more', 400, BAD_API_PATH],
  ['POST /restate/call/Obj/key', 400, BAD_API_PATH],
  ['POST /Nope/echo', 404, NO_SUCH_SERVICE('Nope')],
  ['POST /restate/call/Nope/echo', 404, NO_SUCH_SERVICE('Nope')],
  ['POST /restate/send/Nope/echo', 404, NO_SUCH_SERVICE('Nope')],
  ['POST /Ech%6f/echo', 404, NO_SUCH_SERVICE('Ech%6f')],
  ['POST /echo/echo', 404, NO_SUCH_SERVICE('echo')],
  ['POST /Echo/nope', 404, NO_SUCH_HANDLER('Echo', 'nope')],
  ['POST /Echo/ech%6F', 404, NO_SUCH_HANDLER('Echo', 'ech%6F')],
  ['POST /Obj/k/nope', 404, NO_SUCH_HANDLER('Obj', 'nope')],
  ['POST /Obj/%FF/key', 400, /^bad path, cannot decode key: /],
];

const PRIVACY_AND_METHOD_ROWS: readonly Row[] = [
  ['POST /Priv/hi', 400, 'the invoked service is not public'],
  ['POST /Priv/hi/send', 400, 'the invoked service is not public'],
  ['POST /restate/call/Priv/hi', 400, 'the invoked service is not public'],
  ['POST /Echo/hidden', 400, 'the invoked service is not public'],
  ['PUT /Priv/hi', 400, 'the invoked service is not public'],
  ['PUT /Nope/hi', 404, NO_SUCH_SERVICE('Nope')],
  ['PUT /Echo/echo', 405, 'method not allowed'],
  ['DELETE /Echo/echo', 405, 'method not allowed'],
  ['PATCH /Echo/echo/send', 405, 'method not allowed'],
  ['PUT /restate/call/Echo/echo', 405, 'method not allowed'],
  ['POST /restate/health', 405, 'method not allowed'],
  [`GET /restate/awakeables/${UNKNOWN_ID}/resolve`, 405, 'method not allowed'],
  [`POST /restate/output/${UNKNOWN_ID}`, 405, 'method not allowed'],
  ['GET /restate/lookup', 405, 'method not allowed'],
];

const ID_ROWS: readonly Row[] = [
  [`GET /restate/output/${UNKNOWN_ID}`, 404, 'invocation not found'],
  [`GET /restate/invocation/${UNKNOWN_ID}/output`, 404, 'invocation not found'],
  ['GET /restate/invocation/Echo/echo/no-such-key/output', 404, 'invocation not found'],
  ['GET /restate/workflow/Wf/no-such-key/output', 404, 'invocation not found'],
  ['GET /restate/workflow/NoSuchWorkflow/k/output', 404, 'invocation not found'],
  ['GET /restate/output/foo', 400, "bad invocation id 'foo': bad format"],
  ['GET /restate/attach/foo_1', 400, "bad invocation id 'foo_1': unrecognized resource type: foo"],
  ['GET /restate/attach/inv_1aGs', 400, "bad invocation id 'inv_1aGs': bad length"],
  [
    `GET /restate/attach/${UNKNOWN_ID.replace('inv_1', 'inv_2')}`,
    400,
    `bad invocation id '${UNKNOWN_ID.replace('inv_1', 'inv_2')}': unrecognized codec version`,
  ],
  [
    'GET /restate/attach/dp_11bnGiHbkfDHqKPHMoQDmpj',
    400,
    "bad invocation id 'dp_11bnGiHbkfDHqKPHMoQDmpj': id doesn't match the expected type",
  ],
  ['POST /restate/awakeables/foo/resolve', 400, "bad awakeable id 'foo': bad format"],
  ['POST /restate/a/foo/reject', 400, "bad awakeable id 'foo': bad format"],
];

const DELAY_ON_CALL =
  'cannot use the delay query parameter with calls. The delay is supported only with sends';

const DELAY_ROWS: readonly Row[] = [
  ['POST /Echo/echo?delay=1s', 400, DELAY_ON_CALL],
  ['POST /restate/call/Echo/echo?delay=PT1S', 400, DELAY_ON_CALL],
  ...['bogus', '', '100', '00', '-1s', '1S', '1s1m', '1month', 'P1M', '-PT1S', 'PT'].map(
    (delay): Row => [
      `POST /Echo/echo/send?delay=${delay}`,
      400,
      /^bad delay query parameter, must be a ISO8601 duration: /,
    ],
  ),
  ['POST /Echo/echo?delay=bogus', 400, /^bad delay query parameter/],
  ['POST /Echo/echo/send?limit-key=k', 400, 'limit-key requires a scope to be set'],
  ['POST /restate/scope/s/call/Echo/echo', 400, 'scoped invocations require vqueues to be enabled'],
];

for (const [group, rows] of [
  ['a path', PATH_ROWS],
  ['a private service or a wrong method', PRIVACY_AND_METHOD_ROWS],
  ['an id', ID_ROWS],
  ['a query', DELAY_ROWS],
] as const) {
  describe(`the ingress refuses ${group}`, { concurrency: 8 }, () => {
    for (const [call, status, message] of rows) {
      test(`${call} with ${status}`, async () => {
        assertIngressError(await rig.ingress.request(toCall(call)), status, message);
      });
    }
  });
}

describe('the ingress refuses a body', { concurrency: 8 }, () => {
  const mismatch = (found: string, wanted: string): string =>
    `input validation error: Content-type '${found}' does not match '${wanted}'`;
  const json = 'application/json';
  const rows: ReadonlyArray<
    readonly [path: string, contentType: string | undefined, body: string, message: string]
  > = [
    ['/Echo/echo', undefined, '1', 'input validation error: Empty content-type'],
    ['/Echo/echo/send', undefined, '1', 'input validation error: Empty content-type'],
    ['/Echo/echo', 'text/plain', '1', mismatch('text/plain', json)],
    ['/Echo/echo', 'APPLICATION/JSON', '1', mismatch('APPLICATION/JSON', json)],
    ['/Echo/echo', 'application', '1', mismatch('application', json)],
    ['/Echo/bytes', json, '1', mismatch(json, 'application/octet-stream')],
    ['/Rules/required', undefined, '', 'input validation error: Empty content-type'],
    ['/Rules/schema', json, '', 'input validation error: Empty body not allowed'],
    ['/Rules/image', 'text/html', 'x', mismatch('text/html', 'image/*')],
    [
      '/Rules/unsatisfiable',
      json,
      '{}',
      'input validation error: Bad configuration of the input validation rules',
    ],
    [
      '/Echo/noInput',
      json,
      '{}',
      `input validation error: Expected body and content-type to be empty, but wasn't with content-type 'Some("application/json")'`,
    ],
    [
      '/Echo/noInput',
      undefined,
      'x',
      `input validation error: Expected body and content-type to be empty, but wasn't with content-type 'None'`,
    ],
  ];
  for (const [path, contentType, body, message] of rows) {
    test(`'${body}' as ${contentType} for ${path}`, async () => {
      const headers = contentType === undefined ? {} : { 'content-type': contentType };
      assertIngressError(await rig.ingress.request({ path, body, headers }), 400, message);
    });
  }

  test('whose length is over 32 MiB, before reading it and for any path', async () => {
    for (const path of ['/Echo/bytes', '/Nope/nope']) {
      // A connection of its own: the server closes it after the refusal.
      const client = new HttpClient(rig.server.ingressUrl);
      const reply = await client.request({
        method: 'POST',
        path,
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': 32 * 1024 * 1024 + 1,
        },
        body: 'only the beginning',
      });
      client.close();
      assert.equal(reply.status, 413);
      assert.equal(reply.text(), 'length limit exceeded');
      assert.equal(reply.headers['content-type'], 'text/plain; charset=utf-8');
      assert.equal(reply.headers['x-restate-error-source'], undefined);
    }
  });

  test('that turns out to be over 32 MiB', async () => {
    const reply = await rig.ingress.request({
      path: '/Echo/bytes',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.alloc(32 * 1024 * 1024 + 1),
      chunked: true,
    });
    assertIngressError(reply, 413, 'cannot read body: LengthLimitError');
  });

  test('of a target question that is no target', async () => {
    for (const [path, kind] of [
      ['/restate/lookup', 'lookup'],
      ['/restate/attach', 'request'],
      ['/restate/output', 'request'],
    ] as const) {
      for (const body of ['', '{', '{"target":"nothing"}', '{"target":"workflow"}']) {
        const reply = await rig.ingress.request({ path, body });
        assertIngressError(reply, 500, new RegExp(`^cannot read body: invalid ${kind} body: `));
      }
    }
  });
});

describe('the ingress refuses a header', () => {
  test('idempotency-key on a workflow run', async () => {
    for (const path of ['/Wf/keyed/run', '/Wf/keyed/run/send']) {
      assertIngressError(
        await rig.ingress.post(path, 1, { 'idempotency-key': 'k' }),
        400,
        'cannot use the idempotency key with workflow handlers. The handler invocation will already be idempotent by the workflow key itself.',
      );
    }
  });

  test('with bytes beyond visible ASCII', async () => {
    // uWebSockets.js 20.30 drops such bytes before anybody sees them.
    const patient = await Rig.start({
      modules: ['ingress-samples'],
      server: { environment: { RESTATE_LISTENER: 'node' } },
    });
    try {
      const reply = await patient.ingress.post('/Echo/echo', 1, { 'x-odd': 'caf\u00e9' });
      assertIngressError(reply, 400, /^bad header x-odd: /);
    } finally {
      await patient.dispose();
    }
  });
});

test('HEAD is refused without a body', async () => {
  for (const path of ['/Echo/echo', '/restate/health']) {
    const reply = await rig.ingress.request({ method: 'HEAD', path });
    assert.equal(reply.status, 405);
    assert.equal(reply.body.length, 0);
  }
});

test('attaching to an unknown invocation is answered as a failure of that invocation', async () => {
  for (const path of [
    `/restate/attach/${UNKNOWN_ID}`,
    `/restate/invocation/${UNKNOWN_ID}/attach`,
    '/restate/workflow/Wf/no-such-key/attach',
    '/restate/invocation/Echo/echo/no-such-key/attach',
  ]) {
    const reply = await rig.ingress.get(path);
    assert.equal(reply.status, 404);
    assert.match(String(reply.headers['x-restate-id']), /^inv_1/);
    assert.equal(reply.headers['x-restate-error-source'], 'invocation');
    assert.deepEqual(reply.json(), { code: 404, message: 'not found', source: 'invocation' });
  }
});
