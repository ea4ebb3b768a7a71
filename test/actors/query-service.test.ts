// The query engine in its thread, over a data directory.
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import type { AttemptStatus } from '../../src/actors/domain/attempt-status.ts';
import { must } from '../../src/actors/domain/assert.ts';
import { parseInvocationId } from '../../src/actors/domain/ids.ts';
import type { InvocationId } from '../../src/actors/domain/ids.ts';
import { QueryError, type QueryErrorKind } from '../../src/actors/domain/query-error.ts';
import { EMPTY_SCHEMA, type Schema } from '../../src/actors/domain/schema.ts';
import { durationMs, unixMillis } from '../../src/actors/domain/time.ts';
import type { SnapshotNeeds } from '../../src/actors/messages.ts';
import type { QueryOptions, QueryValue } from '../../src/actors/ports.ts';
import { QueryService } from '../../src/actors/query-service.ts';
import { deploymentId, registered } from '../support/schema-fixtures.ts';
import {
  QUERY_PARTITIONS,
  SEEDED_AT_MS,
  seedDirectory,
  type SeededDirectory,
} from '../support/query-fixture.ts';

const INVOCATIONS = 3000;
const LONG = 'SELECT range AS n FROM range(5000000)';

let directory: SeededDirectory;
let service: QueryService;
let schema: Schema;
let attempts: readonly AttemptStatus[];
/** Why snapshots cannot be made up to date. */
let unsettled: Error | undefined;
/** What snapshots were to be made up to date for. */
let asked: SnapshotNeeds[];
const settlings = new EventEmitter();

before(async () => {
  directory = await seedDirectory(INVOCATIONS);
  service = openService();
});

after(async () => {
  await service.close();
  directory.remove();
});

beforeEach(() => {
  [schema, attempts, asked, unsettled] = [EMPTY_SCHEMA, [], [], undefined];
});

function openService(
  environmentPath = directory.environmentPath,
  onThreadLost: (error: unknown) => void = (error) => assert.fail(String(error)),
): QueryService {
  return new QueryService({
    settings: {
      partitionsCount: QUERY_PARTITIONS,
      environmentPaths: [environmentPath],
      memoryBytesMax: 256 * 1024 * 1024,
      timeoutMs: durationMs(20_000),
      serverVersion: '0.0.0',
    },
    schema: () => schema,
    settle: (needs) => {
      asked.push(needs);
      settlings.emit('settled');
      return unsettled === undefined ? Promise.resolve(attempts) : Promise.reject(unsettled);
    },
    onThreadLost,
  });
}

async function valuesOf(
  sql: string,
  options?: QueryOptions,
): Promise<ReadonlyArray<readonly QueryValue[]>> {
  const { columns, batches } = await service.query(sql, options);
  const values: QueryValue[][] = columns.map(() => []);
  for await (const batch of batches) {
    for (const [index, column] of batch.columns.entries()) values[index]?.push(...column);
  }
  return values;
}

async function bytesOf(batches: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of batches) parts.push(part);
  return Buffer.concat(parts);
}

async function assertFails(work: Promise<unknown>, kind: QueryErrorKind): Promise<void> {
  await assert.rejects(work, (error) => error instanceof QueryError && error.kind === kind);
}

test('rows come with their columns, batch by batch', async () => {
  const { columns, batches } = await service.query('SELECT id, created_at FROM sys_invocation');
  assert.deepEqual(
    columns.map(({ name, type }) => [name, type.kind]),
    [
      ['id', 'largeUtf8'],
      ['created_at', 'timestamp'],
    ],
  );
  let [rowsCount, batchesCount] = [0, 0];
  for await (const batch of batches)
    [rowsCount, batchesCount] = [rowsCount + batch.rowsCount, batchesCount + 1];
  assert.equal(rowsCount, INVOCATIONS);
  assert.ok(batchesCount > 1);
});

