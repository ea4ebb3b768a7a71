// Threads of one process share an environment: each serves its own partition.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import type { PartitionNumber } from '../../src/actors/domain/ids.ts';
import { openEnvironment } from '../../src/storage/environment.ts';
import { LmdbBackend } from '../../src/storage/lmdb-backend.ts';
import { checkBatches, lastBatch, writeBatch } from './crash-batch.ts';
import { openStore } from './stores.ts';

interface WriterTask {
  readonly directory: string;
  readonly partition: PartitionNumber;
  readonly batches: number;
}

const STATE_BYTES = 2_000;

if (isMainThread) {
  test('threads that open the same directory write side by side and may close in any order', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'reprise-sharing-'));
    // The thread of partition 1 closes long before the others, which go on.
    const tasks = [300, 20, 300].map((batches, partition) => {
      return { directory, partition: partition as PartitionNumber, batches };
    });
    const [ownTask, ...threadTasks] = tasks;
    assert.ok(ownTask !== undefined);
    await Promise.all([...threadTasks.map(runInThread), writeBatches(ownTask)]);
    const backend = new LmdbBackend(openEnvironment(directory));
    for (const { partition, batches } of tasks) {
      assert.equal(checkBatches(openStore(backend, partition), STATE_BYTES), batches);
    }
    await backend.close();
    rmSync(directory, { recursive: true });
  });
} else {
  await writeBatches(workerData as WriterTask);
}

function runInThread(task: WriterTask): Promise<void> {
  const thread = new Worker(fileURLToPath(import.meta.url), { workerData: task });
  return new Promise((resolve, reject) => {
    thread.on('error', reject);
    thread.on('exit', () => resolve());
  });
}

async function writeBatches({ directory, partition, batches }: WriterTask): Promise<void> {
  const backend = new LmdbBackend(openEnvironment(directory));
  const store = openStore(backend, partition);
  while (lastBatch(store) < batches) {
    writeBatch(store, lastBatch(store) + 1, STATE_BYTES);
    await store.commit();
  }
  await backend.close();
}
