// Flags, environment, file and defaults, in falling order of precedence, made into one configuration.
import { availableParallelism, hostname } from 'node:os';
import { resolve } from 'node:path';
import { completeConfig, type ServerConfig } from './complete-config.ts';
import { dumpConfig } from './dump.ts';
import { configFileOfEnvironment, type Environment, readEnvironment } from './environment.ts';
import { readConfigFile } from './file.ts';
import { parseFlags } from './flags.ts';
import { FOREIGN_OPTIONS } from './foreign-options.ts';
import { helpText, versionText } from './help.ts';
import { DEPRECATED_KEYS } from './known-keys.ts';
import type { OptionContext } from './option.ts';
import { OPTION_LIST } from './options.ts';
import type { Setting, Settings } from './setting.ts';
import type { AnyValueType } from './value-type.ts';

export type { ServerConfig };

export type LoadedConfig =
  | {
      readonly kind: 'run';
      readonly config: ServerConfig;
      /** Without the picture and its captions, on a terminal. */
      readonly noLogo: boolean;
      /** One line each. */
      readonly warnings: readonly string[];
    }
  /** Print to standard output, the warnings to standard error, and exit with 0. */
  | { readonly kind: 'print'; readonly text: string; readonly warnings: readonly string[] }
  /** Print to standard error and exit. */
  | { readonly kind: 'error'; readonly exitCode: number; readonly message: string };

export interface ConfigSources extends OptionContext {
  /** Without the executable and the script. */
  readonly argv: readonly string[];
  readonly env: Environment;
}

type ConfigError = LoadedConfig & { readonly kind: 'error' };

/** A wrong flag. Source: seen on the reference server. */
const EXIT_USAGE = 2;
/** A wrong file or environment variable. Source: seen on the reference server. */
const EXIT_CONFIGURATION = 1;

export function loadConfig(sources: ConfigSources): LoadedConfig {
  const flags = parseFlags(sources.argv);
  if (flags.kind === 'usageError') return usageError(flags.message);
  if (flags.help) return { kind: 'print', text: helpText(), warnings: [] };
  if (flags.version) return { kind: 'print', text: versionText(), warnings: [] };
  const file = readFile(flags.configFile ?? configFileOfEnvironment(sources.env), sources.cwd);
  if (file.kind === 'error') return configurationError(file.message);
  const layers = [flags.settings, readEnvironment(sources.env), file.settings];
  const moved = moveDeprecated(layers);
  const read = readOptions([moved.settings, ...layers]);
  if (read.kind === 'error') return read;
  const config = completeConfig({ ...read.given, configFile: file.path }, sources);
  const warnings = [...file.warnings, ...moved.warnings, ...read.warnings];
  if (flags.dumpConfig) return { kind: 'print', text: dumpConfig(config), warnings };
  return { kind: 'run', config, noLogo: flags.noLogo, warnings };
}

/**
 * The configuration of a server inside another program: the defaults of the command line with
 * `overrides` on top. An override of `undefined` changes nothing, a node name among them counts as
 * chosen, and relative paths start at the working directory.
 */
export function defaultServerConfig(overrides: Partial<ServerConfig> = {}): ServerConfig {
  const context = { cwd: process.cwd(), hostname: hostname(), cores: availableParallelism() };
  return completeConfig(withoutUndefined(overrides), context);
}

function withoutUndefined(overrides: Partial<ServerConfig>): Partial<ServerConfig> {
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
}

function usageError(message: string): ConfigError {
  return {
    kind: 'error',
    exitCode: EXIT_USAGE,
    message: `error: ${message}\n\nFor more information, try '--help'.`,
  };
}

function configurationError(message: string): ConfigError {
  return {
    kind: 'error',
    exitCode: EXIT_CONFIGURATION,
    message: `[RT0002] configuration loading error: ${message}`,
  };
}

function readFile(path: string | undefined, cwd: string) {
  if (path === undefined) {
    return { kind: 'file', path, settings: new Map(), warnings: [] } as const;
  }
  const absolute = resolve(cwd, path);
  return { ...readConfigFile(absolute), path: absolute };
}

interface Moved {
  /** By the new keys. */
  readonly settings: Settings;
  readonly warnings: readonly string[];
}

function moveDeprecated(layers: readonly Settings[]): Moved {
  const settings = new Map<string, Setting>();
  const warnings: string[] = [];
  for (const [old, current] of DEPRECATED_KEYS) {
    const [setting] = findSettings(old, layers);
    if (setting === undefined) continue;
    settings.set(current, setting);
    const { source } = setting;
    warnings.push(`${source}: the option "${old}" is deprecated, use "${current}" instead`);
  }
  return { settings, warnings };
}

type OptionsRead =
  | {
      readonly kind: 'options';
      readonly given: Partial<ServerConfig>;
      readonly warnings: readonly string[];
    }
  | ConfigError;

/** Reads what the layers say, the first one wins. */
function readOptions(layers: readonly Settings[]): OptionsRead {
  const given: Record<string, unknown> = {};
  const warnings: string[] = [];
  for (const [name, { key, type, isUnused, defaultText }] of OPTION_LIST) {
    const value = readValue(key, type, layers);
    if (value.kind === 'error') return value;
    if (value.kind === 'unset') continue;
    given[name] = value.value;
    if (!isUnused || type.show(value.value) === defaultText) continue;
    warnings.push(`${value.source}: the option "${key}" has no effect in this version`);
  }
  for (const { key, type, defaultText } of FOREIGN_OPTIONS.values()) {
    const value = readValue(key, type, layers);
    if (value.kind === 'error') return value;
    if (value.kind === 'unset' || type.show(value.value) === defaultText) continue;
    warnings.push(`${value.source}: the option "${key}" has no effect in Reprise`);
  }
  // Every value was parsed by the type of its option.
  return { kind: 'options', given: given as Partial<ServerConfig>, warnings };
}

type ValueRead =
  | { readonly kind: 'set'; readonly value: NonNullable<unknown>; readonly source: string }
  | { readonly kind: 'unset' }
  | ConfigError;

function readValue(key: string, type: AnyValueType, layers: readonly Settings[]): ValueRead {
  const [first, ...others] = findSettings(key, layers);
  if (first === undefined) return { kind: 'unset' };
  const parsed = type.parse(first.raw);
  if (!parsed.ok) return refuseSetting(key, first, parsed.reason);
  let { value } = parsed;
  for (const { raw } of others) {
    const lower = type.parse(raw);
    if (type.merge !== undefined && lower.ok) value = type.merge(lower.value, value);
  }
  return { kind: 'set', value, source: first.source };
}

/** What the layers say about an option, the one that wins first. */
function findSettings(key: string, layers: readonly Settings[]): readonly Setting[] {
  return layers.flatMap((settings) => settings.get(key) ?? []);
}

function refuseSetting(key: string, { source }: Setting, reason: string): ConfigError {
  if (source.startsWith('--')) return usageError(`invalid value for ${source}: ${reason}`);
  return configurationError(`invalid value for "${key}" in ${source}: ${reason}`);
}
