// Rules about the source itself: who may import what, what pure code may not touch, sizes, leftovers.
// The import rules are those of ARCHITECTURE.md.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  codeOnly,
  functionsOf,
  importsOf,
  readProjectFile,
  readSources,
  type Import,
  type SourceFile,
} from './support/source-scan.ts';

const FILE_LINES_MAX = 500;
const FUNCTION_LINES_MAX = 70;

/** The process, the package, a command, and the threads that are started by name. */
const STARTED = [
  'src/main.ts',
  'src/server.ts',
  'src/snapshot-command.ts',
  'src/actors/partition-thread.ts',
  'src/actors/query-thread.ts',
  'src/io/tracing/trace-thread.ts',
];
const WIRING = new Set([
  'src/main.ts',
  'src/server.ts',
  'src/listeners.ts',
  'src/partitions.ts',
  'src/parts.ts',
  'src/settings.ts',
  'src/snapshot-command.ts',
  'src/actors/partition-thread.ts',
  'src/actors/query-thread.ts',
]);
/** Nobody needs to import these: a process that is started by name is among them. */
const ENTRIES = [...STARTED, 'src/storage/read-tables.ts'];
/** Part of the package only for tests and benches. */
const TEST_DOUBLES = new Set(['src/storage/memory-backend.ts']);
/** Instantiates its WebAssembly hashers when it is loaded. */
const MAY_AWAIT = new Set(['src/actors/domain/hash.ts']);

const sources = readSources('src');

/** `domain`, `partition`, `attempt`, `schema`, `actors`, `storage`, `query`, or `io` with its own folder. */
function layerOf(path: string): string {
  const [, top = '', folder = ''] = path.split('/');
  if (top === 'actors') return folder.endsWith('.ts') ? 'actors' : folder;
  if (top === 'storage') return folder === 'query' ? 'query' : top;
  if (top === 'io') return folder.endsWith('.ts') ? path : `io/${folder}`;
  return top;
}

const PURE = new Set(['domain', 'partition', 'attempt', 'schema']);
const PURE_PACKAGES: Readonly<Record<string, string>> = {
  'src/actors/domain/hash.ts': 'hash-wasm',
};
/** The contracts between actors and the rest: their types may be imported everywhere outside actors. */
const STORAGE_CONTRACTS = new Set([
  'src/actors/ports.ts',
  'src/actors/snapshot-ports.ts',
  'src/actors/partition/command.ts',
  'src/actors/partition/state.ts',
]);
const IO_CONTRACTS = new Set(['src/actors/ports.ts', 'src/actors/tracer.ts']);
/** Of these, io may use values too: message numbers, schema lookups, the gateway's error. */
const IO_VALUES = new Set([
  'src/actors/ports.ts',
  'src/actors/attempt/service-message.ts',
  'src/actors/schema/resolve.ts',
  'src/actors/schema/target.ts',
]);
const IO_SHARED = new Set([
  'io/http',
  'io/service-protocol',
  'src/io/log.ts',
  'src/io/log-text.ts',
  'src/io/postgres-types.ts',
  'src/io/sql-lexer.ts',
  'src/io/zstd.ts',
]);

/** Whether `file` may import this. Packages and `node:` modules are only kept out of pure code. */
function isAllowed(file: string, { target, isTypeOnly }: Import): boolean {
  if (WIRING.has(file)) return true;
  const from = layerOf(file);
  if (!target.startsWith('src/')) return !PURE.has(from) || PURE_PACKAGES[file] === target;
  const to = layerOf(target);
  if (WIRING.has(target)) return from === 'actors' && isTypeOnly;
  if (from === to || to === 'domain') return true;
  if (from === 'domain') return false;
  if (PURE.has(from) || from === 'actors') return PURE.has(to);
  if (from === 'query') return to === 'storage' || (isTypeOnly && STORAGE_CONTRACTS.has(target));
  if (from === 'storage') return isTypeOnly && STORAGE_CONTRACTS.has(target);
  if (from === 'io/sql' && to === 'query') return true;
  if (IO_SHARED.has(to)) return true;
  const isContract = IO_CONTRACTS.has(target) || PURE.has(to);
  return isContract && (isTypeOnly || IO_VALUES.has(target));
}

