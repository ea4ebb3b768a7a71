// Threads of one process share an environment: each serves its own partition.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import type { PartitionNumber } from '../../src/actors/domain/ids.ts';
import { DURABLE_BACKENDS, type DurableBackend, openDurable } from './backends.ts';
import { checkBatches, lastBatch, writeBatch } from './crash-batch.ts';
import { openStore } from './stores.ts';

interface WriterTask {
  readonly kind: DurableBackend;
  readonly directory: string;
  readonly partition: PartitionNumber;
  readonly batches: number;
}

const STATE_BYTES = 2_000;

if (isMainThread) {
  for (const kind of DURABLE_BACKENDS) {
    test(`threads that open the same ${kind} directory write side by side and may close in any order`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'reprise-sharing-'));
      // The thread of partition 1 closes long before the others, which go on.
      const tasks = [300, 20, 300].map((batches, partition) => {
        return { kind, directory, partition: partition as PartitionNumber, batches };
      });
      const [ownTask, ...threadTasks] = tasks;
      assert.ok(ownTask !== undefined);
      await Promise.all([...threadTasks.map(runInThread), writeBatches(ownTask)]);
      const backend = await openDurable(kind, directory);
      for (const { partition, batches } of tasks) {
        assert.equal(checkBatches(openStore(backend, partition), STATE_BYTES), batches);
      }
      await backend.close();
      rmSync(directory, { recursive: true });
    });
  }
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

async function writeBatches({ kind, directory, partition, batches }: WriterTask): Promise<void> {
  const backend = await openDurable(kind, directory, `${partition}`);
  const store = openStore(backend, partition);
  while (lastBatch(store) < batches) {
    writeBatch(store, lastBatch(store) + 1, STATE_BYTES);
    await store.commit();
  }
  await backend.close();
}
