// Opens a data directory in a process of its own, says how that went, and holds it until killed.
import { DataDirectoryError } from '../../src/storage/data-directory-error.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';

const [baseDir = ''] = process.argv.slice(2);

try {
  openDataDirectory({
    baseDir,
    nodeName: 'n1',
    nodeNameIsDefault: false,
    clusterName: 'localcluster',
    partitionsCount: 24,
    environmentsCount: 1,
    now: new Date(),
  });
  process.stdout.write('held\n');
  setInterval(() => {}, 60_000);
} catch (error) {
  const kind = error instanceof DataDirectoryError ? error.kind : String(error);
  process.stdout.write(`${kind}\n`);
}
