// Nothing can be stored for a while: the disk is full, files may not grow, or flushes fail. Whatever is
// not stored is not acknowledged; when the disk is well again everything goes on.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { field, stringField } from '../support/json.ts';
import { MixedJobs } from '../support/mixed-jobs.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { seededRandom } from '../support/random.ts';
import { Rig } from '../support/rig.ts';
import { runServerCommand, serverUnderTest } from '../support/servers.ts';
import { askSql } from '../support/sql-rig.ts';
import { assertCompletedStepsNeverRunAgain } from '../support/step-rule.ts';
import { spansOf } from '../support/traces.ts';
import { waitFor } from '../support/wait.ts';

const JOBS_IN_FLIGHT_COUNT = 30;
const HELD = { 'idempotency-key': 'held' };
const MEBIBYTE = 1024 * 1024;
/** Long enough for several tries of every thread. */
const OUTAGE_MS = 1200;

const cleanups: Array<() => void | Promise<void>> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A way in which nothing can be stored. */
interface Outage {
  readonly name: string;
  readonly skip: string | false;
  readonly dataDirectory: string | undefined;
  /** Pages in the file of the schema are free, so that it may change without growing. */
  readonly schemaHasRoom: boolean;
  begin(pid: number): Promise<void>;
  end(pid: number): Promise<void>;
}

