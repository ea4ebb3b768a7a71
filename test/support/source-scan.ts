// A reader of source files good enough for rules about them: imports, code without words, functions.
// It relies on the formatter: one statement per line, closing braces at the indentation of their start.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT_ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface SourceFile {
  /** From the project root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly isTypeOnly: boolean;
  /** A path from the project root for a relative import, else the specifier itself. */
  readonly target: string;
  readonly isReExport: boolean;
}

export interface SourceFunction {
  readonly name: string;
  /** From the line with the name to the closing brace. */
  readonly linesCount: number;
}

export function readProjectFile(path: string): string {
  return readFileSync(join(PROJECT_ROOT, path), 'utf8');
}

export function readSources(folder: string): readonly SourceFile[] {
  return readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => posix.join(folder, path.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.ts'))
    .toSorted()
    .map((path) => ({ path, text: readProjectFile(path) }));
}

const IMPORT = /^(import|export)\s+(type\s+)?([^;'"()]*?)\s*from\s+'([^']+)'/gm;
/** What is loaded when it is needed. */
const LATE_IMPORT = /\bimport\('([^']+)'\)/g;
const SIDE_EFFECT_IMPORT = /^import\s+'([^']+)'/gm;

export function importsOf({ path, text }: SourceFile): readonly Import[] {
  const imports: Import[] = [];
  const resolve = (specifier: string): string =>
    specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
  for (const [, keyword, type, names = '', specifier = ''] of text.matchAll(IMPORT)) {
    const isTypeOnly = type !== undefined || hasOnlyTypes(names);
    imports.push({ isTypeOnly, target: resolve(specifier), isReExport: keyword === 'export' });
  }
  for (const form of [SIDE_EFFECT_IMPORT, LATE_IMPORT]) {
    for (const [, specifier = ''] of text.matchAll(form)) {
      imports.push({ isTypeOnly: false, target: resolve(specifier), isReExport: false });
    }
  }
  return imports;
}

function hasOnlyTypes(names: string): boolean {
  const inBraces = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
  if (inBraces === undefined) return false;
  const listed = inBraces.split(',').filter((name) => name.trim() !== '');
  return listed.every((name) => name.trim().startsWith('type '));
}

/** The text without comments and without what string and regular-expression literals say. */
export function codeOnly(text: string): string {
  const literal = /\/\*[\s\S]*?\*\/|\/\/.*$|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/gm;
  const withoutQuotes = text.replaceAll(literal, "''");
  // Of a template only the expressions are code.
  return withoutQuotes.replaceAll(/`(?:\\.|[^`\\])*`/g, (template) =>
    [...template.matchAll(/\$\{([^}]*)\}/g)].map(([, expression]) => expression).join(';'),
  );
}

const FUNCTION = /^( *)(?:export )?(?:default )?(?:async )?function\*? (\w+)/;
const METHOD = /^( {2})(?:override |static |async |get |set )*\*?(#?\w+)(?:<[^>]*>)?\(/;

export function functionsOf(text: string): readonly SourceFunction[] {
  const lines = text.split('\n');
  return lines.flatMap((line, start) => {
    const [, indentation, name] = FUNCTION.exec(line) ?? METHOD.exec(line) ?? [];
    if (indentation === undefined || name === undefined || isCall(lines, start)) return [];
    const closing = new Set([`${indentation}}`, `${indentation}},`]);
    const linesCount = lines.slice(start).findIndex((end) => closing.has(end)) + 1;
    return linesCount === 0 ? [] : [{ name, linesCount }];
  });
}

/** The line opens a statement, for example `if (` or a call, and no function. */
function isCall(lines: readonly string[], start: number): boolean {
  const line = lines[start] ?? '';
  if (/^ *(?:if|for|while|switch|catch|return|super|throw)\b/.test(line)) return true;
  return /(?:[;,}]|=>(?: \{)?)$/.test(line);
}
