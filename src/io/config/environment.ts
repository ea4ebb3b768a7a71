import { environmentName, OPTION_LIST, type OptionValues } from './options.ts';
import type { Setting, Settings } from './setting.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const CONFIG_FILE_VARIABLE = 'RESTATE_CONFIG';
const LOG_FILTER_VARIABLE = 'RUST_LOG';

/** Names match whatever their case; names of no option are ignored, since other tools share the prefix. */
export function readEnvironment(env: Environment): Settings {
  const texts = upperCaseNames(env);
  const settings = new Map<keyof OptionValues, Setting>();
  for (const [name, { key }] of OPTION_LIST) {
    const variable = environmentName(key);
    const text = texts.get(variable);
    if (text !== undefined) settings.set(name, environmentSetting(variable, text));
  }
  const rustLog = texts.get(LOG_FILTER_VARIABLE);
  if (rustLog !== undefined && rustLog !== '' && !settings.has('logFilter')) {
    settings.set('logFilter', environmentSetting(LOG_FILTER_VARIABLE, rustLog));
  }
  return settings;
}

/** The file that the environment names. */
export function configFileOfEnvironment(env: Environment): string | undefined {
  return upperCaseNames(env).get(CONFIG_FILE_VARIABLE);
}

function upperCaseNames(env: Environment): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [name, text] of Object.entries(env)) {
    if (text !== undefined) texts.set(name.toUpperCase(), text);
  }
  return texts;
}

/** A value in double quotes is the text between them, as in the file. */
function environmentSetting(variable: string, text: string): Setting {
  const quoted = /^"(.*)"$/s.exec(text.trim());
  return { raw: { kind: 'text', text: quoted?.[1] ?? text }, source: variable };
}
