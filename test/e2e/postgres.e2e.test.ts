// The port for Postgres clients, with data of real services: the `pg` package, `psql` where it is
// installed, and what other clients ask. The reference had this port up to 1.4.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, beforeEach, describe, test } from 'node:test';
import pg, { type QueryReply } from 'pg';
import { serialize } from 'pg-protocol/dist/serializer.js';
import { must } from '../../src/actors/domain/assert.ts';
import { ValueFormat } from '../../src/io/postgres/frontend-message.ts';
import { readParameter } from '../../src/io/postgres/parameter-value.ts';
import { CLIENT_STATEMENTS } from '../support/client-statements.ts';
import { PostgresPeer } from '../support/postgres-peer.ts';
import { PSQL_STATEMENTS } from '../support/psql-statements.ts';
import { skippedOnReference } from '../support/servers.ts';
import { startSqlRig, type SqlRig } from '../support/sql-rig.ts';

type Client = InstanceType<typeof pg.Client>;

const skip = skippedOnReference('the reference dropped the port in 1.5');

let rig: SqlRig;
let client: Client;

before(async () => {
  if (skip === false) rig = await startSqlRig();
});

beforeEach(async () => {
  if (skip !== false) return;
  await client?.end();
  client = await connect();
});

after(async () => {
  await client?.end();
  await rig?.dispose();
});

async function connect(): Promise<Client> {
  const { postgresPort: port } = rig.rig.server;
  const made = new pg.Client({ host: '127.0.0.1', port, user: 'ann', application_name: 'tests' });
  await made.connect();
  return made;
}

function idOf(name: string): string {
  return must(rig.ids.get(name), `${name} was sent`);
}

function only(reply: QueryReply): Readonly<Record<string, unknown>> {
  assert.equal(reply.rows.length, 1);
  return must(reply.rows[0], 'there is a row');
}

