import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session, type Settings } from 'node:http2';
import { describe, test } from 'node:test';
import type { HttpHandler, HttpRequest } from '../../../src/io/http/exchange.ts';
import { RawConnection, requestBytes, sendRequest } from '../../support/raw-http.ts';
import { startHttpListener } from '../../../src/io/http/listener.ts';
import { recordingLog, withListener } from './listeners.ts';

const show: HttpHandler = ({ method, path, query }) => ({
  status: 200,
  headers: [],
  body: JSON.stringify([method, path, query]),
});

describe('the HTTP listener on node, beyond what both libraries do', () => {
  const unreadable: ReadonlyArray<readonly [name: string, bytes: string]> = [
    ['a method with a parenthesis', 'G(T / HTTP/1.1\r\n\r\n'],
    ['a space in the target', 'GET /a b HTTP/1.1\r\n\r\n'],
    ['a control character in the target', 'GET /a\u0001b HTTP/1.1\r\n\r\n'],
    ['a bad version', 'GET / HTTP/1.x\r\n\r\n'],
    ['a header name with a space', 'GET / HTTP/1.1\r\nx y: 1\r\n\r\n'],
  ];
  for (const [name, bytes] of unreadable) {
    test(`answers ${name} with a bare 400 and ends the connection`, async () => {
      await withListener('node', show, async ({ url }) => {
        const connection = await RawConnection.open(url);
        connection.write(bytes);
        const answer = await connection.next();
        assert.ok(answer !== 'closed');
        assert.equal(answer.status, 400);
        assert.deepEqual(answer.headers, { connection: 'close', 'content-length': '0' });
        assert.equal(await connection.untilClosed(), '');
      });
    });
  }

  const readable: ReadonlyArray<readonly [name: string, bytes: string, seen: readonly unknown[]]> =
    [
      ['a request without Host', 'GET /a HTTP/1.1\r\n\r\n', ['GET', '/a', null]],
      ['HTTP/1.0', 'GET /a HTTP/1.0\r\n\r\n', ['GET', '/a', null]],
      ['a target with authority', 'GET http://h:1/a?b HTTP/1.1\r\n\r\n', ['GET', '/a', 'b']],
      ['an authority without path', 'GET http://h?b HTTP/1.1\r\n\r\n', ['GET', '/', 'b']],
      ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\n\r\n', ['OPTIONS', '*', null]],
      [
        'an upgrade to h2c, by ignoring it',
        'GET /a HTTP/1.1\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AA\r\n\r\n',
        ['GET', '/a', null],
      ],
    ];
  for (const [name, bytes, seen] of readable) {
    test(`takes ${name}`, async () => {
      await withListener('node', show, async ({ url }) => {
        const connection = await RawConnection.open(url);
        connection.write(bytes);
        const answer = await connection.next();
        assert.ok(answer !== 'closed');
        assert.equal(answer.status, 200);
        assert.deepEqual(JSON.parse(answer.body.toString()), seen);
        connection.destroy();
      });
    });
  }

  test('answers pipelined requests in order, however long each takes', async () => {
    const handler: HttpHandler = async ({ path }) => {
      for (let turns = path === '/slow' ? 50 : 0; turns > 0; turns -= 1) {
        await new Promise(setImmediate);
      }
      return { status: 200, headers: [], body: path };
    };
    await withListener('node', handler, async ({ url }) => {
      const connection = await RawConnection.open(url);
      const paths = ['/slow', '/quick', '/slow'];
      connection.write(Buffer.concat(paths.map((path) => requestBytes({ path }))));
      for (const path of paths) {
        const answer = await connection.next();
        assert.equal(answer === 'closed' ? answer : answer.body.toString(), path);
      }
      connection.destroy();
    });
  });

  test('does not answer an open request with a 400 for the bytes behind it', async () => {
    await withListener(
      'node',
      () => new Promise(() => {}),
      async ({ url }) => {
        const connection = await RawConnection.open(url);
        connection.write(`${requestBytes({}).toString()}nonsense\r\n\r\n`);
        assert.equal(await connection.untilClosed(), '');
      },
    );
  });

  test('takes 100 header fields, and 101 get a bare 431', async () => {
    await withListener('node', show, async ({ url }) => {
      const fields = (count: number): Array<readonly [string, string]> =>
        Array.from({ length: count }, (_, at) => [`x-${at}`, 'v']);
      // `host` is the hundredth.
      assert.equal((await sendRequest(url, { headers: fields(99) })).status, 200);
      const refused = await sendRequest(url, { headers: fields(100) });
      assert.equal(refused.status, 431);
      assert.equal(refused.headers['connection'], 'close');
      assert.equal(refused.body.length, 0);
    });
  });

  test('takes a header value of 500 000 bytes', async () => {
    await withListener('node', show, async ({ url }) => {
      const headers = [['x-large', 'v'.repeat(500_000)]] as const;
      assert.equal((await sendRequest(url, { headers })).status, 200);
    });
  });

  test('answers a target of 65 534 bytes with a bare 414', async () => {
    await withListener('node', show, async ({ url }) => {
      const refused = await sendRequest(url, { path: `/${'a'.repeat(65_533)}` });
      assert.equal(refused.status, 414);
      assert.equal(refused.headers['connection'], 'close');
      assert.equal(refused.body.length, 0);
      assert.equal((await sendRequest(url, { path: `/${'a'.repeat(60_000)}` })).status, 200);
    });
  });

  test('ends idle connections when it begins to drain', async () => {
    await withListener('node', show, async (listener) => {
      const used = await RawConnection.open(listener.url);
      const unused = await RawConnection.open(listener.url);
      used.write(requestBytes({}));
      await used.next();
      listener.drain();
      assert.equal(await used.untilClosed(), '');
      assert.equal(await unused.untilClosed(), '');
    });
  });

  test('closes after it has drained', async () => {
    await withListener('node', show, async (listener) => {
      listener.drain();
      await new Promise(setImmediate);
      await listener.close();
    });
  });
});

