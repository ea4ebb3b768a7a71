import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { AdminAnswer } from '../../support/admin-client.ts';
import { startAdminRig, type AdminRig } from '../../support/admin-rig.ts';
import { manifestAnswer } from '../../support/fake-endpoint.ts';

const UNKNOWN_ID = 'dp_131hKCXulu6fAagSRscIcvL';

let rig: AdminRig;

beforeEach(async () => {
  rig = await startAdminRig();
});

afterEach(() => rig.close());

function service(name: string, fields: object = {}): object {
  return { name, ty: 'SERVICE', handlers: [], ...fields };
}

/** Registers services at a path, and gives the id of the deployment. */
async function registerAt(path: string, ...services: readonly object[]): Promise<string> {
  const answer = await rig.register(path, { services });
  assert.equal(answer.status, 201, answer.text);
  return idOf(answer);
}

function idOf({ text }: AdminAnswer): string {
  const id = /^\{"id":"([^"]+)"/.exec(text)?.[1];
  assert.ok(id !== undefined, text);
  return id;
}

/** Names with revisions, of whatever has services. */
function revisionsIn(text: string): readonly string[] {
  const { services } = JSON.parse(text) as {
    readonly services: ReadonlyArray<{ readonly name: string; readonly revision: number }>;
  };
  return services.map(({ name, revision }) => `${name}@${revision}`);
}

function refusal(message: string, code: string | null = null): string {
  return JSON.stringify({ message, restate_code: code });
}

