import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EMPTY_SCHEMA } from '../../../src/actors/domain/schema.ts';
import type { SerdeRequest, SerdeResult } from '../../../src/actors/ports.ts';
import { createSerdeClient } from '../../../src/io/deployment/serde-client.ts';
import { HttpDeploymentTransport } from '../../../src/io/deployment/transport.ts';
import { FakeEndpoint } from '../../support/fake-endpoint.ts';
import { at, registered } from '../../support/schema-fixtures.ts';

const transport = new HttpDeploymentTransport();
let endpoint: FakeEndpoint;

before(async () => {
  endpoint = await FakeEndpoint.start();
});

after(async () => {
  await transport.close();
  await endpoint.close();
});

function convert(request: Partial<SerdeRequest> = {}, timeoutMs = 10_000): Promise<SerdeResult> {
  const { deployment } = registered(EMPTY_SCHEMA, {
    address: at(`${endpoint.origin}/pre?q=1`),
    additionalHeaders: { 'x-api': 'k1' },
  });
  const commonHeaders = [['x-restate-cluster-name', 'localcluster']] as const;
  const client = createSerdeClient({ transport, commonHeaders, timeoutMs });
  const value = Buffer.from('value');
  const direction = 'decode';
  return client.convert({ deployment, service: 'S', direction, serde: 'a/b', value, ...request });
}

describe('the conversion of a value', () => {
  const mediaTypes = {
    decode: [
      ['content-type', 'application/octet-stream'],
      ['accept', 'application/json'],
    ],
    encode: [
      ['content-type', 'application/json'],
      ['accept', '*/*'],
    ],
  } as const;
  for (const direction of ['decode', 'encode'] as const) {
    test(`to ${direction} it sends it to the serde, below the path of the deployment`, async () => {
      endpoint.behaviour = 'echo';
      const result = await convert({ direction });
      assert.ok(result.kind === 'converted');
      assert.equal(Buffer.from(result.value).toString(), 'value');
      const request = endpoint.requests.at(-1);
      assert.deepEqual(
        [request?.method, request?.path],
        ['POST', `/pre/serdes/S/${direction}/a/b?q=1`],
      );
      assert.deepEqual(request?.headers, [
        ...mediaTypes[direction],
        ['x-restate-serdes-protocol', 'v1'],
        ['x-api', 'k1'],
        ['x-restate-cluster-name', 'localcluster'],
      ]);
    });
  }

  test('may be of nothing, and to megabytes', async () => {
    endpoint.behaviour = { body: Buffer.alloc(5_000_000, 'a') };
    const result = await convert({ value: Buffer.alloc(0) });
    assert.ok(result.kind === 'converted');
    assert.equal(result.value.byteLength, 5_000_000);
  });

  const failures: ReadonlyArray<readonly [status: number, message: RegExp]> = [
    [
      404,
      /^got status code '404'\. This might indicate the SDK doesn't support the serdes endpoint, .*Response headers: \{.*"x-a": "b".*\}\. Body: why$/,
    ],
    [503, /^got status code '503 Service Unavailable'\. Response headers: .*Body: why$/],
  ];
  for (const [status, message] of failures) {
    test(`fails with a quote of a response ${status}, at once`, async () => {
      endpoint.behaviour = { status, headers: { 'x-a': 'b' }, body: 'why' };
      const requestsCount = endpoint.requests.length;
      const result = await convert();
      assert.ok(result.kind === 'failed');
      assert.match(result.message, message);
      assert.equal(endpoint.requests.length, requestsCount + 1);
    });
  }

  test('fails when the deployment does not answer in time', async () => {
    endpoint.behaviour = 'hang';
    assert.deepEqual(await convert({}, 20), {
      kind: 'failed',
      message: 'no complete response within 20 ms',
    });
  });

  test('fails when the connection is lost', async () => {
    endpoint.behaviour = 'drop';
    const result = await convert();
    assert.ok(result.kind === 'failed');
    assert.match(result.message, /^error when calling /);
  });

  test('fails without a request when no path can name the serde', async () => {
    const requestsCount = endpoint.requests.length;
    assert.equal((await convert({ serde: 'a b' })).kind, 'failed');
    assert.equal(endpoint.requests.length, requestsCount);
  });
});
