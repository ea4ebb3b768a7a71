import { must } from '../../actors/domain/assert.ts';
import type { LoggerOptions } from '../log.ts';
import type { ServerConfig } from './load.ts';
import { parseLogFilter } from './log-filter.ts';

type LogConfig = Pick<ServerConfig, 'logFilter' | 'logFormat' | 'logDisableAnsiCodes'>;

/** How the server logs. `isTerminal` decides the format that nobody chose, and about colours. */
export function logOptionsOf(config: LogConfig, isTerminal: boolean): LoggerOptions {
  return {
    directives: must(parseLogFilter(config.logFilter), 'the configured log filter is well-formed'),
    format: config.logFormat ?? (isTerminal ? 'pretty' : 'json'),
    colours: isTerminal && !config.logDisableAnsiCodes,
  };
}
