// Loads configurations as the process would, from a file of its own for each.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import {
  type ConfigSources,
  type LoadedConfig,
  loadConfig,
  type ServerConfig,
} from '../../../src/io/config/load.ts';

/** Holds the files of the test. */
export const directory = mkdtempSync(join(tmpdir(), 'reprise-config-'));
after(() => rmSync(directory, { recursive: true }));

let filesCount = 0;

/** Writes a file and returns its path. */
export function configFile(toml: string): string {
  filesCount += 1;
  const path = join(directory, `${filesCount}.toml`);
  writeFileSync(path, toml);
  return path;
}

export interface Given extends Partial<Omit<ConfigSources, 'argv'>> {
  readonly argv?: readonly string[];
  readonly toml?: string;
}

export function load({ argv = [], env = {}, toml, ...context }: Given): LoadedConfig {
  const file = toml === undefined ? [] : ['-c', configFile(toml)];
  const sources = { cwd: '/srv', hostname: 'host-1', cores: 4, ...context };
  return loadConfig({ argv: [...file, ...argv], env, ...sources });
}

/** The configuration that the sources give; they are right. */
export function run(given: Given): ServerConfig {
  const loaded = load(given);
  assert(loaded.kind === 'run', loaded.kind === 'error' ? loaded.message : loaded.kind);
  return loaded.config;
}

export function warningsOf(given: Given): readonly string[] {
  const loaded = load(given);
  assert(loaded.kind === 'run', loaded.kind === 'error' ? loaded.message : loaded.kind);
  return loaded.warnings;
}

/** What is said about wrong sources. */
export function refusal(given: Given): LoadedConfig & { readonly kind: 'error' } {
  const loaded = load(given);
  assert(loaded.kind === 'error', 'refused');
  return loaded;
}
