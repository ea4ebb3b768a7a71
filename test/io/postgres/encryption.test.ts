// The port in TLS, with the `pg` package and with bytes of our own.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { afterEach, describe, test } from 'node:test';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import pg from 'pg';
import { serialize } from 'pg-protocol/dist/serializer.js';
import { TlsIdentity, type TlsSettings } from '../../../src/io/http/tls-identity.ts';
import type { PostgresServer } from '../../../src/io/postgres/server.ts';
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
import { PostgresPeer, startServer } from '../../support/postgres-peer.ts';
import { ScriptedEngine } from '../../support/scripted-engine.ts';
import { temporaryFiles } from '../../support/temporary-files.ts';

const { file } = temporaryFiles('postgres-tls');

const FILES = {
  certFile: file('server.pem', SERVER_CERTIFICATE),
  keyFile: file('server.key', SERVER_PRIVATE_KEY),
};
const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex');
const GSS_REQUEST = Buffer.from('0000000804d21630', 'hex');
const REFUSAL = 'this server takes no connection without encryption';

let server: PostgresServer | undefined;
afterEach(() => server?.close());

async function start(settings: Partial<TlsSettings> = {}): Promise<TlsIdentity> {
  const tls = new TlsIdentity({ mode: 'require', ...FILES, ...settings });
  server = await startServer(new ScriptedEngine(), { tls });
  return tls;
}

function portOf(): number {
  return server?.port ?? 0;
}

