// Flags, environment, file and defaults, in falling order of precedence, made into one configuration.
import { availableParallelism, hostname } from 'node:os';
import { resolve } from 'node:path';
import { assert } from '../../actors/domain/assert.ts';
import { configFileOfEnvironment, type Environment, readEnvironment } from './environment.ts';
import { readConfigFile } from './file.ts';
import { parseFlags } from './flags.ts';
import { helpText, versionText } from './help.ts';
import { OPTION_LIST, type OptionContext, type OptionValues } from './options.ts';
import type { Setting, Settings } from './setting.ts';

export interface ServerConfig extends OptionValues {
  /** Nobody chose `nodeName`: it is the host name. */
  readonly nodeNameIsDefault: boolean;
  /** Absolute path of the file that was read. */
  readonly configFile: string | undefined;
}

export type LoadedConfig =
  | {
      readonly kind: 'run';
      readonly config: ServerConfig;
      /** One line each. */
      readonly warnings: readonly string[];
    }
  /** Print to standard output and exit with 0. */
  | { readonly kind: 'print'; readonly text: string }
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
  if (flags.help) return { kind: 'print', text: helpText() };
  if (flags.version) return { kind: 'print', text: versionText() };
  const file = readFile(flags.configFile ?? configFileOfEnvironment(sources.env), sources.cwd);
  if (file.kind === 'error') return configurationError(file.message);
  const layers = [flags.settings, readEnvironment(sources.env), file.settings];
  const values = effectiveValues(layers, sources);
  if (values.kind === 'error') return values;
  const { baseDir, requestIdentityKeyFile } = values.values;
  const config: ServerConfig = {
    ...values.values,
    baseDir: resolve(sources.cwd, baseDir),
    requestIdentityKeyFile: requestIdentityKeyFile && resolve(sources.cwd, requestIdentityKeyFile),
    nodeNameIsDefault: findSetting('nodeName', layers) === undefined,
    configFile: file.path,
  };
  return { kind: 'run', config, warnings: file.warnings };
}

/**
 * The configuration of a server inside another program: the defaults of the command line with
 * `overrides` on top. An override of `undefined` changes nothing, a node name among them counts as
 * chosen, and relative paths start at the working directory.
 */
export function defaultServerConfig(overrides: Partial<ServerConfig> = {}): ServerConfig {
  const cwd = process.cwd();
  const loaded = loadConfig({
    argv: [],
    env: {},
    cwd,
    hostname: hostname(),
    cores: availableParallelism(),
  });
  assert(loaded.kind === 'run', 'the defaults of the configuration are valid');
  const given = withoutUndefined(overrides);
  const config: ServerConfig = {
    ...loaded.config,
    nodeNameIsDefault: given.nodeName === undefined,
    ...given,
  };
  const { baseDir, requestIdentityKeyFile } = config;
  return {
    ...config,
    baseDir: resolve(cwd, baseDir),
    requestIdentityKeyFile: requestIdentityKeyFile && resolve(cwd, requestIdentityKeyFile),
  };
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

type EffectiveValues = { readonly kind: 'values'; readonly values: OptionValues } | ConfigError;

function effectiveValues(layers: readonly Settings[], context: OptionContext): EffectiveValues {
  const values: Record<string, unknown> = {};
  for (const [name, option] of OPTION_LIST) {
    const setting = findSetting(name, layers);
    if (setting === undefined) {
      values[name] = option.defaultOf(context);
      continue;
    }
    const parsed = option.type.parse(setting.raw);
    if (!parsed.ok) return refuseSetting(option.key, setting, parsed.reason);
    values[name] = parsed.value;
  }
  // The loop has filled in every name of the table with a value of its type.
  return { kind: 'values', values: values as OptionValues };
}

/** The setting of the first layer that has one. */
function findSetting(name: keyof OptionValues, layers: readonly Settings[]): Setting | undefined {
  return layers.find((settings) => settings.has(name))?.get(name);
}

function refuseSetting(key: string, { source }: Setting, reason: string): ConfigError {
  if (source.startsWith('--')) return usageError(`invalid value for ${source}: ${reason}`);
  return configurationError(`invalid value for "${key}" in ${source}: ${reason}`);
}
