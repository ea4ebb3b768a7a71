// Our HTTP/2 client against the server of Node, which is the server of the TypeScript SDK.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import {
  HttpDeploymentTransport,
  type TransportOptions,
} from '../../../src/io/deployment/transport.ts';
import { EventQueue } from '../../support/event-queue.ts';
import { RecordedExchange } from '../../support/recorded-exchange.ts';
import { seededRandom } from '../../support/random.ts';

const MEBIBYTE = 1024 * 1024;

type StreamHandler = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

async function startServer(
  t: TestContext,
  onStream: StreamHandler,
  settings: http2.Settings = {},
): Promise<{ readonly uri: string; readonly sessions: http2.ServerHttp2Session[] }> {
  const server = http2.createServer({ settings, maxHeaderListPairs: 1000 });
  const sessions: http2.ServerHttp2Session[] = [];
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, sessions };
}

function startTransport(t: TestContext, options: TransportOptions = {}): HttpDeploymentTransport {
  const transport = new HttpDeploymentTransport(options);
  t.after(() => transport.close());
  return transport;
}

function randomBytes(t: TestContext, count: number): Buffer {
  const random = seededRandom();
  t.diagnostic(`SEED=${random.seed}`);
  const bytes = Buffer.alloc(count);
  for (let index = 0; index < count; index += 4) {
    bytes.writeInt32LE(random.integer(-(2 ** 31), 2 ** 31 - 1), index);
  }
  return bytes;
}