describe('the pg client', { skip }, () => {
  test('gets the rows that the admin API gives', async () => {
    const sql =
      'SELECT id, target, status, journal_size, retry_count, created_at, completion_retention ' +
      'FROM sys_invocation ORDER BY created_at';
    const { rows } = await client.query(sql);
    const expected = (await rig.query(sql)).rows;
    assert.ok(rows.length >= 15);
    const plain = rows.map((row) => ({
      id: row['id'],
      target: row['target'],
      status: row['status'],
      journal_size: row['journal_size'],
      retry_count: row['retry_count'] === null ? null : Number(row['retry_count']),
      created_at: row['created_at'] instanceof Date ? row['created_at'].getTime() : undefined,
    }));
    assert.deepEqual(
      plain,
      expected.map((row) => ({
        id: row['id'],
        target: row['target'],
        status: row['status'],
        journal_size: row['journal_size'] ?? null,
        retry_count: row['retry_count'] ?? null,
        created_at: Date.parse(String(row['created_at'])),
      })),
    );
  });

  const byParameter: ReadonlyArray<
    readonly [what: string, sql: string, values: () => readonly unknown[], ids: readonly string[]]
  > = [
    ['an id', 'id = $1', () => [idOf('paused')], ['paused']],
    ['ids', 'id = ANY($1)', () => [[idOf('paused'), idOf('killed')]], ['paused', 'killed']],
    ['no ids', 'id = ANY($1)', () => [[]], []],
    ['a number', 'status = $1 AND retry_count >= $2', () => ['backing-off', 1], ['backingOff']],
    [
      'a time',
      'created_at < $1 AND target_handler_name = $2',
      () => [new Date(), 'fail'],
      ['failed'],
    ],
    ['a text twice', '(target = $1 OR id = $1)', () => ['Greeter/fail'], ['failed']],
    ['null', '($1::text IS NULL AND id = $2)', () => [null, idOf('running')], ['running']],
  ];
  for (const [what, condition, values, names] of byParameter) {
    test(`finds invocations by ${what}`, async () => {
      const text = `SELECT id FROM sys_invocation WHERE ${condition} ORDER BY created_at`;
      for (const name of [undefined, `by ${what}`]) {
        const { rows } = await client.query({ text, values: values(), name });
        assert.deepEqual(
          rows.map(({ id }) => id),
          names.map(idOf),
        );
      }
    });
  }

  test('finds a row by the partition key that it got', async () => {
    const id = idOf('paused');
    const table = 'sys_invocation_status';
    const key = only(await client.query(`SELECT partition_key FROM ${table} WHERE id = $1`, [id]));
    const again = await client.query(
      `SELECT id FROM ${table} WHERE partition_key = $1 AND status = 'paused'`,
      [key['partition_key']],
    );
    assert.equal(only(again)['id'], id);
  });

  test('compares unsigned numbers as the large ones that they are', async () => {
    const count = 'SELECT count(*) AS n FROM sys_invocation_status';
    const all = only(await client.query(count))['n'];
    // As eight signed bytes the largest number of all is -1.
    assert.equal(only(await client.query(`${count} WHERE partition_key <= $1`, ['-1']))['n'], all);
    assert.equal(only(await client.query(`${count} WHERE partition_key <= $1`, ['1']))['n'], '0');
  });

  test('gets columns under the names that the statement gives them', async () => {
    const { fields } = await client.query('SELECT 1 AS "Foo", 2 AS BAR, key AS "a B" FROM state');
    assert.deepEqual(
      fields.map(({ name }) => name),
      ['Foo', 'bar', 'a B'],
    );
  });

  test('gets every type that tables have', async () => {
    const row = only(
      await client.query(
        `SELECT true AS b, services, min_service_protocol_version AS version,
          INTERVAL '1 day 2 hours' AS span, 'é' AS word, CAST(1.5 AS DOUBLE) AS half,
          CAST('12.50' AS DECIMAL(10, 2)) AS exact, NULL AS nothing, [1, 2] AS numbers
        FROM sys_deployment`,
      ),
    );
    const { services, span, ...rest } = row;
    assert.ok(Array.isArray(services));
    assert.deepEqual(new Set(services), new Set(['Counter', 'Greeter', 'Signup']));
    assert.ok(typeof span === 'object' && span !== null);
    assert.deepEqual({ ...span }, { days: 1, hours: 2 });
    assert.deepEqual(rest, {
      b: true,
      version: 5,
      word: 'é',
      half: 1.5,
      exact: '12.50',
      nothing: null,
      numbers: ['1', '2'],
    });
  });

  test('gets bytes', async () => {
    const text = `SELECT value, value_length FROM state WHERE service_key = $1 AND key = 'count'`;
    assert.deepEqual(only(await client.query(text, ['k1'])), {
      value: Buffer.from('3'),
      value_length: '1',
    });
  });

  test('reads rows in portions', async () => {
    const text = 'SELECT id, index FROM sys_journal ORDER BY id, index';
    const all = await client.query(text);
    const inPortions = await client.query({ text, values: [], rows: 7 });
    assert.ok(all.rows.length > 14);
    assert.deepEqual(inPortions.rows, all.rows);
  });

  test('runs several statements at once', async () => {
    const replies: unknown = await client.query("SET x.y = '1'; BEGIN; SELECT 1 AS n; COMMIT");
    assert.ok(Array.isArray(replies));
    assert.deepEqual(
      replies.map(({ command }: QueryReply) => command),
      ['SET', 'BEGIN', 'SELECT', 'COMMIT'],
    );
  });

  const refused: ReadonlyArray<readonly [sql: string, code: string]> = [
    ['SELEC', '42601'],
    ['SELECT * FROM nope', '42P01'],
    ['SELECT nope FROM state', '42703'],
    ['SELECT nope(1)', '42883'],
    ['SELECT 1/0', '22012'],
    ["SELECT CAST('x' AS INT)", '22000'],
    ["SELECT * FROM sys_invocation WHERE id = 'nonsense'", '22000'],
    ['DELETE FROM state', '25006'],
    ['DROP TABLE state', '25006'],
    ["COPY state TO '/tmp/x'", '25006'],
    ["SELECT * FROM read_csv('/etc/passwd')", '42883'],
  ];
  for (const [sql, code] of refused) {
    test(`is refused '${sql}' with ${code}, and goes on`, async () => {
      await assert.rejects(client.query(sql), { code });
      await assert.rejects(client.query({ text: sql, values: [] }), { code });
      assert.equal(only(await client.query('SELECT 1 AS n'))['n'], '1');
    });
  }
});

