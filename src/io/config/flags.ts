import { parseArgs, type ParseArgsConfig } from 'node:util';
import { FOREIGN_OPTIONS } from './foreign-options.ts';
import { OPTION_LIST } from './options.ts';
import type { Setting, Settings } from './setting.ts';

export type FlagsParse =
  | {
      readonly kind: 'flags';
      readonly settings: Settings;
      readonly configFile: string | undefined;
      readonly help: boolean;
      readonly version: boolean;
      readonly dumpConfig: boolean;
      readonly noLogo: boolean;
    }
  | { readonly kind: 'usageError'; readonly message: string };

type FlagDefinitions = NonNullable<ParseArgsConfig['options']>;

const OWN_FLAGS = OPTION_LIST.map(([, option]) => option).filter(({ hasFlag }) => hasFlag);

/** Keys whose flags take no value. */
const SWITCHES = OWN_FLAGS.filter(({ isSwitch }) => isSwitch).map(({ key }) => key);

/** Keys that are flags too. */
const FLAG_KEYS: readonly string[] = [
  ...OWN_FLAGS,
  ...[...FOREIGN_OPTIONS.values()].filter(({ hasFlag }) => hasFlag),
].map(({ key }) => key);

/** The one flag that takes several values. */
const LIST_FLAG = 'roles';

const FLAGS: FlagDefinitions = {
  'config-file': { type: 'string', short: 'c' },
  'dump-config': { type: 'boolean' },
  production: { type: 'boolean' },
  'no-logo': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
  ...Object.fromEntries(FLAG_KEYS.map((key) => [key, { type: 'string' as const }])),
  ...Object.fromEntries(SWITCHES.map((key) => [key, { type: 'boolean' as const }])),
  [LIST_FLAG]: { type: 'string', multiple: true },
};

/** `argv` without the executable and the script. */
export function parseFlags(argv: readonly string[]): FlagsParse {
  let values: Readonly<Record<string, unknown>>;
  try {
    const args = joinListValues(argv);
    ({ values } = parseArgs({ args, options: FLAGS, allowPositionals: false }));
  } catch (error) {
    // parseArgs throws only for what the caller wrote.
    return { kind: 'usageError', message: error instanceof Error ? error.message : String(error) };
  }
  const configFile = values['config-file'];
  return {
    kind: 'flags',
    settings: settingsOf(values),
    configFile: typeof configFile === 'string' ? configFile : undefined,
    help: values['help'] === true,
    version: values['version'] === true,
    dumpConfig: values['dump-config'] === true,
    noLogo: values['no-logo'] === true,
  };
}

function settingsOf(values: Readonly<Record<string, unknown>>): Settings {
  const settings = new Map<string, Setting>();
  for (const key of FLAG_KEYS) {
    const value = values[key];
    const text = Array.isArray(value) ? value.join(',') : value === true ? 'true' : value;
    if (typeof text !== 'string') continue;
    settings.set(key, { raw: { kind: 'text', text }, source: `--${key}` });
  }
  return settings;
}

/** `--roles a b` is `--roles a,b`. */
function joinListValues(argv: readonly string[]): string[] {
  const joined: string[] = [];
  let isInList = false;
  for (const argument of argv) {
    if (isInList && !argument.startsWith('-')) {
      const last = joined.at(-1) ?? '';
      joined[joined.length - 1] = last + (last.endsWith('=') ? '' : ',') + argument;
      continue;
    }
    isInList = argument === `--${LIST_FLAG}`;
    joined.push(isInList ? `${argument}=` : argument);
  }
  return joined;
}