interface Http2Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

function sendHttp2(
  session: ClientHttp2Session,
  headers: Record<string, string | string[]>,
  body?: Uint8Array,
): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers);
    const chunks: Buffer[] = [];
    let answer: Readonly<Record<string, unknown>> = {};
    stream.on('response', (received) => {
      answer = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () =>
      resolve({ status: Number(answer[':status']), headers: answer, body: Buffer.concat(chunks) }),
    );
    stream.on('error', reject);
    stream.end(body);
  });
}

async function withSession(
  url: string,
  use: (session: ClientHttp2Session) => Promise<void>,
): Promise<void> {
  const session = connectHttp2(url);
  // A session that the listener ends is no failure of these tests.
  session.on('error', () => {});
  try {
    await use(session);
  } finally {
    session.destroy();
  }
}

describe('HTTP/2 with prior knowledge on the same port', () => {
  test('takes as many streams at once as it is told', async () => {
    const options = { handler: show, prefer: 'node', log: recordingLog() } as const;
    for (const http2StreamsMax of [undefined, 7]) {
      const bindAddress = '127.0.0.1:0';
      const listener = await startHttpListener({ ...options, bindAddress, http2StreamsMax });
      await withSession(listener.url, async (session) => {
        const [settings] = (await once(session, 'remoteSettings')) as [Settings];
        assert.equal(settings.maxConcurrentStreams, http2StreamsMax ?? 200);
      });
      await listener.close();
    }
  });

  test('shows a request without pseudo headers', async () => {
    const seen: HttpRequest[] = [];
    const handler: HttpHandler = (request) => {
      seen.push(request);
      return { status: 470, headers: [['x-a', 'b']], body: 'abc' };
    };
    await withListener('node', handler, async ({ url }) => {
      await withSession(url, async (session) => {
        const answer = await sendHttp2(session, {
          ':method': 'GET',
          ':path': '/p?q',
          'x-b': '1',
          cookie: ['a=1', 'b=2'],
        });
        assert.equal(answer.status, 470);
        assert.equal(answer.headers['x-a'], 'b');
        assert.equal(answer.headers['content-length'], '3');
        assert.equal(answer.body.toString(), 'abc');
      });
      const [request] = seen;
      assert.deepEqual([request?.method, request?.path, request?.query], ['GET', '/p', 'q']);
      assert.deepEqual(request?.headers, [
        ['x-b', '1'],
        ['cookie', 'a=1'],
        ['cookie', 'b=2'],
      ]);
    });
  });

  test('carries bodies both ways', async () => {
    const handler: HttpHandler = async (request) => {
      const result = await request.readBody(10_000_000);
      assert.equal(result.kind, 'body');
      return { status: 200, headers: [], body: result.kind === 'body' ? result.bytes : '' };
    };
    await withListener('node', handler, async ({ url }) => {
      await withSession(url, async (session) => {
        for (const body of [new Uint8Array(0), randomBytes(5), randomBytes(1_000_000)]) {
          const answer = await sendHttp2(session, { ':method': 'POST' }, body);
          assert.ok(answer.body.equals(body));
        }
      });
    });
  });

  test('announces 200 concurrent streams and 16 384 bytes of headers', async () => {
    await withListener('node', show, async ({ url }) => {
      await withSession(url, async (session) => {
        await sendHttp2(session, { ':method': 'GET' });
        assert.equal(session.remoteSettings.maxConcurrentStreams, 200);
        assert.equal(session.remoteSettings.maxHeaderListSize, 16_384);
      });
    });
  });

  test('survives a client that leaves while its request is handled', async () => {
    let called = (): void => {};
    const calling = new Promise<void>((resolve) => {
      called = resolve;
    });
    const handler: HttpHandler = ({ path }) => {
      if (path !== '/slow') return { status: 200, headers: [], body: 'quick' };
      called();
      return new Promise(() => {});
    };
    await withListener('node', handler, async (listener) => {
      await withSession(listener.url, async (session) => {
        session.request({ ':path': '/slow' }).on('error', () => {});
        await calling;
        assert.equal(listener.openExchangesCount(), 1);
      });
      while (listener.openExchangesCount() > 0) await new Promise(setImmediate);
      assert.equal((await sendRequest(listener.url, {})).body.toString(), 'quick');
    });
  });

  test('draining lets open streams end and then ends the session', async () => {
    let called = (): void => {};
    const calling = new Promise<void>((resolve) => {
      called = resolve;
    });
    let answer = (): void => {};
    const handler: HttpHandler = () => {
      called();
      return new Promise((resolve) => {
        answer = () => resolve({ status: 200, headers: [], body: 'done' });
      });
    };
    await withListener('node', handler, async (listener) => {
      await withSession(listener.url, async (session) => {
        const closed = new Promise((resolve) => session.once('close', resolve));
        const answered = sendHttp2(session, { ':method': 'GET' });
        await calling;
        listener.drain();
        answer();
        assert.equal((await answered).body.toString(), 'done');
        await closed;
      });
    });
  });
});
