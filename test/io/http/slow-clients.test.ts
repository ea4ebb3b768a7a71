// What clients may not do to the listeners: take for ever, and have one request taken for two.
import assert from 'node:assert/strict';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LISTENER_LIMITS } from '../../../src/actors/domain/limits.ts';
import type { HttpHandler, HttpListener, ListenerLimits } from '../../../src/io/http/exchange.ts';
import { startHttpListener } from '../../../src/io/http/listener.ts';
import { RawConnection, requestBytes } from '../../support/raw-http.ts';
import { LIBRARIES, recordingLog } from './listeners.ts';

const LARGE = Buffer.alloc(32 * 1024 * 1024, 'x');

/** Responses that do not fit into the buffers of the system, or only not into a window of HTTP/2. */
const BODIES: Readonly<Record<string, Buffer>> = {
  '/large': LARGE,
  '/medium': LARGE.subarray(0, 1024 * 1024),
};

/** `LARGE` in pieces. */
async function* largeStream(): AsyncGenerator<Uint8Array> {
  await delay(0);
  for (let start = 0; start < LARGE.length; start += 65_536) {
    yield LARGE.subarray(start, start + 65_536);
  }
}

/** More than the buffers hold, a long wait, and the end. */
async function* haltingStream(): AsyncGenerator<Uint8Array> {
  yield LARGE.subarray(0, LARGE.length / 2);
  await delay(400);
  yield Buffer.from('end');
}

/** Responses whose length is not known at first. */
const STREAMS: Readonly<Record<string, () => AsyncIterable<Uint8Array>>> = {
  '/large-stream': largeStream,
  '/halting-stream': haltingStream,
};

/** `/wait` is never answered. */
const handler: HttpHandler = async (request) => {
  if (request.path === '/wait') return new Promise(() => {});
  const body = await request.readBody(1_000_000);
  if (body.kind !== 'body') return { status: 500, headers: [], body: body.kind, close: true };
  const stream = STREAMS[request.path]?.();
  return { status: 200, headers: [], body: BODIES[request.path] ?? 'ok', stream };
};

async function withLimits(
  prefer: 'uws' | 'node',
  limits: Partial<ListenerLimits>,
  use: (listener: HttpListener) => Promise<void>,
): Promise<void> {
  const listener = await startHttpListener({
    bindAddress: '127.0.0.1:0',
    handler,
    prefer,
    log: recordingLog(),
    limits: { ...LISTENER_LIMITS, ...limits },
  });
  try {
    await use(listener);
  } finally {
    await listener.close();
  }
}

/** Writes `bytes` now and `drip` again and again, until the connection ends. Unit of the result: ms. */
async function millisecondsUntilCut(
  url: string,
  bytes: string,
  drip = '',
  everyMs = 30,
): Promise<readonly [tookMs: number, received: string]> {
  const startMs = performance.now();
  const connection = await RawConnection.open(url);
  connection.write(bytes);
  const timer = setInterval(() => connection.write(drip), everyMs);
  const received = await connection.untilClosed();
  clearInterval(timer);
  return [performance.now() - startMs, received];
}

type SlowClient = readonly [what: string, bytes: string, drip: string, status: string];

const SLOW_HEADERS: readonly SlowClient[] = [
  ['that says nothing', '', '', ''],
  ['that stops in its headers', 'GET / HTTP/1.1\r\nhost: a\r\n', '', '408'],
  ['that sends its headers byte by byte', 'GET / HTTP/1.1\r\nhost: a\r\nx: ', 'x', '408'],
  ['that sends header after header', 'GET / HTTP/1.1\r\nhost: a\r\n', 'x: y\r\n', '408'],
  ['that stops in the request line', 'GET /', '', '408'],
];

const SLOW_BODIES: readonly SlowClient[] = [
  [
    'that stops in its body',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nab',
    '',
    '408',
  ],
  [
    'that sends its body byte by byte',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9999\r\n\r\n',
    'x',
    '408',
  ],
  [
    'that sends small chunks',
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n',
    '1\r\nx\r\n',
    '408',
  ],
  [
    'that never ends its chunks',
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n',
    '',
    '408',
  ],
];

