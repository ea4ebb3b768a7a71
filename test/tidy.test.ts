// The house rules that a regular expression can check: who imports what, what pure folders may not do,
// what must not be left lying about. The rules are those of ARCHITECTURE.md, "Import rules".
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LINES_MAX = 400;

interface Import {
  readonly path: string;
  readonly isTypeOnly: boolean;
}

interface SourceFile {
  /** Relative to `src`, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const IMPORT = /^import (type )?(?:[^'";]*? from )?'([^']+)';/gm;

function readSource(path: string): SourceFile {
  const absolute = join(ROOT, 'src', path);
  const text = readFileSync(absolute, 'utf8');
  const imports = [...text.matchAll(IMPORT)].map(([, type, specifier = '']) => ({
    path: specifier.startsWith('.')
      ? relative(join(ROOT, 'src'), join(dirname(absolute), specifier))
      : specifier,
    isTypeOnly: type !== undefined,
  }));
  return { path, text, imports };
}

const FILES = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map(readSource);

const isPure = (path: string): boolean => /^actors\/(domain|partition|attempt|schema)\//.test(path);

/** First rule whose folder the importer lies in decides. */
const RULES: ReadonlyArray<readonly [folder: RegExp, mayImport: RegExp, mayImportTypesOf: RegExp]> =
  [
    [/^(main|server)\.ts$/, /./, /./],
    [/^actors\/partition-thread\.ts$/, /./, /./],
    [/^actors\/domain\//, /^(actors\/domain\/|hash-wasm$)/, /^$/],
    [/^actors\/(partition|attempt|schema)\//, /^actors\/(domain|partition|attempt|schema)\//, /^$/],
    [/^actors\//, /^(actors\/|node:|msgpackr$|piscina$)/, /^$/],
    [
      /^storage\//,
      /^(actors\/domain\/|storage\/|node:|lmdb$|msgpackr$|zod$|fs-native-extensions$)/,
      /^actors\/(ports\.ts|partition\/)/,
    ],
    [
      /^io\//,
      /^(actors\/domain\/|actors\/schema\/|actors\/attempt\/service-message\.ts|io\/|node:|undici$|zod$|pino$|smol-toml$)/,
      /^actors\/(ports\.ts|partition\/|attempt\/)/,
    ],
  ];

describe('imports', () => {
  for (const { path, imports } of FILES) {
    test(`of ${path} keep the rules`, () => {
      const rule = RULES.find(([folder]) => folder.test(path));
      assert.ok(rule !== undefined, 'every file lies in a folder with a rule');
      const [, mayImport, mayImportTypesOf] = rule;
      for (const imported of imports) {
        const isAllowed =
          mayImport.test(imported.path) ||
          (imported.isTypeOnly && mayImportTypesOf.test(imported.path));
        assert.ok(isAllowed, `${path} imports ${imported.path}`);
      }
    });
  }

  test('reach every file from an entry', () => {
    const imported = new Set(FILES.flatMap(({ imports }) => imports.map(({ path }) => path)));
    const entries = ['main.ts', 'server.ts', 'actors/partition-thread.ts'];
    // Durability under a test's control, for the simulation and the machine's tests.
    entries.push('storage/memory-backend.ts');
    const unused = FILES.filter(({ path }) => !imported.has(path) && !entries.includes(path));
    assert.deepEqual(
      unused.map(({ path }) => path),
      [],
    );
  });
});

describe('pure folders', () => {
  const banned = [
    /\bawait\b/,
    /\bDate\b/,
    /\bMath\.random\b/,
    /\bprocess\./,
    /\bset(Timeout|Interval|Immediate)\b/,
    /\bperformance\b/,
  ];
  // The hash functions are WebAssembly, compiled once when the module loads.
  const exceptions: ReadonlyMap<string, RegExp> = new Map([
    ['actors/domain/hash.ts', /\bawait create/],
    // Formats a given instant; reads no clock.
    ['actors/domain/duration.ts', /new Date\(/],
  ]);
  for (const { path, text } of FILES.filter((file) => isPure(file.path))) {
    test(`have no clock, chance or waiting in ${path}`, () => {
      for (const line of text.split('\n')) {
        const isComment = /^\s*(\/\/|\*|\/\*)/.test(line);
        if (isComment || exceptions.get(path)?.test(line) === true) continue;
        for (const pattern of banned) assert.doesNotMatch(line, pattern);
      }
    });
  }
});

describe('every source file', () => {
  for (const { path, text } of FILES) {
    test(`such as ${path} is finished and short`, () => {
      assert.doesNotMatch(text, /\b(FIXME|XXX|TODO)\b/);
      assert.ok(text.split('\n').length <= LINES_MAX, `over ${LINES_MAX} lines`);
    });
  }
});

test('ARCHITECTURE.md tells what each dependency saves', () => {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const names = ['dependencies', 'optionalDependencies'].flatMap((field) =>
    Object.keys(Object(Reflect.get(Object(manifest), field))),
  );
  const [, section = ''] =
    /## Dependencies\n([\s\S]*)$/.exec(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')) ?? [];
  const told = [...section.matchAll(/^\| ([a-z][\w.@/-]*) /gim)].map(([, name]) => name);
  assert.deepEqual(new Set(told), new Set(['package', ...names]));
});