/** What a statement gives, or why there is no session. */
async function ask(ssl: ConnectionOptions | boolean): Promise<string> {
  const client = new pg.Client({ host: 'localhost', port: portOf(), user: 'ann', ssl });
  try {
    await client.connect();
    const { rows } = await client.query('one');
    await client.end();
    return `rows: ${rows.length}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const TRUSTING: ConnectionOptions = { ca: AUTHORITY_CERTIFICATE };

/** A connection that was told to begin the handshake, and has. */
async function encrypted(options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { socket } = await peerAfter(SSL_REQUEST, 'S');
  socket.removeAllListeners('data');
  return new Promise((resolve, reject) => {
    const secure = connectTls({ socket, host: 'localhost', ...TRUSTING, ...options });
    secure.once('secureConnect', () => resolve(secure)).once('error', reject);
  });
}

async function peerAfter(request: Buffer, answer: string): Promise<PostgresPeer> {
  const peer = await PostgresPeer.open(portOf());
  peer.send(request);
  assert.equal((await peer.bytes(1)).toString(), answer);
  return peer;
}

/** Everything up to the end of the connection. */
async function restOf(socket: TLSSocket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe('a port that requires TLS', () => {
  test('serves a client that trusts its authority', async () => {
    await start();
    assert.equal(await ask(TRUSTING), 'rows: 1');
  });

  test('is not trusted by others', async () => {
    await start();
    assert.match(await ask({ ca: CLIENT_AUTHORITY_CERTIFICATE }), /verify|issuer/);
    assert.match(await ask(true), /verify|issuer/);
  });

  test('refuses a session in clear text', async () => {
    await start();
    assert.equal(await ask(false), REFUSAL);
    const peer = await PostgresPeer.open(portOf());
    peer.send(serialize.startup({ user: 'ann' }));
    assert.deepEqual(await peer.until('E'), [`E FATAL 28000 ${REFUSAL}`]);
    assert.equal(await peer.next(), undefined);
  });

  test('has TLS only, and refuses what follows without it', async () => {
    await start();
    const peer = await peerAfter(GSS_REQUEST, 'N');
    peer.send(serialize.startup({ user: 'ann' }));
    assert.deepEqual(await peer.until('E'), [`E FATAL 28000 ${REFUSAL}`]);
  });

  test('takes nothing that was sent before the handshake', async () => {
    await start();
    const peer = await PostgresPeer.open(portOf());
    peer.send(SSL_REQUEST, serialize.startup({ user: 'eve' }));
    const reason = 'received unencrypted data after SSL request';
    assert.deepEqual(await peer.until('E'), [`E FATAL 08P01 ${reason}`]);
    assert.equal(await peer.next(), undefined);
  });

  test('ends a connection whose handshake is none', async () => {
    await start();
    const peer = await peerAfter(SSL_REQUEST, 'S');
    peer.send(serialize.startup({ user: 'ann' }));
    const rest = await peer.rest();
    // An alert of TLS at most, no message.
    assert.ok(rest.length === 0 || rest[0] === 0x15, rest.toString('hex'));
  });

  test('ends a handshake that takes too long', async () => {
    const tls = new TlsIdentity({ mode: 'require', ...FILES });
    server = await startServer(new ScriptedEngine(), { tls, startupTimeoutMs: 50 });
    const peer = await peerAfter(SSL_REQUEST, 'S');
    assert.deepEqual(await peer.rest(), Buffer.alloc(0));
  });

  test('takes no second request for encryption inside of the first', async () => {
    await start();
    const secure = await encrypted();
    secure.write(SSL_REQUEST);
    assert.match(await restOf(secure), /C0A000\0Munsupported frontend protocol 1234\.5679/);
  });

  test('takes no handshake that was meant for another protocol', async () => {
    await start();
    const secure = await encrypted({ ALPNProtocols: ['postgresql'] });
    assert.equal(secure.alpnProtocol, 'postgresql');
    secure.destroy();
    await assert.rejects(encrypted({ ALPNProtocols: ['http/1.1'] }));
  });

  test('cancels queries inside and outside of TLS', async () => {
    await start();
    const client = new pg.Client({
      host: 'localhost',
      port: portOf(),
      user: 'ann',
      ssl: TRUSTING,
    });
    await client.connect();
    const cancel = Buffer.alloc(16);
    for (const [index, value] of [16, 80_877_102, client.processID, client.secretKey].entries()) {
      cancel.writeInt32BE(value, index * 4);
    }
    for (const send of [
      async () => (await encrypted()).end(cancel),
      async () => (await PostgresPeer.open(portOf())).send(cancel),
    ]) {
      const query = client.query('stall');
      await Promise.all([send(), assert.rejects(query, /cancelled/)]);
    }
    await client.end();
  });

  test('says goodbye to its clients when it closes, and waits for no handshake', async () => {
    await start();
    const secure = await encrypted();
    secure.write(serialize.startup({ user: 'ann' }));
    await new Promise((resolve) => secure.once('readable', resolve));
    const silent = await peerAfter(SSL_REQUEST, 'S');
    const [text] = await Promise.all([restOf(secure), server?.close()]);
    assert.match(text, /C57P01\0Mterminating connection due to shutdown/);
    assert.deepEqual(await silent.rest(), Buffer.alloc(0));
  });
});

test('a port that may have TLS takes clear text, too', async () => {
  await start({ mode: 'allow' });
  assert.equal(await ask(TRUSTING), 'rows: 1');
  assert.equal(await ask(false), 'rows: 1');
});

test('clients show a certificate where they must', async () => {
  const clientAuthority = {
    caFiles: [file('clients.pem', CLIENT_AUTHORITY_CERTIFICATE)],
    subjectNames: ['operator'],
  };
  await start({ clientAuthority });
  const shown = { cert: CLIENT_CERTIFICATE, key: CLIENT_PRIVATE_KEY };
  assert.equal(await ask({ ...TRUSTING, ...shown }), 'rows: 1');
  assert.notEqual(await ask(TRUSTING), 'rows: 1');
  await server?.close();
  await start({ clientAuthority: { ...clientAuthority, subjectNames: ['somebody'] } });
  assert.notEqual(await ask({ ...TRUSTING, ...shown }), 'rows: 1');
});

test('a certificate that was read again is shown from then on, and sessions go on', async () => {
  const tls = await start();
  const client = new pg.Client({ host: 'localhost', port: portOf(), user: 'ann', ssl: TRUSTING });
  await client.connect();
  writeFileSync(FILES.certFile, CERTIFICATE);
  writeFileSync(FILES.keyFile, PRIVATE_KEY);
  assert.equal(tls.reload(), true);
  assert.match(await ask(TRUSTING), /self-signed|verify/);
  assert.equal(await ask({ ca: CERTIFICATE }), 'rows: 1');
  assert.equal((await client.query('one')).rows.length, 1);
  await client.end();
});
