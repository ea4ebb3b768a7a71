// Accepted means kept: what a store has acknowledged survives the death of its process, and
// batches are there as a whole or not at all.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { PartitionNumber } from '../../src/actors/domain/ids.ts';
import { DURABLE_BACKENDS, type DurableBackend, openDurable } from './backends.ts';
import { checkBatches, lastBatch, LARGE_STATE_BYTES, writeBatch } from './crash-batch.ts';
import { OTHER_PARTITION, PARTITION } from './rows.ts';
import { openStore } from './stores.ts';

const WRITER = fileURLToPath(new URL('./crash-writer.js', import.meta.url));
const ENDING_WRITER = fileURLToPath(new URL('./ending-writer.js', import.meta.url));

/** What the writer had printed when it was gone. */
interface Death {
  readonly acknowledged: ReadonlyMap<PartitionNumber, number>;
  readonly failure: string | undefined;
}

const LINUX_ONLY = { skip: process.platform !== 'linux', timeout: 60_000 };

for (const kind of DURABLE_BACKENDS) {
  describe(`a ${kind} store whose process is killed`, { timeout: 60_000 }, () => {
    for (const [batchesMin, stateBytes] of [
      [1, 10],
      [20, 10],
      [300, 10],
      [3, 300_000],
      [20, 300_000],
    ] as const) {
      test(`has every acknowledged batch of ${4 * stateBytes} bytes and no half one, after ${batchesMin}`, async () => {
        await inDirectory(async (directory) => {
          const writer = spawn(process.execPath, [WRITER, kind, directory, `${stateBytes}`]);
          const { acknowledged } = await watch(writer, (batch) => {
            if (batch === batchesMin) writer.kill('SIGKILL');
          });
          await checkStores(kind, directory, acknowledged, stateBytes);
        });
      });
    }

    test('goes on where it was, however often', async () => {
      await inDirectory(async (directory) => {
        for (let kill = 0; kill < 3; kill++) {
          const writer = spawn(process.execPath, [WRITER, kind, directory, '10']);
          const { acknowledged } = await watch(writer, (batch) => {
            if (batch % 50 === 0) writer.kill('SIGKILL');
          });
          await checkStores(kind, directory, acknowledged, 10);
        }
      });
    });
  });

  describe(`a ${kind} store whose disk is full`, LINUX_ONLY, () => {
    test('rejects commits and has no batch after a lost one', async () => {
      await inDirectory(async (directory) => {
        // Node ignores SIGXFSZ, so that a write beyond the limit of 4 MiB fails with EFBIG.
        const command = `ulimit -f 4096; exec "$0" "$@"`;
        const writerArguments = [process.execPath, WRITER, kind, directory, '50000'];
        const writer = spawn('bash', ['-c', command, ...writerArguments]);
        const { acknowledged, failure } = await watch(writer, () => {});
        assert.match(failure ?? '', /may not be durable/);
        await checkStores(kind, directory, acknowledged, 50_000);
      });
    });
  });

  describe(
    `a writer to a ${kind} store that ends in the turn of a commit`,
    { timeout: 60_000 },
    () => {
      for (const ending of ['exit', 'throw']) {
        test(`leaves the store whole when its process ends by ${ending}`, async () => {
          await inDirectory(async (directory) => {
            const killed = { timeout: 20_000, killSignal: 'SIGKILL' } as const;
            const writer = spawn(
              process.execPath,
              [ENDING_WRITER, kind, directory, ending],
              killed,
            );
            const [, signal] = await once(writer, 'exit');
            assert.equal(signal, null, 'the process ends by itself');
            await checkStores(kind, directory, new Map(), LARGE_STATE_BYTES);
          });
        });

        test(`leaves the store to its successor when its thread ends by ${ending}`, async () => {
          await inDirectory(async (directory) => {
            for (let life = 0; life < 3; life++) {
              const writer = new Worker(ENDING_WRITER, { argv: [kind, directory, ending] });
              writer.on('error', () => {}); // The thread ends by throwing, as it was told to.
              await new Promise((resolve) => writer.on('exit', resolve));
              await checkStores(kind, directory, new Map(), LARGE_STATE_BYTES);
              await continueWriting(kind, directory);
            }
          });
        });
      }
    },
  );
}

/** Commits one more batch from this thread. */
async function continueWriting(kind: DurableBackend, directory: string): Promise<void> {
  const backend = await openDurable(kind, directory);
  const store = openStore(backend);
  writeBatch(store, lastBatch(store) + 1, LARGE_STATE_BYTES);
  await store.commit();
  await backend.close();
}

async function watch(writer: ChildProcess, onBatch: (batch: number) => void): Promise<Death> {
  const acknowledged = new Map<PartitionNumber, number>();
  let failure: string | undefined;
  assert.ok(writer.stdout !== null);
  const lines = createInterface({ input: writer.stdout });
  lines.on('line', (line) => {
    if (line.startsWith('failed')) failure ??= line;
    const [partition, batch] = line.split(' ').map(Number);
    if (partition === undefined || batch === undefined || Number.isNaN(batch)) return;
    acknowledged.set(partition as PartitionNumber, batch);
    onBatch(batch);
  });
  await Promise.all([once(writer, 'exit'), once(lines, 'close')]);
  assert.ok(acknowledged.size > 0, 'the writer acknowledged something');
  return { acknowledged, failure };
}

async function checkStores(
  kind: DurableBackend,
  directory: string,
  acknowledged: Death['acknowledged'],
  stateBytes: number,
): Promise<void> {
  const backend = await openDurable(kind, directory);
  for (const partition of [PARTITION, OTHER_PARTITION]) {
    const last = checkBatches(openStore(backend, partition), stateBytes);
    const promised = acknowledged.get(partition) ?? 0;
    assert.ok(last >= promised, `batch ${promised} was acknowledged, the last one is ${last}`);
  }
  await backend.close();
}

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-crash-'));
  try {
    await use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
