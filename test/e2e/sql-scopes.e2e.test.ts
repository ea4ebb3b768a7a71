// What SQL shows of scopes, of their limits, and of what service protocol 7 tells.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Rig } from '../support/rig.ts';
import { callIn, putRules, sendIn, startScopedRig } from '../support/scopes.ts';
import { askSql, type Row } from '../support/sql-rig.ts';
import { waitFor } from '../support/wait.ts';

let rig: Rig;

before(async () => {
  rig = await startScopedRig();
  await putRules(rig, [
    { pattern: '*', limits: { concurrency: 2 } },
    { pattern: 's1/a', limits: { concurrency: 1 }, description: 'few' },
    { pattern: 's9/*/*', limits: { concurrency: 7 }, disabled: true },
  ]);
});

after(() => rig.dispose());

async function rowsOf(sql: string): Promise<readonly Row[]> {
  const { status, rows, message } = await askSql(rig, sql);
  assert.equal(status, 200, message);
  return rows;
}

function waitForStatus(id: string, status: string): Promise<true> {
  return waitFor(`${id} to be ${status}`, async () => {
    const [row] = await rowsOf(`SELECT status FROM sys_invocation WHERE id = '${id}'`);
    return row?.['status'] === status ? true : undefined;
  });
}

test('rules show in the order of nothing but the statement', async () => {
  assert.deepEqual(
    await rowsOf(
      'SELECT pattern, concurrency, description, disabled, version FROM sys_rules ORDER BY pattern',
    ),
    [
      { pattern: '*', concurrency: 2, disabled: false, version: 1 },
      { pattern: 's1/a', concurrency: 1, description: 'few', disabled: false, version: 1 },
      { pattern: 's9/*/*', concurrency: 7, disabled: true, version: 1 },
    ],
  );
});

test('limits show how far they are used up, and how many lines wait', async () => {
  const sent: ReadonlyArray<readonly [path: string, status: string]> = [
    ['Scoped/hold?limit-key=a', 'running'],
    ['Scoped/hold?limit-key=a/b', 'pending'],
    ['Scoped/hold?limit-key=a/b', 'pending'],
    ['Scoped/wait', 'running'],
    ['Scoped/wait', 'pending'],
  ];
  for (const [path, status] of sent)
    await waitForStatus(await sendIn(rig, 's1', path, 'h'), status);
  await waitForStatus(await sendIn(rig, 's2', 'Scoped/waitSuspended', 'w'), 'suspended');
  const columns =
    'scope, l1, l2, level, usage, concurrency_limit, rule_pattern, available, num_waiters';
  const level = { scope: 's1', available: 0, num_waiters: 1 };
  assert.deepEqual(await rowsOf(`SELECT ${columns} FROM sys_user_limits ORDER BY level`), [
    { ...level, l1: 'a', level: 'Level1', usage: 1, concurrency_limit: 1, rule_pattern: 's1/a' },
    { ...level, level: 'Scope', usage: 2, concurrency_limit: 2, rule_pattern: '*' },
  ]);
});

test('invocations are found by scope, limit key and key', async () => {
  const select = 'SELECT target, scope, limit_key, status FROM sys_invocation WHERE';
  assert.deepEqual(
    await rowsOf(`${select} scope = 's1' AND limit_key = 'a' AND status = 'running'`),
    [{ target: 'Scoped/hold', scope: 's1', limit_key: 'a', status: 'running' }],
  );
  await callIn(rig, 's3', 'ScopedObject/k/put', 'v');
  assert.deepEqual(await rowsOf(`${select} target_service_key = 'k'`), [
    { target: 'ScopedObject/k/put', scope: 's3', status: 'completed' },
  ]);
});

test('state shows its scope, and is found by it', async () => {
  await callIn(rig, 's4', 'ScopedObject/k2/put', 'v');
  const expected = [
    {
      scope: 's4',
      service_name: 'ScopedObject',
      service_key: 'k2',
      key: 'value',
      value_utf8: '"v"',
    },
  ];
  const select = 'SELECT scope, service_name, service_key, key, value_utf8 FROM state WHERE';
  for (const condition of [
    "scope = 's4'",
    "service_name = 'ScopedObject' AND service_key = 'k2'",
    "service_key = 'k2'",
    "service_name = 'ScopedObject' AND scope = 's4'",
  ]) {
    assert.deepEqual(await rowsOf(`${select} ${condition}`), expected, condition);
  }
  assert.deepEqual(await rowsOf(`${select} scope = 's5'`), []);
});

test('a call into a scope shows in the journal', async () => {
  const call = { scope: 's6', limitKey: 'x/y', handler: 'echo', input: 'i' };
  await callIn(rig, 's7', 'Scoped/callScoped', call);
  const [row] = await rowsOf(
    `SELECT entry_json FROM sys_journal j JOIN sys_invocation i ON i.id = j.id
     WHERE i.scope = 's7' AND j.entry_type = 'Command: Call'`,
  );
  const entry: { readonly Command: { readonly Call: { readonly request: Row } } } = JSON.parse(
    String(row?.['entry_json']),
  );
  const { invocation_target, limit_key } = entry.Command.Call.request;
  assert.deepEqual(
    [invocation_target, limit_key],
    [{ Service: { name: 'Scoped', handler: 'echo', scope: 's6' } }, 'x/y'],
  );
});

test('what is awaited shows while an invocation runs, when it suspends, and after', async () => {
  const future = '{"FirstCompleted":[{"Single":{"SignalIndex":17}},{"Single":{"SignalIndex":1}}]}';
  const columns =
    'last_awaiting_on_future_json, suspended_waiting_future_json, suspended_waiting_for_signals';
  const running = await sendIn(rig, 's8', 'Scoped/wait', 'r');
  await waitFor('the handler to wait', async () => {
    const [row] = await rowsOf(`SELECT ${columns} FROM sys_invocation WHERE id = '${running}'`);
    return row?.['last_awaiting_on_future_json'] === future ? true : undefined;
  });
  const suspended = await sendIn(rig, 's8', 'Scoped/waitSuspended', 's');
  await waitForStatus(suspended, 'suspended');
  assert.deepEqual(
    await rowsOf(`SELECT ${columns} FROM sys_invocation WHERE id = '${suspended}'`),
    [{ suspended_waiting_future_json: future, suspended_waiting_for_signals: [17, 1] }],
  );
  assert.deepEqual(
    await rowsOf(`SELECT event_type, event_json FROM sys_journal_events WHERE id = '${suspended}'`),
    [{ event_type: 'Suspended', event_json: `{"ty":"Suspended","awaiting_on":${future}}` }],
  );
});
