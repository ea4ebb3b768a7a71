import { stringify } from 'smol-toml';
import type { ServerConfig } from './complete-config.ts';
import { OPTION_LIST } from './options.ts';

type Table = Record<string, unknown>;

/** The options as a TOML file that gives the same configuration; unset ones are left out. */
export function dumpConfig(config: ServerConfig): string {
  const root: Table = {};
  for (const [name, { key, type }] of OPTION_LIST) {
    const value = config[name];
    if (value === undefined || (name === 'nodeName' && config.nodeNameIsDefault)) continue;
    const path = key.split('.');
    const last = path.pop() ?? key;
    tableAt(root, path)[last] = type.toToml === undefined ? type.show(value) : type.toToml(value);
  }
  return stringify(root).trimEnd();
}

function tableAt(root: Table, path: readonly string[]): Table {
  let table = root;
  for (const name of path) {
    // Only this function makes the entries that lie on the way to an option.
    table = (table[name] ??= {}) as Table;
  }
  return table;
}