describe('the listener on node cuts off a client', () => {
  const check = (
    [what, bytes, drip, status]: SlowClient,
    limits: Partial<ListenerLimits>,
  ): void => {
    test(what, async () => {
      await withLimits('node', limits, async ({ url }) => {
        const [tookMs, received] = await millisecondsUntilCut(url, bytes, drip);
        assert.ok(tookMs >= 190 && tookMs < 3000, `${tookMs} ms`);
        assert.equal(received.split(' ')[1] ?? '', status);
      });
    });
  };
  for (const client of SLOW_HEADERS) check(client, { headerTimeoutMs: 200 });
  for (const client of SLOW_BODIES) check(client, { requestTimeoutMs: 200, headerTimeoutMs: 200 });

  test('that stays without another request', async () => {
    await withLimits('node', { idleTimeoutMs: 200 }, async ({ url }) => {
      const request = requestBytes({}).toString();
      const [tookMs, received] = await millisecondsUntilCut(url, request);
      assert.ok(tookMs >= 190 && tookMs < 3000, `${tookMs} ms`);
      assert.match(received, /^HTTP\/1\.1 200 OK\r\n/);
      assert.doesNotMatch(received, /keep-alive/i);
    });
  });

  for (const idleTimeoutMs of [0, 5000]) {
    for (const path of ['/large', '/large-stream']) {
      test(`that reads nothing of ${path}, with an idle timeout of ${idleTimeoutMs} ms`, async () => {
        const limits = { idleTimeoutMs, sendTimeoutMs: 200 };
        await withLimits('node', limits, async (listener) => {
          const socket = await openPaused(listener.url);
          socket.write(requestBytes({ path }));
          const received = await cutAfter(socket, 600);
          assert.ok(received < LARGE.length, `${received} bytes`);
          assert.equal(listener.openExchangesCount(), 0);
        });
      });
    }
  }
});

describe('the listener on node keeps a client', () => {
  test('that waits for its response longer than any limit', async () => {
    const limits = {
      headerTimeoutMs: 50,
      requestTimeoutMs: 50,
      idleTimeoutMs: 50,
      sendTimeoutMs: 50,
    };
    await withLimits('node', limits, async (listener) => {
      const connection = await RawConnection.open(listener.url);
      connection.write(requestBytes({ method: 'POST', path: '/wait', body: 'x' }));
      const closed = connection.untilClosed().then(() => 'closed');
      const later = new Promise((resolve) => setTimeout(() => resolve('open'), 400));
      assert.equal(await Promise.race([closed, later]), 'open');
      assert.equal(listener.openExchangesCount(), 1);
      connection.destroy();
    });
  });

  test('that waits for more of its response longer than any limit', async () => {
    await withLimits('node', { sendTimeoutMs: 100, idleTimeoutMs: 100 }, async ({ url }) => {
      const socket = await openPaused(url);
      socket.write(requestBytes({ path: '/halting-stream' }));
      let end = '';
      for await (const chunk of socket) end = (end + String(chunk)).slice(-20);
      assert.match(end, /\r\nend\r\n0\r\n\r\n$/);
    });
    await withLimits('node', { sendTimeoutMs: 100 }, async ({ url }) => {
      await withSession(url, async (session) => {
        const stream = session.request({ ':path': '/halting-stream' });
        let text = '';
        for await (const chunk of stream) text = String(chunk);
        assert.match(text, /end$/);
        assert.equal(stream.rstCode, 0);
      });
    });
  });

  test('that reads slowly but goes on', async () => {
    await withLimits('node', { sendTimeoutMs: 300 }, async ({ url }) => {
      const socket = await openPaused(url);
      socket.write(requestBytes({ path: '/large' }));
      const startMs = performance.now();
      let received = 0;
      let pauseAt = LARGE.length / 8;
      await new Promise((resolve) => {
        socket.once('close', resolve);
        socket.on('data', (chunk: Buffer) => {
          received += chunk.length;
          if (received >= LARGE.length) resolve(undefined);
          if (received < pauseAt) return;
          pauseAt += LARGE.length / 8;
          socket.pause();
          setTimeout(() => socket.resume(), 100);
        });
        socket.resume();
      });
      assert.ok(received >= LARGE.length, `${received} bytes`);
      assert.ok(performance.now() - startMs > 600);
      socket.destroy();
    });
  });

  test('for as long as it likes when there are no limits', async () => {
    const limits = { headerTimeoutMs: 0, requestTimeoutMs: 0, idleTimeoutMs: 0, sendTimeoutMs: 0 };
    await withLimits('node', limits, async ({ url }) => {
      const connection = await RawConnection.open(url);
      connection.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n');
      await new Promise((resolve) => setTimeout(resolve, 300));
      connection.write('\r\n');
      await new Promise((resolve) => setTimeout(resolve, 300));
      connection.write('x');
      const answer = await connection.next();
      assert.ok(answer !== 'closed');
      assert.equal(answer.status, 200);
      connection.destroy();
    });
  });
});

