// All partitions as they were at one moment. Thread: query thread. A snapshot keeps LMDB from reusing
// the pages it sees, so it must be released, and soon.
import { must } from '../../actors/domain/assert.ts';
import type { PartitionNumber } from '../../actors/domain/ids.ts';
import type { Environment } from '../environment.ts';
import type { KeyRange } from '../key-value-backend.ts';

type Transaction = ReturnType<Environment['useReadTransaction']>;

interface EnvironmentView {
  readonly environment: Environment;
  readonly transaction: Transaction;
  /** lmdb-js takes the transaction as an option here without declaring it. */
  readonly getFast: Environment['getBinaryFast'];
  readonly get: Environment['getBinary'];
}

export class Snapshot {
  readonly partitionsCount: number;
  readonly #views: readonly EnvironmentView[];

  /** Partition p lives in environment p modulo their number. */
  constructor(environments: readonly Environment[], partitionsCount: number) {
    this.partitionsCount = partitionsCount;
    this.#views = environments.map((environment) => {
      // Otherwise a transaction that was opened a moment ago would do, and show what was then.
      environment.resetReadTxn();
      return {
        environment,
        transaction: environment.useReadTransaction(),
        getFast: environment.getBinaryFast.bind(environment),
        get: environment.getBinary.bind(environment),
      };
    });
  }

  *partitions(): Generator<PartitionNumber> {
    for (let number = 0; number < this.partitionsCount; number += 1) {
      yield number as PartitionNumber;
    }
  }

  /** The value is valid until the next read. */
  peek(partition: PartitionNumber, key: Buffer): Buffer | undefined {
    const { getFast, transaction } = this.#view(partition);
    return Reflect.apply(getFast, undefined, [key, { transaction }]);
  }

  get(partition: PartitionNumber, key: Buffer): Buffer | undefined {
    const { get, transaction } = this.#view(partition);
    return Reflect.apply(get, undefined, [key, { transaction }]);
  }

  *range(
    partition: PartitionNumber,
    { start, end }: KeyRange,
  ): Generator<readonly [key: Buffer, value: Buffer]> {
    const { environment, transaction } = this.#view(partition);
    for (const { key, value } of environment.getRange({ start, end, transaction })) {
      yield [asBuffer(key), asBuffer(value)];
    }
  }

  /** No row has `end` itself as its key. */
  lastKey(partition: PartitionNumber, { start, end }: KeyRange): Buffer | undefined {
    const { environment, transaction } = this.#view(partition);
    const backwards = { start: end, end: start, reverse: true, limit: 1, transaction };
    for (const key of environment.getKeys(backwards)) return asBuffer(key);
    return undefined;
  }

  release(): void {
    for (const { transaction } of this.#views) transaction.done();
  }

  #view(partition: PartitionNumber): EnvironmentView {
    return must(this.#views[partition % this.#views.length], 'a partition has an environment');
  }
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value)
    ? value
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
