import { parseArgs, type ParseArgsConfig } from 'node:util';
import { OPTION_LIST, type OptionValues } from './options.ts';
import type { Setting, Settings } from './setting.ts';

export type FlagsParse =
  | {
      readonly kind: 'flags';
      readonly settings: Settings;
      readonly configFile: string | undefined;
      readonly help: boolean;
      readonly version: boolean;
    }
  | { readonly kind: 'usageError'; readonly message: string };

type FlagDefinitions = NonNullable<ParseArgsConfig['options']>;

const FLAGS: FlagDefinitions = {
  'config-file': { type: 'string', short: 'c' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
  ...Object.fromEntries(
    OPTION_LIST.filter(([, { hasFlag }]) => hasFlag).map(([, { key }]) => [
      key,
      { type: 'string' as const },
    ]),
  ),
};

/** `argv` without the executable and the script. */
export function parseFlags(argv: readonly string[]): FlagsParse {
  let values: Readonly<Record<string, unknown>>;
  try {
    ({ values } = parseArgs({ args: [...argv], options: FLAGS, allowPositionals: false }));
  } catch (error) {
    // parseArgs throws only for what the caller wrote.
    return { kind: 'usageError', message: error instanceof Error ? error.message : String(error) };
  }
  const settings = new Map<keyof OptionValues, Setting>();
  for (const [name, { key }] of OPTION_LIST) {
    const text = values[key];
    if (typeof text !== 'string') continue;
    settings.set(name, { raw: { kind: 'text', text }, source: `--${key}` });
  }
  const configFile = values['config-file'];
  return {
    kind: 'flags',
    settings,
    configFile: typeof configFile === 'string' ? configFile : undefined,
    help: values['help'] === true,
    version: values['version'] === true,
  };
}