describe('POST /deployments', () => {
  test('answers 201 with the place and the services of a new deployment', async () => {
    const answer = await rig.register('/a', { services: [service('Foo')] });
    const id = idOf(answer);
    assert.equal(answer.status, 201);
    assert.equal(answer.headers['location'], `deployments/${id}`);
    assert.equal(
      answer.text,
      `{"id":"${id}","services":[{"name":"Foo","ty":"Service","handlers":[],"deployment_id":"${id}","revision":1,"public":true,"idempotency_retention":"1d","journal_retention":"1d","inactivity_timeout":"1m","abort_timeout":"10m","enable_lazy_state":false,"retry_policy":{"initial_interval":"500ms","exponentiation_factor":2,"max_attempts":70,"max_interval":"1m","on_max_attempts":"Pause"}}],"min_protocol_version":5,"max_protocol_version":7,"sdk_version":"fake/1.0"}`,
    );
  });

  test('sends the additional headers along, their names in lower case', async () => {
    await rig.register('/a', {}, { additional_headers: { 'X-Api': 'k1' } });
    assert.deepEqual(rig.endpoint.requests[0]?.headers[1], ['x-api', 'k1']);
    const [deployment] = await listed();
    assert.deepEqual(deployment?.['additional_headers'], { 'x-api': 'k1' });
  });

  test('ignores fields it does not know', async () => {
    assert.equal((await rig.register('/a', {}, { unknown: 1, arn: 'foo' })).status, 201);
  });

  test('answers 200 without asking again for an address that is known', async () => {
    const id = await registerAt('/a', service('Foo'));
    for (const body of [{}, { breaking: true }, { dry_run: true }, { force: null }]) {
      const answer = await rig.register('/a?x=1', { services: [service('Bar')] }, body);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['location'], `deployments/${id}`);
      assert.deepEqual([idOf(answer), revisionsIn(answer.text)], [id, ['Foo@1']]);
    }
    assert.equal(rig.endpoint.requests.length, 1);
  });

  test('replaces a known deployment by force', async () => {
    const id = await registerAt('/a', service('Foo'), service('Bar'));
    const answer = await rig.register('/a', { services: [service('Foo')] }, { force: true });
    assert.deepEqual([answer.status, idOf(answer)], [200, id]);
    assert.deepEqual(revisionsIn(answer.text), ['Foo@2']);
    assert.deepEqual(revisionsIn((await rig.call('GET', '/services')).text), ['Foo@2']);
  });

  test('only tells what would happen when asked to', async () => {
    const id = await registerAt('/a', service('Foo'));
    const fresh = await rig.register('/b', { services: [service('Foo')] }, { dry_run: true });
    assert.deepEqual([fresh.status, revisionsIn(fresh.text)], [201, ['Foo@2']]);
    const forced = await rig.register('/a', {}, { dry_run: true, force: true });
    assert.deepEqual([forced.status, idOf(forced)], [200, id]);
    assert.equal((await listed()).length, 1);
    assert.deepEqual(revisionsIn((await rig.call('GET', '/services')).text), ['Foo@1']);
  });

  describe('below /v2', () => {
    const postV2 = (body: object): Promise<AdminAnswer> =>
      rig.call('POST', '/v2/deployments', { body: { uri: `${rig.endpoint.origin}/a`, ...body } });

    test('forces by default, and answers 201 then, too', async () => {
      const id = await registerAt('/a', service('Foo'));
      for (const body of [{}, { force: null }, { force: true }, { dry_run: true }]) {
        const answer = await postV2(body);
        assert.deepEqual([answer.status, idOf(answer)], [201, id]);
      }
    });

    test('refuses a known deployment that is not forced', async () => {
      const id = await registerAt('/a', service('Foo'));
      for (const body of [{ force: false }, { force: false, dry_run: true }]) {
        const answer = await postV2(body);
        assert.equal(answer.status, 409);
        assert.equal(answer.text, refusal(`Conflict: deployment ${id} already exists`));
      }
    });

    test('allows a service to change its type', async () => {
      await registerAt('/b', service('Foo'));
      rig.endpoint.behaviour = manifestAnswer({ services: [service('Foo', { ty: 'WORKFLOW' })] });
      assert.equal((await postV2({})).status, 201);
    });
  });

  describe('refuses', () => {
    const unmatched =
      'Failed to deserialize the JSON body into the target type: data did not match any variant of untagged enum RegisterDeploymentRequest';
    const uri = 'http://127.0.0.1:1/';
    const unexpected: readonly unknown[] = [
      [],
      null,
      '"x"',
      {},
      { uri: 1 },
      { uri: '' },
      { uri: 'not a uri' },
      { uri: 'http://' },
      { uri, breaking: null },
      { uri, use_http_11: null },
      { uri, dry_run: null },
      { uri, force: 'x' },
      { uri, metadata: null },
      { uri, metadata: { a: 1 } },
      { uri, additional_headers: { 'bad name': 'x' } },
      { uri, additional_headers: { '': 'x' } },
      { uri, additional_headers: { a: 'x\ny' } },
      { uri, additional_headers: { a: 1 } },
      { uri, auth: 'x' },
      { arn: 1 },
      { arn: 'a', assume_role_arn: 1 },
      { arn: 'a', breaking: null },
      { arn: 'a', additional_headers: { 'bad name': 'x' } },
    ];
    for (const body of unexpected) {
      test(`${JSON.stringify(body)} with 422`, async () => {
        const text = body === null ? 'null' : body;
        const answer = await rig.call('POST', '/deployments', { body: text });
        assert.deepEqual([answer.status, answer.text], [422, unmatched]);
      });
    }

    const fields: ReadonlyArray<readonly [body: object, field: string, reason: RegExp]> = [
      [
        { uri: '/foo' },
        'uri',
        /^The provided uri \/foo is not absolute, only absolute URIs can be used\.$/,
      ],
      [{ uri: '127.0.0.1:21210' }, 'uri', /^The provided uri 127\.0\.0\.1:21210 is not absolute/],
      [{ arn: 'junk' }, 'arn', /^A qualified ARN must have 8 components delimited by `:`$/],
      [
        { arn: 'arn:aws:lambda:eu:1:function:f' },
        'arn',
        /^A qualified ARN needs a version or alias suffix\. If you want to use the unpublished version, provide \$LATEST /,
      ],
      [{ uri, auth: { GoogleIdToken: {} } }, 'auth', /not supported yet/],
    ];
    for (const [body, field, reason] of fields) {
      test(`${JSON.stringify(body)} for its field ${field}`, async () => {
        const answer = await rig.call('POST', '/deployments', { body });
        const { message, restate_code } = answer.json as Readonly<Record<string, string>>;
        const prefix = `The request field '${field}' is invalid. Reason: `;
        assert.deepEqual([answer.status, restate_code], [400, null]);
        assert.ok(message?.startsWith(prefix), message);
        assert.match(message?.slice(prefix.length) ?? '', reason);
      });
    }

    interface Row {
      readonly title: string;
      readonly manifest: Readonly<Record<string, unknown>>;
      readonly status: number;
      readonly code: string | null;
      readonly message: RegExp;
    }
    const run = { name: 'h', ty: 'WORKFLOW' };
    const rows: readonly Row[] = [
      {
        title: 'a manifest that cannot be decoded',
        manifest: { foo: 1 },
        status: 500,
        code: null,
        message: /^received a bad response from the SDK that cannot be decoded: /,
      },
      {
        title: 'a manifest without protocol mode',
        manifest: { protocolMode: null },
        status: 500,
        code: 'META0013',
        message:
          /^\[META0013\] \[META0013\] received a bad response from the SDK: missing protocol/,
      },
      {
        title: 'protocol versions that are too old',
        manifest: { minProtocolVersion: 1, maxProtocolVersion: 3 },
        status: 500,
        code: 'META0012',
        message: /^\[META0012\] \[META0012\] unsupported service protocol versions: \[1, 3\]\. /,
      },
      {
        title: 'a reserved name',
        manifest: { services: [service('restate.foo')] },
        status: 400,
        code: 'META0005',
        message:
          /^\[META0005\] cannot insert\/modify service 'restate\.foo' as it contains a reserved name$/,
      },
      {
        title: 'a service that changes its type',
        manifest: { services: [service('Known', { ty: 'WORKFLOW' })] },
        status: 409,
        code: 'META0006',
        message:
          /^\[META0006\] detected a new service revision for 'Known' changing the service type/,
      },
      {
        title: 'a handler of the wrong type',
        manifest: { services: [service('Foo', { handlers: [{ name: 'h', ty: 'EXCLUSIVE' }] })] },
        status: 400,
        code: null,
        message:
          /^invalid combination of service type and handler type '\(Service, Some\(Exclusive\)\)'$/,
      },
      {
        title: 'an idempotency retention of a run handler',
        manifest: {
          services: [
            service('W', { ty: 'WORKFLOW', handlers: [{ ...run, idempotencyRetention: 1 }] }),
          ],
        },
        status: 400,
        code: null,
        message: /^h sets the idempotency_retention, but it's a WORKFLOW handler$/,
      },
    ];
    for (const { title, manifest, status, code, message } of rows) {
      test(title, async () => {
        await registerAt('/known', service('Known'));
        const answer = await rig.register('/a', manifest);
        const json = answer.json as Readonly<Record<string, string>>;
        assert.deepEqual([answer.status, json['restate_code']], [status, code]);
        assert.deepEqual(Object.keys(json), ['message', 'restate_code']);
        assert.match(json['message'] ?? '', message);
        assert.equal((await listed()).length, 1);
      });
    }

    test('an endpoint with another status', async () => {
      rig.endpoint.behaviour = { status: 401, body: 'no auth' };
      const body = { uri: rig.endpoint.origin };
      const answer = await rig.call('POST', '/deployments', { body });
      assert.equal(answer.status, 500);
      assert.match(answer.text, /^\{"message":"\[META0003\] \[META0003\] got status code '401 /);
      assert.match(answer.text, /"restate_code":"META0003"\}$/);
    });
  });
});