function sha256(...chunks: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

const echo: StreamHandler = (stream) => {
  stream.respond({ ':status': 200 });
  stream.pipe(stream);
};

describe('an HTTP/2 exchange with Node', { timeout: 60_000 }, () => {
  test('carries method, path, query, headers, status and both bodies', async (t) => {
    const seen: http2.IncomingHttpHeaders[] = [];
    const { uri } = await startServer(t, (stream, headers) => {
      seen.push(headers);
      stream.respond({ ':status': 418, 'x-a': ['1', '2'], 'set-cookie': ['c=1', 'd=2'] });
      stream.pipe(stream);
    });
    const exchange = new RecordedExchange(startTransport(t), `${uri}pre/fix/?token=a%20b`, {
      path: '/invoke/Greeter/greet',
      headers: [
        ['content-type', 'application/x'],
        ['accept', 'application/x'],
        ['x-restate-service-key', 'key%20a%2Fb'],
        ['accept', 'application/y'],
      ],
    });
    exchange.stream.write(Buffer.from('hello '));
    exchange.stream.write(Buffer.from('world'));
    exchange.stream.end();
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(exchange.received.toString(), 'hello world');
    const { status, headers } = await exchange.response();
    assert.equal(status, 418);
    assert.equal(headers['x-a'], '1, 2');
    assert.equal(headers['set-cookie'], 'c=1, d=2');
    const [request] = seen;
    assert.equal(request?.[':method'], 'POST');
    assert.equal(request?.[':scheme'], 'http');
    assert.equal(request?.[':authority'], new URL(uri).host);
    assert.equal(request?.[':path'], '/pre/fix/invoke/Greeter/greet?token=a%20b');
    assert.equal(request?.['x-restate-service-key'], 'key%20a%2Fb');
    assert.equal(request?.['accept'], 'application/x, application/y');
    assert.equal(request?.['content-length'], undefined);
    assert.equal(request?.['user-agent'], undefined);
  });

  test('of GET has no body', async (t) => {
    const { uri } = await startServer(t, (stream, headers) => {
      const bodiless = stream.endAfterHeaders;
      stream.respond({ ':status': 200 });
      stream.end(`${String(headers[':method'])} ${bodiless}`);
    });
    const exchange = new RecordedExchange(startTransport(t), uri, {
      method: 'GET',
      path: '/discover',
    });
    exchange.stream.end();
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(exchange.received.toString(), 'GET true');
  });

  test('goes both ways at once for as long as both want', async (t) => {
    const { uri } = await startServer(t, echo);
    const exchange = new RecordedExchange(startTransport(t), uri);
    for (let round = 0; round < 20; round++) {
      exchange.stream.write(Buffer.from(`round ${round}`));
      assert.equal(await exchange.data(), `round ${round}`);
    }
    exchange.stream.end();
    assert.equal(await exchange.outcome(), 'end');
  });

  for (const [what, window] of [
    ['small windows', 1000],
    ["Node's windows", 65_535],
    ['windows larger than the body', 16 * MEBIBYTE],
  ] as const) {
    test(`carries 10 MB each way through ${what}`, async (t) => {
      const { uri } = await startServer(t, echo, { initialWindowSize: window });
      const exchange = new RecordedExchange(startTransport(t), uri);
      const body = randomBytes(t, 10 * MEBIBYTE);
      for (let start = 0; start < body.length;) {
        const end = start + 1 + ((start * 7919) % 300_000);
        exchange.stream.write(body.subarray(start, end));
        start = end;
      }
      exchange.stream.end();
      assert.equal(await exchange.outcome(), 'end');
      assert.equal(sha256(exchange.received), sha256(body));
    });
  }

  test('carries many large bodies side by side on one connection', async (t) => {
    const { uri, sessions } = await startServer(t, echo);
    const transport = startTransport(t);
    const body = randomBytes(t, MEBIBYTE);
    const exchanges = Array.from({ length: 20 }, () => new RecordedExchange(transport, uri));
    for (const { stream } of exchanges) {
      stream.write(body);
      stream.end();
    }
    for (const exchange of exchanges) {
      assert.equal(await exchange.outcome(), 'end');
      assert.equal(sha256(exchange.received), sha256(body));
    }
    assert.equal(sessions.length, 1);
  });

  for (const connectionsMax of [1, 3, 16]) {
    test(`2,000 at once pass a peer that takes 100, over at most ${connectionsMax} connections`, async (t) => {
      const openStreamsMax = 100 * connectionsMax;
      const full = new EventQueue<number>();
      let openStreams = 0;
      let tooMany = false;
      const onStream: StreamHandler = (stream) => {
        openStreams++;
        tooMany ||= openStreams > openStreamsMax;
        if (openStreams === openStreamsMax) full.push(openStreams);
        stream.once('close', () => openStreams--);
        echo(stream, {});
      };
      const { uri, sessions } = await startServer(t, onStream, { maxConcurrentStreams: 100 });
      const transport = startTransport(t, { connectionsPerDeploymentMax: connectionsMax });
      const exchanges = Array.from({ length: 2000 }, (_, index) => {
        const exchange = new RecordedExchange(transport, uri);
        exchange.stream.write(Buffer.from(`body ${index}`));
        return exchange;
      });
      await full.next('full connections');
      for (const [index, exchange] of exchanges.entries()) {
        assert.equal(await exchange.data(), `body ${index}`);
        exchange.stream.end();
      }
      for (const exchange of exchanges) assert.equal(await exchange.outcome(), 'end');
      assert.equal(sessions.length, connectionsMax);
      assert.equal(tooMany, false);
    });
  }

  test('decodes thousands of header blocks that share the dynamic table', async (t) => {
    const random = seededRandom();
    t.diagnostic(`SEED=${random.seed}`);
    const sent = new Map<string, Record<string, string>>();
    const { uri } = await startServer(t, (stream, headers) => {
      const fields: Record<string, string> = {};
      for (let count = random.integer(0, 12); count > 0; count--) {
        const name = `x-${random.integer(0, 40)}`;
        // Lengths on both sides of the table's size, and bytes with long and short Huffman codes.
        const length = random.pick([0, 3, 20, 200, random.integer(0, 5000)]);
        const alphabet = random.pick(['aeiot', 'xyz<>{}|', '\u00e9\u00ff~']);
        fields[name] = Array.from(
          { length },
          () => alphabet[random.integer(0, alphabet.length - 1)],
        ).join('');
      }
      sent.set(String(headers['x-number']), fields);
      stream.respond(
        { ':status': random.pick([200, 204, 404, 503]), ...fields },
        { endStream: true },
      );
    });
    const transport = startTransport(t);
    for (let batch = 0; batch < 30; batch++) {
      const exchanges = Array.from({ length: 100 }, (_, index) => {
        const number = String(batch * 100 + index);
        return [
          number,
          new RecordedExchange(transport, uri, { headers: [['x-number', number]] }),
        ] as const;
      });
      for (const [number, exchange] of exchanges) {
        assert.equal(await exchange.outcome(), 'end');
        const { headers } = await exchange.response();
        const { date, ...others } = headers;
        assert.ok(date === undefined || date.endsWith('GMT'));
        const expected = Object.entries(sent.get(number) ?? {}).map(
          ([name, value]) => [name, value.trim()] as const,
        );
        assert.deepEqual({ ...others }, Object.fromEntries(expected));
      }
    }
  });

  test('sends header lists that need CONTINUATION', async (t) => {
    const { uri } = await startServer(
      t,
      (stream, headers) => {
        stream.respond({ ':status': 200 });
        stream.end(String(headers['x-restate-service-key']).length.toString());
      },
      { maxHeaderListSize: 200_000 },
    );
    const key = 'k'.repeat(50_000);
    const transport = startTransport(t);
    const exchange = new RecordedExchange(transport, uri, {
      headers: [['x-restate-service-key', key]],
    });
    exchange.stream.end();
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(exchange.received.toString(), '50000');
  });

  test('tells a peer that shrank the header table so', async (t) => {
    // nghttp2 fails the connection when the announcement is missing.
    const { uri, sessions } = await startServer(t, echo, { headerTableSize: 0 });
    const transport = startTransport(t);
    for (let round = 0; round < 3; round++) {
      const exchange = new RecordedExchange(transport, uri);
      exchange.stream.end();
      assert.equal(await exchange.outcome(), 'end');
    }
    assert.equal(sessions.length, 1);
  });

  test('goes on when the peer changes its windows in the middle of a body', async (t) => {
    const { uri, sessions } = await startServer(t, echo, { initialWindowSize: 5000 });
    const exchange = new RecordedExchange(startTransport(t), uri);
    const body = randomBytes(t, MEBIBYTE);
    exchange.stream.write(body.subarray(0, 500_000));
    await exchange.data();
    sessions[0]?.settings({ initialWindowSize: 0 });
    exchange.stream.write(body.subarray(500_000));
    exchange.stream.end();
    await exchange.data();
    sessions[0]?.settings({ initialWindowSize: 200_000 });
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(sha256(exchange.received), sha256(body));
  });

  test('ends the request when the response ends first', async (t) => {
    const requestEnded = new EventQueue<boolean>();
    const { uri } = await startServer(t, (stream) => {
      stream.respond({ ':status': 404 }, { endStream: true });
      stream.resume();
      stream.once('close', () => requestEnded.push(stream.readableEnded));
    });
    const exchange = new RecordedExchange(startTransport(t), uri);
    exchange.stream.write(Buffer.from('some'));
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(await requestEnded.next('closed stream'), true);
    exchange.stream.write(Buffer.from('ignored'));
    exchange.stream.end();
    exchange.stream.reset();
  });

  test('that is reset ends at the peer with CANCEL and says nothing more', async (t) => {
    const codes = new EventQueue<number | undefined>();
    const { uri } = await startServer(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('first');
      stream.once('close', () => codes.push(stream.rstCode));
    });
    const transport = startTransport(t);
    const exchange = new RecordedExchange(transport, uri);
    await exchange.data();
    exchange.stream.reset();
    assert.equal(await codes.next('closed stream'), http2.constants.NGHTTP2_CANCEL);
    await transport.close();
    assert.deepEqual(
      exchange.events.map(({ kind }) => kind),
      ['response', 'data'],
    );
  });

  test('says http11Only when the server has only HTTP/1.1', async (t) => {
    const server = http.createServer((_, response) => response.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const exchange = new RecordedExchange(startTransport(t), uri);
    assert.deepEqual(await exchange.outcome(), {
      kind: 'http11Only',
      message: `error when calling '${uri}': server possibly supports only HTTP1.1, consider discovery with --use-http1.1.`,
    });
  });
});
