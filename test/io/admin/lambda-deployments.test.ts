// Deployments on AWS Lambda in the admin API, with a stand-in for AWS.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { AdminAnswer } from '../../support/admin-client.ts';
import { startAdminRig, type AdminRig } from '../../support/admin-rig.ts';
import { awsError, FakeAws, useAws, type Result } from '../../support/fake-aws.ts';
import { MANIFEST_V4, manifestJson } from '../../support/fake-endpoint.ts';

const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:greeter:7';
const NEXT_ARN = 'arn:aws:lambda:us-west-2:123456789012:function:greeter:8';
const ROLE = 'arn:aws:iam::123456789012:role/caller';

function manifest(fields: Readonly<Record<string, unknown>> = {}): Result {
  return {
    returns: {
      statusCode: 200,
      headers: { 'content-type': MANIFEST_V4, 'x-restate-server': 'fake/1.0' },
      body: manifestJson({ protocolMode: 'REQUEST_RESPONSE', ...fields }),
    },
  };
}

const aws = new FakeAws(() => manifest());
let rig: AdminRig;

before(async () => useAws(await aws.listen()));
after(() => aws.close());
beforeEach(async () => {
  aws.behaviour = () => manifest();
  aws.invocations.length = 0;
  rig = await startAdminRig();
});
afterEach(() => rig.close());

function register(body: Readonly<Record<string, unknown>>): Promise<AdminAnswer> {
  return rig.call('POST', '/deployments', { body });
}

async function registered(body: Readonly<Record<string, unknown>>): Promise<string> {
  const { status, json, text } = await register(body);
  assert.equal(status, 201, text);
  return String((json as Readonly<Record<string, unknown>>)['id']);
}

async function shown(id: string): Promise<Readonly<Record<string, unknown>>> {
  return (await rig.call('GET', `/deployments/${id}`)).json as Readonly<Record<string, unknown>>;
}

describe('POST /deployments with an ARN', () => {
  test('asks the function for its manifest', async () => {
    await registered({ arn: ARN, additional_headers: { 'X-Api': 'k1' } });
    assert.deepEqual(
      aws.invocations.map(({ arn }) => arn),
      [ARN],
    );
    const { headers, ...event } = aws.invocations[0]?.event ?? {};
    assert.deepEqual(event, {
      path: '/discover',
      httpMethod: 'GET',
      body: '',
      isBase64Encoded: true,
    });
    assert.deepEqual(Object.keys(headers ?? {}).toSorted(), [
      'accept',
      'x-api',
      'x-restate-cluster-name',
    ]);
  });

  test('answers as for any deployment, without an inactivity timeout', async () => {
    const answer = await register({ arn: ARN, metadata: { a: 'b' } });
    assert.equal(answer.status, 201);
    assert.match(answer.headers['location'] ?? '', /^deployments\/dp_1/);
    const { services, ...fields } = answer.json as Readonly<Record<string, unknown>>;
    assert.deepEqual(Object.keys(fields), [
      'id',
      'min_protocol_version',
      'max_protocol_version',
      'sdk_version',
    ]);
    const [service] = services as ReadonlyArray<Readonly<Record<string, unknown>>>;
    assert.equal(service?.['inactivity_timeout'], '0s');
  });

  test('does not ask again for an ARN that is known, whatever the role', async () => {
    const id = await registered({ arn: ARN });
    const again = await register({ arn: ARN, assume_role_arn: ROLE });
    assert.equal(again.status, 200);
    assert.equal((again.json as Readonly<Record<string, unknown>>)['id'], id);
    assert.equal(aws.invocations.length, 1);
    assert.equal((await register({ arn: ARN, force: true, assume_role_arn: ROLE })).status, 200);
    assert.equal((await shown(id))['assume_role_arn'], ROLE);
  });

  test('assumes the role', async () => {
    await registered({ arn: ARN, assume_role_arn: ROLE });
    assert.equal(aws.assumedRoles.at(-1)?.['RoleArn'], ROLE);
    assert.equal(aws.invocations[0]?.signer.accessKeyId, 'ASIAROLE');
  });

  test('stores nothing when asked only what would happen', async () => {
    assert.equal((await register({ arn: ARN, dry_run: true })).status, 201);
    assert.deepEqual((await rig.call('GET', '/deployments')).json, { deployments: [] });
  });

  interface Row {
    readonly name: string;
    readonly result: Result;
    readonly code: string | null;
    readonly message: RegExp;
    readonly calls: number;
  }
  const rows: readonly Row[] = [
    {
      name: 'a function that throws',
      result: { throws: { errorMessage: 'boom' } },
      code: 'META0003',
      message:
        /^\[META0003\] \[META0003\] error when calling 'arn:[^']*': function returned an error during execution: \{"errorMessage":"boom"\}$/,
      calls: 1,
    },
    {
      name: 'a function that may not be called',
      result: awsError(403, 'AccessDeniedException', 'not you'),
      code: 'META0003',
      message: /AccessDeniedException: not you$/,
      calls: 1,
    },
    {
      name: 'a function that AWS throttles, again and again',
      result: awsError(429, 'TooManyRequestsException', 'Rate Exceeded.'),
      code: 'META0003',
      message: /TooManyRequestsException: Rate Exceeded\.$/,
      calls: 5,
    },
    {
      name: 'an AWS that is out of order, again and again',
      result: awsError(500, 'ServiceException', 'internal'),
      code: 'META0003',
      message: /ServiceException: internal$/,
      calls: 5,
    },
    {
      name: 'an answer that is too large',
      result: { returns: { statusCode: 200, body: 'A'.repeat(64 * 1024) } },
      code: 'META0003',
      message: /the answer is too large$/,
      calls: 1,
    },
    {
      name: 'a function that is no deployment',
      result: { returns: 'hello' },
      code: 'META0003',
      message: /function returned a bad response/,
      calls: 1,
    },
    {
      name: 'a function that knows no such path',
      result: { returns: { statusCode: 404 } },
      code: 'META0003',
      message: /got status code '404'/,
      calls: 1,
    },
    {
      name: 'a function without a content type',
      result: { returns: { statusCode: 200, body: '{}' } },
      code: 'META0013',
      message: /No content type header was specified/,
      calls: 1,
    },
    {
      name: 'a function that wants to stream',
      result: manifest({ protocolMode: 'BIDI_STREAM' }),
      code: 'META0015',
      message: /^\[META0015\] \[META0015\] /,
      calls: 1,
    },
  ];
  for (const { name, result, code, message, calls } of rows) {
    test(`refuses ${name}`, async () => {
      aws.behaviour = () => result;
      const { status, json } = await register({ arn: ARN });
      const fields = json as Readonly<Record<string, string>>;
      assert.deepEqual([status, fields['restate_code']], [500, code]);
      assert.match(fields['message'] ?? '', message);
      assert.equal(aws.invocations.length, calls);
    });
  }
});

