import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { HttpDeploymentTransport } from '../../../src/io/deployment/transport.ts';
import { EventQueue } from '../../support/event-queue.ts';
import { RecordedExchange, type ExchangeOptions } from '../../support/recorded-exchange.ts';

async function listen(t: TestContext, server: net.Server): Promise<string> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/`;
}

function startHttp(t: TestContext, handler: http.RequestListener): Promise<string> {
  return listen(t, http.createServer(handler));
}

/** A server that answers with these bytes, whatever the request. */
function startRaw(
  t: TestContext,
  answer: string,
  then: (socket: net.Socket) => void,
): Promise<string> {
  return listen(
    t,
    net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write(answer, () => then(socket)));
    }),
  );
}

function startTransport(t: TestContext): HttpDeploymentTransport {
  const transport = new HttpDeploymentTransport();
  t.after(() => transport.close());
  return transport;
}

function open(t: TestContext, uri: string, options: ExchangeOptions = {}): RecordedExchange {
  return new RecordedExchange(startTransport(t), uri, { httpVersion: 'HTTP/1.1', ...options });
}

async function failureOf(exchange: RecordedExchange): Promise<string> {
  const outcome = await exchange.outcome();
  return outcome === 'end' ? 'end' : `${outcome.kind}: ${outcome.message}`;
}

describe('an HTTP/1.1 exchange', { timeout: 60_000 }, () => {
  test('sends one chunked request and hears one response', async (t) => {
    const seen: http.IncomingMessage[] = [];
    const uri = await startHttp(t, (request, response) => {
      seen.push(request);
      response.writeHead(201, { 'X-A': ['1', '2'], 'content-type': 'a/b' });
      request.pipe(response);
    });
    const exchange = open(t, `${uri}pre/?q=1`, {
      path: '/invoke/A/b',
      headers: [
        ['accept', 'x/1'],
        ['x-restate-invocation-id', 'inv_1'],
      ],
    });
    exchange.stream.write(Buffer.from('hello '));
    exchange.stream.write(Buffer.from('world'));
    exchange.stream.end();
    exchange.stream.write(Buffer.from('ignored'));
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(exchange.received.toString(), 'hello world');
    const { status, headers } = await exchange.response();
    assert.equal(status, 201);
    assert.equal(headers['x-a'], '1, 2');
    assert.equal(headers['content-type'], 'a/b');
    const [request] = seen;
    assert.equal(request?.method, 'POST');
    assert.equal(request?.url, '/pre/invoke/A/b?q=1');
    assert.equal(request?.headers['transfer-encoding'], 'chunked');
    assert.equal(request?.headers['accept'], 'x/1');
    assert.equal(request?.headers['x-restate-invocation-id'], 'inv_1');
  });

  test('of GET has no body', async (t) => {
    const uri = await startHttp(t, (request, response) => {
      response.end(JSON.stringify([request.method, request.headers['transfer-encoding'] ?? null]));
    });
    const exchange = open(t, uri, { method: 'GET', path: '/discover' });
    exchange.stream.end();
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(exchange.received.toString(), '["GET",null]');
  });

  test('streams the request body while it is written', async (t) => {
    const parts = new EventQueue<string>();
    const uri = await startHttp(t, (request, response) => {
      request.on('data', (part: Buffer) => parts.push(part.toString()));
      request.on('end', () => response.end('done'));
    });
    const exchange = open(t, uri);
    exchange.stream.write(Buffer.from('one'));
    assert.equal(await parts.next('part'), 'one');
    exchange.stream.write(Buffer.from('two'));
    assert.equal(await parts.next('part'), 'two');
    exchange.stream.end();
    assert.equal(await exchange.outcome(), 'end');
  });

  test('keeps the connection for the next one', async (t) => {
    const sockets = new Set<unknown>();
    const uri = await startHttp(t, (request, response) => {
      sockets.add(request.socket);
      request.resume().on('end', () => response.end('ok'));
    });
    const transport = startTransport(t);
    for (let round = 0; round < 3; round++) {
      const exchange = new RecordedExchange(transport, uri, { httpVersion: 'HTTP/1.1' });
      exchange.stream.end();
      assert.equal(await exchange.outcome(), 'end');
    }
    assert.equal(sockets.size, 1);
  });

  test('whose response comes first ends with it', async (t) => {
    const uri = await startHttp(t, (_, response) => {
      response.writeHead(404).end('early');
    });
    const exchange = open(t, uri);
    exchange.stream.write(Buffer.from('never ended'));
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(exchange.received.toString(), 'early');
    exchange.stream.write(Buffer.from('ignored'));
    exchange.stream.end();
  });

  test('that is reset closes the connection and says nothing more', async (t) => {
    const closed = new EventQueue<void>();
    const uri = await startHttp(t, (request, response) => {
      request.on('error', () => {});
      response.on('close', () => closed.push());
      response.writeHead(200);
      response.write('first');
    });
    const transport = startTransport(t);
    const exchange = new RecordedExchange(transport, uri, { httpVersion: 'HTTP/1.1' });
    exchange.stream.write(Buffer.from('start'));
    await exchange.data();
    exchange.stream.reset();
    await closed.next('closed response');
    await transport.close();
    assert.deepEqual(
      exchange.events.map(({ kind }) => kind),
      ['response', 'data'],
    );
  });

  test('that is reset at once sends nothing', async (t) => {
    let requests = 0;
    const uri = await startHttp(t, (_, response) => {
      requests++;
      response.end();
    });
    const transport = startTransport(t);
    const abandoned = new RecordedExchange(transport, uri, { httpVersion: 'HTTP/1.1' });
    abandoned.stream.reset();
    const exchange = new RecordedExchange(transport, uri, { httpVersion: 'HTTP/1.1' });
    exchange.stream.end();
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(requests, 1);
    assert.deepEqual(abandoned.events, []);
  });

  test('to a closed port fails', async (t) => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, 'close');
    const exchange = open(t, `http://127.0.0.1:${port}`);
    assert.match(
      await failureOf(exchange),
      /^connect: error when calling 'http:.*\/': [^]*Connection refused \(os error 111\)$/,
    );
  });

  const broken: ReadonlyArray<
    readonly [what: string, answer: string, then: (socket: net.Socket) => void, failure: RegExp]
  > = [
    ['nothing', '', (socket) => socket.end(), /^connectionLost: /],
    ['a reset', '', (socket) => socket.resetAndDestroy(), /^connectionLost: /],
    [
      'half a body',
      'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf',
      (socket) => socket.end(),
      /^connectionLost: /,
    ],
    [
      'half a chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab',
      (socket) => socket.end(),
      /^connectionLost: /,
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', (socket) => socket.end(), /^protocol: /],
    [
      'a broken chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      (socket) => socket.end(),
      /^protocol: /,
    ],
    [
      'headers without end',
      `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(100_000)}`,
      (socket) => socket.end(),
      /^protocol: /,
    ],
  ];
  for (const [what, answer, then, failure] of broken) {
    test(`that gets ${what} fails`, async (t) => {
      const exchange = open(t, await startRaw(t, answer, then));
      exchange.stream.write(Buffer.from('request'));
      exchange.stream.end();
      assert.match(await failureOf(exchange), failure);
      assert.equal(exchange.events.filter(({ kind }) => kind === 'failure').length, 1);
    });
  }

  test('whose headers cannot be sent fails', async (t) => {
    const uri = await startHttp(t, (_, response) => response.end());
    const exchange = open(t, uri, { headers: [['x', 'a\nb']] });
    assert.match(await failureOf(exchange), /^protocol: /);
  });

  test('fails when the transport is closed, also one that comes later', async (t) => {
    const seen = new EventQueue<void>();
    const uri = await startHttp(t, (request) => {
      request.on('error', () => {});
      seen.push();
    });
    const transport = startTransport(t);
    const running = new RecordedExchange(transport, uri, { httpVersion: 'HTTP/1.1' });
    running.stream.write(Buffer.from('x'));
    await seen.next('request');
    await transport.close();
    assert.match(await failureOf(running), /^connectionLost: .*shutting down$/);
    const late = new RecordedExchange(transport, uri, { httpVersion: 'HTTP/1.1' });
    assert.match(await failureOf(late), /^connect/);
  });
});