test('results are encoded as JSON and as Arrow', async () => {
  const sql = 'SELECT id FROM sys_invocation';
  const json = await service.encode(sql, 'json');
  const document: { readonly rows: readonly unknown[] } = JSON.parse(
    (await bytesOf(json.batches)).toString(),
  );
  assert.equal(document.rows.length, INVOCATIONS);
  const arrow = await service.encode(sql, 'arrow');
  assert.equal(tableFromIPC(await bytesOf(arrow.batches)).numRows, INVOCATIONS);
});

test('parameters, the greatest number of rows and the time are passed on', async () => {
  const values = await valuesOf('SELECT $1 AS a FROM range(10)', { parameters: ['x'], maxRows: 2 });
  assert.deepEqual(values, [['x', 'x']]);
  const endless = 'SELECT count(*) FROM range(100000000) a, range(100000000) b';
  await assertFails(valuesOf(endless, { timeoutMs: durationMs(50) }), 'timeout');
});

test('a statement can be described', async () => {
  const { columns, parameterTypes } = await service.describe('SELECT id FROM sys_invocation');
  assert.deepEqual([columns.length, parameterTypes.length], [1, 0]);
  await assertFails(service.describe('SELEC'), 'syntax');
});

test('partitions are left alone by statements that read nothing of theirs', async () => {
  await valuesOf('SELECT 1 AS one');
  await valuesOf('SELECT * FROM sys_service');
  await valuesOf('SELECT * FROM information_schema.tables');
  assert.deepEqual(asked, []);
});

test('a query whose snapshot might lack something is refused, unless it needs nothing of it', async () => {
  unsettled = new Error('the partition can store nothing now');
  const refused = valuesOf('SELECT id FROM sys_invocation');
  await assert.rejects(refused, { kind: 'unavailable', message: /can store nothing now/ });
  assert.deepEqual(await valuesOf('SELECT 1 AS one'), [[1n]]);
});

describe('attempts', () => {
  async function runningIds(): Promise<InvocationId[]> {
    const [ids = []] = await valuesOf(
      "SELECT id FROM sys_invocation_status WHERE status = 'invoked'",
    );
    return ids.map((id) => {
      const parsed = parseInvocationId(typeof id === 'string' ? id : '');
      assert.ok(parsed.ok);
      return parsed.value;
    });
  }

  test('are asked for only by statements that show something of them', async () => {
    const cases: ReadonlyArray<readonly [sql: string, showsAttempts: boolean]> = [
      ["SELECT id, target FROM sys_invocation WHERE target_service_name = 'Greeter'", false],
      ['SELECT * FROM sys_journal', false],
      ['SELECT * FROM sys_invocation_status', false],
      ['SELECT retry_count FROM sys_invocation', true],
      ["SELECT id FROM sys_invocation WHERE status = 'running'", true],
      ['SELECT * FROM sys_invocation', true],
    ];
    for (const [sql, showsAttempts] of cases) {
      asked = [];
      await valuesOf(sql);
      assert.deepEqual(asked, [{ ids: undefined, showsAttempts }], sql);
    }
  });

  test('are asked for the invocations in question', async () => {
    const [id] = await runningIds();
    asked = [];
    await valuesOf(`SELECT retry_count FROM sys_invocation WHERE id = '${id}'`);
    assert.deepEqual(asked, [{ ids: [id], showsAttempts: true }]);
  });

  test('tell running invocations from those that back off', async () => {
    const [running, backingOff] = await runningIds();
    const common = {
      lastStartAtMs: unixMillis(SEEDED_AT_MS),
      deploymentId: deploymentId(1),
    };
    attempts = [
      {
        ...common,
        invocationId: must(running, 'one is invoked'),
        isInFlight: true,
        attemptsCount: 1,
      },
      {
        ...common,
        invocationId: must(backingOff, 'another one is invoked'),
        isInFlight: false,
        attemptsCount: 3,
        nextRetryAtMs: unixMillis(SEEDED_AT_MS + 5000),
        lastError: { code: 500, message: 'not now' },
      },
    ];
    const sql = `SELECT status, retry_count, last_failure FROM sys_invocation WHERE id = $1`;
    assert.deepEqual(await valuesOf(sql, { parameters: [String(running)] }), [
      ['running'],
      [1n],
      [null],
    ]);
    const [status, retries, failure] = await valuesOf(sql, { parameters: [String(backingOff)] });
    assert.deepEqual([status, retries], [['backing-off'], [3n]]);
    assert.deepEqual(failure, ['[500 Internal] not now']);
  });
});

