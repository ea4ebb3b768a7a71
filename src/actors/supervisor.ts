// Keeps the partition threads alive. Thread: main.
//   S1. A partition thread ends only by its own hand: terminating one that writes would abort the
//       process inside LMDB. Shutdown is a message.
//   S2. A thread that dies is replaced, and its successor recovers from the stored state alone.
//   S3. Threads that keep dying end the process: something is wrong that a restart does not mend.
//   S4. A thread that can store nothing is no such death: it is tried again, at growing intervals, until
//       there is space or the disk is well. Only what is damaged ends the process.
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { must } from './domain/assert.ts';
import { largeBodyOf } from './messages.ts';
import type {
  SnapshotStepAnswer,
  StorageFailure,
  ToMainThread,
  ToPartitionThread,
} from './messages.ts';
import type { PartitionPool } from './partition-pool.ts';
import type { PartitionThreadSettings } from './partition-thread.ts';
import type { PartitionThreadInspector, PartitionThreadState, ThreadFindings } from './ports.ts';
import type { PartitionThreadChannel, Router } from './router.ts';
import { StorageOutages } from './storage-outages.ts';
import { ThreadChannel } from './thread-channel.ts';
import { ThreadReports } from './thread-reports.ts';
import { ThreadWatch } from './thread-watch.ts';

/** Deaths of partition threads within `DEATHS_WINDOW_MS` that end the process. */
const DEATHS_MAX = 8;
const DEATHS_WINDOW_MS = 60_000;

export interface SupervisorOptions {
  /** To be closed behind the supervisor: no thread has an open environment any more then. */
  readonly pool: PartitionPool;
  readonly threadsCount: number;
  readonly router: Router;
  readonly settings: PartitionThreadSettings;
  /** A way for the traces of one more thread; none when tracing is off. */
  readonly openTracePort: () => MessagePort | undefined;
  /** Nothing is invoked before `startInvoking`. */
  readonly isPaused: boolean;
  readonly onThreadDied: (thread: number, error: unknown) => void;
  readonly onStorageFailed: (thread: number, message: string, retryInMs: number) => void;
  readonly onStorageRecovered: (thread: number) => void;
  /** Silence after which a thread counts as hung. Unit: milliseconds. */
  readonly silenceMsMax: number;
  readonly onThreadHung: (thread: number, silentMs: number) => void;
  readonly onThreadAnswered: (thread: number, silentMs: number) => void;
  /** The partitions cannot be kept running. */
  readonly onFatal: (error: Error) => void;
}

/** Hears what concerns snapshots. */
export interface SnapshotWatcher {
  stepDone(thread: number, answer: SnapshotStepAnswer): void;
  threadLost(thread: number): void;
  /** The threads are about to close what is pinned. */
  close(): Promise<void>;
}

