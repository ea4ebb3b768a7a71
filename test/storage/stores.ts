// The partition store over each backend, and the states of durability a test moves it through.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PartitionNumber } from '../../src/actors/domain/ids.ts';
import type { PartitionStore } from '../../src/actors/ports.ts';
import type { KeyValueBackend } from '../../src/storage/key-value-backend.ts';
import { openTables } from '../../src/storage/lmdb-backend.ts';
import { openLoggedBackend } from '../../src/storage/log/logged-backend.ts';
import { MemoryBackend } from '../../src/storage/memory-backend.ts';
import { openPartitionStore } from '../../src/storage/partition-store.ts';
import { PARTITION } from './rows.ts';

export const PHASES = ['uncommitted', 'committed', 'flushed', 'reopened'] as const;
export type Phase = (typeof PHASES)[number];

/** A backend whose process can be restarted. */
export interface Disk {
  readonly backend: KeyValueBackend;
  /** Returns once the promise of the commit is settled. */
  flush(commit: Promise<void>): Promise<void>;
  restart(): Promise<void>;
  remove(): Promise<void>;
}

export const DISKS: Readonly<Record<string, () => Disk | Promise<Disk>>> = {
  memory: () => new MemoryDisk(),
  lmdb: () => new LmdbDisk(),
  'a log that is closed': () => LoggedDisk.make('closes'),
  'a log that crashes': () => LoggedDisk.make('crashes'),
};

class MemoryDisk implements Disk {
  backend = new MemoryBackend({ holdsCommits: true });

  flush(commit: Promise<void>): Promise<void> {
    while (this.backend.flushNext());
    return commit;
  }

  restart(): Promise<void> {
    this.backend = this.backend.crash();
    return Promise.resolve();
  }

  remove(): Promise<void> {
    return this.backend.close();
  }
}

class LmdbDisk implements Disk {
  readonly #directory = mkdtempSync(join(tmpdir(), 'reprise-storage-'));
  backend = openTables(this.#directory);

  flush(commit: Promise<void>): Promise<void> {
    return commit;
  }

  async restart(): Promise<void> {
    await this.backend.close();
    this.backend = openTables(this.#directory);
  }

  async remove(): Promise<void> {
    await this.backend.close();
    rmSync(this.#directory, { recursive: true });
  }
}

/** Over tables in memory, which a crash leaves as they are. */
class LoggedDisk implements Disk {
  readonly #directory: string;
  readonly #ending: 'closes' | 'crashes';
  #tables: MemoryBackend;
  backend: KeyValueBackend;

  private constructor(
    { directory, ending }: { readonly directory: string; readonly ending: 'closes' | 'crashes' },
    { tables, backend }: { readonly tables: MemoryBackend; readonly backend: KeyValueBackend },
  ) {
    this.#directory = directory;
    this.#ending = ending;
    this.#tables = tables;
    this.backend = backend;
  }

  static async make(ending: 'closes' | 'crashes'): Promise<LoggedDisk> {
    const directory = mkdtempSync(join(tmpdir(), 'reprise-storage-'));
    const tables = new MemoryBackend({ takesRepeatedKeys: true });
    return new LoggedDisk(
      { directory, ending },
      { tables, backend: await openLogged(directory, tables) },
    );
  }

  flush(commit: Promise<void>): Promise<void> {
    return commit;
  }

  async restart(): Promise<void> {
    if (this.#ending === 'closes') await this.backend.close();
    this.#tables = this.#tables.crash();
    this.backend = await openLogged(this.#directory, this.#tables);
  }

  async remove(): Promise<void> {
    await this.backend.close();
    rmSync(this.#directory, { recursive: true });
  }
}

function openLogged(directory: string, tables: MemoryBackend): Promise<KeyValueBackend> {
  return openLoggedBackend({ tables, path: directory, name: '0' });
}

export function openStore(backend: KeyValueBackend, partition = PARTITION): PartitionStore {
  return openPartitionStore({ backend, partition, partitionsCount: 24 });
}

/** A store on a disk of its own. */
export class TestStore {
  readonly #disk: Disk;
  readonly #partition: PartitionNumber;
  state: PartitionStore;

  constructor(disk: Disk, partition = PARTITION) {
    this.#disk = disk;
    this.#partition = partition;
    this.state = openStore(disk.backend, partition);
  }

  /** Brings everything written so far into `phase`. */
  async moveTo(phase: Phase): Promise<void> {
    if (phase === 'uncommitted') return;
    const commit = this.state.commit();
    assert.equal(this.state.hasUncommittedWrites(), false);
    if (phase === 'committed') return;
    await this.#disk.flush(commit);
    if (phase === 'flushed') return;
    await this.#disk.restart();
    this.state = openStore(this.#disk.backend, this.#partition);
  }

  remove(): Promise<void> {
    return this.#disk.remove();
  }
}
