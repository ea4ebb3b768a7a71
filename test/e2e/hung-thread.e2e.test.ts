// A partition thread that does not answer is noticed and shown, and left alone; one that dies leaves its
// counts behind.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { durationMs } from '../../src/actors/domain/time.ts';
import { createLogger } from '../../src/io/log.ts';
import { startServer, type Server } from '../../src/server.ts';
import { EffectLog } from '../support/effects.ts';
import { HttpClient } from '../support/http.ts';
import { field } from '../support/json.ts';
import { type Family, parsePrometheusText, sumOf } from '../support/prometheus-text.ts';
import { startServiceProcess, type ServiceProcess } from '../support/service-process.ts';
import { skippedOnReference } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';

const TIMEOUT_MS = 600;
const STALL_MS = 2000;
const THREADS_COUNT = 2;
const PARTITIONS_COUNT = 4;

const ours = { skip: skippedOnReference('it has no partition threads') };

describe('the partition threads', ours, () => {
  let server: Server;
  let service: ServiceProcess;
  let node: HttpClient;
  let ingress: HttpClient;
  const lines: string[] = [];
  const effects = new EffectLog();
  const baseDir = mkdtempSync(join(tmpdir(), 'reprise-hung-'));

  before(async () => {
    const sink = { write: (line: string) => void lines.push(line) };
    server = await startServer({
      baseDir,
      nodeName: 'node-1',
      listenMode: 'tcp',
      ingressBindAddress: '127.0.0.1:0',
      adminBindAddress: '127.0.0.1:0',
      bindAddress: '127.0.0.1:0',
      partitionThreads: THREADS_COUNT,
      defaultNumPartitions: PARTITIONS_COUNT,
      hungThreadTimeoutMs: durationMs(TIMEOUT_MS),
      log: createLogger({
        directives: [{ target: '', level: 'info' }],
        format: 'json',
        colours: false,
        sinks: { output: sink, errors: sink },
      }),
    });
    node = new HttpClient(server.nodeUrl);
    ingress = new HttpClient(server.ingressUrl);
    service = await startServiceProcess({ modules: ['load'], effectsPath: effects.path });
    const admin = new HttpClient(server.adminUrl);
    assert.equal((await admin.post('/deployments', { uri: service.url })).status, 201);
    admin.close();
  });
  after(async () => {
    node.close();
    ingress.close();
    await server.close();
    await service.dispose();
    effects.dispose();
    rmSync(baseDir, { recursive: true, force: true });
  });

  async function scrape(): Promise<ReadonlyMap<string, Family>> {
    return parsePrometheusText((await node.get('/metrics')).text());
  }

  function healthOf(status: number): Promise<unknown> {
    return waitFor(`health ${status}`, async () => {
      const reply = await node.get('/health');
      return reply.status === status ? reply.json() : undefined;
    });
  }

  async function callEveryPartition(): Promise<void> {
    const calls = Array.from({ length: 40 }, (_, key) => ingress.post(`/LoadSum/${key}/add`, 1));
    for (const reply of await Promise.all(calls)) assert.equal(reply.status, 200, reply.text());
  }

  test('are shown when they hang, and when they answer again', async () => {
    await callEveryPartition();
    const before = await healthOf(200);
    assert.deepEqual(field(before, 'hung_partition_threads'), []);
    const calm = await scrape();

    lines.length = 0;
    server.stallPartitionThread(1, STALL_MS);
    const health = await healthOf(503);
    assert.deepEqual(field(health, 'hung_partition_threads'), [1]);
    assert.equal(field(health, 'worker_status'), 'Unknown');
    assert.equal(field(health, 'status'), 'Alive');
    const families = await scrape();
    const thread = { thread: '1' };
    assert.equal(sumOf(families, 'reprise_partition_thread_hung', thread), 1);
    assert.equal(sumOf(families, 'reprise_partition_thread_hung', { thread: '0' }), 0);
    assert.equal(sumOf(families, 'reprise_partition_thread_up', thread), 0);
    assert.ok(sumOf(families, 'reprise_partition_thread_silent_seconds', thread) >= 0.6);
    assert.equal(sumOf(families, 'restate_num_active_partitions'), PARTITIONS_COUNT / 2);
    for (const partition of ['1', '3']) {
      const blocked = { partition, reason: 'hung-thread' };
      assert.equal(sumOf(families, 'restate_partition_blocked_flare', blocked), 1);
    }
    assertNothingShrinks(calm, families);

    assert.deepEqual(field(await healthOf(200), 'hung_partition_threads'), []);
    await callEveryPartition();
    const [hung, answered, ...more] = lines.filter((line) => line.includes('"thread":1'));
    assert.match(hung ?? '', /"ERROR".* has not answered for 600 ms/);
    assert.match(answered ?? '', /"WARN".* answers again, after \d+ ms/);
    assert.deepEqual(more, []);
  });

  test('leave their counts behind when they die', async () => {
    await callEveryPartition();
    const before = await scrape();
    server.crashPartitionThread(0);
    const after_ = await waitFor('a second start', async () => {
      const families = await scrape();
      const isUp = sumOf(families, 'reprise_partition_thread_up', { thread: '0' }) === 1;
      const starts = sumOf(families, 'reprise_partition_thread_starts_total', { thread: '0' });
      return isUp && starts === 2 ? families : undefined;
    });
    assertNothingShrinks(before, after_);
    assert.equal(sumOf(after_, 'restate_partition_start_total', { partition: '0' }), 2);
    const stopped = { partition: '0', reason: 'error' };
    assert.equal(sumOf(after_, 'restate_partition_stop_total', stopped), 1);

    await callEveryPartition();
    const completed = { service: 'LoadSum', handler: 'add', outcome: 'success' };
    const name = 'reprise_invocations_completed_total';
    const total = await waitFor('the last completion', async () => {
      const sum = sumOf(await scrape(), name, completed);
      return sum >= sumOf(before, name, completed) + 40 ? sum : undefined;
    });
    assert.equal(total, sumOf(before, name, completed) + 40);
  });
});

/** Of what only ever counts up. */
function assertNothingShrinks(
  before: ReadonlyMap<string, Family>,
  later: ReadonlyMap<string, Family>,
): void {
  for (const [name, { type, samples }] of before) {
    if (!name.startsWith('restate_') && !name.startsWith('reprise_')) continue;
    for (const { name: sample, labels, value } of samples) {
      const isCounted = type === 'counter' || /_(?:bucket|sum|count)$/.test(sample);
      if (!isCounted || type === 'gauge') continue;
      const now = sumOf(later, sample, labels);
      assert.ok(now >= value, `${sample} ${JSON.stringify(labels)}: ${value}, later ${now}`);
    }
  }
}