async function listed(): Promise<ReadonlyArray<Readonly<Record<string, unknown>>>> {
  const { json } = await rig.call('GET', '/deployments');
  const { deployments } = json as {
    readonly deployments: ReadonlyArray<Readonly<Record<string, unknown>>>;
  };
  return deployments;
}

describe('GET /deployments', () => {
  test('lists deployments with the names and revisions of their services', async () => {
    const body = { additional_headers: { 'x-api': 'k1' }, metadata: { git: 'abc' } };
    const first = idOf(await rig.register('/a?x=y#z', { services: [service('Foo')] }, body));
    const second = await registerAt('/b');
    const { origin } = rig.endpoint;
    const { text } = await rig.call('GET', '/deployments');
    const created = '"created_at":"2026-11-18T11:06:40.000000000Z"';
    const versions = '"min_protocol_version":5,"max_protocol_version":7,"sdk_version":"fake/1.0"';
    const http = '"protocol_type":"BidiStream","http_version":"HTTP/2.0"';
    assert.equal(
      text,
      `{"deployments":[{"id":"${first}","uri":"${origin}/a?x=y",${http},"additional_headers":{"x-api":"k1"},"metadata":{"git":"abc"},${created},${versions},"services":[{"name":"Foo","revision":1}]},{"id":"${second}","uri":"${origin}/b",${http},${created},${versions},"services":[]}]}`,
    );
  });
});

