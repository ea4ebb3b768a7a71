// Statements that come again are neither parsed nor prepared again. They answer as if they were.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AttemptStatus } from '../../../src/actors/domain/attempt-status.ts';
import type { InvocationId } from '../../../src/actors/domain/ids.ts';
import { QueryError } from '../../../src/actors/domain/query-error.ts';
import { durationMs, unixMillis } from '../../../src/actors/domain/time.ts';
import {
  openTestEngine,
  seedDirectory,
  SEEDED_AT_MS,
  textAt,
  type SeededDirectory,
  type TestEngine,
} from '../../support/query-fixture.ts';

const INVOCATIONS = 3000;

const attempts = new Map<InvocationId, AttemptStatus>();
let nowMs = SEEDED_AT_MS;
/** As planning is told. */
let storedCount = INVOCATIONS;
let directory: SeededDirectory;
let sql: TestEngine;

before(async () => {
  directory = await seedDirectory(INVOCATIONS);
  sql = await openTestEngine(directory, {
    attempts,
    now: () => nowMs,
    countInvocations: () => storedCount,
  });
});

after(async () => {
  await sql.close();
  directory.remove();
});

describe('the same statement again', () => {
  test('sees what has changed since', async () => {
    const statement = 'SELECT id, retry_count AS n FROM sys_invocation_state';
    assert.deepEqual(await sql.rows(statement), []);
    const [found] = await sql.rows("SELECT id FROM sys_invocation WHERE status = 'paused' LIMIT 1");
    const invocationId = textAt(found ?? {}, 'id') as InvocationId;
    const lastStartAtMs = unixMillis(SEEDED_AT_MS);
    attempts.set(invocationId, {
      invocationId,
      isInFlight: false,
      attemptsCount: 7,
      lastStartAtMs,
    });
    assert.deepEqual(await sql.rows(statement), [{ id: invocationId, n: 7 }]);
    attempts.clear();
    assert.deepEqual(await sql.rows(statement), []);
  });

  test('has the time of its own', async () => {
    const statement = 'SELECT now() AS t, (SELECT count(*) FROM sys_invocation) AS n';
    const times = [];
    for (let round = 0; round < 3; round += 1) {
      const [row = {}] = await sql.rows(statement);
      assert.equal(row['n'], INVOCATIONS);
      times.push(textAt(row, 't'));
    }
    assert.equal(new Set(times).size, 3, times.join());
  });

  test('is planned for the time of its own', async () => {
    const statement =
      "SELECT count(*) AS n FROM sys_invocation WHERE created_at > now() - INTERVAL '1 hour'";
    const [before = {}] = await sql.rows(statement);
    nowMs += 1000 * 3_600_000;
    assert.deepEqual(await sql.rows(statement), [before]);
    nowMs = SEEDED_AT_MS;
  });

  test('is planned for as many invocations as there are', async () => {
    const statement = 'SELECT count(*) AS n FROM (SELECT * FROM sys_invocation LIMIT 50) x';
    for (const [count, n] of [
      [50, INVOCATIONS],
      [51, 50],
      [51, 50],
      [50, INVOCATIONS],
    ] as const) {
      storedCount = count;
      assert.deepEqual(await sql.rows(statement), [{ n }]);
    }
    storedCount = INVOCATIONS;
  });

  test('has the parameters of its own', async () => {
    const statement = 'SELECT count(*) AS n, $2 AS x FROM sys_invocation WHERE status = $1';
    for (const [status, x, n] of [
      ['paused', 'a', 200],
      ['nonsense', 'a', 0],
      ['paused', 'b', 200],
    ] as const) {
      assert.deepEqual(await sql.rows(statement, { parameters: [status, x] }), [{ n, x }]);
    }
  });

  test('goes on when the catalog has changed', async () => {
    const statement = "SELECT count(*) AS n FROM sys_invocation WHERE target LIKE '%e%'";
    const rows = await sql.rows(statement);
    await sql.rows('SELECT count(*) FROM pg_catalog.pg_class');
    assert.deepEqual(await sql.rows(statement), rows);
  });

  test('is not held up by the first, which is still read', async () => {
    const statement = 'SELECT id FROM sys_invocation';
    const first = await sql.engine.query(statement);
    assert.ok(await first.next());
    assert.equal((await sql.rows(statement)).length, INVOCATIONS);
    assert.ok(await first.next());
    first.close();
    assert.equal((await sql.rows(statement)).length, INVOCATIONS);
  });

  test('is right after it ran out of time', async () => {
    const statement =
      'SELECT count(*) AS n FROM sys_invocation a, sys_invocation b, sys_invocation c';
    for (let round = 0; round < 2; round += 1) {
      await assert.rejects(
        sql.rows(statement, { timeoutMs: durationMs(50) }),
        (error) => error instanceof QueryError && error.kind === 'timeout',
      );
    }
    assert.deepEqual(await sql.rows('SELECT count(*) AS n FROM sys_invocation'), [
      { n: INVOCATIONS },
    ]);
  });

  test('is explained apart from being run', async () => {
    const statement = 'SELECT count(*) AS n FROM sys_deployment';
    for (let round = 0; round < 2; round += 1) {
      assert.deepEqual(await sql.rows(statement), [{ n: 0 }]);
      const [row = {}] = await sql.rows(`EXPLAIN ${statement}`);
      assert.deepEqual(Object.keys(row), ['plan_type', 'plan']);
    }
  });

  test('is refused again', async () => {
    for (let round = 0; round < 2; round += 1) {
      await assert.rejects(sql.rows('SELECT bogus FROM sys_invocation'), /No field named bogus/);
      await assert.rejects(sql.rows("SELECT getenv('HOME')"), /Invalid function/);
    }
  });
});

test('more statements than are kept are answered, too', async () => {
  for (const round of ['first', 'second']) {
    for (let n = 0; n < 150; n += 1) {
      const statement = `SELECT ${n} AS n, '${round === 'first' ? '' : "it''s"}' AS t`;
      const t = round === 'first' ? '' : "it's";
      assert.deepEqual(await sql.rows(statement), [{ n, t }]);
    }
  }
});
