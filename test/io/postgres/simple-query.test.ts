import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { PostgresServer } from '../../../src/io/postgres/server.ts';
import { PostgresPeer, startServer } from '../../support/postgres-peer.ts';
import { ScriptedEngine } from '../../support/scripted-engine.ts';

let engine: ScriptedEngine;
let server: PostgresServer;
let peer: PostgresPeer;

before(async () => {
  engine = new ScriptedEngine();
  server = await startServer(engine);
});

beforeEach(async () => {
  peer?.close();
  peer = await PostgresPeer.begin(server.port);
});

after(async () => {
  await server.close();
  assert.equal(engine.openCount, 0, 'no query is left behind');
});

const ONE = ['T n:20', 'D 1', 'C SELECT 1'];
const FAILED = (sqlState: string, kind: string) =>
  `E ERROR ${sqlState} it was to fail with ${kind}`;

describe('a query message', () => {
  const rows: ReadonlyArray<readonly [sql: string, answer: readonly string[]]> = [
    ['one', ONE],
    ['one;', ONE],
    ['nothing', ['T n:20', 'C SELECT 0']],
    ['words', ['T a:1043 b:1043', 'D x|null', 'D |ü', 'C SELECT 2']],
    ['rows 5', ['T n:20', 'D 0', 'D 1', 'D 2', 'D 3', 'D 4', 'C SELECT 5']],
    ['', ['I']],
    [' ; -- nothing\n; /* at /* all */ */', ['I']],
    ['one; one', [...ONE, ...ONE]],
    [';one;;nothing;', [...ONE, 'T n:20', 'C SELECT 0']],
    ['fail syntax', [FAILED('42601', 'syntax')]],
    ['fail readOnly', [FAILED('25006', 'readOnly')]],
    ['fail unknownName', [FAILED('42P01', 'unknownName')]],
    ['fail unsupported', [FAILED('0A000', 'unsupported')]],
    ['fail invalidValue', [FAILED('22000', 'invalidValue')]],
    ['fail timeout', [FAILED('57014', 'timeout')]],
    ['fail limit', [FAILED('53000', 'limit')]],
    ['fail unavailable', [FAILED('57P03', 'unavailable')]],
    ['fail internal', [FAILED('XX000', 'internal')]],
    ['one; fail syntax; one', [...ONE, FAILED('42601', 'syntax')]],
    ['fail late timeout', ['T n:20', FAILED('57014', 'timeout')]],
  ];
  for (const [sql, answer] of rows) {
    test(`with '${sql.replaceAll('\n', '\\n')}' is answered and the session goes on`, async () => {
      assert.deepEqual(await peer.query(sql), [...answer, 'Z I']);
      assert.deepEqual(await peer.query('one'), [...ONE, 'Z I']);
    });
  }

  test('hands the statements on as they are written', async () => {
    const statements = [
      "select ';' , E'a\\';b', $$;$$, $x$ $$; $x$, \";\"",
      'select 1 -- ; not here\n + 1',
      'select 2 /* ; /* ; */ ; */',
    ];
    engine.asked.length = 0;
    await peer.query(statements.join(' ; '));
    assert.deepEqual(
      engine.asked.map(({ sql }) => sql),
      statements,
    );
  });
});