export class Supervisor implements PartitionThreadInspector {
  readonly #options: SupervisorOptions;
  readonly #watch: ThreadWatch;
  readonly #reports: ThreadReports;
  readonly #ready = new Set<number>();
  /** How often each thread was started. */
  readonly #starts: number[];
  readonly #pool: PartitionPool;
  readonly #channels: PartitionThreadChannel[] = [];
  readonly #tasks: Array<Promise<void>> = [];
  readonly #outages = new StorageOutages();
  /** Why a thread ends that said so. */
  readonly #failures = new Map<number, StorageFailure>();
  readonly #retries = new Map<number, NodeJS.Timeout>();
  #deathsMs: number[] = [];
  #isPaused: boolean;
  #snapshots: SnapshotWatcher | undefined;
  #isClosing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#isPaused = options.isPaused;
    const { threadsCount, silenceMsMax } = options;
    this.#starts = Array.from({ length: threadsCount }, () => 0);
    this.#watch = new ThreadWatch({
      threadsCount,
      silenceMsMax,
      ping: (thread) => {
        // Who is down does not hang.
        if (this.#retries.has(thread)) this.#watch.answered(thread);
        else this.#channels[thread]?.post({ kind: 'ping' });
      },
      onHung: options.onThreadHung,
      onAnswered: options.onThreadAnswered,
    });
    this.#reports = new ThreadReports((thread, requestId) =>
      this.#channels[thread]?.post({ kind: 'report', requestId }),
    );
    this.#pool = options.pool;
  }

  start(): void {
    for (let thread = 0; thread < this.#options.threadsCount; thread += 1) this.#run(thread);
    this.#watch.start();
  }

  threads(): readonly PartitionThreadState[] {
    return this.#starts.map((startsCount, thread) => ({
      thread,
      partitions: this.#options.router.partitionsOf(thread),
      isReady: this.#ready.has(thread),
      isHung: this.#watch.isHung(thread),
      silentMs: this.#watch.silentMs(thread),
      startsCount,
    }));
  }

  inspect(): Promise<readonly ThreadFindings[]> {
    return Promise.all(
      this.threads().map(async (state) => ({
        ...state,
        report: state.isHung ? undefined : await this.#reports.request(state.thread),
      })),
    );
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Lets attempts start and timers fire, on threads to come as well. */
  startInvoking(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    for (const channel of this.#channels) channel.postAlone({ kind: 'startInvoking' });
  }

  watchSnapshots(snapshots: SnapshotWatcher): void {
    this.#snapshots = snapshots;
  }

  post(thread: number, message: ToPartitionThread): void {
    this.#channels[thread]?.postAlone(message);
  }

  /** Ends a thread at once, as a crash would. */
  crashThread(thread: number): void {
    this.#channels[thread]?.postAlone({ kind: 'crash' });
  }

  /** Blocks a thread, as a loop without end would. */
  stallThread(thread: number, forMs: number): void {
    this.#channels[thread]?.postAlone({ kind: 'stall', forMs });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#retries.values()) clearTimeout(timer);
    this.#watch.close();
    await this.#snapshots?.close();
    for (const channel of this.#channels) channel.postAlone({ kind: 'close' });
    await Promise.all(this.#tasks);
    for (const channel of this.#channels) channel.close();
  }

  #run(thread: number): void {
    const { router, settings, openTracePort } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const channel = new ThreadChannel<ToMainThread, ToPartitionThread>({
      port: port1,
      largeBodyOf,
      onMessage: (message) => this.#receive(thread, message),
    });
    this.#channels[thread] = channel;
    this.#starts[thread] = must(this.#starts[thread], 'a thread has a number') + 1;
    router.threadStarted(thread, channel);
    const partitions = router.partitionsOf(thread);
    const tracePort = openTracePort();
    const transferList = tracePort === undefined ? [port2] : [port2, tracePort];
    const isPaused = this.#isPaused;
    const task = { port: port2, tracePort, thread, partitions, isPaused, settings };
    this.#tasks[thread] = this.#pool.run(task, transferList).then(
      () => undefined,
      (error: unknown) => this.#replace(thread, error),
    );
  }

  #receive(thread: number, message: ToMainThread): void {
    switch (message.kind) {
      case 'pong':
        return this.#watch.answered(thread);
      case 'report':
        return this.#reports.receive(message.requestId, message.report);
      case 'snapshotStepDone':
        return this.#snapshots?.stepDone(thread, message);
      case 'ready':
        this.#ready.add(thread);
        if (this.#outages.isUp(thread, performance.now())) {
          this.#options.onStorageRecovered(thread);
        }
        break;
      case 'storageFailed':
        this.#failures.set(thread, message.failure);
        break;
      case 'reply':
      case 'settled':
      case 'deliver':
      case 'ackDelivery':
    }
    this.#options.router.receive(thread, message);
  }

  #replace(thread: number, error: unknown): void {
    this.#channels[thread]?.close();
    this.#ready.delete(thread);
    this.#watch.reset(thread);
    this.#reports.threadLost(thread);
    if (this.#isClosing) return;
    this.#options.router.threadLost(thread);
    this.#snapshots?.threadLost(thread);
    const failure = this.#failures.get(thread);
    if (failure !== undefined) return this.#retry(thread, failure);
    this.#options.onThreadDied(thread, error);
    const nowMs = performance.now();
    this.#deathsMs = this.#deathsMs.filter((atMs) => nowMs - atMs < DEATHS_WINDOW_MS);
    this.#deathsMs.push(nowMs);
    if (this.#deathsMs.length > DEATHS_MAX) {
      const message = `partition threads died ${this.#deathsMs.length} times within a minute`;
      return this.#options.onFatal(new Error(message, { cause: error }));
    }
    this.#run(thread);
  }

  /** Keeps S4. */
  #retry(thread: number, { message, isLasting }: StorageFailure): void {
    if (isLasting) return this.#options.onFatal(new Error(message));
    this.#failures.delete(thread);
    const retryInMs = this.#outages.failed(thread, performance.now());
    this.#options.onStorageFailed(thread, message, retryInMs);
    const timer = setTimeout(() => {
      this.#retries.delete(thread);
      this.#run(thread);
    }, retryInMs);
    this.#retries.set(thread, timer);
  }
}
