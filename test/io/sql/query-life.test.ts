// How queries end other than with their last row, and that nothing is held then.
import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, describe, test } from 'node:test';
import { formatInvocationId } from '../../../src/actors/domain/ids.ts';
import { durationMs } from '../../../src/actors/domain/time.ts';
import { QueryError, type QueryErrorKind } from '../../../src/actors/domain/query-error.ts';
import type { OpenSource } from '../../../src/io/sql/engine.ts';
import {
  openTestEngine,
  seedDirectory,
  type SeededDirectory,
  type TestEngine,
} from '../../support/query-fixture.ts';

/** Runs for hours. */
const ENDLESS = 'SELECT count(*) FROM range(1000000000000)';

/** Its rows do not fit in a few batches. */
const LONG = 'SELECT a.n FROM range(10000000) a(n)';

let directory: SeededDirectory;
let sql: TestEngine;

before(async () => {
  directory = await seedDirectory(3000);
});

after(() => directory.remove());

beforeEach(async () => {
  sql = await openTestEngine(directory, { memoryBytesMax: 64 * 1024 * 1024 });
});

afterEach(async () => {
  assert.equal(sql.snapshotsCount(), 0, 'no snapshot is held');
  assert.deepEqual(await sql.rows('SELECT 1 AS one'), [{ one: 1 }], 'queries go on');
  await sql.close();
});

async function assertFails(work: Promise<unknown>, kind: QueryErrorKind): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof QueryError, String(error));
    assert.equal(error.kind, kind, error.message);
    return true;
  });
}

describe('a query ends', () => {
  test('after its time', async () => {
    await assertFails(sql.rows(ENDLESS, { timeoutMs: durationMs(100) }), 'timeout');
  });

  test('after its time, when it waits for a reader', async () => {
    const rows = await sql.engine.query(LONG, { timeoutMs: durationMs(100) });
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(sql.snapshotsCount(), 0);
    await assertFails(rows.next(), 'timeout');
  });

  test('after its time, when a partition thread does not answer', async () => {
    let open: (source: OpenSource) => void = () => {};
    let isReleased = false;
    const release = () => void (isReleased = true);
    const hung = await openTestEngine(directory, {
      sources: {
        open: () => new Promise((resolve) => (open = resolve)),
        countInvocations: () => 0,
      },
    });
    const options = { timeoutMs: durationMs(100) };
    await assertFails(hung.rows('SELECT id FROM sys_invocation', options), 'timeout');
    open({ release } as OpenSource);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(isReleased, 'a snapshot that comes late is not held');
    await hung.close();
  });

  test('when it is cancelled at work', async () => {
    const cancellation = new AbortController();
    const failure = assertFails(sql.rows(ENDLESS, { signal: cancellation.signal }), 'cancelled');
    setTimeout(() => cancellation.abort(), 50);
    await failure;
  });

  test('when it is cancelled between two batches', async () => {
    const cancellation = new AbortController();
    const rows = await sql.engine.query(LONG, { signal: cancellation.signal });
    assert.ok((await rows.next())?.rowsCount);
    cancellation.abort();
    assert.equal(sql.snapshotsCount(), 0);
    await assertFails(rows.next(), 'cancelled');
  });

  test('when it was cancelled before it began', async () => {
    await assertFails(sql.rows('SELECT 1', { signal: AbortSignal.abort() }), 'cancelled');
  });

  test('when nobody reads it any more', async () => {
    const rows = await sql.engine.query('SELECT * FROM sys_invocation');
    assert.ok((await rows.next())?.rowsCount);
    rows.close();
  });

  test('when it needs more memory than there is', async () => {
    const statement = "SELECT count(DISTINCT repeat('x', 1000) || range) FROM range(1000000)";
    await assertFails(sql.rows(statement), 'limit');
  });

  test('with the failure of a scan', async () => {
    const statement = "SELECT * FROM sys_invocation WHERE id = 'nonsense'";
    await assertFails(sql.rows(statement), 'invalidValue');
  });

  test('with a failure in the middle of its rows', async () => {
    const statement =
      "SELECT CASE WHEN range < 1000000 THEN 1 ELSE CAST('x' || range AS INT) END FROM range(2000000)";
    const rows = await sql.engine.query(statement);
    assert.ok((await rows.next())?.rowsCount);
    await assertFails(
      (async () => {
        while ((await rows.next()) !== undefined);
      })(),
      'internal',
    );
  });

  test('behind the rows that are wanted', async () => {
    const rows = await sql.rows(LONG, { maxRows: 3000 });
    assert.equal(rows.length, 3000);
  });
});

