import { must } from '../../actors/domain/assert.ts';
import type { LoggerOptions } from '../log.ts';
import type { ServerConfig } from './load.ts';
import { logLevelOf } from './log-filter.ts';

/** How the server logs. `isTerminal` decides the format that nobody chose. */
export function logOptionsOf(
  { logFilter, logFormat }: Pick<ServerConfig, 'logFilter' | 'logFormat'>,
  isTerminal: boolean,
): LoggerOptions {
  const level = must(logLevelOf(logFilter), 'the configured log filter is well-formed');
  const format = logFormat ?? (isTerminal ? 'pretty' : 'json');
  return { level, format: format === 'json' ? 'json' : 'text' };
}
