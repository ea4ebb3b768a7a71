// Registering deployments: discovery, revisions, replacement, refusals.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { assertHas, field, stringField } from '../support/json.ts';
import {
  manifestOf,
  startManifestEndpoint,
  type DiscoveryAnswer,
  type ManifestEndpoint,
} from '../support/manifest-endpoint.ts';
import { findFreePorts } from '../support/ports.ts';
import { Rig } from '../support/rig.ts';

let rig: Rig;
before(async () => {
  rig = await Rig.start({});
});
after(() => rig.dispose());

const endpoints: ManifestEndpoint[] = [];
afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) await endpoint.dispose();
});

async function startEndpoint(answer: DiscoveryAnswer): Promise<ManifestEndpoint> {
  const endpoint = await startManifestEndpoint(answer);
  endpoints.push(endpoint);
  return endpoint;
}

async function revisionOf(service: string): Promise<unknown> {
  return field((await rig.admin.get(`/services/${service}`)).json(), 'revision');
}

const handler = (name: string, more: object = {}): object => ({ name, ...more });
const service = (
  name: string,
  handlers: readonly object[] = [handler('h')],
  more: object = {},
) => ({
  name,
  ty: 'SERVICE',
  handlers,
  ...more,
});

describe('a deployment', () => {
  test('is discovered, answered in full and listed', async () => {
    const endpoint = await startEndpoint({
      body: manifestOf(
        {
          name: 'Kept',
          ty: 'VIRTUAL_OBJECT',
          documentation: 'what it does',
          metadata: { owner: 'me' },
          enableLazyState: true,
          inactivityTimeout: 1500,
          handlers: [handler('write'), handler('read', { ty: 'SHARED' })],
        },
        service('Single', [handler('h', { input: {}, output: {} })], { ingressPrivate: true }),
        { name: 'Flow', ty: 'WORKFLOW', handlers: [handler('run', { ty: 'WORKFLOW' })] },
      ),
    });
    const reply = await rig.register({ uri: `${endpoint.url}/`, metadata: { git: 'abc' } });
    assert.equal(reply.status, 201, reply.text());
    const id = stringField(reply.json(), 'id');
    assert.match(id, /^dp_1[0-9a-zA-Z]{22}$/);
    assert.equal(reply.headers['location'], `deployments/${id}`);
    assert.equal(field(reply.json(), 'min_protocol_version'), 5);
    assert.equal(field(reply.json(), 'max_protocol_version'), 6);

    const kept = (await rig.admin.get('/services/Kept')).json();
    assertHas(kept, {
      name: 'Kept',
      ty: 'VirtualObject',
      documentation: 'what it does',
      metadata: { owner: 'me' },
      deployment_id: id,
      revision: 1,
      public: true,
      inactivity_timeout: '1s 500ms',
      abort_timeout: '10m',
      enable_lazy_state: true,
    });
    assert.deepEqual(handlerTypes(kept), { write: 'Exclusive', read: 'Shared' });
    const single = (await rig.admin.get('/services/Single')).json();
    assertHas(single, { ty: 'Service', public: false, inactivity_timeout: '1m' });
    assert.deepEqual(handlerTypes(single), { h: undefined });
    const flow = (await rig.admin.get('/services/Flow')).json();
    assert.deepEqual(handlerTypes(flow), { run: 'Workflow' });

    const detail = (await rig.admin.get(`/deployments/${id}`)).json();
    assertHas(detail, {
      id,
      uri: `${endpoint.url}/`,
      protocol_type: 'BidiStream',
      http_version: 'HTTP/2.0',
      metadata: { git: 'abc' },
    });
    assert.match(stringField(detail, 'created_at'), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const listed = field((await rig.admin.get('/deployments')).json(), 'deployments');
    assert.ok(Array.isArray(listed));
    assert.ok(listed.some((one) => field(one, 'id') === id));
  });

  test('is asked with the documented headers', async () => {
    const endpoint = await startEndpoint({ body: manifestOf(service('Asked')) });
    await rig.register({ uri: endpoint.url, additional_headers: { 'X-Api-Key': 'k1' } });
    const [headers] = endpoint.discoveries;
    assert.equal(headers?.[':method'], 'GET');
    assert.equal(headers?.[':path'], '/discover');
    assert.equal(headers?.['x-api-key'], 'k1');
    assert.equal(headers?.['x-restate-cluster-name'], 'localcluster');
    assert.equal(
      headers?.['accept'],
      [1, 2, 3, 4]
        .map((version) => `application/vnd.restate.endpointmanifest.v${version}+json`)
        .join(', '),
    );
  });

  test('below a path is asked below that path', async () => {
    const endpoint = await startEndpoint({ body: manifestOf(service('Below')) });
    const reply = await rig.register({ uri: `${endpoint.url}/pre/fix` });
    assert.equal(reply.status, 201, reply.text());
    assert.equal(endpoint.discoveries[0]?.[':path'], '/pre/fix/discover');
  });

  test('registered twice stays as it is, without a second discovery', async () => {
    const endpoint = await startEndpoint({ body: manifestOf(service('Twice')) });
    const first = await rig.register({ uri: endpoint.url });
    endpoint.answer({ body: manifestOf(service('Other')) });
    const second = await rig.register({ uri: endpoint.url });
    assert.equal(second.status, 200);
    assert.equal(field(second.json(), 'id'), field(first.json(), 'id'));
    assert.equal(endpoint.discoveries.length, 1);
    assert.equal(await revisionOf('Twice'), 1);
    assert.equal((await rig.admin.get('/services/Other')).status, 404);
  });

  test('registered with force keeps its id and takes the new manifest', async () => {
    const endpoint = await startEndpoint({ body: manifestOf(service('Old'), service('Both')) });
    const first = await rig.register({ uri: endpoint.url });
    endpoint.answer({ body: manifestOf(service('Both'), service('New')) });
    const second = await rig.register({ uri: endpoint.url, force: true });
    assert.equal(second.status, 200, second.text());
    assert.equal(field(second.json(), 'id'), field(first.json(), 'id'));
    assert.equal(await revisionOf('Both'), 2);
    assert.equal(await revisionOf('New'), 1);
    assert.equal((await rig.admin.get('/services/Old')).status, 404);
  });

  test('with a service that another one has adds a revision', async () => {
    const first = await startEndpoint({ body: manifestOf(service('Revised')) });
    const second = await startEndpoint({ body: manifestOf(service('Revised')) });
    await rig.register({ uri: first.url });
    const reply = await rig.register({ uri: second.url });
    assertHas((await rig.admin.get('/services/Revised')).json(), {
      revision: 2,
      deployment_id: field(reply.json(), 'id'),
    });
  });

  test('may change the type of a service only if told that this breaks', async () => {
    const first = await startEndpoint({ body: manifestOf(service('Retyped')) });
    const asObject = { name: 'Retyped', ty: 'VIRTUAL_OBJECT', handlers: [handler('h')] };
    const second = await startEndpoint({ body: manifestOf(asObject) });
    await rig.register({ uri: first.url });
    const refused = await rig.register({ uri: second.url });
    assert.equal(refused.status, 409);
    assert.equal(field(refused.json(), 'restate_code'), 'META0006');
    assert.equal(await revisionOf('Retyped'), 1);
    assert.equal((await rig.register({ uri: second.url, breaking: true })).status, 201);
    assertHas((await rig.admin.get('/services/Retyped')).json(), {
      ty: 'VirtualObject',
      revision: 2,
    });
  });

  test('that is tried with dry_run is not kept', async () => {
    const endpoint = await startEndpoint({ body: manifestOf(service('Dry')) });
    assert.equal((await rig.register({ uri: endpoint.url, dry_run: true })).status, 201);
    assert.equal((await rig.admin.get('/services/Dry')).status, 404);
  });

  test('without services is accepted', async () => {
    const endpoint = await startEndpoint({ body: manifestOf() });
    assert.equal((await rig.register({ uri: endpoint.url })).status, 201);
  });
});

describe('a request to register is refused', () => {
  const odd = (handlers: readonly object[], more: object = {}): DiscoveryAnswer => ({
    body: manifestOf(service('Odd', handlers, more)),
  });
  const withVersions = (minProtocolVersion: number, maxProtocolVersion: number) => ({
    body: { ...manifestOf(), minProtocolVersion, maxProtocolVersion },
  });

  type Row = readonly [
    reason: string,
    answer: DiscoveryAnswer,
    status: number,
    code: string | null,
    message: RegExp,
  ];
  const rows: readonly Row[] = [
    ['404', { status: 404, body: 'nope' }, 500, 'META0003', /got status code '404/],
    ['401', { status: 401, body: 'no' }, 500, 'META0003', /got status code '401/],
    [
      'no content type',
      { contentType: null, body: manifestOf() },
      500,
      'META0013',
      /content type/i,
    ],
    [
      'a content type that is no manifest',
      { contentType: 'application/json', body: manifestOf() },
      500,
      'META0013',
      /application\/json/,
    ],
    ['text that is no JSON', { body: 'hello' }, 500, null, /cannot be decoded/],
    ['an unknown field', { body: { ...manifestOf(), odd: 1 } }, 500, null, /cannot be decoded/],
    ['a missing field', { body: { protocolMode: 'BIDI_STREAM' } }, 500, null, /cannot be decoded/],
    [
      'a missing protocol mode',
      { body: { minProtocolVersion: 5, maxProtocolVersion: 6, services: [] } },
      500,
      'META0013',
      /protocol mode/,
    ],
    ['versions the wrong way round', withVersions(6, 5), 500, 'META0013', /min protocol version/],
    ['versions that are too old', withVersions(1, 4), 500, 'META0012', /\[1, 4\]/],
    ['versions that are too new', withVersions(8, 9), 500, 'META0012', /\[8, 9\]/],
    ['a bad service name', { body: manifestOf(service('a/b')) }, 500, null, /cannot be decoded/],
    ['a bad handler name', odd([handler('a-b')]), 500, null, /cannot be decoded/],
    ['a reserved name', { body: manifestOf(service('restateX')) }, 400, 'META0005', /restateX/],
    ['the name openapi', { body: manifestOf(service('openapi')) }, 400, 'META0005', /openapi/],
    [
      'an exclusive service handler',
      odd([handler('h', { ty: 'EXCLUSIVE' })]),
      400,
      null,
      /Exclusive/,
    ],
    [
      'workflow retention on another handler',
      odd([handler('h', { workflowCompletionRetention: 1000 })]),
      400,
      null,
      /workflow_completion_retention/,
    ],
    [
      'a public handler of a private service',
      odd([handler('h', { ingressPrivate: false })], { ingressPrivate: true }),
      400,
      null,
      /private/,
    ],
    [
      'a bad input content type',
      odd([handler('h', { input: { required: true, contentType: 'foo' } })]),
      400,
      null,
      /content-type/,
    ],
    [
      'a bad JSON schema',
      odd([
        handler('h', {
          input: { contentType: 'application/json', jsonSchema: { type: 'nonsense' } },
        }),
      ]),
      400,
      null,
      /json schema/i,
    ],
  ];

  for (const [reason, answer, status, code, message] of rows) {
    test(`for ${reason}`, async () => {
      const endpoint = await startEndpoint(answer);
      const before = await deploymentsCount();
      // Forced, because the system may give the endpoint a port that an earlier one was registered at.
      const reply = await rig.register({ uri: endpoint.url, force: true });
      assert.equal(reply.status, status, reply.text());
      assert.equal(field(reply.json(), 'restate_code'), code);
      assert.match(stringField(reply.json(), 'message'), message);
      assert.equal(endpoint.discoveries.length, 1);
      assert.equal(await deploymentsCount(), before);
    });
  }

  test('after five tries when the deployment keeps failing', async () => {
    const endpoint = await startEndpoint({ status: 500, body: 'down' });
    const reply = await rig.register({ uri: endpoint.url });
    assert.equal(reply.status, 500);
    assert.equal(field(reply.json(), 'restate_code'), 'META0003');
    assert.equal(endpoint.discoveries.length, 5);
  });

  test('when nothing listens', async () => {
    const [port] = await findFreePorts(1);
    const reply = await rig.register({ uri: `http://127.0.0.1:${port}` });
    assert.equal(reply.status, 500);
    assert.equal(field(reply.json(), 'restate_code'), 'META0003');
  });

  for (const [body, status] of [
    [{ uri: '/foo' }, 400],
    [{ uri: 'not a uri' }, 422],
    [{}, 422],
    [{ uri: 'http://127.0.0.1:1', metadata: { n: 1 } }, 422],
  ] as const) {
    test(`for the body ${JSON.stringify(body)} with ${status}`, async () => {
      assert.equal((await rig.register(body)).status, status);
    });
  }
});

describe('unknown things', () => {
  for (const [path, status] of [
    ['/services/NoSuchService', 404],
    ['/services/NoSuchService/handlers/h', 404],
    ['/deployments/dp_11bnGiHbkfDHqKPHMoQDmpj', 404],
    ['/deployments/bad', 400],
  ] as const) {
    test(`${path} is answered with ${status}`, async () => {
      assert.equal((await rig.admin.get(path)).status, status);
    });
  }
});

async function deploymentsCount(): Promise<number> {
  const deployments = field((await rig.admin.get('/deployments')).json(), 'deployments');
  assert.ok(Array.isArray(deployments));
  return deployments.length;
}

function handlerTypes(described: unknown): Readonly<Record<string, unknown>> {
  const handlers = field(described, 'handlers');
  assert.ok(Array.isArray(handlers));
  return Object.fromEntries(handlers.map((one) => [stringField(one, 'name'), field(one, 'ty')]));
}
