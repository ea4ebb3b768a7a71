import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { serialize } from 'pg-protocol/dist/serializer.js';
import { Access } from '../../../src/io/http/access.ts';
import type { PostgresServer } from '../../../src/io/postgres/server.ts';
import { PostgresPeer, startServer } from '../../support/postgres-peer.ts';
import { ScriptedEngine } from '../../support/scripted-engine.ts';

const access = new Access(['token', 'ann:of-ann:with-colon']);
const engine = new ScriptedEngine();
let server: PostgresServer;

before(async () => {
  server = await startServer(engine, { access });
});

after(() => server.close());

describe('the pg client', () => {
  const rows: ReadonlyArray<
    readonly [user: string, password: string | undefined, isAdmitted: boolean]
  > = [
    ['ann', 'token', true],
    ['bob', 'token', true],
    ['ann', 'of-ann:with-colon', true],
    ['bob', 'of-ann:with-colon', false],
    ['bob', 'ann:of-ann:with-colon', false],
    ['ann', 'wrong', false],
    ['ann', '', false],
    ['ann', undefined, false],
  ];
  for (const [user, password, isAdmitted] of rows) {
    const what = password === undefined ? 'no password' : JSON.stringify(password);
    test(`as ${user} with ${what} is ${isAdmitted ? 'let in' : 'refused'}`, async () => {
      const { port } = server;
      const client = new pg.Client({ host: '127.0.0.1', port, user, password });
      if (isAdmitted) {
        await client.connect();
        assert.equal((await client.query('one')).rows.length, 1);
      } else {
        const asked = engine.asked.length;
        await assert.rejects(client.connect());
        assert.equal(engine.asked.length, asked);
      }
      await client.end();
    });
  }
});

/** A connection that was asked for its password. */
async function asked(): Promise<PostgresPeer> {
  const peer = await PostgresPeer.open(server.port);
  peer.send(serialize.startup({ user: 'ann' }));
  assert.deepEqual(await peer.until('R'), ['R 3']);
  return peer;
}

describe('a session', () => {
  test('begins with the password', async () => {
    const peer = await asked();
    assert.deepEqual((await peer.ask(serialize.password('token'))).slice(0, 2), [
      'R 0',
      'S application_name',
    ]);
    peer.close();
  });

  test('begins with a password in single bytes', async () => {
    const peer = await asked();
    for (const byte of serialize.password('token')) {
      peer.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await peer.untilReady()).at(-1), 'Z I');
    peer.close();
  });

  const REFUSED = 'E FATAL 28P01 password authentication failed for user "ann"';
  const rows: ReadonlyArray<readonly [what: string, sent: readonly Buffer[], answer: string]> = [
    ['a wrong password', [serialize.password('wrong')], REFUSED],
    ['an empty password', [serialize.password('')], REFUSED],
    [
      'a statement in place of the password',
      [serialize.query('one'), serialize.password('token')],
      'E FATAL 08P01 expected a password, found a message of type 81',
    ],
    [
      'a wrong password before the right one',
      [serialize.password('wrong'), serialize.password('token'), serialize.query('one')],
      REFUSED,
    ],
    [
      'a password without an end',
      [Buffer.from('p\0\0\0\x09token', 'latin1')],
      'E FATAL 08P01 invalid string in message',
    ],
    [
      'a password with something behind it',
      [Buffer.from('p\0\0\0\x0ctoken\0ab', 'latin1')],
      'E FATAL 08P01 invalid message format',
    ],
  ];
  for (const [what, sent, answer] of rows) {
    test(`does not begin with ${what}`, async () => {
      const before = engine.asked.length;
      const peer = await asked();
      peer.send(...sent);
      assert.deepEqual(await peer.until('E'), [answer]);
      assert.equal(await peer.next(), undefined);
      assert.equal(engine.asked.length, before);
    });
  }

  test('does not begin with a password of more than 10,000 bytes', async () => {
    const peer = await asked();
    peer.send(serialize.password('x'.repeat(20_000)));
    assert.equal(await peer.next(), undefined);
  });

  test('does not begin by itself', async () => {
    const quick = await startServer(engine, { access, startupTimeoutMs: 50 });
    const peer = await PostgresPeer.open(quick.port);
    peer.send(serialize.startup({ user: 'ann' }));
    assert.deepEqual(await peer.until('Z'), ['R 3', 'closed']);
    await quick.close();
  });
});

test('whoever is asked for a password may cancel without one', async () => {
  const peer = await asked();
  peer.send(serialize.password('token'));
  let key: Buffer = Buffer.alloc(0);
  for (let message = await peer.next(); message?.type !== 'Z'; message = await peer.next()) {
    if (message?.type === 'K') key = message.body;
  }
  peer.send(serialize.query('stall'));
  const other = await PostgresPeer.open(server.port);
  other.send(Buffer.from('0000001004d2162e', 'hex'), key);
  assert.equal((await peer.untilReady()).at(-1), 'Z I');
  peer.close();
});

test('the passwords that count may change', async () => {
  access.replace(['another']);
  const peer = await asked();
  peer.send(serialize.password('token'));
  assert.equal((await peer.until('E')).length, 1);
  const admitted = await asked();
  assert.equal((await admitted.ask(serialize.password('another'))).at(-1), 'Z I');
  admitted.close();
});
