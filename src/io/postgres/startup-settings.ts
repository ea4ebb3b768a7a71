import { fatal } from './postgres-error.ts';
import type { Settings } from './settings.ts';

/** What a startup packet holds besides settings. */
const NO_SETTINGS: ReadonlySet<string> = new Set(['user', 'database', 'options', 'replication']);

/** Applies the settings of a startup packet. Throws `PostgresError` for those that cannot be met. */
export function applyStartupSettings(
  settings: Settings,
  parameters: ReadonlyMap<string, string>,
): void {
  const replication = parameters.get('replication') ?? 'false';
  if (!['false', 'off', 'no', '0'].includes(replication.toLowerCase())) {
    throw fatal('unsupported', 'replication is not supported');
  }
  for (const [name, value] of parameters)
    if (!NO_SETTINGS.has(name)) settings.setDefault(name, value);
  for (const [name, value] of readOptions(parameters.get('options') ?? '')) {
    settings.setDefault(name, value);
  }
}

/** Of command line options: `-c name=value` and `--name=value`; a backslash keeps a space. */
function readOptions(text: string): Array<readonly [name: string, value: string]> {
  const words = (text.match(/(?:\\.|[^\s\\])+/gs) ?? []).map((word) =>
    word.replaceAll(/\\(.)/gs, '$1'),
  );
  return words.flatMap((word, index) => {
    const isSetting = words[index - 1] === '-c' || /^-(?:c|-)./.test(word);
    const [, name, value] = /^(?:-c|--)?([\w.-]+)=(.*)$/s.exec(word) ?? [];
    if (!isSetting || name === undefined || value === undefined) return [];
    return [[name.replaceAll('-', '_'), value] as const];
  });
}