describe('a transaction', () => {
  const aborted =
    'E ERROR 25P02 current transaction is aborted, commands ignored until end of transaction block';

  test('is open until it is committed', async () => {
    assert.deepEqual(await peer.query('begin; one'), ['C BEGIN', ...ONE, 'Z T']);
    assert.deepEqual(await peer.query('one'), [...ONE, 'Z T']);
    assert.deepEqual(await peer.query('commit'), ['C COMMIT', 'Z I']);
  });

  test('that failed takes nothing but its end', async () => {
    await peer.query('START TRANSACTION READ ONLY');
    assert.deepEqual(await peer.query('fail syntax'), [FAILED('42601', 'syntax'), 'Z E']);
    assert.deepEqual(await peer.query('one'), [aborted, 'Z E']);
    assert.deepEqual(await peer.query('show server_version'), [aborted, 'Z E']);
    assert.deepEqual(await peer.query(''), ['I', 'Z E']);
    assert.deepEqual(await peer.query('commit'), ['C ROLLBACK', 'Z I']);
    assert.deepEqual(await peer.query('one'), [...ONE, 'Z I']);
  });

  test('that failed goes on from a savepoint', async () => {
    assert.deepEqual(await peer.query('begin; savepoint a'), ['C BEGIN', 'C SAVEPOINT', 'Z T']);
    await peer.query('fail syntax');
    assert.deepEqual(await peer.query('rollback to savepoint a'), ['C ROLLBACK', 'Z T']);
    assert.deepEqual(await peer.query('release a; end'), ['C RELEASE', 'C COMMIT', 'Z I']);
  });

  test('begun twice or ended without a beginning is warned of', async () => {
    assert.deepEqual(await peer.query('begin; begin'), [
      'C BEGIN',
      'N WARNING 25001 there is already a transaction in progress',
      'C BEGIN',
      'Z T',
    ]);
    assert.deepEqual(await peer.query('abort; rollback'), [
      'C ROLLBACK',
      'N WARNING 25P01 there is no transaction in progress',
      'C ROLLBACK',
      'Z I',
    ]);
  });

  test('has savepoints only while it is open', async () => {
    assert.deepEqual(await peer.query('savepoint a'), [
      'E ERROR 25P01 SAVEPOINT can only be used in transaction blocks',
      'Z I',
    ]);
  });
});

describe('a setting', () => {
  const rows: ReadonlyArray<readonly [sql: string, answer: readonly string[]]> = [
    ['SHOW server_version', ['T server_version:1043', 'D 15.0', 'C SHOW']],
    ['show DATESTYLE', ['T DateStyle:1043', 'D ISO, MDY', 'C SHOW']],
    ['show time zone', ['T TimeZone:1043', 'D UTC', 'C SHOW']],
    [
      'show transaction isolation level',
      ['T transaction_isolation:1043', 'D read committed', 'C SHOW'],
    ],
    ['show nope', ['E ERROR 42704 unrecognized configuration parameter "nope"']],
    ['set extra_float_digits = 3', ['C SET']],
    ['SET SESSION search_path TO a, "B"', ['C SET']],
    ["SET TIME ZONE 'Europe/Berlin'", ['C SET']],
    ['set session characteristics as transaction read only', ['C SET']],
    [
      "set client_encoding to 'LATIN1'",
      ['E ERROR 22023 invalid value for parameter "client_encoding": "LATIN1"'],
    ],
    ["set names 'utf-8'", ['C SET']],
    ['set client_encoding = sql_ascii', ['S client_encoding SQL_ASCII', 'C SET']],
    ['set datafusion.execution.batch_size = 10', ['C SET']],
    ['set x', ['E ERROR 42601 syntax error: "x" is set to nothing']],
    ['reset all', ['C RESET']],
    ['discard all', ['C DISCARD ALL']],
    ['unlisten *', ['C UNLISTEN']],
    ['deallocate all', ['C DEALLOCATE ALL']],
    ['deallocate nope', ['E ERROR 26000 prepared statement "nope" does not exist']],
  ];
  for (const [sql, answer] of rows) {
    test(`statement '${sql}' is answered`, async () => {
      assert.deepEqual(await peer.query(sql), [...answer, 'Z I']);
    });
  }

  test('that is set is shown, and told to the client where it is to be', async () => {
    assert.deepEqual(await peer.query("set application_name to 'a b'; show application_name"), [
      'S application_name a b',
      'C SET',
      'T application_name:1043',
      'D a b',
      'C SHOW',
      'Z I',
    ]);
    assert.deepEqual(
      await peer.query(
        'set search_path to a,b; show search_path; reset search_path; show search_path',
      ),
      [
        'C SET',
        'T search_path:1043',
        'D a, b',
        'C SHOW',
        'C RESET',
        'T search_path:1043',
        'D "$user", public',
        'C SHOW',
        'Z I',
      ],
    );
  });

  test('goes back to what the session began with', async () => {
    const named = await PostgresPeer.begin(server.port, { application_name: 'mine' });
    const sql = 'set application_name = other; reset all; set application_name = mine';
    assert.deepEqual(await named.query(sql), [
      'S application_name other',
      'C SET',
      'S application_name mine',
      'C RESET',
      'C SET',
      'Z I',
    ]);
    named.close();
  });

  test('about how the server is stays as it is', async () => {
    const answer = await peer.query("set datestyle to 'German'; set transaction_read_only = off");
    assert.deepEqual(answer, ['C SET', 'C SET', 'Z I']);
    assert.deepEqual(
      (await peer.query('show datestyle; show transaction_read_only')).filter((line) =>
        line.startsWith('D'),
      ),
      ['D ISO, MDY', 'D on'],
    );
  });

  test('that is local ends with its transaction', async () => {
    await peer.query("begin; set local application_name = 'inside'");
    assert.ok((await peer.query('show application_name')).includes('D inside'));
    assert.deepEqual(await peer.query('commit'), ['S application_name', 'C COMMIT', 'Z I']);
    assert.ok((await peer.query('show application_name')).includes('D '));
  });

  test('statement_timeout limits what queries take', async () => {
    const timeouts: ReadonlyArray<readonly [value: string, ms: number | undefined]> = [
      ['0', undefined],
      ['250', 250],
      ["'5s'", 5000],
      ["'1min'", 60_000],
      ['default', undefined],
    ];
    for (const [value, ms] of timeouts) {
      engine.asked.length = 0;
      await peer.query(`set statement_timeout = ${value}; one`);
      assert.equal(engine.asked[0]?.options.timeoutMs, ms, value);
    }
  });
});

