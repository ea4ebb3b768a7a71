// A query sees everything that was acknowledged before it was sent.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { operate, send } from '../support/operate.ts';
import { Rig } from '../support/rig.ts';
import { waitFor } from '../support/wait.ts';

const WRITES = 100;

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function query({ admin }: Rig, sql: string): Promise<Answer> {
  const reply = await admin.post('/query', { query: sql }, { accept: 'application/json' });
  return { status: reply.status, text: reply.text() };
}

describe('a query', () => {
  let rig: Rig;
  before(async () => {
    rig = await Rig.start({ modules: ['sql-samples'] });
  });
  after(() => rig.dispose());

  test('sees every invocation that was acknowledged before', async () => {
    for (let count = 0; count < WRITES; count += 1) {
      const id = await send(rig, '/Greeter/greet/send?delay=1h', 'Ann');
      const { text } = await query(rig, `SELECT id FROM sys_invocation WHERE id = '${id}'`);
      assert.equal(text, JSON.stringify({ rows: [{ id }] }), `after ${count} others`);
    }
    const { text } = await query(
      rig,
      "SELECT count(*) n FROM sys_invocation WHERE status = 'scheduled'",
    );
    assert.equal(text, JSON.stringify({ rows: [{ n: WRITES }] }));
  });

  test('sees every change of the state that was acknowledged before', async () => {
    const sql = "SELECT value_utf8 FROM state WHERE service_name = 'Counter' AND service_key = 'k'";
    for (let count = 0; count < WRITES; count += 1) {
      const path = '/services/Counter/state';
      const edit = { object_key: 'k', new_state: { total: `${count}` } };
      assert.equal((await rig.admin.post(path, edit)).status, 202);
      const { text } = await query(rig, sql);
      assert.equal(text, JSON.stringify({ rows: [{ value_utf8: `${count}` }] }));
    }
  });

  test('counts on after a pause between two attempts', async () => {
    const id = await send(rig, '/Greeter/retrying/send');
    const sql = `SELECT status, retry_count FROM sys_invocation WHERE id = '${id}'`;
    const becomes = (status: string, count: number): Promise<true> =>
      waitFor(`${status} after ${count} attempts`, async () => {
        const { text } = await query(rig, sql);
        const row = { status, retry_count: count };
        return text === JSON.stringify({ rows: [row] }) ? true : undefined;
      });
    await becomes('backing-off', 1);
    await operate(rig, id, 'pause');
    await becomes('paused', 1);
    await operate(rig, id, 'resume');
    await becomes('backing-off', 2);
  });
});
