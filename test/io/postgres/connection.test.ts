// What a connection does besides answering: it cancels, it waits, it ends, and leaves nothing behind.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { serialize } from 'pg-protocol/dist/serializer.js';
import { POSTGRES_MESSAGE_BYTES_MAX } from '../../../src/actors/domain/limits.ts';
import type { PostgresServer } from '../../../src/io/postgres/server.ts';
import { PostgresPeer, show, startServer } from '../../support/postgres-peer.ts';
import { ScriptedEngine } from '../../support/scripted-engine.ts';
import { waitFor } from '../../support/wait.ts';

const { bind, describe: describeMessage, execute, parse, query, startup, sync } = serialize;

let engine: ScriptedEngine;
let server: PostgresServer;
let peer: PostgresPeer;

before(async () => {
  engine = new ScriptedEngine();
  server = await startServer(engine);
});

beforeEach(async () => {
  peer = await PostgresPeer.begin(server.port);
});

afterEach(async () => {
  peer.close();
  await waitFor('every query to be over', () => (engine.openCount === 0 ? true : undefined));
});

after(() => server.close());

const ONE = ['T n:20', 'D 1', 'C SELECT 1', 'Z I'];
const CANCELLED = 'E ERROR 57014 the query was cancelled';

function begun(): Promise<true> {
  return waitFor('a query', () => (engine.openCount > 0 ? true : undefined));
}

/** A message that claims a length, with some of its bytes. */
function claim(type: string, bytes: number, sent = 0): Buffer {
  const head = Buffer.alloc(5 + sent);
  head.write(type);
  head.writeInt32BE(bytes, 1);
  return head;
}

/** Begins the session of `peer` again, with what the server says of it. */
async function beginWithKey(
  port = server.port,
): Promise<{ readonly processId: number; readonly key: number }> {
  peer.close();
  peer = await PostgresPeer.open(port);
  peer.send(startup({ user: 'ann' }));
  let found = { processId: 0, key: 0 };
  for (let message = await peer.next(); message?.type !== 'Z'; message = await peer.next()) {
    if (message?.type !== 'K') continue;
    found = { processId: message.body.readInt32BE(0), key: message.body.readInt32BE(4) };
  }
  return found;
}

async function requestCancel(processId: number, key: number, port = server.port): Promise<void> {
  const other = await PostgresPeer.open(port);
  other.send(serialize.cancel(processId, key));
  assert.deepEqual(await other.rest(), Buffer.alloc(0), 'it has no answer');
}

describe('a request to cancel', () => {
  for (const sql of ['hang', 'stall', 'endless', 'one; hang; one']) {
    test(`ends '${sql}', and the session goes on`, async () => {
      const { processId, key } = await beginWithKey();
      peer.send(query(sql));
      await begun();
      await requestCancel(processId, key);
      const answer = (await peer.untilReady()).filter((line) => !line.startsWith('D'));
      assert.deepEqual(answer.slice(-2), [CANCELLED, 'Z I']);
      assert.ok(answer.filter((line) => line.startsWith('C')).length <= 1);
      assert.deepEqual(await peer.query('one'), ONE);
    });
  }

  test('ends a portal and skips what follows it', async () => {
    const { processId, key } = await beginWithKey();
    peer.send(parse({ text: 'hang' }), bind(), execute(), query('one'), sync());
    await begun();
    await requestCancel(processId, key);
    assert.deepEqual(await peer.untilReady(), ['1', '2', CANCELLED, 'Z I']);
  });

  test('ends the query of a cursor that is fetched from', async () => {
    const { processId, key } = await beginWithKey();
    await peer.query('begin; declare c cursor for stall; fetch 1 from c');
    peer.send(query('fetch 1 from c'));
    await new Promise((resolve) => setImmediate(resolve));
    await requestCancel(processId, key);
    assert.deepEqual(await peer.untilReady(), ['T n:20', CANCELLED, 'Z E']);
  });

  test('with a wrong key or a wrong number does nothing', async () => {
    const { processId, key } = await beginWithKey();
    peer.send(query('hang'));
    await begun();
    await requestCancel(processId, key ^ 1);
    await requestCancel(processId ^ 1, key);
    assert.equal(engine.openCount, 1);
    await requestCancel(processId, key);
    assert.deepEqual(await peer.untilReady(), [CANCELLED, 'Z I']);
  });

  test('does nothing while no query runs', async () => {
    const { processId, key } = await beginWithKey();
    await requestCancel(processId, key);
    assert.deepEqual(await peer.query('one'), ONE);
  });

  test('is taken from a client that there is no room for', async () => {
    const small = await startServer(engine, { connectionsMax: 1 });
    const { processId, key } = await beginWithKey(small.port);
    peer.send(query('hang'));
    await begun();
    await requestCancel(processId, key, small.port);
    assert.deepEqual(await peer.untilReady(), [CANCELLED, 'Z I']);
    await small.close();
  });
});

describe('a client that does not read', () => {
  test('holds the query back', async () => {
    peer.socket.pause();
    peer.send(query('endless'));
    await begun();
    const batchesCount = await waitFor('the query to stand still', async () => {
      const before = engine.batchesCount;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return before > 0 && engine.batchesCount === before ? before : undefined;
    });
    // A batch has 100 kB. What lies in between is in the buffers of the two sockets.
    assert.ok(batchesCount < 300, `${batchesCount} batches`);
    peer.socket.resume();
    await waitFor('the query to go on', () =>
      engine.batchesCount > batchesCount + 10 ? true : undefined,
    );
  });

  test('and goes away ends the query', async () => {
    peer.socket.pause();
    peer.send(query('endless'));
    await begun();
    peer.close();
  });
});

