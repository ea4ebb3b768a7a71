// Looks into the LMDB files of a running server from outside.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { open } from 'lmdb';

/** Rows of all partitions of a server, counted without reading them. */
export async function countRows(dataDirectory: string): Promise<number> {
  let total = 0;
  for (const path of environmentPaths(dataDirectory)) {
    // Opened anew each time: a snapshot held for long would keep the server from reusing pages.
    const environment = open({ path, noSubdir: false, readOnly: true });
    const statistics = environment.getStats();
    if ('entryCount' in statistics) total += Number(statistics.entryCount);
    await environment.close();
  }
  return total;
}

/** Where the partitions' rows are, once the partition threads have made their files. */
function environmentPaths(dataDirectory: string): readonly string[] {
  return readdirSync(dataDirectory, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^partitions-\d+$/.test(basename(path)))
    .map((path) => join(dataDirectory, path))
    .filter((path) => existsSync(join(path, 'data.mdb')));
}
