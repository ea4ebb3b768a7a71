// Takes snapshots of the data directory while it is in use. Thread: main.
//   N1. Messages between partitions are numbered by the sender and counted by the receiver, and the
//       sender forgets what the receiver has. If one partition were copied at an earlier moment than
//       another, a message could be lost (forgotten here, not received there) or taken for a repeated
//       one. So all partitions are copied as they are at one moment, in which none applies anything.
//   N2. That moment holds up the partitions no longer than it takes to bring the last batches to the
//       tables and to pin the tables. Copying comes after it.
//   N3. The schema is pinned in the same moment: no partition can have seen a later one.
//   N4. A copy is only good while the pins are held: a thread that is lost takes its pins with it.
import { SnapshotError } from './domain/snapshot-error.ts';
import type { SnapshotStep, SnapshotStepAnswer, ToPartitionThread } from './messages.ts';
import type { HeldPin, SnapshotWriter, StartedSnapshot, TablesPin } from './snapshot-ports.ts';

/** A thread that takes longer is not waited for. Unit: milliseconds. */
const STEP_MS_MAX = 10_000;

export interface SnapshotActorOptions {
  readonly writer: SnapshotWriter;
  readonly threadsCount: number;
  readonly environmentsCount: number;
  /** Whether every thread has its partitions and takes commands. */
  readonly isReady: () => boolean;
  readonly post: (thread: number, message: ToPartitionThread) => void;
  /** Calls `use` while the schema cannot change, with what pins it. */
  readonly holdSchema: <T>(use: () => Promise<T>) => Promise<T>;
  readonly pinSchema: () => HeldPin;
}

export interface TakenSnapshot {
  /** Absolute path of the copy of the data directory. */
  readonly path: string;
  readonly bytes: number;
  /** How long no partition applied anything. Unit: milliseconds. */
  readonly pauseMs: number;
}

interface RunningStep {
  readonly id: number;
  readonly waitingFor: Set<number>;
  readonly pins: TablesPin[];
  readonly resolve: (pins: readonly TablesPin[]) => void;
  readonly reject: (error: Error) => void;
}

interface Pinned {
  readonly pins: readonly TablesPin[];
  readonly pauseMs: number;
}

export class SnapshotActor {
  readonly #options: SnapshotActorOptions;
  #stepsCount = 0;
  #step: RunningStep | undefined;
  #taking: Promise<TakenSnapshot> | undefined;
  #schemaPin: HeldPin | undefined;
  /** Why the snapshot under way cannot be completed. */
  #interruption: SnapshotError | undefined;

  constructor(options: SnapshotActorOptions) {
    this.#options = options;
  }

  /** Makes a copy at `<parent>/<node name>`. Rejects with `SnapshotError`. */
  async take(parent: string): Promise<TakenSnapshot> {
    if (this.#taking !== undefined) throw new SnapshotError('busy', 'a snapshot is being taken');
    this.#interruption = undefined;
    this.#taking = this.#take(parent);
    try {
      return await this.#taking;
    } finally {
      this.#taking = undefined;
    }
  }

  stepDone(thread: number, { stepId, result }: SnapshotStepAnswer): void {
    const step = this.#step;
    if (step?.id !== stepId) return;
    if (typeof result === 'string') {
      return step.reject(interrupted(`partition thread ${thread} failed: ${result}`));
    }
    step.pins.push(...result.pins);
    step.waitingFor.delete(thread);
    if (step.waitingFor.size === 0) step.resolve(step.pins);
  }

  /** Keeps N4. */
  threadLost(thread: number): void {
    this.#interrupt(interrupted(`partition thread ${thread} ended meanwhile`));
  }

  /** Gives up the snapshot under way, and waits until nothing is written any more. */
  async close(): Promise<void> {
    this.#interrupt(interrupted('the server stops'));
    await this.#taking?.catch(() => undefined);
  }

  async #take(parent: string): Promise<TakenSnapshot> {
    if (!this.#options.isReady()) throw interrupted('a partition is being recovered; try again');
    const started = this.#options.writer.begin(parent);
    try {
      const { pins, pauseMs } = await this.#pinEverything();
      const bytes = await this.#copy(started, pins);
      return { path: started.path, bytes, pauseMs };
    } catch (error) {
      started.discard();
      throw error;
    } finally {
      this.#schemaPin?.release();
      this.#schemaPin = undefined;
      this.#tellAll({ name: 'release' });
    }
  }

  async #copy(started: StartedSnapshot, pins: readonly TablesPin[]): Promise<number> {
    const check = (): void => {
      if (this.#interruption !== undefined) throw this.#interruption;
    };
    return started.complete(pins, check);
  }

  async #pinEverything(): Promise<Pinned> {
    // Most of what the tables lack gets there before anything stops. Keeps N2.
    await this.#perform({ name: 'settle' });
    return this.#options.holdSchema(() => this.#pinAtOneMoment());
  }

  /** Keeps N1 and N3. */
  async #pinAtOneMoment(): Promise<Pinned> {
    const startMs = performance.now();
    try {
      await this.#perform({ name: 'stop' });
      const partitionPins = await this.#pinPartitions();
      this.#schemaPin = this.#options.pinSchema();
      const pauseMs = performance.now() - startMs;
      return { pins: [...partitionPins, this.#schemaPin.pin], pauseMs };
    } finally {
      this.#tellAll({ name: 'goOn' });
    }
  }

  #pinPartitions(): Promise<readonly TablesPin[]> {
    const { threadsCount, environmentsCount } = this.#options;
    const all = Array.from({ length: environmentsCount }, (_, index) => index);
    return this.#performEach((thread) => ({
      name: 'pin',
      environments: all.filter((environment) => environment % threadsCount === thread),
    }));
  }

  #perform(step: SnapshotStep): Promise<readonly TablesPin[]> {
    return this.#performEach(() => step);
  }

  /** Has every thread perform a step; resolves with the pins they hold. */
  async #performEach(stepOf: (thread: number) => SnapshotStep): Promise<readonly TablesPin[]> {
    if (this.#interruption !== undefined) throw this.#interruption;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<readonly TablesPin[]>((resolve, reject) => {
        const threads = this.#threads();
        const id = ++this.#stepsCount;
        this.#step = { id, waitingFor: new Set(threads), pins: [], resolve, reject };
        for (const thread of threads) this.#tell(thread, id, stepOf(thread));
        const late = (): void => reject(interrupted('a partition thread is too busy'));
        timer = setTimeout(late, STEP_MS_MAX);
      });
    } finally {
      clearTimeout(timer);
      this.#step = undefined;
    }
  }

  /** Nobody waits for the answers. */
  #tellAll(step: SnapshotStep): void {
    const id = ++this.#stepsCount;
    for (const thread of this.#threads()) this.#tell(thread, id, step);
  }

  #tell(thread: number, stepId: number, step: SnapshotStep): void {
    this.#options.post(thread, { kind: 'snapshotStep', stepId, step });
  }

  #threads(): readonly number[] {
    return Array.from({ length: this.#options.threadsCount }, (_, thread) => thread);
  }

  #interrupt(why: SnapshotError): void {
    this.#interruption = why;
    this.#step?.reject(why);
  }
}

function interrupted(why: string): SnapshotError {
  return new SnapshotError('interrupted', `no snapshot was taken: ${why}`);
}
