// A query engine whose queries do what their text says, for tests of what talks to engines.
import { setTimeout as delay } from 'node:timers/promises';
import { QueryError, type QueryErrorKind } from '../../src/actors/domain/query-error.ts';
import type {
  QueryBatch,
  QueryColumn,
  QueryDescription,
  QueryEngine,
  QueryOptions,
  QueryResult,
  QueryType,
  QueryValue,
} from '../../src/actors/ports.ts';

export interface ScriptedResult {
  readonly columns: ReadonlyArray<readonly [name: string, type: QueryType]>;
  /** Given out in batches of `batchRows`. */
  readonly rows: ReadonlyArray<readonly QueryValue[]>;
  readonly parameterTypes?: ReadonlyArray<QueryType | undefined> | undefined;
  /** Default: all. */
  readonly batchRows?: number | undefined;
}

const INT64: QueryType = { kind: 'int64' };
const UTF8: QueryType = { kind: 'utf8' };
const BIG_TEXT = 'x'.repeat(10_000);

const FIXED: Readonly<Partial<Record<string, ScriptedResult>>> = {
  one: { columns: [['n', INT64]], rows: [[1n]] },
  nothing: { columns: [['n', INT64]], rows: [] },
  words: {
    columns: [
      ['a', UTF8],
      ['b', UTF8],
    ],
    rows: [
      ['x', null],
      ['', 'ü'],
    ],
  },
};

/**
 * `one`, `nothing`, `words`; `rows 5` in batches of two; `echo` gives its parameters back as texts; `sum
 * $1 $2` wants numbers; `endless` has large rows without end; `hang` never starts and `stall` never goes on
 * behind its first row, unless they are cancelled; `fail syntax` and `fail late timeout` fail.
 */
export class ScriptedEngine implements QueryEngine {
  /** Queries that were begun and whose resources were not let go of. */
  openCount = 0;
  batchesCount = 0;
  readonly asked: Array<{ readonly sql: string; readonly options: QueryOptions }> = [];
  readonly #results: Readonly<Partial<Record<string, ScriptedResult>>>;

  constructor(results: Readonly<Partial<Record<string, ScriptedResult>>> = {}) {
    this.#results = results;
  }

  warmUp(): void {}

  async query(sql: string, options: QueryOptions = {}): Promise<QueryResult<QueryBatch>> {
    this.asked.push({ sql, options });
    const { signal } = options;
    if (sql === 'hang') await this.#open(() => cancelled(signal));
    failFor(sql, /^fail (\w+)$/);
    const columns = this.#columnsOf(sql);
    return { columns, batches: this.#batches(sql, options) };
  }

  encode(): Promise<QueryResult<Uint8Array>> {
    return Promise.reject(new Error('nobody encodes'));
  }

  async describe(sql: string): Promise<QueryDescription> {
    await delay(0);
    failFor(sql, /^fail (\w+)$/);
    return { parameterTypes: this.#parameterTypes(sql), columns: this.#columnsOf(sql) };
  }

  async *#batches(sql: string, { signal, parameters = [] }: QueryOptions) {
    this.openCount += 1;
    try {
      for await (const batch of this.#rowsOf(sql, parameters, signal)) {
        if (signal?.aborted === true) throw new QueryError('cancelled', 'the query was cancelled');
        this.batchesCount += 1;
        yield batch;
      }
    } finally {
      this.openCount -= 1;
    }
  }

  async *#rowsOf(
    sql: string,
    parameters: readonly QueryValue[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<QueryBatch> {
    const { rows = [], batchRows = Number.POSITIVE_INFINITY } = this.#resultOf(sql) ?? {};
    if (sql === 'endless') for (;;) yield batchOf(Array.from({ length: 10 }, () => [BIG_TEXT]));
    if (sql === 'stall') {
      yield batchOf([[1n]]);
      await cancelled(signal);
    }
    if (sql.startsWith('echo')) yield batchOf([parameters.map((value) => text(value))]);
    for (let start = 0; start < rows.length; start += batchRows) {
      yield batchOf(rows.slice(start, start + batchRows));
    }
    failFor(sql, /^fail late (\w+)$/);
  }

  async #open<T>(work: () => Promise<T>): Promise<T> {
    this.openCount += 1;
    try {
      return await work();
    } finally {
      this.openCount -= 1;
    }
  }

  #resultOf(sql: string): ScriptedResult | undefined {
    const rows = /^rows (\d+)$/.exec(sql);
    if (rows === null) return this.#results[sql] ?? FIXED[sql];
    const numbers = Array.from({ length: Number(rows[1]) }, (_, index) => [BigInt(index)]);
    return { columns: [['n', INT64]], rows: numbers, batchRows: 2 };
  }

  #columnsOf(sql: string): readonly QueryColumn[] {
    const echoed = sql.startsWith('echo')
      ? this.#parameterTypes(sql).map((_, index) => [`p${index + 1}`, UTF8] as const)
      : undefined;
    const columns = echoed ?? this.#resultOf(sql)?.columns ?? [['n', bigText(sql)] as const];
    return columns.map(([name, type]) => ({ name, type, nullable: true }));
  }

  #parameterTypes(sql: string): ReadonlyArray<QueryType | undefined> {
    const type = sql.startsWith('sum') ? INT64 : undefined;
    const given = this.#resultOf(sql)?.parameterTypes;
    return given ?? [...sql.matchAll(/\$\d/g)].map(() => type);
  }
}

function bigText(sql: string): QueryType {
  return sql === 'endless' ? UTF8 : INT64;
}

function failFor(sql: string, pattern: RegExp): void {
  const [, kind] = pattern.exec(sql) ?? [];
  if (kind !== undefined) throw new QueryError(kindOf(kind), `it was to fail with ${kind}`);
}

const KINDS: readonly QueryErrorKind[] = [
  'syntax',
  'readOnly',
  'unknownName',
  'unsupported',
  'invalidValue',
  'timeout',
  'limit',
  'unavailable',
  'internal',
];

/** What nobody knows fails, too. */
function kindOf(name: string): QueryErrorKind {
  return KINDS.find((each) => each === name) ?? 'internal';
}

/** Rejects once the signal comes. */
function cancelled(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new QueryError('cancelled', 'the query was cancelled'));
    if (signal?.aborted === true) fail();
    signal?.addEventListener('abort', fail, { once: true });
  });
}

function batchOf(rows: ReadonlyArray<readonly QueryValue[]>): QueryBatch {
  const columns = (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? null));
  return { rowsCount: rows.length, columns };
}

function text(value: QueryValue): string | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(text).join(', ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : `${typeof value} ${value}`;
}
