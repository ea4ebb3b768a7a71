import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serialize } from 'pg-protocol/dist/serializer.js';
import type { PostgresServer } from '../../../src/io/postgres/server.ts';
import { PostgresPeer, show, startServer } from '../../support/postgres-peer.ts';
import { ScriptedEngine } from '../../support/scripted-engine.ts';
import { waitFor } from '../../support/wait.ts';

const SSL_REQUEST = bytes('00000008 04d2162f');
const GSS_REQUEST = bytes('00000008 04d21630');

const engine = new ScriptedEngine();
let server: PostgresServer;

before(async () => {
  server = await startServer(engine);
});

after(() => server.close());

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
}

/** A startup packet of any version. */
function startup(version: number, parameters: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(parameters).flat();
  const body = Buffer.from([...pairs, ''].map((text) => `${text}\0`).join(''));
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeUInt32BE(version, 4);
  return Buffer.concat([head, body]);
}

/** What the server sends to these bytes before it closes. */
async function answerTo(...sent: readonly Uint8Array[]): Promise<Buffer> {
  const peer = await PostgresPeer.open(server.port);
  peer.send(...sent);
  return peer.rest();
}

function fatal(sqlState: string, message: string): Buffer {
  const text = `SFATAL\0VFATAL\0C${sqlState}\0M${message}\0\0`;
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(4 + Buffer.byteLength(text), 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe('a session', () => {
  test('begins with its settings, its key and its readiness', async () => {
    const peer = await PostgresPeer.open(server.port);
    peer.send(serialize.startup({ user: 'ann', application_name: 'tests' }));
    assert.deepEqual(await peer.untilReady(), [
      'R 0',
      'S application_name tests',
      'S client_encoding UTF8',
      'S DateStyle ISO, MDY',
      'S default_transaction_read_only on',
      'S in_hot_standby off',
      'S integer_datetimes on',
      'S IntervalStyle postgres',
      'S is_superuser off',
      'S server_encoding UTF8',
      'S server_version 15.0',
      'S session_authorization ann',
      'S standard_conforming_strings on',
      'S TimeZone UTC',
      'K',
      'Z I',
    ]);
    peer.close();
  });

  test('takes settings from options of the command line', async () => {
    const options = '-c statement_timeout=5s --application-name=a\\ b -d 3 -capp.x=1';
    const peer = await PostgresPeer.begin(server.port, { options });
    assert.deepEqual(
      (await peer.query('SHOW statement_timeout; SHOW application_name; SHOW app.x')).filter(
        (line) => line.startsWith('D'),
      ),
      ['D 5s', 'D a b', 'D 1'],
    );
    peer.close();
  });

  test('may begin in single bytes', async () => {
    const peer = await PostgresPeer.open(server.port);
    for (const byte of [...serialize.startup({ user: 'ann' }), ...serialize.query('one')]) {
      peer.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await peer.untilReady();
    assert.deepEqual(await peer.untilReady(), ['T n:20', 'D 1', 'C SELECT 1', 'Z I']);
    peer.close();
  });
});

describe('a request for encryption', () => {
  test('is declined, once for each kind', async () => {
    const peer = await PostgresPeer.open(server.port);
    peer.send(SSL_REQUEST);
    assert.equal((await peer.bytes(1)).toString(), 'N');
    peer.send(GSS_REQUEST);
    assert.equal((await peer.bytes(1)).toString(), 'N');
    peer.send(serialize.startup({ user: 'ann' }));
    assert.equal((await peer.untilReady()).at(-1), 'Z I');
    peer.close();
  });

  test('that is made twice ends the connection', async () => {
    assert.deepEqual(
      await answerTo(SSL_REQUEST, SSL_REQUEST),
      Buffer.concat([
        Buffer.from('N'),
        fatal('0A000', 'unsupported frontend protocol 1234.5679: server supports 3.0 to 3.2'),
      ]),
    );
  });
});

describe('version', () => {
  const user = { user: 'ann' };

  const rows: ReadonlyArray<readonly [version: number, keyBytes: number, negotiated: string]> = [
    [0x0003_0000, 4, ''],
    [0x0003_0001, 4, ''],
    [0x0003_0002, 32, ''],
    [0x0003_0003, 32, '00030002 00000000'],
    [0x0003_270f, 32, '00030002 00000000'],
  ];
  for (const [version, keyBytes, negotiated] of rows) {
    test(`3.${version & 0xffff} gets a key of ${keyBytes} bytes`, async () => {
      const peer = await PostgresPeer.open(server.port);
      peer.send(startup(version, user));
      let message = await peer.next();
      assert.equal(message?.type === 'v', negotiated !== '');
      if (message?.type === 'v') {
        assert.deepEqual(message.body, bytes(negotiated));
        message = await peer.next();
      }
      assert.equal(message?.type, 'R');
      while (message?.type !== 'K') message = await peer.next();
      assert.equal(message.body.length, 4 + keyBytes);
      peer.close();
    });
  }

  test('3.0 with options that nobody knows is told which they are', async () => {
    const peer = await PostgresPeer.open(server.port);
    peer.send(startup(0x0003_0000, { ...user, '_pq_.a': '1', '_pq_.b': '2' }));
    const message = await peer.next();
    assert.equal(message?.type, 'v');
    assert.deepEqual(
      message?.body,
      Buffer.concat([bytes('00030000 00000002'), Buffer.from('_pq_.a\0_pq_.b\0')]),
    );
    assert.equal((await peer.untilReady()).at(-1), 'Z I');
    peer.close();
  });

  for (const [version, name] of [
    [0x0002_0000, '2.0'],
    [0x0004_0000, '4.0'],
    [0x0000_0000, '0.0'],
  ] as const) {
    test(`${name} is refused`, async () => {
      assert.deepEqual(
        await answerTo(startup(version, user)),
        fatal('0A000', `unsupported frontend protocol ${name}: server supports 3.0 to 3.2`),
      );
    });
  }
});

describe('what is no startup packet', () => {
  const silent: ReadonlyArray<readonly [what: string, sent: Uint8Array]> = [
    ['an HTTP request', Buffer.from('GET /health HTTP/1.1\r\nhost: x\r\n\r\n')],
    ['a TLS handshake', bytes('16030100c8010000c40303')],
    ['a negative length', bytes('80000000 00030000')],
    ['a length of nothing', bytes('00000000')],
    ['a length below its own', bytes('00000003 00030000')],
    ['a length above the limit', bytes('00002715 00030000')],
  ];
  for (const [what, sent] of silent) {
    test(`${what} is closed without an answer`, async () => {
      assert.deepEqual(await answerTo(sent), Buffer.alloc(0));
    });
  }

  const answered: ReadonlyArray<
    readonly [what: string, sent: Uint8Array, sqlState: string, message: string]
  > = [
    ['without a version', bytes('00000006 0003'), '08P01', 'insufficient data left in message'],
    ['without an end', bytes('00000008 00030000'), '08P01', 'invalid string in message'],
    [
      'with a name only',
      bytes('0000000d 00030000 7573657200'),
      '08P01',
      'invalid string in message',
    ],
    [
      'with more behind its end',
      bytes('0000000a 00030000 0000'),
      '08P01',
      'invalid message format',
    ],
    [
      'without a user',
      bytes('00000009 00030000 00'),
      '28000',
      'no PostgreSQL user name specified in startup packet',
    ],
    [
      'for replication',
      startup(0x0003_0000, { user: 'ann', replication: 'database' }),
      '0A000',
      'replication is not supported',
    ],
    [
      'in an encoding that is not spoken',
      startup(0x0003_0000, { user: 'ann', client_encoding: 'LATIN1' }),
      '22023',
      'invalid value for parameter "client_encoding": "LATIN1"',
    ],
    [
      'with bytes that are no text',
      bytes('00000015 00030000 75736572 00 61ff62 00 00 00000000'),
      '22021',
      'invalid byte sequence for encoding "UTF8"',
    ],
  ];
  for (const [what, sent, sqlState, message] of answered) {
    test(`a packet ${what} is refused`, async () => {
      assert.deepEqual(await answerTo(sent), fatal(sqlState, message));
    });
  }

  test('a packet that never ends is closed after a time', async () => {
    const hasty = await startServer(engine, { startupTimeoutMs: 50 });
    const peers = await Promise.all([1, 2, 3].map(() => PostgresPeer.open(hasty.port)));
    peers[1]?.send(bytes('000000'));
    peers[2]?.send(SSL_REQUEST);
    for (const peer of peers) await peer.rest();
    await hasty.close();
  });

  test('a packet that the client itself cuts off ends the connection', async () => {
    const peer = await PostgresPeer.open(server.port);
    peer.send(serialize.startup({ user: 'ann' }).subarray(0, 12));
    peer.socket.end();
    assert.deepEqual(await peer.rest(), Buffer.alloc(0));
  });
});

describe('too many clients', () => {
  test('are turned away until others leave', async () => {
    const small = await startServer(engine, { connectionsMax: 2 });
    const first = await PostgresPeer.begin(small.port);
    const second = await PostgresPeer.begin(small.port);
    const third = await PostgresPeer.open(small.port);
    third.send(serialize.startup({ user: 'ann' }));
    assert.deepEqual(await third.rest(), fatal('53300', 'sorry, too many clients already'));

    first.send(serialize.end());
    await first.rest();
    const fourth = await waitFor('a place', async () => {
      const peer = await PostgresPeer.open(small.port);
      peer.send(serialize.startup({ user: 'ann' }));
      const message = await peer.next();
      return message !== undefined && show(message) === 'R 0' ? peer : undefined;
    });
    fourth.close();
    second.close();
    await small.close();
  });

  test('that say nothing are not even listened to', async () => {
    const small = await startServer(engine, { connectionsMax: 1 });
    const silent = await Promise.all([1, 2].map(() => PostgresPeer.open(small.port)));
    const refused = await PostgresPeer.open(small.port);
    assert.deepEqual(await refused.rest(), Buffer.alloc(0));
    for (const peer of silent) peer.close();
    await small.close();
  });
});
