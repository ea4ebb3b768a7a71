// What a statement may not do: change anything, or reach beyond the tables of the server.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { QueryError } from '../../../src/actors/domain/query-error.ts';
import {
  openTestEngine,
  seedDirectory,
  type SeededDirectory,
  type TestEngine,
} from '../../support/query-fixture.ts';

let directory: SeededDirectory;
let files: string;
let sql: TestEngine;

before(async () => {
  directory = await seedDirectory(30);
  files = mkdtempSync(join(tmpdir(), 'reprise-files-'));
  writeFileSync(join(files, 'secret.csv'), 'secret\nhidden\n');
  writeFileSync(join(files, 'secret.json'), '{"secret":"hidden"}');
  sql = await openTestEngine(directory);
});

after(async () => {
  await sql.close();
  directory.remove();
  rmSync(files, { recursive: true });
});

/** `$F` is a directory with files in it. */
const REFUSED: readonly string[] = [
  "SELECT * FROM '$F/secret.csv'",
  "SELECT * FROM read_csv('$F/secret.csv')",
  "SELECT * FROM read_csv_auto('$F/secret.csv')",
  "SELECT * FROM read_json('$F/secret.json')",
  "SELECT * FROM read_json_objects('$F/secret.json')",
  "SELECT * FROM read_text('$F/secret.csv')",
  "SELECT * FROM read_blob('$F/secret.csv')",
  "SELECT * FROM read_parquet('$F/secret.parquet')",
  "SELECT * FROM sniff_csv('$F/secret.csv')",
  "SELECT * FROM glob('$F/*')",
  "SELECT * FROM read_csv('http://127.0.0.1:1/secret.csv')",
  "SELECT * FROM 'https://127.0.0.1:1/secret.parquet'",
  "SELECT * FROM 's3://bucket/secret.parquet'",
  "COPY (SELECT 1) TO '$F/written.csv'",
  "EXPORT DATABASE '$F/written'",
  "IMPORT DATABASE '$F'",
  "ATTACH '$F/written.db' AS other",
  "ATTACH ':memory:' AS other",
  'DETACH restate',
  'INSTALL httpfs',
  'LOAD httpfs',
  'LOAD json',
  "SET memory_limit = '100GB'",
  'SET threads = 8',
  'SET enable_external_access = true',
  'SET lock_configuration = false',
  'RESET memory_limit',
  'PRAGMA enable_profiling',
  "PRAGMA profiling_output = '$F/written.json'",
  'CALL pragma_version()',
  'USE memory',
  'CREATE TABLE t (a INTEGER)',
  'CREATE VIEW v AS SELECT 1',
  'CREATE MACRO m(a) AS a',
  'CREATE SECRET s (TYPE s3)',
  'CREATE TABLE t AS SELECT * FROM sys_invocation',
  'DROP TABLE sys_invocation',
  'ALTER TABLE sys_invocation ADD COLUMN a INTEGER',
  "INSERT INTO state VALUES ('a')",
  'DELETE FROM sys_invocation',
  "UPDATE sys_invocation SET status = 'completed'",
  'TRUNCATE sys_invocation',
  'BEGIN',
  'COMMIT',
  'CHECKPOINT',
  'VACUUM',
  'PREPARE p AS SELECT 1',
  'EXECUTE p',
  'SELECT 1; SELECT 2',
  'SELECT 1; DROP TABLE sys_invocation',
  'EXPLAIN DROP TABLE sys_invocation',
  "SELECT getenv('HOME')",
  'WITH w AS (DELETE FROM sys_invocation RETURNING *) SELECT * FROM w',
  "SELECT * FROM query('DROP TABLE sys_invocation')",
  'SELECT * FROM reprise_scan(1)',
  'SELECT * FROM enable_logging()',
  'SELECT * FROM duckdb_settings()',
  'SELECT * FROM (SELECT * FROM force_checkpoint()) x',
  'WITH w AS (SELECT * FROM pragma_version()) SELECT * FROM w',
  'SELECT id FROM sys_invocation WHERE EXISTS (SELECT * FROM duckdb_secrets())',
  'SELECT sleep_ms(10)',
  "SELECT write_log('x')",
  'SELECT * FROM nosuch.public.sys_invocation',
];

describe('refused:', () => {
  for (const statement of REFUSED) {
    test(statement, async () => {
      const text = statement.replaceAll('$F', files);
      await assert.rejects(sql.rows(text), (error) => {
        assert.ok(error instanceof QueryError, String(error));
        assert.notEqual(error.kind, 'internal');
        return true;
      });
      assert.deepEqual(readdirSync(files).toSorted(), ['secret.csv', 'secret.json']);
    });
  }
});

test('the settings are still those of the start', async () => {
  const rows = await sql.rows(
    `SELECT system.main.current_setting('lock_configuration') AS locked,
       system.main.current_setting('enable_external_access') AS external,
       system.main.current_setting('autoload_known_extensions') AS autoload,
       system.main.current_setting('autoinstall_known_extensions') AS autoinstall,
       system.main.current_setting('threads') AS threads`,
  );
  const off = { external: false, autoload: false, autoinstall: false };
  assert.deepEqual(rows, [{ locked: true, ...off, threads: 1 }]);
});

test('the tables are still there', async () => {
  assert.deepEqual(await sql.rows('SELECT count(*) AS n FROM sys_invocation'), [{ n: 30 }]);
});
