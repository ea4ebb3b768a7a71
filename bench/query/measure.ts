// Queries over HTTP on a server with retained invocations, and what they cost those who do not query.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../src/actors/domain/assert.ts';
import { HttpClient } from '../../test/support/http.ts';
import { seedInvocations } from '../../test/support/seed.ts';
import { Contestant } from '../compare/contestant.ts';
import { SERVER_SETUPS } from '../compare/server-setups.ts';
import { measureWindow } from '../compare/window.ts';
import { memoryOf, type MemorySample } from '../measure/processes.ts';
import { tell } from '../measure/report.ts';
import { median } from '../measure/statistics.ts';

export interface QueryPlan {
  /** Completed invocations in the store. */
  readonly invocationsCount: number;
  /** How often each statement runs after its first time. */
  readonly rounds: number;
  /** The same on a store with a handful of invocations. */
  readonly smallRounds: number;
  /** Length of the windows with and without queries. */
  readonly seconds: number;
  readonly concurrency: number;
}

export interface StatementFigures {
  readonly name: string;
  readonly firstMs: number;
  /** Of the later times. */
  readonly medianMs: number;
  /** Not stated for every statement. */
  readonly limitMs?: number | undefined;
}

export interface QueryFigures {
  /** On a store with a handful of invocations. */
  readonly small: readonly StatementFigures[];
  readonly statements: readonly StatementFigures[];
  readonly p99Ms: { readonly quiet: number; readonly queried: number };
  readonly perSecond: { readonly quiet: number; readonly queried: number };
  readonly memory: { readonly before: MemorySample; readonly after: MemorySample };
}

interface Statement {
  readonly name: string;
  readonly sql: string;
  readonly limitMs?: number | undefined;
}

/** As many as a first look at the server finds. */
const SMALL_INVOCATIONS = 20;

const SETUP = must(SERVER_SETUPS[0], 'there is a set-up');

/** Reads a column that no shortcut helps with. */
const FULL_SCAN =
  "SELECT count(*) AS n FROM sys_invocation WHERE completion_failure LIKE '%ailed%'";

function statementsFor(id: string): readonly Statement[] {
  return [
    { name: 'the number of all', sql: 'SELECT count(*) AS n FROM sys_invocation' },
    {
      name: 'one invocation by its id',
      sql: `SELECT * FROM sys_invocation WHERE id = '${id}'`,
      limitMs: 30,
    },
    { name: 'its journal', sql: `SELECT * FROM sys_journal WHERE id = '${id}' ORDER BY index` },
    {
      name: 'services status',
      sql: `SELECT target_service_name, target_handler_name, status, COUNT(1) as num_invocations,
              MIN(created_at) as oldest_at, FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation
            FROM sys_invocation WHERE target_service_name IN ('Greeter', 'Counter', 'Signup')
            GROUP BY target_service_name, target_handler_name, status ORDER BY target_handler_name`,
      limitMs: 300,
    },
    {
      name: 'a filtered list of 50',
      sql: `SELECT * FROM sys_invocation
            WHERE target_service_name = 'Counter' AND status = 'completed' LIMIT 50`,
      limitMs: 1000,
    },
    {
      name: 'the newest 100',
      sql: 'SELECT id, target, status FROM sys_invocation ORDER BY created_at DESC LIMIT 100',
    },
    {
      name: 'the number in each status',
      sql: 'SELECT status, count(*) AS n FROM sys_invocation GROUP BY status',
      limitMs: 3000,
    },
    { name: 'a look at every invocation', sql: FULL_SCAN },
  ];
}

export async function measureQueries(plan: QueryPlan): Promise<QueryFigures> {
  const small = await withServer(SMALL_INVOCATIONS, (_, admin) =>
    measureStatements(admin, plan.smallRounds),
  );
  return withServer(plan.invocationsCount, async (contestant, admin) => {
    return { small, ...(await measure(plan, contestant, admin)) };
  });
}

/** Gives the outcome of `use`, which gets a server with so many completed invocations. */
async function withServer<Outcome>(
  invocationsCount: number,
  use: (contestant: Contestant, admin: HttpClient) => Promise<Outcome>,
): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'reprise-bench-query-'));
  try {
    const { partitions: partitionsCount } = SETUP;
    tell(`filling in ${invocationsCount} invocations`);
    const nowMs = Date.now();
    const place = { baseDir: directory, nodeName: 'node-1', partitionsCount, nowMs };
    await seedInvocations({ ...place, invocationsCount });
    const contestant = await Contestant.start(SETUP, directory);
    const admin = new HttpClient(contestant.server.adminUrl);
    try {
      await contestant.deploy('standin');
      return await use(contestant, admin);
    } finally {
      admin.close();
      await contestant.dispose();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureStatements(admin: HttpClient, rounds: number): Promise<StatementFigures[]> {
  const { rows } = await ask(admin, 'SELECT id FROM sys_invocation LIMIT 1');
  const figures: StatementFigures[] = [];
  for (const { name, sql, limitMs } of statementsFor(String(rows[0]?.['id']))) {
    tell(name);
    const { ms: firstMs } = await ask(admin, sql);
    const later: number[] = [];
    for (let round = 0; round < rounds; round++) later.push((await ask(admin, sql)).ms);
    figures.push({ name, firstMs, medianMs: median(later), limitMs });
  }
  return figures;
}

async function measure(
  { rounds, seconds, concurrency }: QueryPlan,
  contestant: Contestant,
  admin: HttpClient,
): Promise<Omit<QueryFigures, 'small'>> {
  const before = memoryOf(contestant.pids());
  const statements = await measureStatements(admin, rounds);
  const after = memoryOf(contestant.pids());
  tell('invocations beside queries');
  const extent = { warmSeconds: 1, measuredSeconds: seconds };
  const workload = { name: 'empty', title: 'empty handler', path: '/Bench/empty' };
  const quiet = await measureWindow(contestant, workload, concurrency, extent);
  const stop = keepAsking(admin);
  const queried = await measureWindow(contestant, workload, concurrency, extent);
  await stop();
  return {
    statements,
    p99Ms: { quiet: quiet.latencyMs.p99, queried: queried.latencyMs.p99 },
    perSecond: { quiet: quiet.perSecond, queried: queried.perSecond },
    memory: { before, after },
  };
}

/** Looks at every invocation again and again, until the returned function is called. */
function keepAsking(admin: HttpClient): () => Promise<void> {
  let isOver = false;
  const asking = (async () => {
    while (!isOver) await ask(admin, FULL_SCAN);
  })();
  return () => {
    isOver = true;
    return asking;
  };
}

interface Answer {
  readonly ms: number;
  readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>>;
}

async function ask(admin: HttpClient, sql: string): Promise<Answer> {
  const startMs = performance.now();
  const reply = await admin.post('/query', { query: sql }, { accept: 'application/json' });
  const ms = performance.now() - startMs;
  if (reply.status !== 200) throw new Error(reply.text());
  const { rows }: Pick<Answer, 'rows'> = JSON.parse(reply.text());
  return { ms, rows };
}
