// What one partition thread has open: its logs and tables, and the stores of its partitions in them.
import { must } from '../actors/domain/assert.ts';
import type { PartitionNumber } from '../actors/domain/ids.ts';
import type { LogStatistics } from '../actors/domain/statistics.ts';
import type { PartitionStore } from '../actors/ports.ts';
import type { HeldPin } from '../actors/snapshot-ports.ts';
import { type LmdbBackend, openTables, type TableUse } from './lmdb-backend.ts';
import { type LogBacklog, type LoggedBackend, openLoggedBackend } from './log/logged-backend.ts';
import { openPartitionStore } from './partition-store.ts';

export interface PartitionStorageOptions {
  /** One environment per path; partition p lives in environment p modulo their number. */
  readonly environmentPaths: readonly string[];
  /** Tells apart the logs of different threads. */
  readonly name: string;
  readonly partitions: readonly PartitionNumber[];
  readonly partitionsCount: number;
  readonly statistics: LogStatistics;
}

interface OpenEnvironment {
  readonly tables: LmdbBackend;
  readonly backend: LoggedBackend;
}

/** Opens every environment, and makes sure that the logs of those in use can be written. */
export async function openPartitionStorage(
  options: PartitionStorageOptions,
): Promise<PartitionStorage> {
  const { environmentPaths: paths, name, partitions, statistics } = options;
  const used = new Set(partitions.map((partition) => partition % paths.length));
  const environments = await Promise.all(
    paths.map(async (path, index) => {
      const tables = openTables(path);
      const backend = await openLoggedBackend({ tables, path, name, statistics });
      // Else a full disk would be noticed only when invocations are running again.
      if (used.has(index)) await backend.commit([]);
      return { tables, backend };
    }),
  );
  return new PartitionStorage(environments, options);
}

export class PartitionStorage {
  readonly stores: ReadonlyMap<PartitionNumber, PartitionStore>;
  readonly #environments: readonly OpenEnvironment[];

  constructor(
    environments: readonly OpenEnvironment[],
    { partitions, partitionsCount }: PartitionStorageOptions,
  ) {
    this.#environments = environments;
    this.stores = new Map(
      partitions.map((partition) => {
        const { backend } = this.#environment(partition % environments.length);
        return [partition, openPartitionStore({ backend, partition, partitionsCount })];
      }),
    );
  }

  /** Of each environment. */
  get backlogs(): readonly LogBacklog[] {
    return this.#environments.map(({ backend }) => backend.backlog);
  }

  /** Of each environment. */
  get tableUses(): readonly TableUse[] {
    return this.#environments.map(({ tables }) => tables.use);
  }

  /** Resolves once the tables have everything that was committed; rejects when they cannot have it. */
  async settle(): Promise<void> {
    await Promise.all(this.#environments.map(({ backend }) => backend.settle()));
  }

  /** Pins what the tables of an environment have; nothing may write to them meanwhile. */
  pin(environment: number): HeldPin {
    return this.#environment(environment).tables.pin();
  }

  /** For when the stores are closed. */
  async close(): Promise<void> {
    for (const { backend } of this.#environments) await backend.close();
  }

  #environment(index: number): OpenEnvironment {
    return must(this.#environments[index], 'there is an environment');
  }
}
