// A copy of a data directory that no server uses: its files as they are, logs included. Whoever starts
// on the copy recovers the logs.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readMarker } from '../data-directory-marker.ts';
import { DataDirectoryError } from '../data-directory-error.ts';
import { partitionDirectories, SCHEMA_DIRECTORY, TABLES_FILE } from '../data-directory-layout.ts';
import { lockDirectory } from '../directory-lock.ts';
import { logFilesIn } from '../log/log-files.ts';
import { makeSnapshotDirectory, type SnapshotFile } from './snapshot-directory.ts';

export interface FinishedSnapshot {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * Copies `<baseDir>/<nodeName>` to `<parent>/<nodeName>`. Throws `DataDirectoryError`, of kind `locked`
 * when a server uses the directory, and `SnapshotError`.
 */
export async function takeOfflineSnapshot(
  baseDir: string,
  nodeName: string,
  parent: string,
): Promise<FinishedSnapshot> {
  const directory = join(baseDir, nodeName);
  const marker = existsSync(directory) ? readMarker(directory) : undefined;
  if (marker === undefined) {
    throw new DataDirectoryError('notUsable', `there is no data directory ${directory}`);
  }
  const lock = lockDirectory(directory);
  try {
    const snapshot = makeSnapshotDirectory(parent, nodeName);
    const environments = [SCHEMA_DIRECTORY, ...partitionDirectories(marker.environmentsCount)];
    try {
      const files = environments.flatMap((name) => filesOf(directory, name));
      return { path: snapshot.path, bytes: await snapshot.complete(marker, files) };
    } catch (error) {
      snapshot.discard();
      throw error;
    }
  } finally {
    lock.release();
  }
}

function filesOf(directory: string, environment: string): readonly SnapshotFile[] {
  const path = join(directory, environment);
  return [TABLES_FILE, ...logFilesIn(path)]
    .filter((name) => existsSync(join(path, name)))
    .map((name) => ({ source: join(path, name), target: join(environment, name) }));
}
