// A key-value backend over an LMDB environment.
//   L1. A batch is one LMDB transaction. lmdb-js writes everything between the start and the end of
//       `batch()` in the same transaction, and so does everything of one event-loop turn: several
//       partitions that commit in one turn share a flush. Only a synchronous transaction of the same
//       thread would split it, so there is none after the environment is opened.
//   L2. Without `overlappingSync` LMDB flushes the data and then the page that points to it before it
//       reports the commit.
import type { Environment } from './environment.ts';
import type { KeyRange, KeyValueBackend, Write } from './key-value-backend.ts';

export class LmdbBackend implements KeyValueBackend {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
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

  async commit(writes: readonly Write[]): Promise<void> {
    try {
      await this.#environment.batch(() => this.#write(writes)); // Keeps L1 and L2.
    } catch (error) {
      throw await causeOf(error);
    }
  }

  async close(): Promise<void> {
    await this.#environment.close();
  }

  #write(writes: readonly Write[]): void {
    for (const { key, value } of writes) {
      // The promises of writes inside a batch say nothing; that of the batch is awaited.
      if (value === undefined) void this.#environment.remove(key);
      else void this.#environment.put(key, value);
    }
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** lmdb-js rejects with an error that says only where the reason is: in a promise that rejects, too. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (reason) {
    return reason;
  }
}