describe('over HTTP/2 the listener on node', () => {
  test('answers a slow body with 408 and ends its stream', async () => {
    await withLimits('node', { requestTimeoutMs: 200 }, async (listener) => {
      await withSession(listener.url, async (session) => {
        const stream = session.request({ ':method': 'POST' }, { endStream: false });
        stream.on('error', () => {});
        const timer = setInterval(() => stream.write('x'), 30);
        const status = await new Promise((resolve) =>
          stream.once('response', (headers) => resolve(headers[':status'])),
        );
        await new Promise((resolve) => {
          stream.once('close', resolve);
          stream.resume();
        });
        clearInterval(timer);
        assert.equal(status, 408);
        assert.equal(listener.openExchangesCount(), 0);
      });
    });
  });

  for (const path of ['/medium', '/large-stream']) {
    test(`resets a stream when nobody reads ${path}, and goes on with the others`, async () => {
      await withLimits('node', { sendTimeoutMs: 200 }, async ({ url }) => {
        await withSession(url, async (session) => {
          // Nobody takes the data, so that the window of the stream is never opened again.
          const stalled = session.request({ ':path': path });
          stalled.on('error', () => {});
          await new Promise((resolve) => stalled.once('close', resolve));
          assert.notEqual(stalled.rstCode, 0);
          const status = await new Promise((resolve) =>
            session.request({}).once('response', (headers) => resolve(headers[':status'])),
          );
          assert.equal(status, 200);
        });
      });
    });
  }

  test('ends a session without streams', async () => {
    await withLimits('node', { idleTimeoutMs: 200 }, async ({ url }) => {
      await withSession(url, async (session) => {
        await new Promise((resolve) => session.once('close', resolve));
      });
    });
  });
});

describe(
  'the listener on uWebSockets.js cuts off within 20 s',
  { skip: LIBRARIES[0]?.skip },
  () => {
    test('every slow client', { timeout: 30_000 }, async () => {
      await withLimits('uws', {}, async ({ url }) => {
        const idle: SlowClient = ['', requestBytes({}).toString(), '', '200'];
        const clients = [...SLOW_HEADERS, ...SLOW_BODIES, idle];
        const cuts = clients.map(([, bytes, drip]) => millisecondsUntilCut(url, bytes, drip, 500));
        for (const [tookMs] of await Promise.all(cuts)) {
          assert.ok(tookMs < 20_000, `${tookMs} ms`);
        }
      });
    });
  },
);

async function withSession(
  url: string,
  use: (session: ClientHttp2Session) => Promise<void>,
): Promise<void> {
  const session = connectHttp2(url);
  session.on('error', () => {});
  try {
    await use(session);
  } finally {
    session.destroy();
  }
}

function openPaused(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.pause();
    socket.once('connect', () => resolve(socket));
  });
}

/** Reads after `silenceMs` what there is until the connection ends. Unit of the result: bytes. */
async function cutAfter(socket: Socket, silenceMs: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, silenceMs));
  let received = 0;
  socket.on('data', (chunk: Buffer) => (received += chunk.length));
  await new Promise((resolve) => {
    socket.once('close', resolve);
    socket.resume();
  });
  return received;
}
