// Runs statements: parses and rewrites them, opens what they read from, and hands out their rows as they
// are asked for. Thread: query thread.
//   E1. A query holds a connection, a snapshot and its scans, and lets go of all three however it ends.
//   E2. At most `RUNNING_MAX` queries are inside DuckDB at once: each blocks a thread of the pool that
//       LMDB commits in, too.
import type { DuckDBConnection } from '@duckdb/node-api';
import { must } from '../../actors/domain/assert.ts';
import { QueryError } from '../../actors/domain/query-error.ts';
import type { QueryBatch, QueryDescription, QueryOptions, QueryValue } from '../../actors/ports.ts';
import type { QuerySource } from '../../storage/query/source.ts';
import { foldWords } from '../sql-lexer.ts';
import { sourceNeeds, type SourceNeeds } from './source-needs.ts';
import { ChunkReader } from './chunk-reader.ts';
import { nameColumns } from './column-names.ts';
import { describeColumns, describeParameters } from './describe.ts';
import { DuckDb } from './duckdb.ts';
import { NAMED_TABLES } from './information-schema.ts';
import { parseStatement, queryOf } from './parse.ts';
import { checkPermissions } from './permissions.ts';
import { planNewest, type NewestPlan } from './plan-newest.ts';
import { planStatement, type Plan, type PlannedScan } from './planner.ts';
import { QueryLife } from './query-life.ts';
import type { RelationLookup } from './relations.ts';
import { columnOrigins, resultColumn, type ColumnOrigin } from './result-columns.ts';
import { bindParameters, rewriteStatement } from './rewrite.ts';
import { countRows, lastValue, limitRows, readAll, withoutLastColumn, type Rows } from './rows.ts';
import { createScanFunction, type OpenScan } from './scan-function.ts';
import { Semaphore } from './semaphore.ts';
import { serializeTree, type TreeNode } from './syntax-tree.ts';

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
  readonly #scans: Map<number, OpenScan>;
  readonly #running = new Semaphore(RUNNING_MAX);
  #scansCount = 0;

  private constructor(options: EngineOptions, duckDb: DuckDb, scans: Map<number, OpenScan>) {
    this.#options = options;
    this.#duckDb = duckDb;
    this.#scans = scans;
  }

  static async open(options: EngineOptions): Promise<SqlEngine> {
    const scans = new Map<number, OpenScan>();
    const { memoryBytesMax } = options;
    const scanFunction = createScanFunction((number) => scans.get(number));
    const duckDb = await DuckDb.open({ memoryBytesMax, tables: NAMED_TABLES, scanFunction });
    return new SqlEngine(options, duckDb, scans);
  }

  async query(sql: string, options: QueryOptions = {}): Promise<Rows> {
    const { timeoutMs, clock } = this.#options;
    const { signal, parameters = [], maxRows = Number.POSITIVE_INFINITY } = options;
    const ownTimeoutMs = Math.min(options.timeoutMs ?? timeoutMs, timeoutMs);
    const life = new QueryLife({ timeoutMs: ownTimeoutMs, signal, clock });
    return life.during(async () => {
      const connection = await this.#connect(life);
      const statement = await this.#prepare(connection, sql, parameters);
      const source = await this.#openSource(life, statement);
      const newest = statement.isExplain ? undefined : planNewest(statement.plan);
      const run = { life, connection, statement, source };
      const rows =
        (newest && (await this.#runNewest(run, newest))) ?? (await this.#run(run, statement.plan));
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
    connection: DuckDBConnection,
    sql: string,
    parameters: readonly QueryValue[] | undefined,
  ) {
    const statement = await this.#prepare(connection, sql, parameters);
    this.#register(life, statement.plan.scans, undefined);
    const prepared = await connection.prepare(await deserialize(connection, statement));
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

  async #connect(life: QueryLife): Promise<DuckDBConnection> {
    const connection = await this.#duckDb.connect();
    life.interruptWith(() => connection.interrupt());
    life.atEnd(() => this.#duckDb.release(connection));
    return connection;
  }

  /** Parameters without values stay parameters. */
  async #prepare(
    connection: DuckDBConnection,
    sql: string,
    parameters: readonly QueryValue[] | undefined,
  ): Promise<Statement> {
    await this.#duckDb.prepareFor(sql);
    // DuckDB's tree does not tell which names were quoted.
    const parsed = await parseStatement(foldWords(sql), (text) => serialize(connection, text));
    const { tree } = parsed;
    checkPermissions(tree);
    const named = { ...tree, node: nameColumns(queryOf(tree), LOOKUP) };
    const bound = parameters === undefined ? named : bindParameters(named, parameters);
    const rewritten = rewriteStatement(bound);
    const { sources, now } = this.#options;
    const plan = planStatement(rewritten, {
      tables: NAMED_TABLES,
      nextScanNumber: () => (this.#scansCount += 1),
      nowMs: now(),
      countInvocations: () => sources.countInvocations(),
    });
    return { isExplain: parsed.isExplain, query: queryOf(rewritten), plan };
  }

  async #openSource(life: QueryLife, { query, plan }: Statement): Promise<QuerySource> {
    const opening = this.#options.sources.open(sourceNeeds(query, plan));
    let isOpen = false;
    life.atEnd(() => {
      if (!isOpen)
        opening.then(
          (late) => late.release(),
          () => {},
        );
    });
    // Partition threads are asked first: one of them may hang.
    const source = await life.waitFor(opening);
    isOpen = true;
    life.atEnd(() => source.release());
    const { clock } = this.#options;
    return { ...source, clock, checkDeadline: () => life.checkDeadline() };
  }

  #register(
    life: QueryLife,
    scans: ReadonlyMap<number, PlannedScan>,
    source: QuerySource | undefined,
  ): void {
    for (const [number, scan] of scans) {
      this.#scans.set(number, { ...scan, source, onError: (error) => life.fail(error) });
      life.atEnd(() => this.#scans.delete(number));
    }
  }

  async #run(run: Run, { tree, scans }: Plan): Promise<Rows> {
    const { life, connection, statement, source } = run;
    this.#register(life, scans, source);
    const text = await deserialize(connection, { ...statement, plan: { tree, scans } });
    const result = await this.#running.run(() => life.during(() => connection.stream(text)));
    const names = statement.isExplain ? EXPLAIN_COLUMNS : result.columnNames();
    const types = result.columnTypes();
    const origins = columnOrigins(statement.query, names.length, LOOKUP);
    const columns = names.map((name, index) =>
      resultColumn(name, must(types[index], 'a column has a type'), origins[index] ?? NO_ORIGIN),
    );
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
  async #runNewest(run: Run, newest: NewestPlan): Promise<Rows | undefined> {
    const { scan, order, rowsNeeded } = newest;
    const { invocations } = scan.table;
    let rowsMin = Math.max(NEWEST_ROWS_MIN, rowsNeeded * 4);
    for (; ; rowsMin *= NEWEST_ROWS_GROWTH) {
      const chosen = invocations?.chooseBlocks(run.source, scan.filter, { order, rowsMin });
      if (chosen?.boundMs === undefined) return undefined;
      const { blocks, boundMs } = chosen;
      const scans = new Map(run.statement.plan.scans);
      scans.set(newest.scanNumber, { ...scan, filter: { ...scan.filter, blocks } });
      const rows = await this.#run(run, { tree: newest.tree, scans });
      const batches = await readAll(rows);
      if (isComplete(batches, newest, boundMs)) return withoutLastColumn(rows, batches);
    }
  }
}

interface Statement {
  readonly isExplain: boolean;
  /** Rewritten, and not planned. */
  readonly query: TreeNode;
  readonly plan: Plan;
}

interface Run {
  readonly life: QueryLife;
  readonly connection: DuckDBConnection;
  readonly statement: Statement;
  readonly source: QuerySource;
}

const NO_ORIGIN: ColumnOrigin = { item: undefined, relations: [] };

const BROKEN_OFF = 'the query failed behind the rows that it gave';

const EXPLAIN_COLUMNS = ['plan_type', 'plan'];

async function serialize(connection: DuckDBConnection, sql: string): Promise<string> {
  const reader = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
  return String(reader.getRows()[0]?.[0]);
}

async function deserialize(
  connection: DuckDBConnection,
  { isExplain, plan }: Statement,
): Promise<string> {
  const json = serializeTree({ error: false, statements: [plan.tree] });
  const reader = await connection.runAndReadAll('SELECT json_deserialize_sql($1::JSON)', [json]);
  const text = String(reader.getRows()[0]?.[0]);
  return isExplain ? `EXPLAIN ${text}` : text;
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
