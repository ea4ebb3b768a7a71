import { Piscina } from 'piscina';
import type { PartitionThreadTask } from './partition-thread.ts';

export type PartitionPool = Piscina<PartitionThreadTask, void>;

/**
 * Starts the threads of the partitions, which load their code while the main thread loads its own.
 * A thread does nothing before it is given a task; `threadsMax` may be given one at once.
 */
export function openPartitionPool(threadsCount: number, threadsMax = threadsCount): PartitionPool {
  return new Piscina({
    filename: new URL('./partition-thread.js', import.meta.url).href,
    minThreads: threadsCount,
    maxThreads: threadsMax,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    // A task never ends while the server runs; waiting on atomics would only block its event loop.
    atomics: 'disabled',
  });
}
