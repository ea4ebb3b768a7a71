import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as zlib from 'node:zlib';
import { startAdminRig, type AdminRig } from '../../support/admin-rig.ts';

let rig: AdminRig;

before(async () => {
  rig = await startAdminRig();
});

after(() => rig.close());

describe('a path', () => {
  const rows: ReadonlyArray<readonly [target: string, status: number]> = [
    ['/health', 200],
    ['/health?x=1', 200],
    ['/v2/health', 200],
    ['/v3/services', 200],
    ['/v4/version', 200],
    ['/', 308],
    ['/v2', 308],
    ['/services/', 404],
    ['//services', 404],
    ['/services//', 404],
    ['/unknown', 404],
    ['/v1/', 404],
    ['/v2/', 404],
    ['/v5/services', 404],
    ['/V2/version', 404],
    ['/v04/version', 404],
    ['/v2/v3/version', 404],
  ];
  for (const [target, status] of rows) {
    test(`${target} is answered with ${status}`, async () => {
      const answer = await rig.call('GET', target);
      assert.equal(answer.status, status);
      if (status === 404) assert.deepEqual([answer.text, answer.headers], ['', {}]);
    });
  }

  for (const target of ['/v1', '/v1/services', '/v1/x/y']) {
    test(`${target} belongs to a version that is too old`, async () => {
      const answer = await rig.call('GET', target);
      assert.deepEqual(
        [answer.status, answer.headers['content-type'], answer.text],
        [
          400,
          'text/plain; charset=utf-8',
          'Unsupported Admin API version V1. This server supports versions between V2 and V4.',
        ],
      );
    });
  }

  const decoded: ReadonlyArray<readonly [segment: string, service: string]> = [
    ['%46oo', 'Foo'],
    ['Foo%2Fx', 'Foo/x'],
    ['%zz', '%zz'],
    ['a+b', 'a+b'],
    ['%C3%A9', 'é'],
  ];
  for (const [segment, service] of decoded) {
    test(`with ${segment} names ${service}`, async () => {
      const answer = await rig.call('GET', `/services/${segment}`);
      assert.deepEqual(answer.json, {
        message: `The requested service '${service}' does not exist`,
        restate_code: null,
      });
    });
  }

  test('with bytes that are no UTF-8 is invalid', async () => {
    const answer = await rig.call('GET', '/services/%ff');
    assert.deepEqual(
      [answer.status, answer.text],
      [400, 'Invalid URL: Invalid UTF-8 in `service`'],
    );
  });
});

describe('a method', () => {
  const rows: ReadonlyArray<readonly [method: string, target: string, allow: string]> = [
    ['OPTIONS', '/services', 'GET,HEAD'],
    ['POST', '/services', 'GET,HEAD'],
    ['PUT', '/services/Foo/handlers', 'GET,HEAD'],
    ['PUT', '/services/Foo/handlers/a', 'GET,HEAD'],
    ['POST', '/health', 'GET,HEAD'],
    ['PUT', '/version', 'GET,HEAD'],
    ['PUT', '/cluster-health', 'GET,HEAD'],
    ['PUT', '/deployments', 'GET,HEAD,POST'],
    ['POST', '/v3/deployments/dp_1', 'GET,HEAD,DELETE,PATCH,PUT'],
  ];
  for (const [method, target, allow] of rows) {
    test(`${method} of ${target} is refused in favour of ${allow}`, async () => {
      const answer = await rig.call(method, target);
      assert.deepEqual([answer.status, answer.headers, answer.text], [405, { allow }, '']);
    });
  }

  test('HEAD works wherever GET does', async () => {
    const answer = await rig.call('HEAD', '/services');
    assert.deepEqual(
      [answer.status, answer.headers],
      [200, { 'content-type': 'application/json' }],
    );
  });
});

describe('a body', () => {
  const rows: ReadonlyArray<
    readonly [
      title: string,
      body: string,
      contentType: string | undefined,
      status: number,
      text: RegExp,
    ]
  > = [
    [
      'without content type',
      '{}',
      '',
      415,
      /^Expected request with `Content-Type: application\/json`$/,
    ],
    ['of text/json', '{}', 'text/json', 415, /^Expected request/],
    ['of text/x+json', '{}', 'text/x+json', 415, /^Expected request/],
    ['of application/json with a charset', '{}', 'application/json; charset=utf-8', 422, /^Failed/],
    ['of application/x+json', '{}', 'application/x+json', 422, /^Failed/],
    ['of APPLICATION/JSON', '{}', 'APPLICATION/JSON', 422, /^Failed/],
    ['that is empty', '', undefined, 400, /^Failed to parse the request body as JSON: ./],
    ['that is cut', '{', undefined, 400, /^Failed to parse the request body as JSON: ./],
    ['that begins with a mark', '\ufeff{}', undefined, 400, /^Failed to parse the request body/],
    ['of 2 MiB', ' '.repeat(2 * 1024 * 1024), undefined, 400, /^Failed to parse/],
    [
      'over 2 MiB',
      ' '.repeat(2 * 1024 * 1024 + 1),
      undefined,
      413,
      /^Failed to buffer the request body: length limit exceeded$/,
    ],
  ];
  for (const [title, body, contentType, status, text] of rows) {
    test(`${title} is answered with ${status}`, async () => {
      const headers = contentType === undefined ? {} : { 'content-type': contentType };
      const answer = await rig.call('POST', '/deployments', { body, headers });
      assert.equal(answer.status, status);
      assert.match(answer.text, text);
      assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    });
  }
});

