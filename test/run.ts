// Runs the tests: `node dist/test/run.js [filter…]` takes the files whose path contains a filter.
// Pure tests share the cores. End-to-end tests run one after the other: each starts a server, and some
// of them load it. Files of test/peer run only when a filter names them.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Lane {
  readonly files: readonly string[];
  /** Test files that run at the same time. */
  readonly concurrency: number;
}

const testRoot = fileURLToPath(new URL('.', import.meta.url));

function findTestFiles(filters: readonly string[]): readonly string[] {
  return readdirSync(testRoot, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js'))
    .filter((path) =>
      filters.length === 0
        ? !path.startsWith('peer/')
        : filters.some((filter) => path.includes(filter)),
    )
    .map((path) => relative(process.cwd(), join(testRoot, path)))
    .toSorted();
}

/** Runs one lane and gives its exit code; the runner's own summary goes to standard output. */
function runLane({ files, concurrency }: Lane): number {
  if (files.length === 0) return 0;
  const flags = ['--enable-source-maps', '--test', '--test-reporter=spec'];
  const { status } = spawnSync(
    process.execPath,
    [...flags, `--test-concurrency=${concurrency}`, ...files],
    { stdio: 'inherit' },
  );
  return status ?? 1;
}

const files = findTestFiles(process.argv.slice(2));
if (files.length === 0) {
  console.error('no test file matches');
  process.exit(1);
}
const needsServer = (path: string): boolean => /\.(e2e|peer)\.test\.js$/.test(path);
const exitCodes = [
  runLane({
    files: files.filter((path) => !needsServer(path)),
    concurrency: availableParallelism(),
  }),
  runLane({ files: files.filter(needsServer), concurrency: 1 }),
];
process.exitCode = exitCodes.find((code) => code !== 0) ?? 0;
