// Runs statements: parses and rewrites them, opens what they read from, and hands out their rows as they
// are asked for. Thread: query thread.
//   E1. A query holds a connection, a snapshot and its scans, and lets go of all three however it ends.
//   E2. At most `RUNNING_MAX` queries are inside DuckDB at once: each blocks a thread of the pool that
//       LMDB commits in, too.
import type { DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api';
import { must } from '../../actors/domain/assert.ts';
import { QueryError } from '../../actors/domain/query-error.ts';
import type { QueryBatch, QueryDescription, QueryOptions, QueryValue } from '../../actors/ports.ts';
import type { QuerySource } from '../../storage/query/source.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { SqlConnection } from './connection.ts';
import { describeColumns, describeParameters } from './describe.ts';
import { DuckDb } from './duckdb.ts';
import { NAMED_TABLES } from './information-schema.ts';
import type { NewestPlan } from './plan-newest.ts';
import type { Plan } from './planner.ts';
import { QueryLife } from './query-life.ts';
import type { RelationLookup } from './relations.ts';
import {
  columnOrigins,
  resultColumn,
  type ColumnOrigin,
  type ResultColumn,
} from './result-columns.ts';
import { countRows, lastValue, limitRows, readAll, withoutLastColumn, type Rows } from './rows.ts';
import { Semaphore } from './semaphore.ts';
import type { SourceNeeds } from './source-needs.ts';
import { readStatement, type Statement } from './statement.ts';

const RUNNING_MAX = 2;

/**
 * Rows that are looked at first for the latest ones, and by how much more each time they do not do. The
 * latest blocks of 24 partitions, half full, have 6,144.
 */
const NEWEST_ROWS_MIN = 8192;
const NEWEST_ROWS_GROWTH = 4;

const LOOKUP: RelationLookup = { tables: NAMED_TABLES, hidden: new Set() };

/** What queries read from. */
export interface QuerySources {
  /** Opens a snapshot; `release` is called once. */
  open(needs: SourceNeeds): Promise<OpenSource>;
  /** All invocations that are stored now. */
  countInvocations(): number;
}

export type OpenSource = Omit<QuerySource, 'clock' | 'checkDeadline'> & {
  readonly release: () => void;
};

export interface EngineOptions {
  readonly sources: QuerySources;
  readonly memoryBytesMax: number;
  /** Longest life of a query, from its start to its last row. Unit: milliseconds. */
  readonly timeoutMs: number;
  readonly now: () => number;
  /** Milliseconds that pass, from any beginning. */
  readonly clock: () => number;
}

export class SqlEngine {
  readonly #options: EngineOptions;
  readonly #duckDb: DuckDb;
  readonly #running = new Semaphore(RUNNING_MAX);
  /** Of what has run already. */
  readonly #columns = new WeakMap<DuckDBPreparedStatement, readonly ResultColumn[]>();

  private constructor(options: EngineOptions, duckDb: DuckDb) {
    this.#options = options;
    this.#duckDb = duckDb;
  }

  static async open(options: EngineOptions): Promise<SqlEngine> {
    const { memoryBytesMax } = options;
    return new SqlEngine(options, await DuckDb.open({ memoryBytesMax, tables: NAMED_TABLES }));
  }

  async query(sql: string, options: QueryOptions = {}): Promise<Rows> {
    const { timeoutMs, clock } = this.#options;
    const { signal, parameters = [], maxRows = Number.POSITIVE_INFINITY } = options;
    const ownTimeoutMs = Math.min(options.timeoutMs ?? timeoutMs, timeoutMs);
    const life = new QueryLife({ timeoutMs: ownTimeoutMs, signal, clock });
    return life.during(async () => {
      const connection = await this.#connect(life);
      const known = parameters.length === 0 ? connection.recall(sql) : undefined;
      const statement = known ?? (await this.#read(connection, sql, parameters));
      const opening = this.#askForSource(life, statement.needs);
      const query = { life, connection, statement };
      const prepared = known?.prepared ?? (await this.#prepare(query, statement.plan));
      const isKept =
        known !== undefined ||
        (parameters.length === 0 && connection.keep(sql, { ...statement, prepared }));
      if (!isKept) life.atEnd(() => prepared.destroySync());
      const run = { ...query, source: await this.#openSource(life, opening) };
      const rows = (await this.#runNewest(run)) ?? (await this.#run(run, statement.plan, prepared));
      return limitRows(rows, maxRows);
    });
  }

  async describe(sql: string): Promise<QueryDescription> {
    const { timeoutMs, clock } = this.#options;
    const life = new QueryLife({ timeoutMs, clock });
    return life.during(async () => {
      const connection = await this.#connect(life);
      const { parameterTypes, columns } = await this.#describe(life, connection, sql, undefined);
      // With a parameter of any type DuckDB knows no columns at all.
      const nulls = parameterTypes.map(() => null);
      const known = columns ?? (await this.#describe(life, connection, sql, nulls)).columns;
      life.end();
      return { parameterTypes, columns: known ?? [] };
    });
  }

  async #describe(
    life: QueryLife,
    connection: SqlConnection,
    sql: string,
    parameters: readonly QueryValue[] | undefined,
  ) {
    const statement = await this.#read(connection, sql, parameters);
    const prepared = await this.#prepare({ life, connection, statement }, statement.plan);
    const parameterTypes = describeParameters(prepared);
    const columns = describeColumns(prepared, (columnsCount) =>
      columnOrigins(statement.query, columnsCount, LOOKUP),
    );
    prepared.destroySync();
    return { parameterTypes, columns };
  }

  close(): void {
    this.#duckDb.close();
  }

  async #connect(life: QueryLife): Promise<SqlConnection> {
    const connection = await this.#duckDb.connect();
    life.interruptWith(() => connection.interrupt());
    life.atEnd(() => this.#duckDb.release(connection));
    return connection;
  }

  async #read(
    connection: SqlConnection,
    sql: string,
    parameters: readonly QueryValue[] | undefined,
  ): Promise<Statement> {
    await this.#duckDb.prepareFor(sql);
    const { sources, now } = this.#options;
    return readStatement(sql, {
      tables: NAMED_TABLES,
      serialize: (text) => connection.serialize(text),
      parameters,
      connection: connection.number,
      nowMs: now,
      storesAtMost: (count) => sources.countInvocations() <= count,
    });
  }

  #prepare(query: Query, { tree, scans }: Plan): Promise<DuckDBPreparedStatement> {
    const { life, connection, statement } = query;
    this.#setScans(query, scans, undefined);
    return this.#running.run(() =>
      life.during(() => connection.prepare(tree, statement.isExplain)),
    );
  }

  /** Partition threads are asked while DuckDB prepares the statement. */
  #askForSource(life: QueryLife, needs: SourceNeeds): OpeningSource {
    const answer = this.#options.sources.open(needs);
    const opening: OpeningSource = { answer, isOpen: false };
    // It may fail before anybody waits for it, and come when nobody does any more.
    answer.catch(() => {});
    life.atEnd(() => {
      if (!opening.isOpen)
        answer.then(
          ({ release }) => release(),
          () => {},
        );
    });
    return opening;
  }

  async #openSource(life: QueryLife, opening: OpeningSource): Promise<QuerySource> {
    // One of the threads may hang.
    const source = await life.waitFor(opening.answer);
    opening.isOpen = true;
    life.atEnd(() => source.release());
    const { clock } = this.#options;
    return { ...source, clock, checkDeadline: () => life.checkDeadline() };
  }

  #setScans(
    { life, connection }: Query,
    scans: Plan['scans'],
    source: QuerySource | undefined,
  ): void {
    const onError = (error: unknown) => life.fail(error);
    connection.scans = new Map(
      [...scans].map(([number, scan]) => [number, { ...scan, source, onError }]),
    );
  }

  async #run(run: Run, { scans }: Plan, prepared: DuckDBPreparedStatement): Promise<Rows> {
    const { life, statement, source } = run;
    this.#setScans(run, scans, source);
    const result = await this.#running.run(() => life.during(() => prepared.stream()));
    const columns = this.#columns.get(prepared) ?? columnsOf(result, statement);
    this.#columns.set(prepared, columns);
    let reader: ChunkReader | undefined;
    const next = async (): Promise<QueryBatch | undefined> => {
      const batch = reader?.next();
      if (batch !== undefined) return batch;
      const chunk = await this.#running.run(() => life.during(() => result.fetchChunk()));
      reader = chunk === null ? undefined : new ChunkReader(chunk, columns);
      const first = reader?.next();
      // A result that failed ends like any other one; this alone tells of it.
      if (first === undefined && !result.isStreaming) throw new QueryError('internal', BROKEN_OFF);
      return first;
    };
    return { columns, close: () => life.end(), next: () => life.during(next) };
  }

  /** `undefined` when everything has to be looked at anyway. */
  async #runNewest(run: Run): Promise<Rows | undefined> {
    const { newest, plan } = run.statement;
    if (newest === undefined) return undefined;
    const { scan, order, rowsNeeded } = newest;
    const { invocations } = scan.table;
    let rowsMin = Math.max(NEWEST_ROWS_MIN, rowsNeeded * 4);
    for (; ; rowsMin *= NEWEST_ROWS_GROWTH) {
      const chosen = invocations?.chooseBlocks(run.source, scan.filter, { order, rowsMin });
      if (chosen?.boundMs === undefined) return undefined;
      const { blocks, boundMs } = chosen;
      const scans = new Map(plan.scans);
      scans.set(newest.scanNumber, { ...scan, filter: { ...scan.filter, blocks } });
      const chosenPlan = { tree: newest.tree, scans };
      const prepared = await this.#prepare(run, chosenPlan);
      run.life.atEnd(() => prepared.destroySync());
      const rows = await this.#run(run, chosenPlan, prepared);
      const batches = await readAll(rows);
      if (isComplete(batches, newest, boundMs)) return withoutLastColumn(rows, batches);
    }
  }
}

