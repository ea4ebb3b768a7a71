// What happens to the tables before anything is served: damage is refused, what logs hold is brought to
// the tables, and those of an older format are upgraded.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataDirectory } from './data-directory.ts';
import { type Marker, writeMarker } from './data-directory-marker.ts';
import { partitionDirectories, SCHEMA_DIRECTORY, tablesFile } from './data-directory-layout.ts';
import { flushDirectory, flushFile, makeDirectoryFlushed } from './file-flush.ts';
import { openTables } from './lmdb-backend.ts';
import { recoverLogs } from './log/recover-log.ts';
import { damagedTables, readTablesHead } from './tables-head.ts';
import { upgradeFormat } from './upgrade-format.ts';

const READER = fileURLToPath(new URL('./read-tables.js', import.meta.url));

/** A data directory whose environments are there, of the present format and without logs. */
export interface PreparedDirectory extends DataDirectory {
  /** Absolute path of the environment. */
  readonly schemaPath: string;
  /** Absolute paths of the environments; partition p lives in p modulo their number. */
  readonly partitionPaths: readonly string[];
}

/** Makes the environments of a new directory. Throws `DataDirectoryError` for one that is damaged. */
export async function prepareTables(directory: DataDirectory): Promise<PreparedDirectory> {
  const { path, marker: found } = directory;
  const schemaPath = join(path, SCHEMA_DIRECTORY);
  const partitionPaths = partitionDirectories(found.environmentsCount).map((name) =>
    join(path, name),
  );
  for (const environment of [schemaPath, ...partitionPaths]) await checkTables(environment, found);
  for (const environment of partitionPaths) {
    await recoverLogs(environment, () => openTables(environment));
  }
  const marker = await upgradeFormat(
    { path, marker: markTables(path, found) },
    partitionPaths.map((environment) => () => openTables(environment)),
  );
  return { ...directory, marker, schemaPath, partitionPaths };
}

function markTables(path: string, marker: Marker): Marker {
  if (marker.hasTables === true) return marker;
  const marked = { ...marker, hasTables: true };
  writeMarker(path, marked);
  return marked;
}

async function checkTables(directory: string, { hasTables }: Marker): Promise<void> {
  const path = tablesFile(directory);
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  // LMDB would begin a new file without a word.
  if (bytes === 0 && hasTables === true) throw damagedTables(path, 'it is gone or empty');
  if (bytes === 0) {
    makeDirectoryFlushed(directory);
    await openTables(directory).close();
    flushFile(path);
    flushDirectory(directory);
  }
  const { end, fileBytes } = readTablesHead(path);
  if (fileBytes < end) refuseIfCut(directory);
}

/**
 * A file that ends before its last page is whole if those that are missing are free. Whoever reads a
 * missing one dies of it, so another process tries.
 */
function refuseIfCut(directory: string): void {
  const { status } = spawnSync(process.execPath, [READER, directory], { stdio: 'ignore' });
  if (status !== 0) throw damagedTables(tablesFile(directory), 'its end is missing');
}
