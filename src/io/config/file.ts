import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { holdsOptions, KNOWN_KEYS } from './known-keys.ts';
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
  const settings = new Map<string, Setting>();
  const warnings: string[] = [];
  for (const [key, value] of entriesOf(table, '')) {
    if (KNOWN_KEYS.has(key)) settings.set(key, { raw: { kind: 'toml', value }, source: path });
    else if (holdsOptions(key)) return { kind: 'error', message: `${path}: "${key}" is a table` };
    else warnings.push(`${path}: unknown option "${key}" is ignored`);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