describe('compression', () => {
  const hasZstd = 'zstdCompress' in zlib;
  const rows: ReadonlyArray<readonly [accept: string, coding: string | undefined]> = [
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['br', 'br'],
    ['gzip, br', 'br'],
    ['gzip, zstd, br', hasZstd ? 'zstd' : 'br'],
    ['br;q=0.5, gzip', 'gzip'],
    ['gzip;q=0.5, identity;q=0.4', 'gzip'],
    ['gzip;q=0.5, identity', undefined],
    ['gzip;q=0', undefined],
    ['gzip;q=0, *', undefined],
    ['deflate', undefined],
    ['identity', undefined],
    ['*', undefined],
    ['', undefined],
  ];
  for (const [accept, coding] of rows) {
    test(`for '${accept}' is ${coding ?? 'none'}`, async () => {
      const answer = await rig.call('GET', '/version', { headers: { 'accept-encoding': accept } });
      assert.equal(answer.headers['content-encoding'], coding);
      assert.equal(answer.headers['vary'], 'accept-encoding');
      const plain = await rig.call('GET', '/version');
      assert.equal(Buffer.from(decompress(answer.bytes, coding)).toString(), plain.text);
    });
  }

  test('leaves bodies under 32 bytes alone', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const answer = await rig.call('GET', '/services', { headers });
    assert.deepEqual(
      [answer.headers, answer.text],
      [{ 'content-type': 'application/json' }, '{"services":[]}'],
    );
  });

  test('holds for refusals, too', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const answer = await rig.call('GET', '/services/Nope', { headers });
    assert.deepEqual([answer.status, answer.headers['content-encoding']], [404, 'gzip']);
  });
});

/** Only newer versions of Node.js have it, and the types of this one do not. */
function zstdDecompress(bytes: Uint8Array): Uint8Array {
  const decompressSync: unknown = Reflect.get(zlib, 'zstdDecompressSync');
  assert.ok(typeof decompressSync === 'function');
  const plain: unknown = decompressSync(bytes);
  assert.ok(plain instanceof Uint8Array);
  return plain;
}

function decompress(bytes: Uint8Array, coding: string | undefined): Uint8Array {
  if (coding === 'gzip') return zlib.gunzipSync(bytes);
  if (coding === 'br') return zlib.brotliDecompressSync(bytes);
  if (coding === 'zstd') return zstdDecompress(bytes);
  return bytes;
}

describe('what the server says about itself', () => {
  test('is nothing but a status for its health', async () => {
    const answer = await rig.call('GET', '/health');
    assert.deepEqual([answer.status, answer.headers, answer.text], [200, {}, '']);
  });

  test('is a version that clients can compare, and no experimental feature', async () => {
    const { json } = await rig.call('GET', '/version');
    assert.deepEqual(json, {
      version: '1.7.12',
      min_admin_api_version: 2,
      max_admin_api_version: 4,
      ingress_endpoint: 'http://127.0.0.1:8080/',
      features: {
        vqueues: false,
        protocol_v7: false,
        invoker_yield: false,
        unique_random_seeds: false,
        scoped_virtual_objects: false,
        kafka_scope: false,
        vqueues_migration_skip_completed: false,
        vqueues_async_refill: false,
        vqueue_obsolete_cleanup: false,
        scoped_state_table_migration: false,
        scoped_promise_table_migration: false,
        preflight_invocation_termination_retention: false,
      },
    });
  });

  test('is the name and members of the cluster', async () => {
    const answer = await rig.call('GET', '/cluster-health');
    assert.equal(
      answer.text,
      '{"cluster_name":"localcluster","metadata_cluster_health":{"members":[1]}}',
    );
  });
});

describe('the page for browsers', () => {
  test('says where things are, for any path below /ui', async () => {
    for (const path of ['/ui/', '/ui/invocations/x', '/v4/ui/']) {
      const { status, headers, text } = await rig.call('GET', path);
      assert.deepEqual([status, headers['content-type']], [200, 'text/html; charset=utf-8']);
      assert.match(text, /<a href="\/openapi">/);
      assert.match(text, /http:\/\/127\.0\.0\.1:8080\//);
    }
  });

  test('is not a way to load anything from elsewhere', async () => {
    const { headers } = await rig.call('GET', '/ui/');
    assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'/);
  });
});

describe('a failure that is not the client’s', () => {
  test('is logged and answered without its details', async () => {
    const broken = await startAdminRig();
    broken.breakStore();
    const answer = await broken.register('/', {});
    assert.equal(answer.status, 500);
    assert.deepEqual(answer.json, { message: 'Internal server error', restate_code: null });
    assert.deepEqual(broken.logged, ['handling POST /deployments failed']);
    assert.deepEqual((await broken.call('GET', '/deployments')).json, { deployments: [] });
    await broken.close();
  });
});