describe('GET /deployments/{id}', () => {
  test('shows the services as this deployment has them', async () => {
    const first = await registerAt('/a', service('Foo', { documentation: 'old' }));
    await registerAt('/b', service('Foo', { documentation: 'new' }));
    const { json, text } = await rig.call('GET', `/deployments/${first}`);
    assert.deepEqual(revisionsIn(text), ['Foo@1']);
    const { services } = json as { readonly services: ReadonlyArray<Record<string, unknown>> };
    assert.deepEqual(
      [services[0]?.['documentation'], services[0]?.['deployment_id']],
      ['old', first],
    );
  });
});

describe('a deployment id', () => {
  const rows: ReadonlyArray<readonly [id: string, status: number, text: string]> = [
    ['foo', 400, 'Invalid URL: Cannot parse `deployment` with value `foo`: bad format'],
    ['dp_1', 400, 'Invalid URL: Cannot parse `deployment` with value `dp_1`: bad length'],
    [
      'inv_1abc',
      400,
      "Invalid URL: Cannot parse `deployment` with value `inv_1abc`: id doesn't match the expected type",
    ],
    [
      'dp_1!!!!!!!!!!!!!!!!!!!!!!',
      400,
      'Invalid URL: Cannot parse `deployment` with value `dp_1!!!!!!!!!!!!!!!!!!!!!!`: base62 decode error',
    ],
    [UNKNOWN_ID, 404, refusal(`The requested deployment '${UNKNOWN_ID}' does not exist`)],
  ];
  for (const [id, status, text] of rows) {
    for (const method of ['GET', 'PATCH']) {
      test(`${id} in ${method} is answered with ${status}`, async () => {
        const body = method === 'PATCH' ? { body: { uri: 'http://h/' } } : {};
        const answer = await rig.call(method, `/deployments/${id}`, body);
        assert.deepEqual([answer.status, answer.text], [status, text]);
      });
    }
  }
});

