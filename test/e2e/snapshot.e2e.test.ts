// A snapshot is taken while the server works; another server goes on from it.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { MixedJobs } from '../support/mixed-jobs.ts';
import { seededRandom } from '../support/random.ts';
import { Rig } from '../support/rig.ts';
import { runServerCommand, skippedOnReference } from '../support/servers.ts';
import { askSql } from '../support/sql-rig.ts';
import type { PartitionNumber } from '../../src/actors/domain/ids.ts';
import {
  FORMAT_VERSION,
  readMarker,
  writeMarker,
} from '../../src/storage/data-directory-marker.ts';
import { partitionDirectories } from '../../src/storage/data-directory-layout.ts';
import { KeyWriter, Table } from '../../src/storage/key-codec.ts';
import { openTables } from '../../src/storage/lmdb-backend.ts';

const JOBS_IN_FLIGHT_COUNT = 60;
const THREADS = { RESTATE_WORKER__PARTITION_THREADS: '2', RESTATE_DEFAULT_NUM_PARTITIONS: '8' };

const cleanups: Array<() => void | Promise<void>> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function startRig(): Promise<Rig> {
  const rig = await Rig.start({ modules: ['durable'], server: { environment: THREADS } });
  cleanups.push(() => rig.dispose());
  return rig;
}

function makeDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'reprise-snapshot-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function snapshot(rig: Rig, directory: string) {
  const { dataDirectory } = rig.server;
  const place = ['--base-dir', dataDirectory, '--node-name', 'node-1'];
  return runServerCommand(['snapshot', directory, ...place]);
}

async function takeSnapshot(rig: Rig, directory: string): Promise<string> {
  const { code, stdout, stderr } = await snapshot(rig, directory);
  assert.equal(code, 0, stderr);
  assert.ok(stdout.startsWith(join(directory, 'node-1')), stdout);
  return stdout;
}

/** Kills the server and starts one on the copy, at the same ports. */
async function goOnFrom(rig: Rig, directory: string, flags: readonly string[] = []): Promise<void> {
  await rig.server.kill('SIGKILL');
  await rig.server.restart({}, { baseDir: directory, flags });
}

describe('a snapshot', { skip: skippedOnReference('has no such command') }, () => {
  test('taken under load has all that was accepted, and everything goes on from it once', async (t) => {
    const random = seededRandom();
    t.diagnostic(`SEED=${random.seed}`);
    const rig = await startRig();
    const directory = makeDirectory();
    const jobs = new MixedJobs(rig);
    const submission = jobs.keepSubmitting(JOBS_IN_FLIGHT_COUNT, random.seed);
    await delay(1500);
    const seenBefore = new Set(rig.effects.lines().filter((line) => line.startsWith('after ')));
    t.diagnostic((await takeSnapshot(rig, directory)).trim().replaceAll('\n', ','));
    await delay(300);
    const jobsCount = await submission.stop();
    // Else handlers that the killed server had begun would run steps on.
    await jobs.assertCounted();

    const linesBefore = rig.effects.lines().length;
    await goOnFrom(rig, directory);
    await Promise.all(Array.from({ length: jobsCount }, (_, job) => jobs.run(job, random.seed)));
    await jobs.assertCounted();
    t.diagnostic(`${jobsCount} jobs`);
    assertStepsRunOnce(rig.effects.lines().slice(linesBefore), seenBefore);
  });

  test('has a handler between two steps, a sleep, a promise and a queue as they were', async () => {
    const rig = await startRig();
    const send = async (path: string, body?: unknown): Promise<void> => {
      assert.equal((await rig.ingress.post(`${path}/send`, body)).status, 202);
    };
    await send('/Steps/gated', { id: 'gated' });
    await send('/Steps/sleep', { id: 'nap', ms: 1500 });
    await send('/Approval/wf/run');
    await send('/DurableCounter/queue/add', { id: 'first', gate: 'queue' });
    await send('/DurableCounter/queue/add', { id: 'second' });
    await rig.effects.waitForCount('after gated#1');
    await rig.effects.waitForCount('left nap sleep');
    await rig.effects.waitForCount('left wf approval');
    await rig.effects.waitForCount('first at gate');
    const directory = makeDirectory();
    await takeSnapshot(rig, directory);

    await goOnFrom(rig, directory);
    rig.openGate('gated');
    rig.openGate('queue');
    assert.equal((await rig.ingress.post('/Approval/wf/approve', 'care')).status, 200);
    for (const step of ['gated#2', 'nap#after', 'wf#after', 'second#add']) {
      await rig.effects.waitForCount(`after ${step}`);
    }
    for (const step of ['gated#1', 'nap#before', 'wf#before']) {
      assert.equal(rig.effects.count(`run ${step}`), 1, step);
    }
    const ids = await rig.ingress.get('/DurableCounter/queue/ids');
    assert.deepEqual(ids.json(), ['first', 'second']);
  });

  test('of a directory that no server uses is a copy of its files', async () => {
    const rig = await startRig();
    const call = () =>
      rig.ingress.post('/Steps/run', { id: 'kept', count: 2 }, { 'idempotency-key': 'kept' });
    assert.equal((await call()).json(), 3);
    await rig.server.kill('SIGKILL');
    const directory = makeDirectory();
    assert.match(await takeSnapshot(rig, directory), /no server uses/);
    await rig.server.restart({}, { baseDir: directory });
    assert.equal((await call()).json(), 3);
    assert.equal(rig.effects.count('run kept#1'), 1);
  });

  test('is of the present format, whatever format the directory was opened in', async () => {
    const rig = await startRig();
    const directory = join(rig.server.dataDirectory, 'node-1');
    for (const id of ['a', 'b', 'c']) await rig.ingress.post('/Steps/run', { id, count: 1 });
    assert.equal((await rig.ingress.post('/Approval/wf/run/send')).status, 202);
    await rig.effects.waitForCount('left wf approval');
    const counted = await countByStatus(rig);
    assert.deepEqual(counted, [
      { status: 'completed', n: 3 },
      { status: 'suspended', n: 1 },
    ]);

    await rig.server.kill('SIGTERM');
    await makeFormat1(directory);
    const asItIs = makeDirectory();
    await takeSnapshot(rig, asItIs);
    await rig.server.restart();
    const upgraded = makeDirectory();
    await takeSnapshot(rig, upgraded);
    const { formatVersion, hasTables } = readMarker(join(upgraded, 'node-1')) ?? {};
    assert.deepEqual([formatVersion, hasTables], [FORMAT_VERSION, true]);
    for (const snapshotDirectory of [asItIs, upgraded]) {
      await goOnFrom(rig, snapshotDirectory);
      assert.deepEqual(await countByStatus(rig), counted);
    }
  });

  test('is refused where one is, and where it cannot be written; the server goes on', async () => {
    const rig = await startRig();
    const directory = makeDirectory();
    await takeSnapshot(rig, directory);
    const again = await snapshot(rig, directory);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /something at .*node-1 already/);

    const file = join(directory, 'file');
    writeFileSync(file, '');
    const unwritable = await snapshot(rig, join(file, 'below'));
    assert.equal(unwritable.code, 1);
    assert.match(unwritable.stderr, /failed to write the snapshot .*ENOTDIR/);
    assert.equal((await rig.ingress.post('/Steps/run', { id: 'on', count: 1 })).json(), 1);
  });

  test('leaves nothing when it is interrupted', async () => {
    const rig = await startRig();
    const directory = makeDirectory();
    mkdirSync(join(directory, 'node-1.partial', 'schema'), { recursive: true });
    await takeSnapshot(rig, directory);
    assert.deepEqual(readdirSync(directory), ['node-1']);
    assert.ok(!existsSync(join(directory, 'node-1', 'reprise.lock')));
  });
});