describe('a Lambda deployment', () => {
  test('is shown with its ARN in place of what HTTP deployments have', async () => {
    aws.behaviour = () => manifest({ lambdaCompression: 'zstd', services: [] });
    const id = await registered({ arn: ARN, assume_role_arn: ROLE });
    const plain = await registered({ arn: NEXT_ARN });
    const created = '"created_at":"2026-11-18T11:06:40.000000000Z"';
    const rest = `${created},"min_protocol_version":5,"max_protocol_version":7,"sdk_version":"fake/1.0","services":[]`;
    assert.equal(
      (await rig.call('GET', '/deployments')).text,
      `{"deployments":[{"id":"${id}","arn":"${ARN}","assume_role_arn":"${ROLE}","compression":"Zstd",${rest}},{"id":"${plain}","arn":"${NEXT_ARN}","compression":"Zstd",${rest}}]}`,
    );
  });

  test('moves to another version and keeps its services and its role', async () => {
    const id = await registered({ arn: ARN, assume_role_arn: ROLE });
    aws.behaviour = () => manifest({ services: [] });
    const { status, json } = await rig.call('PATCH', `/deployments/${id}`, {
      body: { arn: NEXT_ARN },
    });
    const { arn, assume_role_arn, services } = json as Readonly<Record<string, unknown>>;
    assert.deepEqual([status, arn, assume_role_arn], [200, NEXT_ARN, ROLE]);
    assert.equal((services as readonly unknown[]).length, 1);
    assert.equal(aws.invocations.at(-1)?.signer.region, 'us-west-2');
  });

  test('gets another role, or other headers, alone', async () => {
    const id = await registered({ arn: ARN });
    for (const body of [{ assume_role_arn: ROLE }, { additional_headers: { a: 'b' } }]) {
      assert.equal((await rig.call('PATCH', `/deployments/${id}`, { body })).status, 200);
      assert.equal(aws.invocations.at(-1)?.arn, ARN);
    }
    const { arn, assume_role_arn, additional_headers } = await shown(id);
    assert.deepEqual([arn, assume_role_arn, additional_headers], [ARN, ROLE, { a: 'b' }]);
  });

  test('becomes an HTTP deployment, and the reverse', async () => {
    const id = await registered({ arn: ARN });
    const uri = `${rig.endpoint.origin}/`;
    const there = await rig.call('PATCH', `/deployments/${id}`, { body: { uri } });
    assert.equal(there.status, 200, there.text);
    assert.deepEqual([(await shown(id))['uri'], (await shown(id))['arn']], [uri, undefined]);
    const back = await rig.call('PATCH', `/deployments/${id}`, { body: { arn: ARN } });
    assert.equal(back.status, 200, back.text);
    assert.deepEqual([(await shown(id))['uri'], (await shown(id))['arn']], [undefined, ARN]);
  });

  test('refuses what is for HTTP deployments, and the reverse', async () => {
    const id = await registered({ arn: ARN });
    const http = await registered({ uri: `${rig.endpoint.origin}/`, force: true });
    const rows = [
      [id, { use_http_11: true }, 'lambda', 'http'],
      [http, { assume_role_arn: ROLE }, 'http', 'lambda'],
    ] as const;
    for (const [deployment, body, stored, other] of rows) {
      const { status, json } = await rig.call('PATCH', `/deployments/${deployment}`, { body });
      assert.equal(status, 400);
      assert.deepEqual(json, {
        message: `cannot update the deployment, as the deployment type is '${stored}' while the update options are for type '${other}'`,
        restate_code: null,
      });
    }
  });

  test('refuses an ARN that names no version', async () => {
    const id = await registered({ arn: ARN });
    const body = { arn: ARN.slice(0, -2) };
    const { status, text } = await rig.call('PATCH', `/deployments/${id}`, { body });
    assert.equal(status, 400);
    assert.match(text, /The request field 'arn' is invalid\. Reason: A qualified ARN needs a/);
  });
});
