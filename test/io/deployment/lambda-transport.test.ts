import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';
import { decompress } from 'fzstd';
import type { LambdaEndpoint } from '../../../src/actors/domain/endpoint.ts';
import type { TransportFailure } from '../../../src/actors/ports.ts';
import type { LambdaSettings } from '../../../src/io/deployment/function-call.ts';
import { LambdaTransport } from '../../../src/io/deployment/lambda-transport.ts';
import {
  awsError,
  CONTAINER_PATH,
  FakeAws,
  LAMBDA_SETTINGS,
  OWN_ACCESS_KEY,
  OWN_SECRET,
  ROLE_ACCESS_KEY,
  useAws,
  WEB_IDENTITY_TOKEN,
  type Result,
} from '../../support/fake-aws.ts';
import { RecordedExchange } from '../../support/recorded-exchange.ts';
import { atFunction } from '../../support/schema-fixtures.ts';

const FUNCTION: LambdaEndpoint = atFunction('7');

function awsPackagesLoaded(): number {
  const { cache } = createRequire(import.meta.url);
  return Object.keys(cache).filter((path) => path.includes('@aws-sdk')).length;
}

test('nothing of AWS is loaded before a function is called', () => {
  new LambdaTransport(LAMBDA_SETTINGS);
  assert.equal(awsPackagesLoaded(), 0);
});

function answer(fields: Readonly<Record<string, unknown>> = {}): Result {
  return { returns: { statusCode: 200, headers: {}, body: '', isBase64Encoded: true, ...fields } };
}

const aws = new FakeAws(() => answer());
let url = '';

before(async () => {
  url = await aws.listen();
});
after(() => aws.close());
beforeEach(() => {
  useAws(url);
  aws.behaviour = () => answer();
  aws.invocations.length = 0;
  aws.assumedRoles.length = 0;
});

function startTransport(t: TestContext, settings: Partial<LambdaSettings> = {}): LambdaTransport {
  const transport = new LambdaTransport({ ...LAMBDA_SETTINGS, ...settings });
  t.after(() => transport.close());
  return transport;
}

interface CallOptions {
  readonly transport?: LambdaTransport;
  readonly settings?: Partial<LambdaSettings>;
  readonly endpoint?: LambdaEndpoint;
  readonly body?: Uint8Array;
  readonly headers?: ReadonlyArray<readonly [string, string]>;
}

/** A call whose request is complete. */
function call(t: TestContext, options: CallOptions = {}): RecordedExchange {
  const { transport = startTransport(t, options.settings), endpoint = FUNCTION, body } = options;
  const exchange = new RecordedExchange(transport, endpoint, { headers: options.headers ?? [] });
  if (body !== undefined) exchange.stream.write(body);
  exchange.stream.end();
  return exchange;
}

async function failureOf(exchange: RecordedExchange): Promise<TransportFailure> {
  const outcome = await exchange.outcome();
  assert.ok(outcome !== 'end', 'the call fails');
  return outcome;
}

