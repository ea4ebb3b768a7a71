// The SQL engine over a data directory of invocations in every status.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttemptStatus } from '../../src/actors/domain/attempt-status.ts';
import type { InvocationId } from '../../src/actors/domain/ids.ts';
import type { Invocation, InvocationStatus } from '../../src/actors/domain/invocation.ts';
import { EMPTY_SCHEMA } from '../../src/actors/domain/schema.ts';
import { unixMillis } from '../../src/actors/domain/time.ts';
import type { QueryColumn, QueryOptions } from '../../src/actors/ports.ts';
import { SqlEngine, type EngineOptions } from '../../src/io/sql/engine.ts';
import { createEntryPresenter } from '../../src/io/sql/entry-presenter.ts';
import { JSON_END, JSON_START, JsonRowWriter } from '../../src/io/sql/json-encoding.ts';
import { readAll } from '../../src/io/sql/rows.ts';
import { openEnvironment } from '../../src/storage/environment.ts';
import { countInvocations } from '../../src/storage/query/invocation-scan.ts';
import { Snapshot } from '../../src/storage/query/snapshot.ts';
import { seedInvocations } from './seed.ts';

export type Row = Readonly<Record<string, unknown>>;

/** A text as it is, everything else as JSON. */
export function textAt(row: Row, column: string): string {
  const value = row[column] ?? null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export const QUERY_PARTITIONS = 4;

/** When the last invocation was completed. Unit: milliseconds since the Unix epoch. */
export const SEEDED_AT_MS = Date.UTC(2026, 0, 2);

export interface SeededDirectory {
  readonly path: string;
  readonly environmentPath: string;
  remove(): void;
}

/** Every third invocation is not completed. */
export async function seedDirectory(invocationsCount: number): Promise<SeededDirectory> {
  const path = mkdtempSync(join(tmpdir(), 'reprise-query-'));
  await seedInvocations({
    baseDir: path,
    nodeName: 'node-1',
    invocationsCount,
    partitionsCount: QUERY_PARTITIONS,
    nowMs: SEEDED_AT_MS,
    alter: (invocation, n) => (n % 3 === 2 ? open(invocation, n) : invocation),
  });
  const environmentPath = join(path, 'node-1', 'partitions-0');
  return { path, environmentPath, remove: () => rmSync(path, { recursive: true }) };
}

function open(invocation: Invocation, n: number): Invocation {
  const statuses: readonly InvocationStatus[] = [
    { kind: 'scheduled', fireAtMs: unixMillis(SEEDED_AT_MS + 3_600_000) },
    { kind: 'inboxed', inboxSequence: n },
    { kind: 'invoked' },
    { kind: 'suspended', awaiting: [{ kind: 'completion', completionId: 1 }] },
    { kind: 'paused' },
  ];
  const status = statuses[Math.floor(n / 3) % statuses.length] ?? invocation.status;
  return { ...invocation, status };
}

export interface TestEngine {
  readonly engine: SqlEngine;
  /** Snapshots that are held now. */
  readonly snapshotsCount: () => number;
  rows(sql: string, options?: QueryOptions): Promise<readonly Row[]>;
  columns(sql: string): Promise<readonly QueryColumn[]>;
  close(): Promise<void>;
}

export async function openTestEngine(
  { environmentPath }: SeededDirectory,
  {
    attempts = new Map<InvocationId, AttemptStatus>(),
    countInvocations: claimedCount,
    ...options
  }: Partial<EngineOptions> & {
    readonly attempts?: ReadonlyMap<InvocationId, AttemptStatus> | undefined;
    /** Default: as many as there are. */
    readonly countInvocations?: (() => number) | undefined;
  } = {},
): Promise<TestEngine> {
  const environment = openEnvironment(environmentPath);
  const entries = createEntryPresenter();
  let snapshotsCount = 0;
  const take = () => new Snapshot([environment], QUERY_PARTITIONS);
  const engine = await SqlEngine.open({
    sources: {
      open: () => {
        const snapshot = take();
        snapshotsCount += 1;
        const release = () => {
          snapshotsCount -= 1;
          snapshot.release();
        };
        const schema = EMPTY_SCHEMA;
        return Promise.resolve({
          ...{ snapshot, schema, attempts, entries, release },
          serverVersion: '0.0.0',
        });
      },
      countInvocations: () => {
        if (claimedCount !== undefined) return claimedCount();
        const snapshot = take();
        const count = countInvocations(snapshot);
        snapshot.release();
        return count;
      },
    },
    memoryBytesMax: 256 * 1024 * 1024,
    timeoutMs: 60_000,
    now: () => SEEDED_AT_MS,
    clock: () => performance.now(),
    ...options,
  });
  return {
    engine,
    snapshotsCount: () => snapshotsCount,
    rows: (sql, queryOptions) => rowsOf(engine, sql, queryOptions),
    columns: async (sql) => {
      const rows = await engine.query(sql);
      rows.close();
      return rows.columns.map(({ column }) => column);
    },
    close: async () => {
      engine.close();
      await environment.close();
    },
  };
}

async function rowsOf(
  engine: SqlEngine,
  sql: string,
  options?: QueryOptions,
): Promise<readonly Row[]> {
  const rows = await engine.query(sql, options);
  try {
    const writer = new JsonRowWriter(rows.columns.map(({ column }) => column));
    const batches = await readAll(rows);
    const text = JSON_START + batches.map((batch) => writer.write(batch)).join('') + JSON_END;
    const document: { readonly rows: readonly Row[] } = JSON.parse(text);
    return document.rows;
  } finally {
    rows.close();
  }
}