function run(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function makeDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'reprise-outage-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A file system of its own. */
function mountDirectory(bytes: number): string {
  const path = makeDirectory();
  assert.ok(run('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path));
  cleanups.push(() => void run('umount', '-l', path));
  return path;
}

const canMount = ((): boolean => {
  const path = mkdtempSync(join(tmpdir(), 'reprise-mount-'));
  const isMounted = run('mount', '-t', 'tmpfs', 'tmpfs', path) && run('umount', path);
  rmSync(path, { recursive: true });
  return isMounted;
})();

/** Writes until nothing more fits. Returns the way to make room again. */
function fill(directory: string): () => void {
  const path = join(directory, 'ballast');
  const file = openSync(path, 'w');
  for (const bytes of [MEBIBYTE, 4096]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(bytes, 1));
    } catch {
      // Full, for pieces of this size.
    }
  }
  closeSync(file);
  return () => rmSync(path);
}

function fullDisk(): Outage {
  const dataDirectory = canMount ? mountDirectory(32 * MEBIBYTE) : undefined;
  let makeRoom: () => void = () => {};
  return {
    name: 'a full disk',
    skip: canMount ? false : 'may not mount',
    dataDirectory,
    schemaHasRoom: true,
    begin: () => Promise.resolve().then(() => void (makeRoom = fill(dataDirectory ?? ''))),
    end: () => Promise.resolve().then(() => makeRoom()),
  };
}

/** No byte beyond the first page of any file may be written. */
function limitedFiles(): Outage {
  const limit = (pid: number, bytes: string): Promise<void> => {
    assert.ok(run('prlimit', `--pid=${pid}`, `--fsize=${bytes}:unlimited`));
    return Promise.resolve();
  };
  return {
    name: 'a limit on the size of files',
    skip: run('prlimit', '--version') ? false : 'needs prlimit',
    dataDirectory: undefined,
    schemaHasRoom: false,
    begin: (pid) => limit(pid, '4096'),
    end: (pid) => limit(pid, 'unlimited'),
  };
}

function failingFlushes(): Outage {
  let tracer: ReturnType<typeof spawn> | undefined;
  const canTrace = run('strace', '-o', '/dev/null', '-e', 'inject=fsync:error=EIO', 'true');
  return {
    name: 'a disk that fails to flush',
    skip: canTrace ? false : 'needs strace',
    dataDirectory: undefined,
    schemaHasRoom: false,
    begin: async (pid) => {
      const calls = 'fsync,fdatasync';
      const injected = ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=EIO`];
      const args = ['-f', '-o', '/dev/null', ...injected, '-p', `${pid}`];
      tracer = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
      cleanups.push(() => void tracer?.kill('SIGKILL'));
      assert.ok(tracer.stderr !== null);
      await once(tracer.stderr, 'data'); // It is attached.
    },
    end: async () => {
      const exited = tracer === undefined ? undefined : once(tracer, 'exit');
      tracer?.kill('SIGINT');
      await exited;
    },
  };
}

const THREADS = { RESTATE_WORKER__PARTITION_THREADS: '2', RESTATE_DEFAULT_NUM_PARTITIONS: '8' };

async function startRig(dataDirectory: string | undefined): Promise<Rig> {
  const server = { environment: THREADS, dataDirectory };
  const rig = await Rig.start({ modules: ['durable'], server });
  cleanups.push(() => rig.dispose());
  return rig;
}

const OURS = { skip: serverUnderTest === 'reference' && 'is about one storage' };

describe('a server that can store nothing', OURS, () => {
  for (const makeOutage of [fullDisk, limitedFiles, failingFlushes]) {
    const { name } = makeOutage();
    test(`because of ${name} refuses with 503, and goes on when it can again`, async (t) => {
      const outage = makeOutage();
      if (outage.skip !== false) return t.skip(outage.skip);
      const random = seededRandom();
      t.diagnostic(`SEED=${random.seed}`);
      const rig = await startRig(outage.dataDirectory);
      const jobs = new MixedJobs(rig);
      const submission = jobs.keepSubmitting(JOBS_IN_FLIGHT_COUNT, random.seed);
      const held = rig.ingress.post('/Steps/gated', { id: 'held' }, HELD);
      await rig.effects.waitForCount('after held#1');

      await outage.begin(rig.server.pid);
      await assertRefused(rig, outage);
      assert.equal((await held).status, 503);
      await delay(OUTAGE_MS);
      await assertRefused(rig, outage);
      await outage.end(rig.server.pid);

      rig.openGate('held');
      await delay(500);
      t.diagnostic(`${await submission.stop()} jobs`);
      const again = await rig.ingress.post('/Steps/gated', { id: 'held' }, HELD);
      assert.equal(again.json(), 'held done');
      assert.equal((await changeSchema(rig)).status, 200);
      await jobs.assertCounted();
      await assertQueriesAgree(rig);
      await rig.crash();
      await jobs.assertCounted();
      assertCompletedStepsNeverRunAgain(rig.effects.lines());
      assertOperatorIsTold(rig);
    });
  }
});

/** Both ports refuse, at once. */
async function assertRefused(rig: Rig, { schemaHasRoom }: Outage): Promise<void> {
  const call = (n: number) =>
    rig.ingress.request({
      path: '/Steps/run',
      body: JSON.stringify({ id: `r-${n}`, count: 1 }),
      headers: { 'content-type': 'application/json' },
      timeoutMs: 10_000,
    });
  await waitFor('a refusal', async () =>
    (await call(Math.random())).status === 503 ? true : undefined,
  );
  const replies = await Promise.all(Array.from({ length: 20 }, (_, n) => call(n)));
  for (const reply of replies) {
    assert.equal(reply.status, 503, reply.text());
    assert.equal(field(reply.json(), 'code'), 503);
    assert.match(stringField(reply.json(), 'message'), /can store nothing now/);
  }
  const { status } = await changeSchema(rig);
  assert.ok(schemaHasRoom ? status === 200 || status === 503 : status === 503, `${status}`);
  assert.equal((await rig.admin.get('/health')).status, 200);
  const counted = await askSql(rig, COUNTED);
  assert.deepEqual([counted.status, counted.rows], [503, []]);
  assert.match(counted.message ?? '', /can store nothing now/);
  assert.equal((await askSql(rig, 'SELECT name FROM sys_service')).status, 200);
}

const COUNTED = 'SELECT status, count(*) AS n FROM sys_invocation GROUP BY status ORDER BY status';
const READ =
  'SELECT status, count(*) AS n FROM (SELECT id, status, journal_size FROM sys_invocation WHERE journal_size >= 0 OR id IS NOT NULL) GROUP BY status ORDER BY status';

/** What is counted in blocks, and what is read row by row. */
async function assertQueriesAgree(rig: Rig): Promise<void> {
  const counted = await askSql(rig, COUNTED);
  assert.equal(counted.status, 200, counted.message);
  assert.deepEqual((await askSql(rig, READ)).rows, counted.rows);
}

function changeSchema(rig: Rig) {
  const headers = { 'content-type': 'application/json' };
  const change = { method: 'PATCH', path: '/services/Steps', body: '{"public":true}' };
  return rig.admin.request({ ...change, headers });
}

/** One line for each try of a thread, and not more tries than a few a second. */
function assertOperatorIsTold({ server }: Rig): void {
  const lines = server.logs.split('\n').filter((line) => line.includes('can store nothing'));
  assert.ok(lines.length > 0 && lines.length < 30, `${lines.length} lines`);
  assert.match(lines[0] ?? '', /free space|size of files|check the disk/);
  assert.match(server.logs, /serves again/);
}

const OPERATOR = { authorization: 'Bearer operators-own' };
const CLIENT = { authorization: 'Bearer clients-own' };

async function startGuardedRig(tracingEndpoint: string): Promise<Rig> {
  const environment = {
    ...THREADS,
    RESTATE_AUTH__TOKENS: '["operators-own"]',
    RESTATE_INGRESS__AUTH__TOKENS: '["clients-own"]',
    RESTATE_TRACING_ENDPOINT: tracingEndpoint,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  };
  const rig = await Rig.start({ server: { environment } });
  cleanups.push(() => rig.dispose());
  const uri = await rig.serve({ modules: ['durable'] });
  assert.equal((await rig.admin.post('/deployments', { uri }, OPERATOR)).status, 201);
  return rig;
}

/** Of a statement that needs the partitions. */
async function sqlStateOf({ server }: Rig, password: string): Promise<unknown> {
  const { postgresPort: port } = server;
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'ann', password });
  try {
    await client.connect();
    return (await client.query(COUNTED)).rows;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

describe('a server with tokens and tracing that can store nothing', OURS, () => {
  test('tells only its clients, and traces on when it can again', async (t) => {
    const outage = limitedFiles();
    if (outage.skip !== false) return t.skip(outage.skip);
    const receiver = await OtlpReceiver.start('http');
    cleanups.push(() => receiver.close());
    const rig = await startGuardedRig(receiver.url);
    const headers = { ...HELD, ...CLIENT };
    const sent = await rig.ingress.post('/Steps/gated/send', { id: 'held' }, headers);
    const id = stringField(sent.json(), 'invocationId');
    const accepted = { ingress: 1, 'invocation-start': 1 };
    const [ingress, start] = await spansOf(receiver, id, accepted);
    assert.equal(ingress?.attributes['client.socket.address'], '127.0.0.1');
    await rig.effects.waitForCount('after held#1');

    await outage.begin(rig.server.pid);
    const call = (token: Readonly<Record<string, string>>) =>
      rig.ingress.post('/Steps/run', { id: 'refused', count: 1 }, token);
    await waitFor('a refusal', async () =>
      (await call(CLIENT)).status === 503 ? true : undefined,
    );
    assert.equal((await call({})).status, 401);
    assert.equal((await askSql(rig, COUNTED)).status, 401);
    assert.equal(await sqlStateOf(rig, 'wrong'), '28P01');
    await waitFor('a refusal by SQL', async () =>
      (await sqlStateOf(rig, 'operators-own')) === '57P03' ? true : undefined,
    );
    await delay(OUTAGE_MS);
    await outage.end(rig.server.pid);

    rig.openGate('held');
    await waitFor('an answer', async () => {
      const { status } = await rig.ingress.post('/Steps/gated', { id: 'held' }, headers);
      return status === 200 ? true : undefined;
    });
    const counts = { 'invocation-attempt': 1, 'invocation-end': 1 };
    const spans = await spansOf(receiver, id, counts);
    for (const span of spans) assert.equal(span.parentSpanId, start?.spanId);
  });
});

describe('a full disk', OURS, () => {
  const SKIP = { skip: !canMount && 'may not mount' };

  test('does not keep the server from stopping, and takes nothing away', SKIP, async () => {
    const directory = mountDirectory(32 * MEBIBYTE);
    const rig = await startRig(directory);
    const call = (id: string) =>
      rig.ingress.post('/Steps/run', { id, count: 2 }, { 'idempotency-key': id });
    assert.equal((await call('kept')).json(), 3);
    const makeRoom = fill(directory);
    await waitFor('a refusal', async () => {
      const big = { id: 'big', count: 1, padding: 'x'.repeat(100_000) };
      return (await rig.ingress.post('/Steps/run', big)).status === 503 ? true : undefined;
    });
    assert.deepEqual(await rig.server.kill('SIGTERM'), { code: 0, signal: null });
    makeRoom();
    await rig.server.restart();
    assert.equal((await call('kept')).json(), 3);
    assert.equal(rig.effects.count('run kept#1'), 1);
  });

  test('keeps a new server from starting, which says where', SKIP, async () => {
    const directory = mountDirectory(MEBIBYTE);
    fill(directory);
    const { code, stderr } = await runServerCommand(['--base-dir', directory]);
    assert.equal(code, 1);
    assert.ok(stderr.includes(directory) && stderr.includes('ENOSPC'), stderr);
  });

  test('under a snapshot leaves nothing there, and the server goes on', SKIP, async () => {
    const rig = await startRig(undefined);
    const padding = 'x'.repeat(MEBIBYTE);
    assert.equal(
      (await rig.ingress.post('/Steps/run', { id: 'a', count: 1, padding })).status,
      200,
    );
    const target = mountDirectory(MEBIBYTE);
    mkdirSync(join(target, 'below'));
    const place = ['--base-dir', rig.server.dataDirectory, '--node-name', 'node-1'];
    const { code, stderr } = await runServerCommand(['snapshot', join(target, 'below'), ...place]);
    assert.equal(code, 1);
    assert.match(stderr, /ENOSPC/);
    assert.deepEqual(readdirSync(join(target, 'below')), []);
    assert.equal((await rig.ingress.post('/Steps/run', { id: 'b', count: 1 })).json(), 1);
  });
});