/** Values of a statement's result with the OIDs of their types. */
async function readRaw(sql: string, binary: boolean) {
  const peer = await PostgresPeer.begin(rig.rig.server.postgresPort);
  const { parse, bind, describe: describeMessage, execute, sync } = serialize;
  peer.send(parse({ text: sql }), bind({ binary }), describeMessage({ type: 'P' }));
  peer.send(execute(), sync());
  const { oids, rows } = await peer.readResult();
  peer.close();
  return rows.map((row) =>
    row.map((bytes, index) => {
      const oid = oids[index] ?? 0;
      const format = binary ? ValueFormat.binary : ValueFormat.text;
      return { oid, value: readParameter(bytes, { oid, expected: undefined }, format) };
    }),
  );
}

const TIMESTAMPTZ = 1184;
const INTERVAL = 1186;

describe('binary form', { skip }, () => {
  for (const table of ['sys_journal', 'sys_invocation_status', 'sys_deployment', 'state']) {
    test(`of ${table} says the same as text form`, async () => {
      const sql = `SELECT * FROM ${table} ORDER BY ALL`;
      const [inText, inBinary] = [await readRaw(sql, false), await readRaw(sql, true)];
      assert.ok(inText.length > 0);
      const comparable = (rows: typeof inText) =>
        rows.map((row) =>
          row.map(({ oid, value }) => {
            if (oid === TIMESTAMPTZ && typeof value === 'string') return Date.parse(value);
            // Their forms are compared in the tests of values.
            return oid === INTERVAL ? value !== null : value;
          }),
        );
      assert.deepEqual(comparable(inBinary), comparable(inText));
    });
  }
});

describe('a query that runs', { skip }, () => {
  const LONG = 'SELECT count(*) FROM range(100000000000)';

  test('is cancelled by its key', async () => {
    const running = client.query(LONG);
    const failed = assert.rejects(running, { code: '57014' });
    const timer = setInterval(() => {
      void PostgresPeer.open(rig.rig.server.postgresPort).then((peer) => {
        peer.send(serialize.cancel(client.processID, client.secretKey));
        return peer.rest();
      });
    }, 50);
    await failed;
    clearInterval(timer);
    assert.equal(only(await client.query('SELECT 1 AS n'))['n'], '1');
  });

  test('ends at the time limit of its session', async () => {
    await client.query("SET statement_timeout = '100ms'");
    await assert.rejects(client.query(LONG), { code: '57014' });
  });

  test('leaves nothing behind, however it ends', async () => {
    // More than the queries that the server runs at once.
    for (let index = 0; index < 140; index += 1) {
      await client.query('BEGIN; DECLARE c CURSOR FOR SELECT * FROM sys_journal; COMMIT');
    }
    assert.equal(only(await client.query('SELECT 1 AS n'))['n'], '1');
  });
});

