import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import type * as net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import * as tls from 'node:tls';
import { HttpDeploymentTransport } from '../../../src/io/deployment/transport.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../../support/certificate.ts';
import { FakeDeployment } from '../../support/fake-deployment.ts';
import { RecordedExchange, type ExchangeOptions } from '../../support/recorded-exchange.ts';

const IDENTITY = { cert: CERTIFICATE, key: PRIVATE_KEY };

async function listen(t: TestContext, server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

function exchange(
  t: TestContext,
  uri: string,
  { ca, ...options }: ExchangeOptions & { readonly ca?: string } = {},
): RecordedExchange {
  const transport = new HttpDeploymentTransport({ ca });
  t.after(() => transport.close());
  const opened = new RecordedExchange(transport, uri, options);
  opened.stream.write(Buffer.from('hello'));
  opened.stream.end();
  return opened;
}

async function startHttp2(t: TestContext): Promise<number> {
  const server = http2.createSecureServer({ ...IDENTITY, allowHTTP1: true });
  server.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200, 'x-scheme': String(headers[':scheme']) });
    stream.pipe(stream);
  });
  return listen(t, server);
}

describe('an https deployment', { timeout: 60_000 }, () => {
  test('is reached over HTTP/2 when its certificate is trusted', async (t) => {
    const uri = `https://localhost:${await startHttp2(t)}/`;
    const { outcome, response, received } = await finished(exchange(t, uri, { ca: CERTIFICATE }));
    assert.equal(outcome, 'end');
    assert.equal(response.headers['x-scheme'], 'https');
    assert.equal(received, 'hello');
  });

  test('with a certificate nobody trusts is not reached', async (t) => {
    const uri = `https://localhost:${await startHttp2(t)}/`;
    assert.deepEqual(await exchange(t, uri).outcome(), {
      kind: 'connect',
      message: `error when calling '${uri}': h2 pool connection error: invalid peer certificate: UnknownIssuer`,
    });
  });

  test('with a certificate for another name is not reached', async (t) => {
    const uri = `https://127.0.0.1:${await startHttp2(t)}/`;
    assert.deepEqual(await exchange(t, uri, { ca: CERTIFICATE }).outcome(), {
      kind: 'connect',
      message: `error when calling '${uri}': h2 pool connection error: invalid peer certificate: NotValidForName`,
    });
  });

  const http11Only: ReadonlyArray<readonly [what: string, server: () => net.Server]> = [
    ['chooses HTTP/1.1', () => https.createServer(IDENTITY)],
    ['chooses nothing', () => tls.createServer(IDENTITY)],
  ];
  for (const [what, server] of http11Only) {
    test(`that ${what} has only HTTP/1.1`, async (t) => {
      const uri = `https://localhost:${await listen(t, server())}/`;
      const outcome = await exchange(t, uri, { ca: CERTIFICATE }).outcome();
      assert.ok(outcome !== 'end');
      assert.equal(outcome.kind, 'http11Only');
      assert.match(outcome.message, /server possibly supports only HTTP1\.1, consider discovery/);
    });
  }

  test('without TLS is not reached', async (t) => {
    const deployment = await FakeDeployment.start();
    t.after(() => deployment.close());
    const outcome = await exchange(t, deployment.uri.replace('http:', 'https:')).outcome();
    assert.ok(outcome !== 'end');
    assert.equal(outcome.kind, 'connect');
  });

  test('is reached over HTTP/1.1 with the same trust', async (t) => {
    const server = https.createServer(IDENTITY, (request, response) => request.pipe(response));
    const uri = `https://localhost:${await listen(t, server)}/`;
    const options = { httpVersion: 'HTTP/1.1', ca: CERTIFICATE } as const;
    const { outcome, received } = await finished(exchange(t, uri, options));
    assert.equal(outcome, 'end');
    assert.equal(received, 'hello');
    const untrusted = await exchange(t, uri, { httpVersion: 'HTTP/1.1' }).outcome();
    assert.ok(untrusted !== 'end');
    assert.equal(untrusted.kind, 'connect');
    assert.match(untrusted.message, /invalid peer certificate: UnknownIssuer$/);
  });
});

async function finished(opened: RecordedExchange): Promise<{
  readonly outcome: Awaited<ReturnType<RecordedExchange['outcome']>>;
  readonly response: Awaited<ReturnType<RecordedExchange['response']>>;
  readonly received: string;
}> {
  const [outcome, response] = [await opened.outcome(), await opened.response()];
  return { outcome, response, received: opened.received.toString() };
}