describe('a client that goes away', () => {
  for (const sql of ['hang', 'stall', 'endless']) {
    test(`ends '${sql}'`, async () => {
      peer.send(query(sql));
      await begun();
      peer.close();
    });
  }

  test('ends its open portals and cursors', async () => {
    await peer.query('begin; declare c cursor for rows 5; fetch 1 from c');
    await peer.query('declare d cursor with hold for rows 5; fetch 1 from d');
    await peer.ask(parse({ text: 'rows 5' }), bind(), execute({ rows: 1 }), sync());
    assert.equal(engine.openCount, 3);
    peer.close();
  });

  test('ends what it has described only', async () => {
    await peer.query('begin');
    await peer.ask(parse({ text: 'rows 5' }), bind(), describeMessage({ type: 'P' }), sync());
    peer.close();
  });

  test('with a message that is cut off is forgotten', async () => {
    peer.send(claim('Q', 100, 10));
    peer.socket.end();
    assert.deepEqual(await peer.rest(), Buffer.alloc(0));
  });

  test('in order is let go', async () => {
    peer.send(query('one'), serialize.end(), query('one'));
    assert.deepEqual(await peer.untilReady(), ONE);
    assert.equal(await peer.next(), undefined);
  });
});

describe('what is no message', () => {
  const rows: ReadonlyArray<readonly [what: string, sent: Buffer, answer: string]> = [
    ['of an unknown type', claim('z', 4), '08P01 invalid frontend message type 122'],
    ['with a password', claim('p', 4), '08P01 invalid frontend message type 112'],
    ['shorter than its length', claim('Q', 3), '08P01 invalid message length'],
    ['of a negative length', claim('Q', -1), '08P01 invalid message length'],
    [
      'longer than the limit',
      claim('Q', POSTGRES_MESSAGE_BYTES_MAX + 5),
      `54000 a message of ${POSTGRES_MESSAGE_BYTES_MAX + 5} bytes is longer than allowed`,
    ],
    [
      'of the largest length',
      claim('d', 0x7fff_ffff),
      '54000 a message of 2147483647 bytes is longer than allowed',
    ],
  ];
  for (const [what, sent, answer] of rows) {
    test(`${what} ends the connection`, async () => {
      peer.send(query('one'), sent, query('one'));
      assert.deepEqual(await peer.untilReady(), ONE);
      const message = await peer.next();
      assert.equal(message && show(message), `E FATAL ${answer}`);
      assert.equal(await peer.next(), undefined);
    });
  }

  test('may be as long as the limit', async () => {
    const sql = `one${' '.repeat(POSTGRES_MESSAGE_BYTES_MAX - 4)}`;
    assert.deepEqual(await peer.query(sql), ONE);
  });
});

describe('many messages', () => {
  test('at once are answered in their order', async () => {
    const count = 2000;
    peer.send(...Array.from({ length: count }, () => query('one')));
    for (let index = 0; index < count; index += 1) assert.deepEqual(await peer.untilReady(), ONE);
  });

  test('behind one that takes its time are not taken before it is done', async () => {
    const { processId, key } = await beginWithKey();
    peer.send(query('hang'));
    await begun();
    const chunk = Buffer.concat(Array.from({ length: 10_000 }, () => query('copy')));
    // Until the buffers of the server and of both sockets are full.
    for (let stalledMs = 0; stalledMs < 100;) {
      const before = peer.socket.bytesWritten - peer.socket.writableLength;
      if (peer.socket.writableLength === 0) peer.send(chunk);
      await new Promise((resolve) => setTimeout(resolve, 10));
      const hasMoved = peer.socket.bytesWritten - peer.socket.writableLength > before;
      stalledMs = hasMoved ? 0 : stalledMs + 10;
    }
    const takenBytes = peer.socket.bytesWritten - peer.socket.writableLength;
    assert.ok(takenBytes < 64 * 1024 * 1024, `${takenBytes} bytes`);
    peer.socket.pause();
    await requestCancel(processId, key);
    peer.close();
  });
});

describe('prepared statements', () => {
  test('of one session have a limit', async () => {
    const text = `echo ${'x'.repeat(1_000_000)}`;
    const refused = await waitFor('a refusal', async () => {
      const name = String(engine.asked.length + Math.random());
      const answer = await peer.ask(parse({ name, text }), sync());
      return answer[0] === '1' ? undefined : answer;
    });
    assert.deepEqual(refused, [
      'E ERROR 54000 the prepared statements of the session are too large',
      'Z I',
    ]);
    await peer.query('deallocate all');
    assert.deepEqual(await peer.ask(parse({ text }), sync()), ['1', 'Z I']);
  });
});

describe('the end of the server', () => {
  test('is told to every session and ends its query', async () => {
    const ending = await startServer(engine);
    const [idle, busy, starting] = await Promise.all([
      PostgresPeer.begin(ending.port),
      PostgresPeer.begin(ending.port),
      PostgresPeer.open(ending.port),
    ]);
    busy.send(query('hang'));
    await begun();
    await ending.close();
    const farewell = 'E FATAL 57P01 terminating connection due to shutdown';
    assert.deepEqual(await idle.until('E'), [farewell]);
    assert.deepEqual(await busy.until('E'), [farewell]);
    assert.deepEqual(await starting.rest(), Buffer.alloc(0));
    assert.equal(engine.openCount, 0);
    await assert.rejects(PostgresPeer.open(ending.port));
  });

  test('does not wait for clients that do not read', async () => {
    const ending = await startServer(engine);
    const deaf = await PostgresPeer.begin(ending.port);
    deaf.socket.pause();
    deaf.send(query('endless'));
    await begun();
    await ending.close();
    deaf.close();
  });
});