describe('a call of a function', { timeout: 60_000 }, () => {
  test('is one signed request with the whole exchange in an envelope', async (t) => {
    const exchange = new RecordedExchange(startTransport(t), FUNCTION, {
      path: '/invoke/Greeter/greet',
      headers: [
        ['content-type', 'x/1'],
        ['accept', 'x/1'],
        ['accept', 'of/the-operator'],
      ],
    });
    exchange.stream.write(Buffer.from('hello '));
    exchange.stream.write(Buffer.from('world'));
    exchange.stream.end();
    exchange.stream.write(Buffer.from('ignored'));
    exchange.stream.end();
    assert.equal(await exchange.outcome(), 'end');
    const [invocation, ...more] = aws.invocations;
    assert.equal(more.length, 0);
    assert.deepEqual(invocation?.event, {
      path: '/invoke/Greeter/greet',
      httpMethod: 'POST',
      headers: { accept: 'x/1', 'content-type': 'x/1' },
      body: Buffer.from('hello world').toString('base64'),
      isBase64Encoded: true,
    });
    assert.equal(invocation.arn, FUNCTION.arn);
    const { accessKeyId, region } = invocation.signer;
    assert.deepEqual([accessKeyId, region], [OWN_ACCESS_KEY, 'eu-central-1']);
    assert.equal(invocation.headers['amz-sdk-request'], 'attempt=1; max=1');
  });

  const answers: ReadonlyArray<readonly [name: string, fields: object, body: string]> = [
    ['base64', { body: Buffer.from('häl').toString('base64') }, 'häl'],
    ['text', { body: 'häl', isBase64Encoded: false }, 'häl'],
    ['text by default', { body: 'text', isBase64Encoded: undefined }, 'text'],
    ['nothing', { body: null, headers: null }, ''],
    ['nothing in base64', { body: '' }, ''],
    ['unknown keys', { body: '', cookies: [], multiValueHeaders: {} }, ''],
  ];
  for (const [name, fields, body] of answers) {
    test(`is answered by ${name}`, async (t) => {
      aws.behaviour = () => answer({ headers: { 'X-A': '1' }, statusCode: 201, ...fields });
      const exchange = call(t);
      assert.equal(await exchange.outcome(), 'end');
      const { status, headers } = await exchange.response();
      const expected = 'headers' in fields ? [201, undefined] : [201, '1'];
      assert.deepEqual([status, headers['x-a']], expected);
      assert.equal(exchange.received.toString(), body);
    });
  }

  test('keeps its connection for the next one', async (t) => {
    const transport = startTransport(t);
    for (let n = 0; n < 3; n += 1) await call(t, { transport }).outcome();
    assert.equal(aws.connectionsCount, 1);
  });

  test('goes to the region of its ARN', async (t) => {
    const transport = startTransport(t);
    const arn = FUNCTION.arn.replace('eu-central-1', 'us-west-2');
    const elsewhere: LambdaEndpoint = { ...FUNCTION, arn: arn as LambdaEndpoint['arn'] };
    await call(t, { transport }).outcome();
    await call(t, { transport, endpoint: elsewhere }).outcome();
    const regions = aws.invocations.map(({ signer }) => signer.region);
    assert.deepEqual(regions, ['eu-central-1', 'us-west-2']);
  });

  test('as a role assumes it once, with the external id', async (t) => {
    const role = 'arn:aws:iam::123456789012:role/caller';
    const transport = startTransport(t, { externalId: 'external' });
    const endpoint = atFunction('7', role);
    for (let n = 0; n < 2; n += 1) {
      assert.equal(await call(t, { transport, endpoint }).outcome(), 'end');
    }
    const [{ RoleSessionName, ...parameters } = {}, ...more] = aws.assumedRoles;
    assert.equal(more.length, 0);
    assert.deepEqual(parameters, {
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: role,
      ExternalId: 'external',
    });
    assert.match(RoleSessionName ?? '', /^restate-\d{10}$/);
    const signers = aws.invocations.map(({ signer }) => signer.accessKeyId);
    assert.deepEqual(signers, [ROLE_ACCESS_KEY, ROLE_ACCESS_KEY]);
  });

  test('that is given up ends its request to AWS and hears nothing more', async (t) => {
    const closed = new Promise<void>((resolve) => {
      aws.server.once('request', (request) => request.socket.once('close', () => resolve()));
    });
    const called = new Promise<void>((resolve) => {
      aws.behaviour = () => {
        resolve();
        return 'hang';
      };
    });
    const exchange = call(t);
    await called;
    exchange.stream.reset();
    await closed;
    assert.deepEqual(exchange.events, []);
  });

  test('hears nothing more when it is given up while it is answered', async (t) => {
    aws.behaviour = () => answer({ body: 'AAAA' });
    const transport = startTransport(t);
    const heard: string[] = [];
    await new Promise<void>((resolve) => {
      const stream = transport.open(
        { endpoint: FUNCTION, method: 'GET', path: '/', headers: [] },
        {
          onResponse() {
            heard.push('response');
            stream.reset();
            setImmediate(resolve);
          },
          onData: () => heard.push('data'),
          onEnd: () => heard.push('end'),
          onFailure: () => heard.push('failure'),
        },
      );
      stream.end();
    });
    assert.deepEqual(heard, ['response']);
  });

  test('fails when the server shuts down, and so does every later one', async (t) => {
    const transport = startTransport(t);
    const called = new Promise<void>((resolve) => {
      aws.behaviour = () => {
        resolve();
        return 'hang';
      };
    });
    const exchange = call(t, { transport });
    await called;
    await transport.close();
    for (const each of [exchange, call(t, { transport })]) {
      const { kind, message } = await failureOf(each);
      assert.equal(kind, 'connectionLost');
      assert.match(message, /the server is shutting down/);
    }
  });
});