describe('the catalog', { skip }, () => {
  test('has the types that results have', async () => {
    const { rows } = await client.query(
      `SELECT c.relname, array_agg(a.atttypid ORDER BY a.attnum) AS types,
        array_agg(a.attname ORDER BY a.attnum) AS names
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace = 'public'::regnamespace GROUP BY c.relname ORDER BY c.relname`,
    );
    assert.equal(rows.length, 18);
    for (const { relname, types, names } of rows) {
      const { fields } = await client.query(`SELECT * FROM ${String(relname)} LIMIT 0`);
      assert.deepEqual(
        fields.map(({ dataTypeID }) => dataTypeID),
        types,
      );
      assert.deepEqual(
        fields.map(({ name }) => name),
        names,
      );
    }
  });

  test('names tables and types by number and back', async () => {
    const sql = `SELECT 'state'::regclass::oid = c.oid AS same, c.oid::regclass AS name,
      'timestamptz'::regtype::oid AS type, 1184::regtype AS type_name, 'public."state"'::regclass AS again
      FROM pg_class c WHERE relname = 'state'`;
    const { again, ...row } = only(await client.query(sql));
    assert.equal(typeof again, 'number');
    assert.deepEqual(row, {
      same: true,
      name: 'state',
      type: '1184',
      type_name: 'timestamp with time zone',
    });
  });

  for (const { client: name, sql, values, rowsCount } of CLIENT_STATEMENTS) {
    test(`answers ${name}`, async () => {
      const prepared = { text: sql, values: values ?? [], name };
      assert.equal((await client.query(prepared)).rows.length, rowsCount);
      if (values === undefined) assert.equal((await client.query(sql)).rows.length, rowsCount);
    });
  }

  for (const [index, { command, sql }] of PSQL_STATEMENTS.entries()) {
    test(`answers what psql sends for ${command} (${index})`, async () => {
      const table = / (\w+)$/.exec(command)?.[1] ?? 'state';
      const found = await client.query('SELECT oid FROM pg_class WHERE relname = $1', [table]);
      await client.query(sql.replaceAll('$OID', String(only(found)['oid'])));
    });
  }
});

const PSQL = spawnSync('psql', ['--version']).status === 0;

describe('psql', { skip: skip !== false ? skip : PSQL ? false : 'psql is not installed' }, () => {
  function psql(...commands: readonly string[]): string {
    const { postgresPort } = rig.rig.server;
    const { stdout, stderr, status } = spawnSync(
      'psql',
      ['-X', '-h', '127.0.0.1', '-p', String(postgresPort), '-U', 'ann', '-v', 'ON_ERROR_STOP=1'],
      { encoding: 'utf8', timeout: 30_000, input: `${commands.join('\n')}\n` },
    );
    assert.equal(status, 0, stderr);
    return stdout;
  }

  test('lists the tables, the schemas and the databases', () => {
    assert.match(psql('\\dt'), /public \| sys_journal +\| table \| restate/);
    assert.match(psql('\\d'), /public \| sys_invocation +\| view +\| restate[\s\S]*\(18 rows\)/);
    assert.match(psql('\\dn'), /public \| restate/);
    assert.match(psql('\\l'), /restate \| restate \| UTF8/);
  });

  test('describes a table', () => {
    assert.deepEqual(psql('\\d sys_service').trimEnd().split(' \n').join('\n').split('\n'), [
      '                     Table "public.sys_service"',
      '    Column     |       Type        | Collation | Nullable | Default',
      '---------------+-------------------+-----------+----------+---------',
      ' name          | character varying |           |          |',
      ' revision      | bigint            |           |          |',
      ' public        | boolean           |           |          |',
      ' ty            | character varying |           |          |',
      ' deployment_id | character varying |           |          |',
    ]);
  });

  test('describes a view with every kind of column', () => {
    const shown = psql('\\d+ sys_invocation');
    assert.match(shown, /View "public.sys_invocation"/);
    for (const type of ['timestamp with time zone', 'interval', 'integer[]', 'bigint']) {
      assert.ok(shown.includes(` ${type} `), type);
    }
  });

  test('shows rows, and what a query would give', () => {
    assert.match(
      psql("SELECT count(*) AS n FROM sys_invocation WHERE status = 'paused';"),
      / n \n-+\n 1\n/,
    );
    assert.match(
      psql('SELECT id, created_at FROM sys_invocation \\gdesc'),
      /id +\| character varying\n created_at \| timestamp with time zone/,
    );
  });
});
