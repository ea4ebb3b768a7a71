// A key-value backend over an LMDB environment. Thread: the partition's; threads that share an
// environment have a backend each.
//   L1. A batch lies in one LMDB transaction: everything put within one `batch()` of lmdb-js does.
//       Only a synchronous transaction of the same thread would split it, and there is none once the
//       environment is open.
//   L2. Without `overlappingSync` LMDB flushes the rows and then the page that points to them before
//       it reports the commit.
//   L3. One transaction is in flight at a time; commits meanwhile wait and share the next one, as do
//       all commits of one turn. LMDB could begin the next transaction by itself, but would then
//       also flush it after this one failed, and a batch would stand on a lost one. With staggered
//       commits of 4, 16 and 64 clients the two ways did not differ beyond the noise of ± 10 %.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HeldPin } from '../actors/snapshot-ports.ts';
import { type Environment, openEnvironment } from './environment.ts';
import type { KeyRange, KeyValueBackend, Write } from './key-value-backend.ts';
import { pinTables } from './tables-pin.ts';

interface WaitingCommit {
  /** Empty once the library has them. */
  writes: readonly Write[];
  readonly onApplied: (() => void) | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class LmdbBackend implements KeyValueBackend {
  readonly #directory: string;
  readonly #environment: Environment;
  #waiting: WaitingCommit[] = [];
  #flushing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** Opens or makes the environment in the directory. */
  constructor(directory: string, mapBytes?: number) {
    this.#directory = directory;
    this.#environment = openEnvironment(directory, mapBytes);
  }

  get(key: Buffer): Buffer | undefined {
    return this.#environment.getBinary(key);
  }

  *range({ start, end }: KeyRange): Generator<readonly [key: Buffer, value: Buffer]> {
    for (const { key, value } of this.#environment.getRange({ start, end })) {
      yield [asBuffer(key), asBuffer(value)];
    }
  }

  *keys({ start, end }: KeyRange): Generator<Buffer> {
    for (const key of this.#environment.getKeys({ start, end })) yield asBuffer(key);
  }

  commit(writes: readonly Write[], onApplied?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.error);
      this.#waiting.push({ writes, onApplied, resolve, reject });
      // Keeps L3. The first flush begins when the commits of this turn are there.
      this.#flushing ??= Promise.resolve().then(() => this.#flushWaiting());
    });
  }

  async settle(): Promise<void> {
    await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** What is applied now can be copied until the pin is released. Nothing may write meanwhile. */
  pin(): HeldPin {
    return pinTables(this.#environment, this.#directory);
  }

  get use(): TableUse {
    return readUse(this.#environment.getStats());
  }

  /** Flushes what has been committed, then closes the environment. */
  async close(): Promise<void> {
    await this.#flushing;
    await this.#environment.close();
  }

  async #flushWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const commits = this.#waiting;
      this.#waiting = [];
      try {
        await this.#environment.batch(() => this.#write(commits)); // Keeps L1 and L2.
      } catch (error) {
        return this.#fail(await reasonOf(error), commits);
      }
      for (const { onApplied, resolve } of commits) {
        onApplied?.();
        resolve();
      }
    }
    this.#flushing = undefined;
  }

  #write(commits: readonly WaitingCommit[]): void {
    for (const commit of commits) {
      for (const { key, value } of commit.writes) {
        // The promises of single writes say nothing; that of the batch is awaited.
        if (value === undefined) void this.#environment.remove(key);
        else void this.#environment.put(key, value);
      }
      commit.writes = [];
    }
  }

  #fail(error: unknown, commits: readonly WaitingCommit[]): void {
    this.#failure = { error };
    for (const { reject } of [...commits, ...this.#waiting]) reject(error);
    this.#waiting = [];
  }
}

/** How full an environment is. */
export interface TableUse {
  /** Pages ever used; freed ones among them are used again. Unit: bytes. */
  readonly usedBytes: number;
  /** Address space; it grows by itself. Unit: bytes. */
  readonly mapBytes: number;
  readonly rowsCount: number;
}

/** Opens or makes the tables in a directory. `mapBytes` is for tests of the map's growth. */
export function openTables(directory: string, mapBytes?: number): LmdbBackend {
  return new LmdbBackend(directory, mapBytes);
}

/** lmdb-js leaves the form of its statistics open. */
function readUse(statistics: object): TableUse {
  const read = (name: string): number => Number(Reflect.get(statistics, name));
  return {
    usedBytes: (read('lastPageNumber') + 1) * read('pageSize'),
    mapBytes: read('mapSize'),
    rowsCount: read('entryCount'),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** lmdb-js rejects with an error whose `commitError`, a promise, rejects with the reason soon after. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await Promise.race([error.commitError, nextTurn()]);
    return error;
  } catch (reason) {
    return reason;
  }
}