describe('credentials are taken from', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-aws-'));
  after(() => rmSync(directory, { recursive: true }));

  function write(name: string, text: string): string {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  }

  const keys = `aws_access_key_id = ${OWN_ACCESS_KEY}\naws_secret_access_key = ${OWN_SECRET}\n`;
  const config = write(
    'config',
    `[profile work]\n${keys}[profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = work\nregion = eu-west-1\n`,
  );
  const tokenFile = write('token', WEB_IDENTITY_TOKEN);

  interface Row {
    readonly name: string;
    readonly profile?: string;
    readonly environment: () => Readonly<Record<string, string>>;
    readonly signer: string;
  }
  const rows: readonly Row[] = [
    {
      name: 'a profile of the server',
      profile: 'work',
      environment: () => ({ AWS_CONFIG_FILE: config }),
      signer: OWN_ACCESS_KEY,
    },
    {
      name: 'a profile of the environment, whose role is assumed',
      environment: () => ({ AWS_CONFIG_FILE: config, AWS_PROFILE: 'role' }),
      signer: ROLE_ACCESS_KEY,
    },
    {
      name: 'the identity of a pod',
      environment: () => ({
        AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
        AWS_ROLE_ARN: 'arn:aws:iam::1:role/pod',
      }),
      signer: ROLE_ACCESS_KEY,
    },
    {
      name: 'the container',
      environment: () => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url + CONTAINER_PATH }),
      signer: ROLE_ACCESS_KEY,
    },
  ];
  for (const { name, profile, environment, signer } of rows) {
    test(name, async (t) => {
      delete process.env['AWS_ACCESS_KEY_ID'];
      Object.assign(process.env, environment());
      assert.equal(await call(t, { settings: { profile } }).outcome(), 'end');
      assert.equal(aws.invocations[0]?.signer.accessKeyId, signer);
    });
  }
});

