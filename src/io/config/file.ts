import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { OPTION_LIST, type OptionValues } from './options.ts';
import type { Setting, Settings } from './setting.ts';

export type FileRead =
  | {
      readonly kind: 'file';
      readonly settings: Settings;
      /** One for each key that is no option; such keys change nothing. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'error'; readonly message: string };

type Table = Readonly<Record<string, unknown>>;

const OPTION_NAMES = new Map(OPTION_LIST.map(([name, { key }]) => [key, name]));

/** Reads a TOML file. `path` is absolute. */
export function readConfigFile(path: string): FileRead {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { kind: 'error', message: `cannot read the config file ${path}: ${messageOf(error)}` };
  }
  return parseConfigFile(text, path);
}

function parseConfigFile(text: string, path: string): FileRead {
  let table: Table;
  try {
    table = parse(text);
  } catch (error) {
    const at = error instanceof TomlError ? ` at line ${error.line}, column ${error.column}` : '';
    return { kind: 'error', message: `TOML parse error${at} of ${path}: ${messageOf(error)}` };
  }
  const settings = new Map<keyof OptionValues, Setting>();
  const warnings: string[] = [];
  for (const [key, value] of entriesOf(table, '')) {
    const name = OPTION_NAMES.get(key);
    if (holdsOptions(key)) return { kind: 'error', message: `${path}: "${key}" is a table` };
    if (name === undefined) warnings.push(`${path}: unknown option "${key}" is ignored`);
    else settings.set(name, { raw: { kind: 'toml', value }, source: path });
  }
  return { kind: 'file', settings, warnings };
}

/** Keys with dots. A table is entered only if an option lies in it, so a foreign one warns once. */
function* entriesOf(table: Table, prefix: string): Generator<readonly [string, unknown]> {
  for (const [name, value] of Object.entries(table)) {
    const key = prefix + name;
    if (isTable(value) && holdsOptions(key)) yield* entriesOf(value, `${key}.`);
    else yield [key, value];
  }
}

function isTable(value: unknown): value is Table {
  if (typeof value !== 'object' || value === null) return false;
  return !Array.isArray(value) && !(value instanceof Date);
}

function holdsOptions(key: string): boolean {
  return OPTION_LIST.some(([, option]) => option.key.startsWith(`${key}.`));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
