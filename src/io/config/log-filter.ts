// The filter language of the reference server: `level` and `target=level`, separated by commas.
import type { LogDirective, LogLevel } from '../log.ts';
import type { ValueType } from './value-type.ts';
import { textType } from './value-type.ts';

const LOG_LEVELS: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug', 'trace'];

/** Targets of the reference server and those that stand for them here; existing filters name them. */
const REFERENCE_TARGETS: ReadonlyArray<readonly [reference: string, own: string]> = [
  ['restate_admin', 'reprise::admin'],
  ['restate_ingress_http', 'reprise::http'],
  ['restate_invoker', 'reprise::attempt'],
  ['restate_worker', 'reprise::partition'],
  ['restate_partition', 'reprise::partition'],
];

/** A target, with what it says about spans left out, then a level. */
const DIRECTIVE = /^([\w:.-]+)(?:\[[^\]]*\])?(?:=(\w+))?$/;

export const LOG_FILTER: ValueType<string> = textType(
  'filter',
  'a log filter such as "info" or "warn,restate=debug"',
  (text) => parseLogFilter(text) !== undefined,
);

/** `undefined` for a malformed filter. */
export function parseLogFilter(filter: string): readonly LogDirective[] | undefined {
  const directives: LogDirective[] = [];
  for (const part of filter.split(',').map((text) => text.trim())) {
    if (part === '') continue;
    const directive = parseDirective(part);
    if (directive === undefined) return undefined;
    directives.push(directive);
  }
  return directives;
}

function parseDirective(text: string): LogDirective | undefined {
  const [, name, levelName] = DIRECTIVE.exec(text) ?? [];
  if (name === undefined) return undefined;
  const bareLevel = levelName === undefined ? findLevel(name) : undefined;
  if (bareLevel !== undefined) return { target: '', level: bareLevel };
  // A target without a level lets everything of it through.
  const level = levelName === undefined ? 'trace' : findLevel(levelName);
  return level && { target: ownTarget(name), level };
}

function ownTarget(name: string): string {
  if (name === 'restate') return 'reprise';
  return REFERENCE_TARGETS.find(([reference]) => name.startsWith(reference))?.[1] ?? name;
}

function findLevel(name: string): LogLevel | undefined {
  const lower = name.toLowerCase();
  return LOG_LEVELS.find((level) => level === lower);
}