describe('a cursor', () => {
  test('gives its rows in portions', async () => {
    await peer.query('begin');
    assert.deepEqual(await peer.query('declare c no scroll cursor for rows 5'), [
      'C DECLARE CURSOR',
      'Z T',
    ]);
    assert.deepEqual(await peer.query('fetch 3 from c; fetch c; move c; fetch forward all in c'), [
      ...['T n:20', 'D 0', 'D 1', 'D 2', 'C FETCH 3'],
      ...['T n:20', 'D 3', 'C FETCH 1'],
      'C MOVE 1',
      ...['T n:20', 'C FETCH 0'],
      'Z T',
    ]);
    assert.deepEqual(await peer.query('close c; commit'), ['C CLOSE CURSOR', 'C COMMIT', 'Z I']);
  });

  test('lets go of its query at the end of its transaction', async () => {
    await peer.query('begin; declare c cursor for rows 5; fetch 1 from c');
    assert.equal(engine.openCount, 1);
    await peer.query('commit');
    assert.equal(engine.openCount, 0);
  });

  test('that is held outlives its transaction', async () => {
    await peer.query('declare c cursor with hold for rows 3');
    assert.deepEqual(await peer.query('fetch 2 from c'), [
      'T n:20',
      'D 0',
      'D 1',
      'C FETCH 2',
      'Z I',
    ]);
    assert.deepEqual(await peer.query('close all'), ['C CLOSE CURSOR ALL', 'Z I']);
    assert.equal(engine.openCount, 0);
  });

  const refused: ReadonlyArray<readonly [sql: string, answer: string]> = [
    ['declare c cursor for one', '25P01 DECLARE CURSOR can only be used in transaction blocks'],
    ['fetch c', '34000 cursor "c" does not exist'],
    ['close c', '34000 cursor "c" does not exist'],
    ['fetch backward 1 from c', '55000 cursor can only scan forward'],
    [
      'begin; declare c cursor for one; declare c cursor for one',
      '42P03 cursor "c" already exists',
    ],
    ['begin; declare c cursor for show server_version', '42601 a cursor needs a query'],
    ['declare c', '42601 syntax error: DECLARE without CURSOR'],
  ];
  for (const [sql, answer] of refused) {
    test(`is refused in '${sql}'`, async () => {
      assert.ok((await peer.query(sql)).includes(`E ERROR ${answer}`));
    });
  }
});
