// What queries show is as durable as the rest: events of attempts, and the counts that spare reading.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { send } from '../support/operate.ts';
import { textAt } from '../support/query-fixture.ts';
import { Rig } from '../support/rig.ts';
import { askSql, type Row } from '../support/sql-rig.ts';
import { waitFor } from '../support/wait.ts';

let rig: Rig;

before(async () => {
  rig = await Rig.start({ modules: ['sql-samples'] });
});

after(() => rig.dispose());

/** For a while after its start the reference does not know where its partitions are. */
function rowsOf(sql: string): Promise<readonly Row[]> {
  return waitFor(`an answer to ${sql}`, async () => {
    const { status, rows } = await askSql(rig, sql);
    return status === 200 ? rows : undefined;
  });
}

test('the events of failed attempts are there after kill -9', async () => {
  const id = await send(rig, '/Greeter/retrying/send');
  const sql = `SELECT * FROM sys_journal_events WHERE id = '${id}' ORDER BY appended_at LIMIT 1`;
  const events = await waitFor('an event', async () => {
    const rows = await rowsOf(sql);
    return rows.length > 0 ? rows : undefined;
  });
  await rig.crash();
  assert.deepEqual(await rowsOf(sql), events);
});

test('after kill -9 under load counting gives what reading gives', async () => {
  for (let round = 0; round < 3; round += 1) {
    const sends = Array.from({ length: 200 }, (_, n) =>
      send(rig, n % 4 === 0 ? `/Counter/k${n}/add/send` : '/Greeter/greet/send', n).catch(
        () => undefined,
      ),
    );
    await Promise.race(sends);
    await rig.crash();
    await Promise.all(sends);
    await waitFor('everything to complete', async () => {
      const isOpen = "status != 'completed' AND target_handler_name != 'retrying'";
      const rows = await rowsOf(`SELECT id FROM sys_invocation WHERE ${isOpen} LIMIT 1`);
      return rows.length === 0 ? true : undefined;
    });
    const group = 'target_service_name, target_handler_name';
    const counted = await rowsOf(
      `SELECT ${group}, status, count(*) AS n FROM sys_invocation_status GROUP BY ${group}, status`,
    );
    const read = await rowsOf(`SELECT id, ${group}, status FROM sys_invocation_status`);
    assert.deepEqual(asCounts(counted, 'n'), asCounts(read));
    assert.ok(read.length > 1);
  }
});

/** Rows by group, as texts. */
function asCounts(rows: readonly Row[], countColumn?: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const row of rows) {
    const name = ['target_service_name', 'target_handler_name', 'status']
      .map((column) => textAt(row, column))
      .join(' ');
    counts[name] = (counts[name] ?? 0) + Number(countColumn === undefined ? 1 : row[countColumn]);
  }
  return counts;
}
