// The listener in TLS, with real handshakes.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import * as https from 'node:https';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { HttpHandler, HttpListener } from '../../../src/io/http/exchange.ts';
import { startHttpListener } from '../../../src/io/http/listener.ts';
import { LISTENER_LIMITS } from '../../../src/actors/domain/limits.ts';
import { TlsIdentity, type TlsSettings } from '../../../src/io/http/tls-identity.ts';
import {
  AUTHORITY_CERTIFICATE,
  CERTIFICATE,
  CLIENT_AUTHORITY_CERTIFICATE,
  CLIENT_CERTIFICATE,
  CLIENT_PRIVATE_KEY,
  PRIVATE_KEY,
  SERVER_CERTIFICATE,
  SERVER_PRIVATE_KEY,
} from '../../support/certificate.ts';
import { requestSecurely } from '../../support/https.ts';
import { RawConnection, requestBytes, sendRequest } from '../../support/raw-http.ts';
import { temporaryFiles } from '../../support/temporary-files.ts';
import { recordingLog } from './listeners.ts';

const { directory, file } = temporaryFiles('tls');

const FILES = {
  certFile: file('server.pem', SERVER_CERTIFICATE),
  keyFile: file('server.key', SERVER_PRIVATE_KEY),
};
const AUTHORITY_OF_CLIENTS = [file('clients.pem', CLIENT_AUTHORITY_CERTIFICATE)];

const echo: HttpHandler = async (request) => {
  const body = await request.readBody(1_000_000);
  const { method, path } = request;
  const bytes = body.kind === 'body' ? body.bytes : '';
  return { status: 200, headers: [['x-seen', `${method} ${path}`]], body: bytes };
};

async function withTls(
  settings: Partial<TlsSettings>,
  use: (listener: HttpListener, identity: TlsIdentity) => Promise<void>,
): Promise<void> {
  const identity = new TlsIdentity({ mode: 'require', ...FILES, ...settings });
  const listener = await startHttpListener({
    bindAddress: '127.0.0.1:0',
    handler: echo,
    prefer: 'auto',
    log: recordingLog(),
    limits: { ...LISTENER_LIMITS, headerTimeoutMs: 300 },
    tls: identity,
  });
  try {
    await use(listener, identity);
  } finally {
    await listener.close();
  }
}

function securely({ url }: HttpListener): string {
  return url.replace('http:', 'https:');
}

async function post(
  url: string,
  body: string,
  options: https.RequestOptions = {},
): Promise<string> {
  return (await requestSecurely(url, options, body)).text;
}

function postHttp2(url: string, body: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(url, { ca: AUTHORITY_CERTIFICATE });
    session.on('error', reject);
    const stream = session.request({ ':method': 'POST' });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      session.destroy();
      resolve(Buffer.concat(chunks));
    });
    stream.end(body);
  });
}