describe('PATCH /deployments/{id}', () => {
  for (const body of [{}, { overwrite: true }, { uri: null }, { use_http_11: null, unknown: 1 }]) {
    test(`with ${JSON.stringify(body)} asks nobody and changes nothing`, async () => {
      const id = await registerAt('/a', service('Foo'));
      const before = await rig.call('GET', `/deployments/${id}`);
      const answer = await rig.call('PATCH', `/deployments/${id}`, { body });
      assert.deepEqual([answer.status, answer.text], [200, before.text]);
      assert.equal(rig.endpoint.requests.length, 1);
    });
  }

  test('moves a deployment and keeps its services', async () => {
    const id = await registerAt('/a', service('Foo'));
    rig.endpoint.behaviour = manifestAnswer({ services: [service('Other')] });
    const body = { uri: `${rig.endpoint.origin}/moved`, additional_headers: { 'X-New': '1' } };
    const answer = await rig.call('PATCH', `/deployments/${id}`, { body });
    assert.equal(answer.status, 200);
    assert.equal(rig.endpoint.requests[1]?.path, '/moved/discover');
    assert.deepEqual(revisionsIn(answer.text), ['Foo@1']);
    assert.equal((await rig.call('GET', `/deployments/${id}`)).text, answer.text);
    const [deployment] = await listed();
    assert.equal(deployment?.['uri'], body.uri);
    assert.deepEqual(deployment?.['additional_headers'], { 'x-new': '1' });
  });

  test('overwrites the services under their revisions when asked to', async () => {
    const id = await registerAt('/a', service('Foo'), service('Gone'));
    rig.endpoint.behaviour = manifestAnswer({
      services: [service('Foo', { ty: 'WORKFLOW' }), service('New')],
    });
    const body = { additional_headers: {}, overwrite: true };
    const tried = await rig.call('PATCH', `/deployments/${id}`, {
      body: { ...body, dry_run: true },
    });
    assert.deepEqual(revisionsIn(tried.text), ['Foo@1', 'New@1']);
    assert.deepEqual(revisionsIn((await rig.call('GET', '/services')).text), ['Foo@1', 'Gone@1']);
    await rig.call('PATCH', `/deployments/${id}`, { body });
    assert.deepEqual(revisionsIn((await rig.call('GET', '/services')).text), ['Foo@1', 'New@1']);
  });

  test('keeps the range of protocol versions', async () => {
    const id = await registerAt('/a');
    rig.endpoint.behaviour = manifestAnswer({ maxProtocolVersion: 6 });
    const body = { uri: `${rig.endpoint.origin}/b`, overwrite: true };
    const answer = await rig.call('PATCH', `/deployments/${id}`, { body });
    assert.equal(answer.status, 400);
    assert.match(answer.text, /^\{"message":"\[META0016\] an update deployment operation must/);
    assert.match(answer.text, /from 5\.\.=7 to 5\.\.=6","restate_code":"META0016"\}$/);
  });

  const refused: ReadonlyArray<readonly [body: unknown, status: number]> = [
    [[], 422],
    [{ overwrite: null }, 422],
    [{ uri: 'no t' }, 422],
    [{ uri: '/foo' }, 400],
    [{ arn: 'arn:x' }, 400],
    [{ assume_role_arn: 'x' }, 400],
  ];
  for (const [body, status] of refused) {
    test(`refuses ${JSON.stringify(body)} with ${status}`, async () => {
      const id = await registerAt('/a');
      const answer = await rig.call('PATCH', `/deployments/${id}`, { body });
      assert.equal(answer.status, status);
    });
  }

  test('may be called PUT below /v2 only', async () => {
    const id = await registerAt('/a');
    const body = { uri: `${rig.endpoint.origin}/b`, dry_run: true };
    assert.equal((await rig.call('PUT', `/v2/deployments/${id}`, { body })).status, 200);
    for (const target of [`/deployments/${id}`, `/v3/deployments/${id}`]) {
      const answer = await rig.call('PUT', target, { body });
      assert.equal(answer.status, 405);
      assert.equal(answer.text, refusal('PUT deployment is deprecated, use PATCH instead'));
    }
  });
});

describe('DELETE /deployments/{id}', () => {
  test('removes a deployment by force, once', async () => {
    const id = await registerAt('/a', service('Foo'));
    const answer = await rig.call('DELETE', `/deployments/${id}?force=true`);
    assert.deepEqual([answer.status, answer.text, answer.headers], [202, '', {}]);
    assert.equal((await rig.call('GET', '/services/Foo')).status, 404);
    const again = await rig.call('DELETE', `/deployments/${id}?force=true`);
    assert.equal(again.status, 404);
    assert.equal(
      again.text,
      refusal(`not found in the schema registry: deployment with id '${id}'`),
    );
  });

  test('makes an older revision active again', async () => {
    await registerAt('/a', service('Foo'));
    const id = await registerAt('/b', service('Foo'));
    await rig.call('DELETE', `/deployments/${id}?force=true`);
    assert.deepEqual(revisionsIn((await rig.call('GET', '/services')).text), ['Foo@1']);
    const next = await rig.register('/c', { services: [service('Foo')] });
    assert.deepEqual(revisionsIn(next.text), ['Foo@2']);
  });

  const rows: ReadonlyArray<readonly [query: string, status: number, text: string]> = [
    ['', 501, ''],
    ['?force=false', 501, ''],
    ['?x=1', 501, ''],
    ...['banana', '', 'TRUE'].map(
      (force) =>
        [
          `?force=${force}`,
          400,
          'Failed to deserialize query string: force: provided string was not `true` or `false`',
        ] as const,
    ),
    ['?force=true&force=true', 400, 'Failed to deserialize query string: duplicate field `force`'],
  ];
  for (const [query, status, text] of rows) {
    test(`with '${query}' is answered with ${status}`, async () => {
      const answer = await rig.call('DELETE', `/deployments/${UNKNOWN_ID}${query}`);
      assert.deepEqual([answer.status, answer.text], [status, text]);
    });
  }
});