function importFrom(target: string, isTypeOnly = false): Import {
  return { target, isTypeOnly, isReExport: false };
}

test('imports follow the rules', () => {
  const refused = sources.flatMap((file) =>
    importsOf(file)
      .filter((imported) => !isAllowed(file.path, imported))
      .map(({ target }) => `${file.path} imports ${target}`),
  );
  assert.deepEqual(refused, []);
});

const REFUSED: ReadonlyArray<readonly [file: string, imported: Import]> = [
  ['src/actors/domain/ids.ts', importFrom('src/actors/partition/state.ts', true)],
  ['src/actors/domain/ids.ts', importFrom('node:crypto')],
  ['src/actors/partition/apply.ts', importFrom('src/actors/ports.ts', true)],
  ['src/actors/partition/apply.ts', importFrom('hash-wasm')],
  ['src/actors/attempt/apply.ts', importFrom('src/storage/key-codec.ts', true)],
  ['src/actors/router.ts', importFrom('src/io/log.ts', true)],
  ['src/actors/supervisor.ts', importFrom('src/actors/partition-thread.ts')],
  ['src/actors/partition-host.ts', importFrom('src/storage/partition-store.ts')],
  ['src/storage/partition-store.ts', importFrom('src/actors/ports.ts')],
  ['src/storage/partition-store.ts', importFrom('src/actors/router.ts', true)],
  ['src/storage/partition-store.ts', importFrom('src/io/log.ts')],
  ['src/storage/partition-store.ts', importFrom('src/storage/query/snapshot.ts', true)],
  ['src/storage/query/snapshot.ts', importFrom('src/io/sql/engine.ts', true)],
  ['src/io/sql/engine.ts', importFrom('src/storage/partition-store.ts')],
  ['src/io/admin/sql-query.ts', importFrom('src/io/sql/engine.ts', true)],
  ['src/io/ingress/call.ts', importFrom('src/actors/router.ts', true)],
  ['src/io/ingress/call.ts', importFrom('src/actors/tracer.ts')],
  ['src/io/ingress/call.ts', importFrom('src/actors/partition/apply.ts')],
  ['src/io/ingress/call.ts', importFrom('src/io/admin/route.ts')],
  ['src/io/ingress/call.ts', importFrom('src/storage/schema-store.ts')],
];

test('the rules refuse what they should', () => {
  const allowed = REFUSED.filter(([file, imported]) => isAllowed(file, imported));
  assert.deepEqual(allowed, []);
});

