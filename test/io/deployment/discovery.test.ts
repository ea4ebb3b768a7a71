import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import type {
  DeploymentTransport,
  DiscoveryFailure,
  DiscoveryRequest,
} from '../../../src/actors/ports.ts';
import { createDiscovery, type DiscoveryOptions } from '../../../src/io/deployment/discovery.ts';
import { HttpDeploymentTransport } from '../../../src/io/deployment/transport.ts';
import {
  FakeEndpoint,
  MANIFEST_V4,
  manifestAnswer,
  manifestJson,
  type EndpointBehaviour,
} from '../../support/fake-endpoint.ts';
import { at } from '../../support/schema-fixtures.ts';

const transport = new HttpDeploymentTransport();
let http2: FakeEndpoint;
let http11: FakeEndpoint;

before(async () => {
  http2 = await FakeEndpoint.start('HTTP/2.0');
  http11 = await FakeEndpoint.start('HTTP/1.1');
});

after(async () => {
  await transport.close();
  await http2.close();
  await http11.close();
});

beforeEach(() => {
  for (const endpoint of [http2, http11]) {
    endpoint.requests.length = 0;
    endpoint.behaviour = manifestAnswer();
  }
});

function discover(
  address: string,
  request: Partial<DiscoveryRequest> = {},
  options: Partial<DiscoveryOptions> = {},
) {
  const discovery = createDiscovery({
    transport,
    commonHeaders: [['x-restate-cluster-name', 'localcluster']],
    retryDelayMs: 1,
    ...options,
  });
  const defaults = { address: at(address), useHttp11: false, additionalHeaders: {} };
  return discovery.discover({ ...defaults, ...request });
}

async function failureOf(result: ReturnType<typeof discover>): Promise<DiscoveryFailure> {
  const outcome = await result;
  assert.ok(outcome.kind === 'discoveryFailed', JSON.stringify(outcome));
  return outcome.failure;
}

const ACCEPT = [1, 2, 3, 4]
  .map((version) => `application/vnd.restate.endpointmanifest.v${version}+json`)
  .join(', ');