describe('the snapshot command', { skip: skippedOnReference('has no such command') }, () => {
  test('tells its usage', async () => {
    const help = await runServerCommand(['snapshot', '--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /reprise snapshot <directory>/);
    const wrong = await runServerCommand(['snapshot']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /expected a directory/);
    assert.match((await runServerCommand(['--help'])).stdout, /reprise snapshot/);
  });

  test('says which nodes there are when the one that was meant has no data', async () => {
    const rig = await startRig();
    const { code, stderr } = await runServerCommand([
      ...['snapshot', makeDirectory(), '--base-dir', rig.server.dataDirectory],
      ...['--node-name', 'other'],
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /no data directory .*other; there is data of node-1/);
  });
});

async function countByStatus(rig: Rig): Promise<unknown> {
  const sql = 'SELECT status, count(*) AS n FROM sys_invocation GROUP BY status ORDER BY status';
  const { rows, message } = await askSql(rig, sql);
  assert.equal(message, undefined);
  return rows;
}

/** As it was before invocations were counted in blocks. No server uses the directory. */
async function makeFormat1(directory: string): Promise<void> {
  const marker = readMarker(directory);
  assert.ok(marker !== undefined);
  for (const name of partitionDirectories(marker.environmentsCount)) {
    const tables = openTables(join(directory, name));
    const counts = Array.from({ length: marker.partitionsCount }, (_, partition) =>
      new KeyWriter(partition as PartitionNumber, Table.invocationBlock).start().finishRange(),
    ).flatMap((range) => [...tables.keys(range)]);
    await tables.commit(counts.map((key) => ({ key, value: undefined })));
    await tables.close();
  }
  const { hasTables: _, ...older } = marker;
  writeMarker(directory, { ...older, formatVersion: 1 });
}

/** Since the restart: nothing that was completed before the snapshot, everything else once. */
function assertStepsRunOnce(lines: readonly string[], seenBefore: ReadonlySet<string>): void {
  const run = lines.filter((line) => line.startsWith('run '));
  assert.equal(new Set(run).size, run.length, 'no step ran twice');
  const repeated = run.filter((line) => seenBefore.has(line.replace('run ', 'after ')));
  assert.deepEqual(repeated, []);
}