interface Query {
  readonly life: QueryLife;
  readonly connection: SqlConnection;
  readonly statement: Statement;
}

interface Run extends Query {
  readonly source: QuerySource;
}

interface OpeningSource {
  readonly answer: Promise<OpenSource>;
  isOpen: boolean;
}

const NO_ORIGIN: ColumnOrigin = { item: undefined, relations: [] };

const BROKEN_OFF = 'the query failed behind the rows that it gave';

const EXPLAIN_COLUMNS = ['plan_type', 'plan'];

function columnsOf(result: DuckDBResult, { isExplain, query }: Statement): ResultColumn[] {
  const names = isExplain ? EXPLAIN_COLUMNS : result.columnNames();
  const types = result.columnTypes();
  const origins = columnOrigins(query, names.length, LOOKUP);
  return names.map((name, index) =>
    resultColumn(name, must(types[index], 'a column has a type'), origins[index] ?? NO_ORIGIN),
  );
}

/** The result is full, and nothing that was not looked at comes before its last row. */
function isComplete(
  batches: readonly QueryBatch[],
  { limit, order }: NewestPlan,
  boundMs: number,
): boolean {
  if (countRows(batches) < limit) return false;
  const lastMs = Number(lastValue(batches));
  return order === 'newest' ? lastMs > boundMs : lastMs < boundMs;
}
