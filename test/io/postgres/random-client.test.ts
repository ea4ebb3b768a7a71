// Clients whose bytes are damaged anywhere, cut off anywhere, or both. `SEED` repeats a run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialize } from 'pg-protocol/dist/serializer.js';
import type { LogFields } from '../../../src/io/log.ts';
import { PostgresPeer, quietLog, startServer } from '../../support/postgres-peer.ts';
import { seededRandom, type Random } from '../../support/random.ts';
import { ScriptedEngine } from '../../support/scripted-engine.ts';
import { waitFor } from '../../support/wait.ts';

const { bind, close, describe, execute, parse, query, startup, sync } = serialize;

const MESSAGES: readonly [Buffer, ...Buffer[]] = [
  query('one; rows 5; fail syntax'),
  query("begin; declare c cursor for rows 5; fetch 2 from c; set x.y = 'z'"),
  query('rollback'),
  parse({ name: 's', text: 'echo $1 $2 $3', types: [20, 1007, 17] }),
  bind({ statement: 's', portal: 'p', values: ['1', '{1,2}', Buffer.of(1)] }),
  bind({ statement: 's', values: [Buffer.alloc(8), null, null], binary: true }),
  describe({ type: 'S', name: 's' }),
  describe({ type: 'P' }),
  execute({ portal: 'p', rows: 1 }),
  execute(),
  close({ type: 'S', name: 's' }),
  sync(),
];

function bytesOf(random: Random): Buffer {
  const chosen = Array.from({ length: random.integer(1, 8) }, () => random.pick(MESSAGES));
  const bytes = Buffer.concat([startup({ user: 'ann' }), ...chosen, sync()]);
  for (let count = random.integer(0, 3); count > 0; count -= 1) {
    bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
  }
  return random.next() < 0.3 ? bytes.subarray(0, random.integer(0, bytes.length)) : bytes;
}

test('no client harms the server, whatever it sends', async (t) => {
  const random = seededRandom();
  t.diagnostic(`SEED=${random.seed}`);
  const errors: LogFields[] = [];
  const log = { ...quietLog, error: (_: string, fields: LogFields = {}) => errors.push(fields) };
  const engine = new ScriptedEngine();
  const server = await startServer(engine, { log });
  for (let round = 0; round < 300; round += 1) {
    const peer = await PostgresPeer.open(server.port);
    peer.send(bytesOf(random));
    peer.socket.end();
    await peer.rest();
  }
  await waitFor('every query to be over', () => (engine.openCount === 0 ? true : undefined));
  const healthy = await PostgresPeer.begin(server.port);
  assert.equal((await healthy.query('one')).at(-2), 'C SELECT 1');
  healthy.close();
  await server.close();
  assert.deepEqual(errors, []);
});