test('more queries than DuckDB has room for take turns', async () => {
  const counts = Array.from({ length: 20 }, () =>
    sql.rows('SELECT count(*) AS n FROM sys_invocation WHERE length(target) > 1'),
  );
  for (const rows of await Promise.all(counts)) assert.deepEqual(rows, [{ n: 3000 }]);
});

test('readers that pause do not keep others waiting', async () => {
  const paused = await Promise.all(Array.from({ length: 10 }, () => sql.engine.query(LONG)));
  for (const rows of paused) assert.ok((await rows.next())?.rowsCount);
  assert.deepEqual(await sql.rows('SELECT count(*) AS n FROM sys_invocation'), [{ n: 3000 }]);
  for (const rows of paused) rows.close();
});

test('a query sees what was stored when it began', async () => {
  const rows = await sql.engine.query('SELECT id FROM sys_invocation');
  let count = (await rows.next())?.rowsCount ?? 0;
  assert.equal(sql.snapshotsCount(), 1);
  for (let batch = await rows.next(); batch !== undefined; batch = await rows.next()) {
    count += batch.rowsCount;
  }
  rows.close();
  assert.equal(count, 3000);
});

test('a long value comes in a batch of its own', async () => {
  const rows = await sql.engine.query("SELECT repeat('x', 5000000) AS x FROM range(3)");
  for (let index = 0; index < 3; index += 1) assert.equal((await rows.next())?.rowsCount, 1);
  assert.equal(await rows.next(), undefined);
  rows.close();
});

describe('parameters', () => {
  const cases: ReadonlyArray<
    readonly [
      statement: string,
      parameters: readonly (string | bigint | number | boolean | null)[],
      rows: unknown,
    ]
  > = [
    ['SELECT $1 AS a, $2 AS b', ['x', 2n], [{ a: 'x', b: 2 }]],
    ['SELECT $1 + 1 AS a', [41], [{ a: 42 }]],
    ['SELECT $1 AS a', ["it's"], [{ a: "it's" }]],
    ['SELECT $1 AS a', [null], [{}]],
    ['SELECT NOT $1 AS a', [true], [{ a: false }]],
    ['SELECT count(*) AS n FROM sys_invocation WHERE status = $1', ['paused'], [{ n: 200 }]],
    [
      'SELECT count(*) AS n FROM sys_invocation WHERE id = $1',
      [formatInvocationId(1n, 2n)],
      [{ n: 0 }],
    ],
  ];
  for (const [statement, parameters, expected] of cases) {
    test(`${statement} with ${parameters.map(String).join(', ')}`, async () => {
      assert.deepEqual(await sql.rows(statement, { parameters }), expected);
    });
  }

  test('that are missing are an error', async () => {
    await assertFails(sql.rows('SELECT $2', { parameters: ['x'] }), 'invalidValue');
  });
});

describe('a description', () => {
  test('has the columns of the result and the types of the parameters, and runs nothing', async () => {
    const description = await sql.engine.describe(
      `SELECT id, created_at, count(*) OVER () AS n FROM sys_invocation
       WHERE target_service_name = $1 AND retry_count > $2`,
    );
    const nullable = true;
    assert.deepEqual(description, {
      parameterTypes: [{ kind: 'largeUtf8' }, { kind: 'uint64' }],
      columns: [
        { name: 'id', type: { kind: 'largeUtf8' }, nullable },
        { name: 'created_at', type: { kind: 'timestamp', unit: 'ms', isUtc: true }, nullable },
        { name: 'n', type: { kind: 'int64' }, nullable: false },
      ],
    });
  });

  test('has no type for a parameter that anything may stand for', async () => {
    assert.deepEqual(await sql.engine.describe('SELECT 1 AS one, $1 AS any, $2 + 1 AS sum'), {
      parameterTypes: [undefined, undefined],
      columns: [
        { name: 'one', type: { kind: 'int64' }, nullable: false },
        { name: 'any', type: { kind: 'null' }, nullable: true },
        { name: 'sum', type: { kind: 'int64' }, nullable: true },
      ],
    });
  });

  test('of a wrong statement fails as the statement does', async () => {
    await assertFails(sql.engine.describe('SELECT nope FROM sys_invocation'), 'unknownName');
    await assertFails(sql.engine.describe('SELEC'), 'syntax');
  });
});