/** The certificate that the listener shows. */
function shownCertificate(
  listener: HttpListener,
  options: ConnectionOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(listener.url);
    const socket: TLSSocket = connectTls(
      { port: Number(port), host: '127.0.0.1', rejectUnauthorized: false, ...options },
      () => {
        resolve(socket.getPeerX509Certificate()?.toString() ?? '');
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

describe('a listener in TLS', () => {
  test('serves HTTP/1.1', async () => {
    await withTls({}, async (listener) => {
      assert.match(listener.url, /^https:\/\/127\.0\.0\.1:\d+\/$/);
      for (const ALPNProtocols of [['http/1.1'], []]) {
        const agent = new https.Agent({ ALPNProtocols });
        assert.equal(await post(listener.url, 'hello', { agent }), 'hello');
        agent.destroy();
      }
      assert.equal(await post(listener.url, 'x'.repeat(500_000)), 'x'.repeat(500_000));
    });
  });

  test('serves HTTP/2 to those who offer it', async () => {
    await withTls({}, async (listener) => {
      const body = Buffer.alloc(500_000, 'y');
      assert.deepEqual(await postHttp2(listener.url, body), body);
    });
  });

  test('keeps a connection for more than one request', async () => {
    await withTls({}, async ({ url }) => {
      const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
      for (const body of ['a', 'b', 'c']) assert.equal(await post(url, body, { agent }), body);
      agent.destroy();
    });
  });

  for (const mode of ['allow', 'prefer'] as const) {
    test(`with the mode ${mode} takes clear text as well`, async () => {
      await withTls({ mode }, async (listener) => {
        assert.equal(new URL(listener.url).protocol, mode === 'allow' ? 'http:' : 'https:');
        assert.equal(await post(securely(listener), 'hello'), 'hello');
        const url = listener.url.replace('https:', 'http:');
        assert.equal(
          (await sendRequest(url, { body: 'hi', method: 'POST' })).body.toString(),
          'hi',
        );
      });
    });
  }

  test('with the mode require drops clear text', async () => {
    await withTls({}, async ({ url }) => {
      const connection = await RawConnection.open(url);
      connection.write(requestBytes({}));
      assert.equal(await connection.untilClosed(), '');
    });
  });

  test('takes no version before 1.2', async () => {
    await withTls({}, async (listener) => {
      const old: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' };
      await assert.rejects(shownCertificate(listener, { ...old, ciphers: 'ALL:@SECLEVEL=0' }));
      await shownCertificate(listener, { maxVersion: 'TLSv1.2' });
    });
  });

  const unfinished: ReadonlyArray<readonly [what: string, bytes: Uint8Array]> = [
    ['in the handshake', Uint8Array.of(0x16, 3, 1, 1, 0)],
    ['before it', new Uint8Array(0)],
  ];
  for (const [what, bytes] of unfinished) {
    test(`cuts off who stops ${what}`, async () => {
      await withTls({}, async ({ url }) => {
        const startMs = performance.now();
        const connection = await RawConnection.open(url);
        connection.write(bytes);
        await connection.untilClosed();
        const tookMs = performance.now() - startMs;
        assert.ok(tookMs >= 290 && tookMs < 3000, `${tookMs} ms`);
      });
    });

    test(`closes while somebody stays ${what}`, async () => {
      await withTls({}, async (listener) => {
        const connection = await RawConnection.open(listener.url);
        connection.write(bytes);
        // A later connection is served, so that the first one was seen.
        await post(listener.url, '');
        await listener.close();
        await connection.untilClosed();
      });
    });
  }

  test('cuts off who stops after the handshake', async () => {
    await withTls({}, async (listener) => {
      const { port } = new URL(listener.url);
      const socket = connectTls({
        port: Number(port),
        ca: AUTHORITY_CERTIFICATE,
        host: '127.0.0.1',
      });
      await new Promise((resolve) => socket.on('error', resolve).once('close', resolve));
    });
  });

  test('leaves unix sockets in clear text', async () => {
    const bindAddress = `unix:${join(directory, 'a.sock')}`;
    const tls = new TlsIdentity({ mode: 'require', ...FILES });
    const log = recordingLog();
    const listener = await startHttpListener({
      bindAddress,
      handler: echo,
      prefer: 'auto',
      log,
      tls,
    });
    assert.equal(listener.url, bindAddress);
    await listener.close();
  });
});

describe('a listener that asks for certificates', () => {
  const own = { cert: CLIENT_CERTIFICATE, key: CLIENT_PRIVATE_KEY };
  const asking = (...subjectNames: string[]): Partial<TlsSettings> => ({
    clientAuthority: { caFiles: AUTHORITY_OF_CLIENTS, subjectNames },
  });

  const rows: ReadonlyArray<readonly [pattern: string, isAdmitted: boolean]> = [
    ['*', true],
    ['operator', true],
    ['OPERATOR', true],
    ['oper', false],
    ['*.example.com', true],
    ['ops.example.com', true],
    ['opsXexample.com', false],
    ['spiffe://example.com/*', true],
    ['spiffe://example.com', false],
    ['forged.example.com', false],
    ['urn:*', false],
    ['', false],
  ];
  for (const [pattern, isAdmitted] of rows) {
    test(`of names like ${JSON.stringify(pattern)} ${isAdmitted ? 'admits' : 'drops'} the client`, async () => {
      await withTls(asking('nobody', pattern), async ({ url }) => {
        const answer = post(url, 'hello', own);
        if (isAdmitted) assert.equal(await answer, 'hello');
        else await assert.rejects(answer, { code: 'ECONNRESET' });
      });
    });
  }

  test('drops a client without one', async () => {
    await withTls(asking('*'), async ({ url }) => {
      await assert.rejects(post(url, 'hello'));
      await assert.rejects(postHttp2(url, Buffer.from('hello')));
    });
  });

  test('drops a client with one of another authority', async () => {
    await withTls(asking('*'), async ({ url }) => {
      await assert.rejects(post(url, 'hello', { cert: CERTIFICATE, key: PRIVATE_KEY }));
    });
  });
});

describe('the files of a certificate', () => {
  test('are read again, and only later connections see the new ones', async () => {
    const certFile = file('changing.pem', SERVER_CERTIFICATE);
    const keyFile = file('changing.key', SERVER_PRIVATE_KEY);
    await withTls({ certFile, keyFile }, async (listener, identity) => {
      assert.equal(await shownCertificate(listener), SERVER_CERTIFICATE);
      assert.equal(identity.reload(), false);
      const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
      assert.equal(await post(listener.url, 'a', { agent }), 'a');

      writeFileSync(certFile, CERTIFICATE);
      assert.throws(() => identity.reload(), /cannot use .*changing\.pem and .*changing\.key/);
      assert.equal(await shownCertificate(listener), SERVER_CERTIFICATE);

      writeFileSync(keyFile, PRIVATE_KEY);
      assert.equal(identity.reload(), true);
      assert.equal(await shownCertificate(listener), CERTIFICATE);
      assert.equal(await post(listener.url, 'b', { agent }), 'b');
      agent.destroy();
    });
  });

  const wrong: ReadonlyArray<
    readonly [what: string, settings: Partial<TlsSettings>, says: RegExp]
  > = [
    ['is missing', { certFile: '/nowhere/a.pem' }, /Failed to open cert file \/nowhere\/a\.pem/],
    ['with the key is missing', { keyFile: '/nowhere/a.key' }, /Failed to open key file/],
    [
      'with the authority is missing',
      { clientAuthority: { caFiles: ['/nowhere/ca.pem'], subjectNames: ['*'] } },
      /Failed to open CA file/,
    ],
    ['has no certificate', { certFile: file('none.pem', 'none') }, /cannot use .*none\.pem/],
    [
      'has the key of another',
      { keyFile: file('other.key', PRIVATE_KEY) },
      /cannot use .*other\.key/,
    ],
  ];
  for (const [what, settings, says] of wrong) {
    test(`are refused when one ${what}`, () => {
      assert.throws(
        () => new TlsIdentity({ mode: 'require', ...FILES, ...settings }),
        (error: unknown) => {
          assert.ok(error instanceof Error);
          assert.match(error.message, says);
          assert.match(error.message, /^Invalid configuration: /);
          assert.doesNotMatch(error.message, /PRIVATE KEY-/);
          return true;
        },
      );
    });
  }
});