const IMPURE =
  /\b(?:await|async|Date|process|performance|crypto|setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bMath\.random\b/g;

function impurities({ path, text }: SourceFile): readonly string[] {
  return [...codeOnly(text).matchAll(IMPURE)]
    .map(([word]) => word)
    .filter((word) => word !== 'await' || !MAY_AWAIT.has(path));
}

test('pure code neither waits nor looks at the clock, at random numbers or at the process', () => {
  const found = sources
    .filter(({ path }) => PURE.has(layerOf(path)))
    .flatMap((file) => impurities(file).map((word) => `${file.path}: ${word}`));
  assert.deepEqual(found, []);
});

test('impurities are found in code, not in what comments and texts say', () => {
  const text = [
    '// await the process',
    "const a = 'Date'; /* Math.random */",
    'const b = `process ${Date.now()}`;',
    'await Math.random();',
  ].join('\n');
  assert.deepEqual(impurities({ path: 'x.ts', text }), ['Date', 'await', 'Math.random']);
});

test('imports are read in every form', () => {
  const text = [
    "import type { A } from './a.ts';",
    "import { type B, c } from '../b.ts';",
    "import { type D } from 'd';",
    'import {',
    '  e,',
    '  f,',
    "} from './e.ts';",
    "import './g.ts';",
    "export * from './h.ts';",
    "const i = await import('./i.ts');",
  ].join('\n');
  assert.deepEqual(
    importsOf({ path: 'src/x/y.ts', text }).map(({ target, isTypeOnly }) => [target, isTypeOnly]),
    [
      ['src/x/a.ts', true],
      ['src/b.ts', false],
      ['d', true],
      ['src/x/e.ts', false],
      ['src/x/h.ts', false],
      ['src/x/g.ts', false],
      ['src/x/i.ts', false],
    ],
  );
});

test('everybody imports from the defining file: there are no barrels', () => {
  const barrels = sources.filter((file) => importsOf(file).some(({ isReExport }) => isReExport));
  assert.deepEqual(
    barrels.map(({ path }) => path),
    [],
  );
});

test('every source file is reached from an entry', () => {
  const files = new Map(sources.map((file) => [file.path, file]));
  const reached = new Set(ENTRIES);
  for (const path of reached) {
    const file = files.get(path);
    assert.ok(file !== undefined, `${path} exists`);
    for (const { target } of importsOf(file)) if (files.has(target)) reached.add(target);
  }
  const dead = [...files.keys()].filter(
    (path) => !reached.has(path) && !path.endsWith('.d.ts') && !TEST_DOUBLES.has(path),
  );
  assert.deepEqual(dead, []);
  assert.match(readProjectFile('src/actors/partition-pool.ts'), /'\.\/partition-thread\.js'/);
  assert.match(readProjectFile('src/actors/query-service.ts'), /'\.\/query-thread\.js'/);
  assert.match(readProjectFile('src/io/tracing/trace-export.ts'), /'\.\/trace-thread\.js'/);
});

test('nothing is left to be done later', () => {
  const marker = /\b(?:FIXME|TODO|XXX|HACK)\b/;
  const marked = [...sources, ...readSources('test'), ...readSources('bench')]
    .filter(({ path }) => path !== 'test/tidy.test.ts')
    .filter(({ text }) => marker.test(text));
  assert.deepEqual(
    marked.map(({ path }) => path),
    [],
  );
});

test(`no source file is longer than ${FILE_LINES_MAX} lines`, () => {
  const long = sources.filter(({ text }) => text.split('\n').length - 1 > FILE_LINES_MAX);
  assert.deepEqual(
    long.map(({ path }) => path),
    [],
  );
});

test(`no function is longer than ${FUNCTION_LINES_MAX} lines`, () => {
  const long = sources.flatMap(({ path, text }) =>
    functionsOf(text)
      .filter(({ linesCount }) => linesCount > FUNCTION_LINES_MAX)
      .map(({ name, linesCount }) => `${path} ${name}: ${linesCount}`),
  );
  assert.deepEqual(long, []);
});

test('functions and methods are measured from their name to their closing brace', () => {
  const text = [
    'export async function first(',
    '  a: number,',
    '): Promise<void> {',
    '  if (a > 0) {',
    '    go();',
    '  }',
    '}',
    'class A {',
    '  #second(): void {',
    '    go();',
    '  }',
    '}',
  ].join('\n');
  assert.deepEqual(functionsOf(text), [
    { name: 'first', linesCount: 7 },
    { name: '#second', linesCount: 3 },
  ]);
});

test('every dependency is used, and explained in ARCHITECTURE.md', () => {
  const manifest: unknown = JSON.parse(readProjectFile('package.json'));
  const dependencies = ['dependencies', 'optionalDependencies'].flatMap((field) =>
    Object.keys(property(manifest, field) ?? {}),
  );
  const [, table = ''] = readProjectFile('ARCHITECTURE.md').split('\n## Dependencies\n');
  const explained = [...table.matchAll(/^\| ([\w@/.-]+)(?: \(optional\))? +\|/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'package' && !/^-+$/.test(name));
  assert.deepEqual(explained.toSorted(), dependencies.toSorted());
  const allSource = sources.map(({ text }) => text).join('\n');
  assert.deepEqual(
    dependencies.filter((name) => !allSource.includes(`'${name}`)),
    [],
  );
});

function property(value: unknown, name: string): object | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Object.entries(value).find(([key]) => key === name)?.[1];
  return typeof found === 'object' && found !== null ? found : undefined;
}
