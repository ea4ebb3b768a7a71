// The filter language of the reference server, `level` and `target=level` separated by commas, reduced
// to what Reprise has: one level for all of its lines.
import type { LogLevel } from '../log.ts';
import type { ValueType } from './value-type.ts';
import { textType } from './value-type.ts';

const LOG_LEVELS: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug', 'trace'];

/** Targets that stand for Reprise; existing configurations say `restate`. */
const OWN_TARGETS: readonly string[] = ['restate', 'reprise'];

const DIRECTIVE = /^([\w:.-]+)(?:\[[^\]]*\])?(?:=(\w+))?$/;

export const LOG_FILTER: ValueType<string> = textType(
  'filter',
  'a log filter such as "info" or "warn,restate=debug"',
  (text) => logLevelOf(text) !== undefined,
);

/** The level that a filter gives to Reprise, `undefined` for a malformed filter. */
export function logLevelOf(filter: string): LogLevel | undefined {
  let general: LogLevel = 'error';
  let own: LogLevel | undefined;
  for (const directive of filter.split(',').map((part) => part.trim())) {
    if (directive === '') continue;
    const match = DIRECTIVE.exec(directive);
    if (match === null) return undefined;
    const [, name = '', levelName] = match;
    const bareLevel = levelName === undefined ? findLevel(name) : undefined;
    if (bareLevel !== undefined) {
      general = bareLevel;
      continue;
    }
    // A target without a level lets everything of it through.
    const level = levelName === undefined ? 'trace' : findLevel(levelName);
    if (level === undefined) return undefined;
    if (OWN_TARGETS.includes(name)) own = level;
  }
  return own ?? general;
}

function findLevel(name: string): LogLevel | undefined {
  const lower = name.toLowerCase();
  return LOG_LEVELS.find((level) => level === lower);
}
