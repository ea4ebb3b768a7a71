// A connection of DuckDB for one statement at a time, with the statements that it has prepared lately:
// clients send the same ones again and again, and to parse, plan and prepare one takes longer than to run it.
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { RecentMap } from '../../actors/domain/recent-map.ts';
import type { OpenScan } from './scan-function.ts';
import type { Statement } from './statement.ts';
import { serializeTree, type TreeNode } from './syntax-tree.ts';

/** Statements that are kept. One takes about 100 kB. */
const KEPT_MAX = 32;

/** Longer ones are not kept. Unit: characters. */
const KEPT_LENGTH_MAX = 8 * 1024;

export interface PreparedStatement extends Statement {
  readonly prepared: DuckDBPreparedStatement;
}

const NO_SCANS: ReadonlyMap<number, OpenScan> = new Map();

export class SqlConnection {
  /** Stands in the calls of the scan function. */
  readonly number: number;
  /** Of the statement at work, by the number that stands in the call. */
  scans: ReadonlyMap<number, OpenScan> = NO_SCANS;
  readonly #duckDb: DuckDBConnection;
  readonly #kept = new RecentMap<string, PreparedStatement>(KEPT_MAX, ({ prepared }) =>
    prepared.destroySync(),
  );
  #serializer: DuckDBPreparedStatement | undefined;

  constructor(number: number, duckDb: DuckDBConnection) {
    this.number = number;
    this.#duckDb = duckDb;
  }

  async run(sql: string): Promise<void> {
    await this.#duckDb.run(sql);
  }

  /** The statement, if it was prepared here lately, and in the way that it would be now. */
  recall(sql: string): PreparedStatement | undefined {
    const kept = this.#kept.get(sql);
    return kept?.isRight?.() === true ? kept : undefined;
  }

  /** Whether it was worth keeping; else it is to be destroyed by the caller. */
  keep(sql: string, statement: PreparedStatement): boolean {
    if (sql.length > KEPT_LENGTH_MAX || statement.isRight === undefined) return false;
    this.#kept.set(sql, statement);
    return true;
  }

  /** A statement in DuckDB's JSON form. */
  async serialize(sql: string): Promise<string> {
    this.#serializer ??= await this.#duckDb.prepare('SELECT json_serialize_sql($1::VARCHAR)');
    return textFrom(this.#serializer, sql);
  }

  /** Binds the statement to `scans`. */
  async prepare(tree: TreeNode, isExplain: boolean): Promise<DuckDBPreparedStatement> {
    const json = serializeTree({ error: false, statements: [tree] });
    return this.#duckDb.prepare(
      isExplain ? `EXPLAIN ${await this.#deserialize(json)}` : executionOf(json),
    );
  }

  async #deserialize(json: string): Promise<string> {
    const deserializer = await this.#duckDb.prepare('SELECT json_deserialize_sql($1::JSON)');
    return textFrom(deserializer, json);
  }

  interrupt(): void {
    this.#duckDb.interrupt();
  }

  /** The statement at work is over. */
  clear(): void {
    this.scans = NO_SCANS;
  }

  close(): void {
    this.#duckDb.closeSync();
  }
}

/** DuckDB puts the statement itself in the place of this one. */
function executionOf(json: string): string {
  return `PRAGMA json_execute_serialized_sql('${json.replaceAll("'", "''")}')`;
}

/** What a statement gives for a text. */
async function textFrom(statement: DuckDBPreparedStatement, argument: string): Promise<string> {
  statement.bindVarchar(1, argument);
  const result = await statement.run();
  return String(result.getChunk(0).getColumnVector(0).getItem(0));
}
