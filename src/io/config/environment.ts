import { KNOWN_KEYS } from './known-keys.ts';
import { environmentName } from './option.ts';
import type { Setting, Settings } from './setting.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const CONFIG_FILE_VARIABLE = 'RESTATE_CONFIG';

/** Variables without the prefix; they win over those with it. Source: seen on the reference. */
const OTHER_VARIABLES: ReadonlyArray<readonly [variable: string, key: string]> = [
  ['RUST_LOG', 'log-filter'],
  ['HTTP_PROXY', 'http-proxy'],
  ['NO_PROXY', 'no-proxy'],
  ['AWS_EXTERNAL_ID', 'aws-assume-role-external-id'],
  ['MEMORY_LIMIT', 'rocksdb-total-memory-size'],
];
const NO_TELEMETRY_VARIABLE = 'DO_NOT_TRACK';
const NO_TELEMETRY = /^(?:1|true|yes)$/i;

/** Names match whatever their case; names of no option are ignored, since other tools share the prefix. */
export function readEnvironment(env: Environment): Settings {
  const texts = upperCaseNames(env);
  const settings = new Map<string, Setting>();
  for (const [key, type] of KNOWN_KEYS) {
    const variable = environmentName(key);
    const text = texts.get(variable);
    if (text !== undefined) settings.set(key, settingOf(variable, text));
    else if ('merge' in type) addEntries(settings, key, texts);
  }
  for (const [variable, key] of OTHER_VARIABLES) {
    const text = texts.get(variable);
    if (text !== undefined) settings.set(key, settingOf(variable, text));
  }
  const doNotTrack = texts.get(NO_TELEMETRY_VARIABLE);
  if (doNotTrack !== undefined) {
    const value = NO_TELEMETRY.test(doNotTrack);
    const source = NO_TELEMETRY_VARIABLE;
    settings.set('disable-telemetry', { raw: { kind: 'toml', value }, source });
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
function settingOf(variable: string, text: string): Setting {
  const quoted = /^"(.*)"$/s.exec(text.trim());
  return { raw: { kind: 'text', text: quoted?.[1] ?? text }, source: variable };
}

/** `RESTATE_TRACING_HEADERS__X_KEY=secret` is the entry `x-key` of `tracing-headers`. */
function addEntries(
  settings: Map<string, Setting>,
  key: string,
  texts: ReadonlyMap<string, string>,
): void {
  const prefix = `${environmentName(key)}__`;
  const entries = [...texts].filter(([variable]) => variable.startsWith(prefix));
  if (entries.length === 0) return;
  const value = Object.fromEntries(
    entries.map(([variable, text]) => [
      variable.slice(prefix.length).toLowerCase().replaceAll('_', '-'),
      text,
    ]),
  );
  settings.set(key, { raw: { kind: 'toml', value }, source: `${prefix}*` });
}
