// A server whose invocations are in every state that SQL shows, and the way to ask it.
import { setTimeout as delay } from 'node:timers/promises';
import { tableFromIPC, type Table } from 'apache-arrow';
import { must } from '../../src/actors/domain/assert.ts';
import { operate, send } from './operate.ts';
import { Rig } from './rig.ts';
import { waitFor } from './wait.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface QueryReply {
  readonly status: number;
  readonly rows: readonly Row[];
  /** Of an Arrow reply, as `name: type`. */
  readonly columns: readonly string[];
  /** Of a refusal. */
  readonly message: string | undefined;
}

/** The invocations by the name that stands for their id. */
export interface SqlRig {
  readonly rig: Rig;
  readonly ids: ReadonlyMap<string, string>;
  readonly deploymentId: string;
  query(sql: string, accept?: 'json' | 'arrow'): Promise<QueryReply>;
  dispose(): Promise<void>;
}

/** Creations are this far apart, so that their order shows in their times. Unit: milliseconds. */
const STEP_MS = 25;

/** What is sent, and in which status it has to be before the next one is. */
const SENT: ReadonlyArray<readonly [name: string, status: string, path: string, input?: unknown]> =
  [
    ['greeted', 'completed', 'Greeter/greet/send', 'Ann'],
    ['failed', 'completed', 'Greeter/fail/send'],
    ['stepped', 'completed', 'Greeter/steps/send', 'Bob'],
    ['backingOff', 'backing-off', 'Greeter/retrying/send'],
    ['suspended', 'suspended', 'Greeter/awk/send'],
    ['paused', 'paused', 'Greeter/pausing/send'],
    ['killed', 'suspended', 'Greeter/awk/send'],
    ['cancelled', 'suspended', 'Greeter/awk/send'],
    ['running', 'running', 'Counter/cart-1/block/send'],
    ['pending', 'pending', 'Counter/cart-1/add/send', 1],
    ['alsoPending', 'pending', 'Counter/cart-1/add/send', 2],
    ['awaiting', 'suspended', 'Signup/user-78/run/send', 'Cleo'],
    ['signedUp', 'suspended', 'Signup/user-79/run/send', 'Dan'],
    ['approval', 'completed', 'Signup/user-79/approve/send', 'Eve'],
    ['scheduled', 'scheduled', 'Greeter/greet/send?delay=1h', 'Fay'],
  ];

export async function startSqlRig(): Promise<SqlRig> {
  const rig = await Rig.start({});
  try {
    const deploymentId = await rig.deploy({ modules: ['sql-samples'] });
    const ids = new Map<string, string>();
    const query: SqlRig['query'] = (sql, accept = 'json') => askSql(rig, sql, accept);
    const sqlRig = { rig, ids, deploymentId, query, dispose: () => rig.dispose() };
    for (const [name, status, path, input] of SENT) {
      const id = await send(rig, `/${path}`, input);
      ids.set(name, id);
      await waitForStatus(sqlRig, id, status);
      await delay(STEP_MS);
    }
    for (const [name, operation] of [
      ['killed', 'kill'],
      ['cancelled', 'cancel'],
    ] as const) {
      const id = must(ids.get(name), `${name} was sent`);
      await operate(rig, id, operation);
      await waitForStatus(sqlRig, id, 'completed');
    }
    await waitForStatus(sqlRig, must(ids.get('signedUp'), 'it was sent'), 'completed');
    await addCallees(sqlRig, ids);
    return sqlRig;
  } catch (error) {
    await rig.dispose();
    throw error;
  }
}

async function waitForStatus(rig: SqlRig, id: string, status: string): Promise<void> {
  const sql = `SELECT status FROM sys_invocation WHERE id = '${id}'`;
  await waitFor(`${id} to be ${status}`, async () => {
    const { rows } = await rig.query(sql);
    return rows[0]?.['status'] === status ? true : undefined;
  });
}

/** Callees have ids that only their caller's journal knows. */
async function addCallees(rig: SqlRig, ids: Map<string, string>): Promise<void> {
  const { rows } = await rig.query(
    "SELECT id, target FROM sys_invocation WHERE invoked_by = 'service' ORDER BY created_at",
  );
  for (const { id, target } of rows) ids.set(`callee ${String(target)}`, String(id));
}

export async function askSql(
  { admin }: Rig,
  sql: string,
  accept: 'json' | 'arrow' = 'json',
): Promise<QueryReply> {
  const headers = accept === 'json' ? { accept: 'application/json' } : {};
  const reply = await admin.post('/query', { query: sql }, headers);
  const failed = { status: reply.status, rows: [], columns: [] };
  if (reply.status !== 200) return { ...failed, message: messageOf(reply.text()) };
  if (accept === 'json') return { ...failed, rows: rowsOf(reply.text()), message: undefined };
  const table = tableFromIPC(reply.body);
  const columns = table.schema.fields.map(({ name, type }) => `${name}: ${String(type)}`);
  return { status: 200, columns, rows: arrowRows(table), message: undefined };
}

function rowsOf(text: string): readonly Row[] {
  const { rows }: { readonly rows: readonly Row[] } = JSON.parse(text);
  return rows;
}

function messageOf(text: string): string {
  const { message }: { readonly message: string } = JSON.parse(text);
  return message;
}

/** Values in the forms that JSON replies have, as far as they matter for a comparison. */
function arrowRows(table: Table): Row[] {
  return table.toArray().map((row: unknown) => {
    const entries = Object.entries(row as Record<string, unknown>);
    return Object.fromEntries(
      entries.flatMap(([name, value]) => (value === null ? [] : [[name, plainValue(value)]])),
    );
  });
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) {
    return [...(value as Iterable<unknown>)].map(plainValue);
  }
  return value;
}
