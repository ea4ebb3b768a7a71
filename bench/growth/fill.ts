// Fills a data directory through the storage layer, much faster than through a server.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { must } from '../../src/actors/domain/assert.ts';
import { partitionOf, partitionOfKey, type PartitionNumber } from '../../src/actors/domain/ids.ts';
import { keyedPartitionKey } from '../../src/actors/domain/make-invocation-id.ts';
import { unixMillis } from '../../src/actors/domain/time.ts';
import type { PartitionStore } from '../../src/actors/ports.ts';
import { LmdbBackend } from '../../src/storage/lmdb-backend.ts';
import { openPartitionStore } from '../../src/storage/partition-store.ts';
import { acceptSample, completeSample, sampleId } from './sample-invocation.ts';

export interface FillLevel {
  readonly name: string;
  /** Completed invocations of the service `Bench`, retained for a day. */
  readonly retained: number;
  /** Objects `Counter` with the keys `key-0` and so on, with one state entry each. */
  readonly objects: number;
}

/** Rows written between two commits, over all partitions. */
const ITEMS_PER_COMMIT = 5000;
const COUNT_KEY = Buffer.from('count');
const COUNT_VALUE = Buffer.from('1');

/** Adds to what a server that does not run any more has left in `dataDirectory`. */
export async function fill(
  dataDirectory: string,
  partitionsCount: number,
  { retained, objects }: FillLevel,
  now: number = Date.now(),
): Promise<void> {
  const backends = environmentPaths(dataDirectory).map((path) => new LmdbBackend(path));
  const stores = Array.from({ length: partitionsCount }, (_, partition) =>
    openPartitionStore({
      backend: must(backends[partition % backends.length], 'there is an environment'),
      partition: partition as PartitionNumber,
      partitionsCount,
    }),
  );
  const storeAt = (partition: PartitionNumber) =>
    must(stores[partition], `partition ${partition} has a store`);
  const nowMs = unixMillis(now);
  await commitOften(stores, retained, (n) => {
    const id = sampleId(n, nowMs);
    const store = storeAt(partitionOf(id, partitionsCount));
    completeSample(store, acceptSample(store, id, nowMs), nowMs);
  });
  await commitOften(stores, objects, (n) => {
    const owner = { service: 'Counter', key: `key-${n}` };
    const partition = partitionOfKey(keyedPartitionKey(owner.key), partitionsCount);
    storeAt(partition).setUserState(owner, COUNT_KEY, COUNT_VALUE);
  });
  for (const store of stores) await store.close();
  for (const backend of backends) await backend.close();
}

async function commitOften(
  stores: readonly PartitionStore[],
  count: number,
  add: (n: number) => void,
): Promise<void> {
  for (let n = 0; n < count;) {
    const end = Math.min(count, n + ITEMS_PER_COMMIT);
    for (; n < end; n++) add(n);
    await Promise.all(stores.map((store) => store.commit()));
  }
}

function environmentPaths(dataDirectory: string): readonly string[] {
  return readdirSync(dataDirectory, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^partitions-\d+$/.test(basename(path)))
    .toSorted()
    .map((path) => join(dataDirectory, path));
}