test('each service of AWS can have an endpoint of its own', async (t) => {
  process.env['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:1';
  process.env['AWS_ENDPOINT_URL_LAMBDA'] = url;
  process.env['AWS_ENDPOINT_URL_STS'] = url;
  const endpoint = atFunction('7', 'arn:aws:iam::123456789012:role/caller');
  assert.equal(await call(t, { endpoint }).outcome(), 'end');
  assert.equal(aws.assumedRoles.length, 1);
});

describe('a call fails', { timeout: 60_000 }, () => {
  interface Row {
    readonly name: string;
    readonly result: Result;
    readonly kind: TransportFailure['kind'];
    readonly message: RegExp;
    readonly retryAfterMs?: number;
  }
  const rows: readonly Row[] = [
    {
      name: 'when the function throws',
      result: { throws: { errorMessage: 'boom', errorType: 'Error' } },
      kind: 'callFailed',
      message:
        /^function returned an error during execution: \{"errorMessage":"boom","errorType":"Error"\}$/,
    },
    {
      name: 'when the function takes too long for Lambda',
      result: { throws: { errorMessage: '2026-01-01 Task timed out after 3.00 seconds' } },
      kind: 'callFailed',
      message: /Task timed out after 3\.00 seconds/,
    },
    {
      name: 'when AWS throttles',
      result: awsError(429, 'TooManyRequestsException', 'Rate Exceeded.', { 'retry-after': '7' }),
      kind: 'throttled',
      message: /^TooManyRequestsException: Rate Exceeded\.$/,
      retryAfterMs: 7000,
    },
    {
      name: 'when AWS throttles without saying for how long',
      result: awsError(429, 'TooManyRequestsException', 'Rate Exceeded.'),
      kind: 'throttled',
      message: /TooManyRequestsException/,
    },
    {
      name: 'when AWS is out of order',
      result: awsError(500, 'ServiceException', 'internal'),
      kind: 'unavailable',
      message: /^ServiceException: internal$/,
    },
    {
      name: 'when something before AWS is out of order',
      result: { status: 503, body: '<html>sorry</html>' },
      kind: 'unavailable',
      message: /^\w+: (?!.*Deserialization)/s,
    },
    {
      name: 'when the request is larger than Lambda takes',
      result: awsError(413, 'RequestTooLargeException', 'Request must be smaller than 6291456'),
      kind: 'tooLarge',
      message: /^RequestTooLargeException: Request must be smaller/,
    },
    {
      name: 'when the function does not exist',
      result: awsError(404, 'ResourceNotFoundException', 'Function not found: x'),
      kind: 'callFailed',
      message: /^ResourceNotFoundException: Function not found: x$/,
    },
    {
      name: 'when the server may not call the function',
      result: awsError(403, 'AccessDeniedException', 'User is not authorized'),
      kind: 'callFailed',
      message: /^AccessDeniedException: User is not authorized$/,
    },
    {
      name: 'when the connection breaks',
      result: 'drop',
      kind: 'connect',
      message: /socket hang up|reset/i,
    },
    {
      name: 'when the connection breaks within the answer',
      result: 'cut',
      kind: 'connect',
      message: /aborted|reset/i,
    },
    {
      name: 'when the answer is too large',
      result: answer({ body: 'A'.repeat(64 * 1024) }),
      kind: 'tooLarge',
      message: /^the answer is too large$/,
    },
    {
      name: 'when the answer is no JSON',
      result: { returns: 'not json' },
      kind: 'protocol',
      message: /^function returned a bad response: /,
    },
    {
      name: 'when the answer is empty',
      result: { returns: '' },
      kind: 'protocol',
      message: /^function returned a bad response: /,
    },
    {
      name: 'when the answer is null',
      result: { returns: null },
      kind: 'protocol',
      message: /^function returned a bad response: /,
    },
    {
      name: 'when the answer has no status',
      result: { returns: { body: '' } },
      kind: 'protocol',
      message: /^function returned a bad response: statusCode: /,
    },
    {
      name: 'when the status is none',
      result: answer({ statusCode: 20 }),
      kind: 'protocol',
      message: /^function returned a bad response: statusCode: /,
    },
    {
      name: 'when a header is not text',
      result: answer({ headers: { a: 1 } }),
      kind: 'protocol',
      message: /^function returned a bad response: headers\.a: /,
    },
    {
      name: 'when the body is not text',
      result: answer({ body: {} }),
      kind: 'protocol',
      message: /^function returned a bad response: body: /,
    },
    {
      name: 'when the body is not the base64 it should be',
      result: answer({ body: 'AA!!AAAA' }),
      kind: 'protocol',
      message: /^function returned a bad response: the body is not base64$/,
    },
    {
      name: 'when the body is compressed with something else',
      result: answer({ headers: { 'content-encoding': 'br' } }),
      kind: 'protocol',
      message: /the body has the content-encoding 'br'$/,
    },
    {
      name: 'when the body is not the compressed data it should be',
      result: answer({ headers: { 'content-encoding': 'zstd' }, body: 'AAAA' }),
      kind: 'protocol',
      message: /the body is not zstd data/,
    },
  ];
  for (const { name, result, kind, message, retryAfterMs } of rows) {
    test(name, async (t) => {
      aws.behaviour = () => result;
      const failure = await failureOf(call(t));
      const prefix = `error when calling '${FUNCTION.arn}': `;
      assert.equal(failure.kind, kind, failure.message);
      assert.ok(failure.message.startsWith(prefix), failure.message);
      assert.match(failure.message.slice(prefix.length), message);
      assert.equal(failure.retryAfterMs, retryAfterMs);
      assert.equal(aws.invocations.length, 1);
    });
  }

  test('when there are no credentials', async (t) => {
    delete process.env['AWS_ACCESS_KEY_ID'];
    const { kind, message } = await failureOf(call(t));
    assert.equal(kind, 'callFailed');
    assert.match(message, /credentials/);
    assert.equal(aws.invocations.length, 0);
  });

  test('when the role may not be assumed', async (t) => {
    const endpoint = atFunction('7', 'arn:aws:iam::123456789012:role/refused');
    const { kind, message } = await failureOf(call(t, { endpoint }));
    assert.equal(kind, 'callFailed');
    assert.match(message, /AccessDenied: not you/);
  });

  test('when nobody listens', async (t) => {
    process.env['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:1';
    const { kind, message } = await failureOf(call(t));
    assert.equal(kind, 'connect');
    assert.match(message, /Connection refused/);
  });
});

/** 65,536 and 65,537 bytes `abab…`, by the zstd command line. */
const AT_LIMIT = 'KLUv/QBYVQAAEGFiAQD7/3SHBQ==';
const ABOVE_LIMIT = 'KLUv/QBYVQAAEGFiAQD8/3SHBQ==';

describe('compression', { timeout: 60_000 }, () => {
  const zstd: LambdaEndpoint = { ...FUNCTION, compression: 'zstd' };
  const atThreshold = Buffer.alloc(4096, 'ab');

  const rows: ReadonlyArray<readonly [endpoint: LambdaEndpoint, body: Buffer, encoding?: string]> =
    [
      [zstd, atThreshold, 'zstd'],
      [zstd, atThreshold.subarray(1)],
      [FUNCTION, atThreshold],
    ];
  for (const [endpoint, body, encoding] of rows) {
    const { compression = 'no compression' } = endpoint;
    test(`of ${body.length} bytes for a function that reads ${compression}`, async (t) => {
      await call(t, { endpoint, body, headers: [['accept-encoding', 'br']] }).outcome();
      const { headers, body: text = '' } = aws.invocations[0]?.event ?? {};
      assert.equal(headers?.['content-encoding'], encoding);
      assert.equal(headers?.['accept-encoding'], endpoint.compression ?? 'br');
      const sent = Buffer.from(text, 'base64');
      assert.deepEqual(encoding === undefined ? sent : Buffer.from(decompress(sent)), body);
      if (encoding !== undefined) assert.ok(sent.length < 100);
    });
  }

  test('of an answer is undone', async (t) => {
    aws.behaviour = () => answer({ headers: { 'Content-Encoding': 'zstd' }, body: AT_LIMIT });
    const exchange = call(t, { endpoint: zstd });
    assert.equal(await exchange.outcome(), 'end');
    assert.deepEqual(exchange.received, Buffer.alloc(64 * 1024, 'ab'));
  });

  test('hides no answer that is too large', async (t) => {
    aws.behaviour = () => answer({ headers: { 'content-encoding': 'zstd' }, body: ABOVE_LIMIT });
    const { kind, message } = await failureOf(call(t, { endpoint: zstd }));
    assert.equal(kind, 'tooLarge');
    assert.match(message, /too large when decompressed/);
  });
});
