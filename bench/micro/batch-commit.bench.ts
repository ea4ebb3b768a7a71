// Question: what does the store cost per plain call, from accepted to completed and flushed?
// Measured: two batches per group of calls, one that accepts them (invocation row, id, Input entry)
//   and one that completes them (Output entry, row moved to the history), each awaited until flushed.
// Not measured: the partition machine, HTTP, deployments.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../src/actors/domain/assert.ts';
import type { InvocationId, PartitionNumber } from '../../src/actors/domain/ids.ts';
import { unixMillis } from '../../src/actors/domain/time.ts';
import type { PartitionStore } from '../../src/actors/ports.ts';
import { LmdbBackend } from '../../src/storage/lmdb-backend.ts';
import { openPartitionStore } from '../../src/storage/partition-store.ts';
import { acceptSample, completeSample, sampleId } from '../growth/sample-invocation.ts';
import type { MicroBench, MicroRow } from './micro-bench.ts';

const CALLS = { small: 200, full: 20_000 } as const;
const GROUP_SIZES = [1, 16, 128];
/** One flush per batch: calls one by one are slow, and a few hundred say enough. */
const GROUPS_MAX = 2_000;
const T0 = unixMillis(1_700_000_000_000);

class Run {
  readonly #store: PartitionStore;
  readonly #flushesMs: number[] = [];
  #applyMs = 0;
  #sealMs = 0;

  constructor(store: PartitionStore) {
    this.#store = store;
  }

  get applyMs(): number {
    return this.#applyMs;
  }

  get sealMs(): number {
    return this.#sealMs;
  }

  get flushesMs(): readonly number[] {
    return this.#flushesMs;
  }

  async batch(ids: readonly InvocationId[], apply: (id: InvocationId) => void): Promise<void> {
    const startMs = performance.now();
    for (const id of ids) apply(id);
    const appliedMs = performance.now();
    const flushed = this.#store.commit();
    const sealedMs = performance.now();
    await flushed;
    this.#applyMs += appliedMs - startMs;
    this.#sealMs += sealedMs - appliedMs;
    this.#flushesMs.push(performance.now() - appliedMs);
  }
}

async function measure(groupSize: number, callsCount: number): Promise<MicroRow> {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-bench-'));
  const backend = new LmdbBackend(directory);
  const store = openPartitionStore({
    backend,
    partition: 0 as PartitionNumber,
    partitionsCount: 24,
  });
  const groups = Math.min(GROUPS_MAX, Math.ceil(callsCount / groupSize));
  await runGroups(store, { firstId: 0, groups: Math.ceil(groups / 10), groupSize }); // Warms up.
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const run = await runGroups(store, { firstId: 1_000_000, groups, groupSize });
  const elapsedMs = performance.now() - startMs;
  const cpu = process.cpuUsage(cpuBefore);
  const calls = groups * groupSize;
  const flushesMs = run.flushesMs.toSorted((a, b) => a - b);
  const row = {
    case: `groups of ${groupSize}`,
    figures: {
      callsPerSecond: (calls / elapsedMs) * 1000,
      cpuMicrosPerCall: (cpu.user + cpu.system) / calls,
      // In the thread of the store, without the writing of the batch by lmdb-js.
      applyMicrosPerCall: (run.applyMs * 1000) / calls,
      sealMicrosPerCall: (run.sealMs * 1000) / calls,
      flushMsP50: flushesMs[Math.floor(flushesMs.length * 0.5)] ?? 0,
      flushMsP99: flushesMs[Math.floor(flushesMs.length * 0.99)] ?? 0,
      bytesStoredPerCall: bytesOf(backend) / (calls * 1.1),
    },
    checksum: checksum(store, { firstId: 1_000_000, calls }),
  };
  await backend.close();
  rmSync(directory, { recursive: true });
  return row;
}

async function runGroups(
  store: PartitionStore,
  { firstId, groups, groupSize }: Readonly<Record<'firstId' | 'groups' | 'groupSize', number>>,
): Promise<Run> {
  const run = new Run(store);
  for (let group = 0; group < groups; group++) {
    const first = firstId + group * groupSize;
    const ids = Array.from({ length: groupSize }, (_, i) => sampleId(first + i, T0));
    await run.batch(ids, (id) => {
      const { number } = acceptSample(store, id, T0);
      store.readJournal(number, 0, 1);
    });
    await run.batch(ids, (id) => {
      const accepted = must(store.getInvocation(id), `${id} was accepted`);
      completeSample(store, accepted, T0);
    });
  }
  return run;
}

function checksum(
  store: PartitionStore,
  { firstId, calls }: { readonly firstId: number; readonly calls: number },
): number {
  const hash = createHash('sha256');
  for (let i = 0; i < calls; i++) {
    const invocation = store.getInvocation(sampleId(firstId + i, T0));
    const { number = 0, journalLength = 0, status } = invocation ?? {};
    const types = store.readJournal(number, 0, journalLength).map(({ type }) => type);
    hash.update(`${status?.kind} ${types.join()}\n`);
  }
  return hash.digest().readUInt32BE(0);
}

function bytesOf(backend: LmdbBackend): number {
  let bytes = 0;
  const everything = { start: Buffer.from([0]), end: Buffer.from([0xff]) };
  for (const [key, value] of backend.range(everything)) bytes += key.length + value.length;
  return bytes;
}

export const BATCH_COMMIT: MicroBench = {
  name: 'batch-commit',
  question: 'what does the store cost per plain call, from accepted to completed and flushed?',
  decides:
    'the table layout and the codecs; above 100 µs of CPU per call in groups of 128 the store is no longer a small part of an invocation',
  async run(size) {
    const rows: MicroRow[] = [];
    for (const groupSize of GROUP_SIZES) rows.push(await measure(groupSize, CALLS[size]));
    return rows;
  },
};
