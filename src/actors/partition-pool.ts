import { once } from 'node:events';
import type { TransferListItem } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { PartitionThreadTask } from './partition-thread.ts';

/**
 * The threads of the partitions. They load their code while the main thread loads its own, and do
 * nothing before they are given a task.
 */
export class PartitionPool {
  readonly #pool: Piscina<PartitionThreadTask, void>;
  readonly #loaded: Promise<unknown>;
  #closing: Promise<void> | undefined;

  /** Starts `threadsCount` threads; up to `threadsMax` may be given a task. */
  constructor(threadsCount: number, threadsMax = threadsCount) {
    this.#pool = new Piscina({
      filename: new URL('./partition-thread.js', import.meta.url).href,
      minThreads: threadsCount,
      maxThreads: threadsMax,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A task never ends while the server runs; waiting on atomics would only block its event loop.
      atomics: 'disabled',
    });
    // The first thing that a thread says is that it has loaded.
    this.#loaded = Promise.allSettled(this.#pool.threads.map((thread) => once(thread, 'message')));
  }

  run(task: PartitionThreadTask, transferList: readonly TransferListItem[]): Promise<void> {
    return this.#pool.run(task, { transferList: [...transferList] });
  }

  /**
   * Ends the threads, whose tasks are over. A thread that is ended while it loads native code can
   * abort the process.
   */
  close(): Promise<void> {
    this.#closing ??= this.#loaded.then(() => this.#pool.destroy());
    return this.#closing;
  }
}
