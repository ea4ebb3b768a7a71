// The DuckDB instance of the query thread: in memory, closed to files, network and extensions, and
// locked, so that no statement can open it again. It holds no rows but those of PostgreSQL's catalog:
// tables are read through scans.
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { QueryTable } from '../../storage/query/query-table.ts';
import { SqlConnection } from './connection.ts';
import { MACROS } from './macros.ts';
import { namesPgCatalog, pgCatalogStatements } from './pg-catalog.ts';
import { createScanFunction, SQL_TYPES } from './scan-function.ts';

export interface DuckDbOptions {
  /** What queries may use together. Unit: bytes. */
  readonly memoryBytesMax: number;
  /** Shown in the catalog, for clients that look there. */
  readonly tables: ReadonlyMap<string, QueryTable>;
}

/** With less DuckDB cannot even parse. Unit: bytes. */
const MEMORY_BYTES_MIN = 16 * 1024 * 1024;

/** Connections that wait for the next query, with what they have prepared. */
const IDLE_MAX = 8;

const SETTINGS: readonly string[] = [
  // Of PostgreSQL, as is the case of names.
  'default_null_order = postgres',
  'preserve_identifier_case = false',
  "TimeZone = 'UTC'",
  // Nothing is spilled to disk.
  "temp_directory = ''",
  'autoinstall_known_extensions = false',
  'autoload_known_extensions = false',
  'enable_external_access = false',
  'lock_configuration = true',
];

export class DuckDb {
  readonly #instance: DuckDBInstance;
  readonly #connections = new Map<number, SqlConnection>();
  readonly #idle: SqlConnection[] = [];
  readonly #tables: ReadonlyMap<string, QueryTable>;
  #connectionsCount = 0;
  #pgCatalog: Promise<void> | undefined;

  private constructor(instance: DuckDBInstance, tables: ReadonlyMap<string, QueryTable>) {
    this.#instance = instance;
    this.#tables = tables;
  }

  static async open(options: DuckDbOptions): Promise<DuckDb> {
    const instance = await DuckDBInstance.create(':memory:', {
      // One, so that a query takes one core at most: the partitions need theirs.
      threads: '1',
      memory_limit: `${Math.ceil(Math.max(options.memoryBytesMax, MEMORY_BYTES_MIN) / 1024)}KiB`,
    });
    const duckDb = new DuckDb(instance, options.tables);
    const first = await instance.connect();
    for (const statement of setUpStatements(options.tables)) await first.run(statement);
    first.registerTableFunction(
      createScanFunction((connection, scan) =>
        duckDb.#connections.get(connection)?.scans.get(scan),
      ),
    );
    duckDb.#idle.push(duckDb.#own(first));
    return duckDb;
  }

  /** A connection for one statement at a time; give it back with `release`. */
  async connect(): Promise<SqlConnection> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const connection = await this.#instance.connect();
    await connection.run(USE);
    return this.#own(connection);
  }

  #own(connection: DuckDBConnection): SqlConnection {
    this.#connectionsCount += 1;
    const own = new SqlConnection(this.#connectionsCount, connection);
    this.#connections.set(own.number, own);
    return own;
  }

  /** Makes the catalog of Postgres, which takes some time, before the first statement that names it. */
  async prepareFor(sql: string): Promise<void> {
    if (this.#pgCatalog === undefined && !namesPgCatalog(sql)) return;
    this.#pgCatalog ??= this.#makePgCatalog();
    await this.#pgCatalog;
  }

  /** On a connection of its own: the end of one query must not interrupt it. */
  async #makePgCatalog(): Promise<void> {
    const connection = await this.connect();
    try {
      await connection.run('BEGIN');
      for (const statement of pgCatalogStatements(ownTablesOf(this.#tables))) {
        await connection.run(statement);
      }
      await connection.run('COMMIT');
    } catch (error) {
      this.#pgCatalog = undefined;
      await connection.run('ROLLBACK');
      throw error;
    } finally {
      this.release(connection);
    }
  }

  release(connection: SqlConnection): void {
    connection.clear();
    if (this.#idle.length < IDLE_MAX) return void this.#idle.push(connection);
    this.#connections.delete(connection.number);
    connection.close();
  }

  close(): void {
    for (const connection of this.#idle) connection.close();
    this.#instance.closeSync();
  }
}

const USE = 'USE restate.public';

function setUpStatements(tables: ReadonlyMap<string, QueryTable>): string[] {
  return [
    "ATTACH ':memory:' AS restate",
    'CREATE SCHEMA restate.public',
    USE,
    ...MACROS,
    ...ownTablesOf(tables).map(createTable),
    ...SETTINGS.map((setting) => `SET GLOBAL ${setting}`),
  ];
}

function ownTablesOf(tables: ReadonlyMap<string, QueryTable>): QueryTable[] {
  return [...tables.values()].filter(({ name }) => !name.includes('.'));
}

function createTable({ name, columns }: QueryTable): string {
  const definitions = columns.map((column) => `"${column.name}" ${SQL_TYPES[column.type]}`);
  return `CREATE TABLE "${name}" (${definitions.join(', ')})`;
}