test('the schema that was published last is seen', async () => {
  const sql = 'SELECT id, endpoint FROM sys_deployment';
  assert.deepEqual(await valuesOf(sql), [[], []]);
  ({ schema } = registered(EMPTY_SCHEMA));
  service.publishSchema(schema);
  assert.deepEqual(await valuesOf(sql), [[deploymentId(1)], ['http://host:9080/']]);
});

test('a thread begins with the schema of its time', async () => {
  ({ schema } = registered(EMPTY_SCHEMA));
  const other = openService();
  const { batches } = await other.query('SELECT name FROM sys_service');
  for await (const { columns } of batches) assert.deepEqual(columns, [['Greeter']]);
  await other.close();
});

test('the engine is ready before a query that was expected', async () => {
  const settled = once(settlings, 'settled');
  const other = openService();
  other.warmUp();
  other.warmUp();
  await settled;
  assert.equal(asked.length, 1);
  const { whole } = await other.encode('SELECT 1 AS one', 'json');
  assert.equal(String(Buffer.from(must(whole, 'it is short'))), '{"rows":[{"one":1}]}');
  await other.close();
});

test('an engine that is closed is not made ready any more', async () => {
  const other = openService();
  other.warmUp();
  await other.close();
  await new Promise((resolve) => setImmediate(resolve));
  await assertFails(other.query('SELECT 1'), 'unavailable');
});

describe('a query is left', () => {
  test('by a reader that stops', async () => {
    const { batches } = await service.query(LONG);
    for await (const batch of batches) {
      assert.ok(batch.rowsCount > 0);
      break;
    }
    assert.deepEqual(await valuesOf('SELECT 1 AS one'), [[1n]]);
  });

  test('by its signal, before it has answered', async () => {
    const cancellation = new AbortController();
    const endless = 'SELECT count(*) FROM range(100000000) a, range(100000000) b';
    const result = assertFails(valuesOf(endless, { signal: cancellation.signal }), 'cancelled');
    setTimeout(() => cancellation.abort(), 50);
    await result;
  });

  test('by its signal, while it is read', async () => {
    const cancellation = new AbortController();
    const { batches } = await service.query(LONG, { signal: cancellation.signal });
    await assertFails(
      (async () => {
        for await (const batch of batches) if (batch.rowsCount > 0) cancellation.abort();
      })(),
      'cancelled',
    );
  });

  test('by a signal that was given already', async () => {
    await assertFails(service.query('SELECT 1', { signal: AbortSignal.abort() }), 'cancelled');
  });
});

test('no more than a bounded number of queries is taken', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 200 }, () => valuesOf('SELECT 1 AS one')),
  );
  const refused = results.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 72);
  assert.deepEqual(await valuesOf('SELECT 1 AS one'), [[1n]]);
});

test('closing ends queries that are read, and refuses new ones', async () => {
  const other = openService();
  const { batches } = await other.query(LONG);
  await assertFails(
    (async () => {
      for await (const batch of batches) {
        assert.ok(batch.rowsCount > 0);
        await other.close();
      }
    })(),
    'unavailable',
  );
  await assertFails(other.query('SELECT 1'), 'unavailable');
});

test('queries fail when their thread is lost, and the next one starts another thread', async () => {
  const lost: unknown[] = [];
  const filePath = join(directory.environmentPath, 'data.mdb', 'nowhere');
  const other = openService(filePath, (error) => lost.push(error));
  for (let round = 1; round <= 2; round += 1) {
    const queries = [other.query('SELECT 1'), other.query('SELECT 2'), other.describe('SELECT 3')];
    await Promise.all(queries.map((query) => assertFails(query, 'unavailable')));
    assert.equal(lost.length, round);
  }
  await other.close();
});
