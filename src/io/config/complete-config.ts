// From the options that somebody set to a configuration without anything left open.
import { resolve } from 'node:path';
import type { OptionContext } from './option.ts';
import { OPTION_LIST, type OptionValues } from './options.ts';

export interface ServerConfig extends OptionValues {
  /** Nobody chose `nodeName`: it is the host name. */
  readonly nodeNameIsDefault: boolean;
  /** Absolute path of the file that was read. */
  readonly configFile: string | undefined;
}

/** Relative paths start at the working directory. A complete configuration comes back as it is. */
export function completeConfig(given: Partial<ServerConfig>, context: OptionContext): ServerConfig {
  const defaults: Record<string, unknown> = {};
  for (const [name, { defaultOf }] of OPTION_LIST) defaults[name] = defaultOf(context);
  const config = {
    // The loop has filled in every name of the table with a value of its type.
    ...(defaults as unknown as OptionValues),
    nodeNameIsDefault: given.nodeName === undefined,
    configFile: undefined,
    ...given,
  };
  return { ...config, ...boundedSizes(given, config), ...absolutePaths(config, context) };
}

/** What somebody set is bounded by the size of messages in general; what nobody set follows it. */
function boundedSizes(given: Partial<OptionValues>, config: OptionValues) {
  const bytesMax = config.networkingMessageSizeLimit;
  const bounded = (bytes = bytesMax): number => Math.min(bytes, bytesMax);
  return {
    ingressRequestSizeLimit: bounded(given.ingressRequestSizeLimit),
    messageSizeLimit: bounded(given.messageSizeLimit),
    eagerStateSizeLimit: bounded(given.eagerStateSizeLimit),
  };
}

/** Of the base directory, and of every option whose key says that it names a file. */
function absolutePaths(config: OptionValues, { cwd }: OptionContext): Partial<OptionValues> {
  const paths: Record<string, unknown> = { baseDir: resolve(cwd, config.baseDir) };
  for (const [name, { key }] of OPTION_LIST) {
    if (!/-files?$/.test(key)) continue;
    const value = config[name];
    if (typeof value === 'string') paths[name] = resolve(cwd, value);
    if (Array.isArray(value)) paths[name] = value.map((path) => resolve(cwd, String(path)));
  }
  return paths;
}