for (const version of ['HTTP/2.0', 'HTTP/1.1'] as const) {
  describe(`discovery over ${version}`, () => {
    const useHttp11 = version === 'HTTP/1.1';
    const endpoint = (): FakeEndpoint => (useHttp11 ? http11 : http2);

    test('asks with the headers of the deployment between its own', async () => {
      const additionalHeaders = { accept: 'foo/bar', 'x-b': '1', 'x-restate-cluster-name': 'z' };
      await discover(`${endpoint().origin}/a/?b=c`, { useHttp11, additionalHeaders });
      assert.deepEqual(endpoint().requests, [
        {
          method: 'GET',
          path: '/a/discover?b=c',
          headers: [
            ['accept', ACCEPT],
            ['accept', 'foo/bar'],
            ['x-b', '1'],
            ['x-restate-cluster-name', 'z'],
            ['x-restate-cluster-name', 'localcluster'],
          ],
        },
      ]);
    });

    test('gives the manifest, the version and the name of the SDK', async () => {
      const outcome = await discover(endpoint().origin, { useHttp11 });
      assert.ok(outcome.kind === 'discovered', JSON.stringify(outcome));
      const { manifest, httpVersion, sdkVersion } = outcome.discovered;
      assert.deepEqual(
        manifest.services.map(({ name }) => name),
        ['Greeter'],
      );
      assert.deepEqual([httpVersion, sdkVersion], [version, 'fake/1.0']);
    });

    for (const mediaType of ACCEPT.split(', ')) {
      test(`takes a manifest of the type ${mediaType}`, async () => {
        endpoint().behaviour = { headers: { 'content-type': mediaType }, body: manifestJson() };
        const outcome = await discover(endpoint().origin, { useHttp11 });
        assert.ok(outcome.kind === 'discovered');
        assert.equal(outcome.discovered.sdkVersion, undefined);
      });
    }

    interface Refusal {
      readonly title: string;
      readonly answer: EndpointBehaviour;
      readonly kind: DiscoveryFailure['kind'];
      readonly message: RegExp;
    }
    const headers = { 'content-type': MANIFEST_V4 };
    const refusals: readonly Refusal[] = [
      {
        title: '404',
        answer: { status: 404, headers: { 'x-foo': 'a"b' }, body: 'nope' },
        kind: 'unreachable',
        message:
          /^got status code '404'\. Make sure the provided URI has the correct path where the Restate SDK endpoint is mounted\. Response headers: \{.*"x-foo": "a\\"b".*\}\. Body: nope$/,
      },
      {
        title: '401',
        answer: { status: 401, body: 'no auth' },
        kind: 'unreachable',
        message: /^got status code '401 Unauthorized'\. Response headers: .*\. Body: no auth$/,
      },
      {
        title: 'a redirect, which is not followed',
        answer: { status: 301, headers: { location: '/other' } },
        kind: 'unreachable',
        message: /^got status code '301 Moved Permanently'\./,
      },
      {
        title: 'a missing content type',
        answer: { body: '{}' },
        kind: 'badResponse',
        message:
          /^received a bad response from the SDK: No content type header was specified\. Expected one of '"application\/.*v4\+json"' content type\.$/,
      },
      {
        title: 'a content type with parameters',
        answer: { headers: { 'content-type': `${MANIFEST_V4}; charset=utf-8` }, body: '{}' },
        kind: 'badResponse',
        message: /SDK: Bad content type header: ".*; charset=utf-8"\. Expected one of '".*"'$/,
      },
      {
        title: 'a manifest that cannot be decoded',
        answer: { headers, body: '{"foo":1}' },
        kind: 'undecodable',
        message:
          /^received a bad response from the SDK that cannot be decoded: .*\. Discovery response: \{"foo":1\}$/,
      },
      {
        title: 'a manifest without protocol mode',
        answer: { headers, body: manifestJson({ protocolMode: null }) },
        kind: 'badResponse',
        message: /^received a bad response from the SDK: missing protocol mode$/,
      },
      {
        title: 'old protocol versions',
        answer: { headers, body: manifestJson({ minProtocolVersion: 1, maxProtocolVersion: 3 }) },
        kind: 'unsupportedProtocol',
        message: /^unsupported service protocol versions: \[1, 3\]\./,
      },
    ];
    for (const { title, answer, kind, message } of refusals) {
      test(`fails at once with ${title}`, async () => {
        endpoint().behaviour = answer;
        const failure = await failureOf(discover(endpoint().origin, { useHttp11 }));
        assert.equal(failure.kind, kind);
        assert.match(failure.message, message);
        assert.equal(endpoint().requests.length, 1);
      });
    }

    for (const status of [408, 429, 500, 502, 503, 504]) {
      test(`tries five times with ${status}`, async () => {
        endpoint().behaviour = { status, body: 'later' };
        const failure = await failureOf(discover(endpoint().origin, { useHttp11 }));
        assert.equal(failure.kind, 'unreachable');
        assert.match(failure.message, new RegExp(`^got status code '${status} .*Body: later$`));
        assert.equal(endpoint().requests.length, 5);
      });
    }

    test('succeeds when a later try does', async () => {
      const answers: readonly EndpointBehaviour[] = [{ status: 503 }, 'drop', manifestAnswer()];
      endpoint().behaviour = (count) => answers[count - 1] ?? 'hang';
      const outcome = await discover(endpoint().origin, { useHttp11 });
      assert.equal(outcome.kind, 'discovered');
      assert.equal(endpoint().requests.length, 3);
    });

    test('takes no manifest over the limit', async () => {
      const body = manifestJson();
      endpoint().behaviour = { headers, body };
      const atLimit = { bodyBytesMax: body.length };
      assert.equal((await discover(endpoint().origin, { useHttp11 }, atLimit)).kind, 'discovered');
      const below = { bodyBytesMax: body.length - 1 };
      const failure = await failureOf(discover(endpoint().origin, { useHttp11 }, below));
      assert.deepEqual(failure, {
        kind: 'badResponse',
        message: 'received a bad response from the SDK: the manifest is too large',
      });
    });

    test('quotes only the beginning of a long response', async () => {
      endpoint().behaviour = { status: 401, body: 'x'.repeat(1_000_000) };
      const failure = await failureOf(discover(endpoint().origin, { useHttp11 }));
      assert.match(failure.message, /x…$/);
      assert.ok(failure.message.length < 20_000);
    });

    test('gives up when time is over, however long the endpoint stays silent', async () => {
      endpoint().behaviour = 'hang';
      const failure = await failureOf(
        discover(endpoint().origin, { useHttp11 }, { timeoutMs: 50 }),
      );
      assert.equal(failure.kind, 'unreachable');
      assert.match(
        failure.message,
        /^error when calling 'http:.*': no complete response within 50 ms$/,
      );
      assert.equal(endpoint().requests.length, 1);
    });

    test('reports the last answer when time is over between two tries', async () => {
      endpoint().behaviour = { status: 500 };
      const options = { timeoutMs: 500, retryDelayMs: 60_000 };
      const failure = await failureOf(discover(endpoint().origin, { useHttp11 }, options));
      assert.match(failure.message, /^got status code '500 Internal Server Error'/);
      assert.equal(endpoint().requests.length, 1);
    });

    test('says that nobody listens', async () => {
      const port = await freePort();
      const address = `http://127.0.0.1:${port}`;
      const failure = await failureOf(discover(address, { useHttp11 }));
      assert.equal(failure.kind, 'unreachable');
      assert.match(failure.message, /^error when calling '.*': .*Connection refused/s);
    });
  });
}

describe('discovery', () => {
  test('tells an endpoint that speaks only HTTP/1.1', async () => {
    const failure = await failureOf(discover(http11.origin));
    assert.equal(failure.kind, 'http11Only');
    assert.match(
      failure.message,
      /^error when calling '.*': server possibly supports only HTTP1\.1, consider discovery with --use-http1\.1\.$/,
    );
  });

  test('goes on in HTTP/1.1 when an endpoint behind TLS chooses it', async () => {
    const versions: string[] = [];
    const choosy: DeploymentTransport = {
      open({ endpoint }, listener) {
        assert.ok(endpoint.kind === 'http');
        versions.push(endpoint.httpVersion);
        queueMicrotask(() => {
          if (endpoint.httpVersion === 'HTTP/2.0') {
            listener.onFailure({ kind: 'http11Only', message: 'only HTTP/1.1' });
          } else {
            listener.onResponse(200, { 'content-type': MANIFEST_V4 });
            listener.onData(Buffer.from(manifestJson()));
            listener.onEnd();
          }
        });
        return { write() {}, end() {}, reset() {} };
      },
      close: () => Promise.resolve(),
    };
    const outcome = await discover('https://host/', {}, { transport: choosy });
    assert.ok(outcome.kind === 'discovered');
    assert.equal(outcome.discovered.httpVersion, 'HTTP/1.1');
    assert.deepEqual(versions, ['HTTP/2.0', 'HTTP/1.1']);
  });

  test('calls nothing but http and https', async () => {
    const failure = await failureOf(discover('ftp://127.0.0.1/x'));
    assert.equal(failure.kind, 'unreachable');
    assert.match(failure.message, /^error when calling 'ftp:\/\/127\.0\.0\.1\/x': /);
  });
});

/** A port on which nobody listens any more. */
async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}
