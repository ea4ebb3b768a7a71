// A partition thread dies in the middle of everything. The process goes on, another thread takes its
// partitions, and nobody outside notices more than a pause.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { durationMs } from '../../src/actors/domain/time.ts';
import { startServer } from '../../src/server.ts';
import type { Server } from '../../src/server.ts';
import { EffectLog } from '../support/effects.ts';
import { HttpClient } from '../support/http.ts';
import { startServiceProcess } from '../support/service-process.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { assertCompletedStepsNeverRunAgain } from '../support/step-rule.ts';

const THREADS_COUNT = 2;
const CRASHES_COUNT = 6;
const JOBS_PER_CRASH = 40;
const OBJECTS_COUNT = 4;

describe('a partition thread that dies', { skip: isReference() }, () => {
  let server: Server;
  let service: ServiceProcess;
  let ingress: HttpClient;
  const effects = new EffectLog();
  const baseDir = mkdtempSync(join(tmpdir(), 'reprise-threads-'));

  before(async () => {
    server = await startServer({
      baseDir,
      nodeName: 'node-1',
      ingressBindAddress: '127.0.0.1:0',
      adminBindAddress: '127.0.0.1:0',
      bindAddress: '127.0.0.1:0',
      partitionThreads: THREADS_COUNT,
      defaultNumPartitions: 8,
      retryInitialIntervalMs: durationMs(20),
      logFilter: 'off',
    });
    service = await startServiceProcess({
      modules: ['durable', 'load'],
      effectsPath: effects.path,
    });
    ingress = new HttpClient(server.ingressUrl, 512);
    const admin = new HttpClient(server.adminUrl);
    assert.equal((await admin.post('/deployments', { uri: service.url })).status, 201);
    admin.close();
  });
  after(async () => {
    ingress.close();
    await server.close();
    await service.dispose();
    rmSync(baseDir, { recursive: true, force: true });
  });

  test('is replaced, and nothing is lost or repeated', async () => {
    const sums = new Map<number, number>();
    for (let crash = 0; crash < CRASHES_COUNT; crash += 1) {
      const replies = Array.from({ length: JOBS_PER_CRASH }, (_, index) => {
        const job = crash * JOBS_PER_CRASH + index;
        const key = job % OBJECTS_COUNT;
        sums.set(key, (sums.get(key) ?? 0) + job);
        return Promise.all([
          ingress.post(`/LoadSum/${key}/add`, job),
          ingress.post('/Steps/run', { id: `job-${job}`, count: 3 }),
          ingress.post('/Load/note/send', job),
        ]);
      });
      await effects.waitForCount(`after job-${crash * JOBS_PER_CRASH}#1`);
      server.crashPartitionThread(crash % THREADS_COUNT);
      for (const [add, run, send] of await Promise.all(replies)) {
        assert.equal(add.status, 200, add.text());
        assert.equal(run.json(), 6);
        assert.equal(send.status, 202, send.text());
      }
    }

    for (const [key, total] of sums) {
      const reply = await ingress.get(`/LoadSum/${key}/totals`);
      const count = (CRASHES_COUNT * JOBS_PER_CRASH) / OBJECTS_COUNT;
      assert.deepEqual(reply.json(), { total, count }, `object ${key}`);
    }
    for (let job = 0; job < CRASHES_COUNT * JOBS_PER_CRASH; job += 1) {
      await effects.waitForCount(`noted ${job}`);
    }
    assertCompletedStepsNeverRunAgain(effects.lines().filter((line) => line.includes(' job-')));
  });
});

function isReference(): boolean {
  return process.env['REPRISE_TEST_SERVER'] === 'reference';
}
