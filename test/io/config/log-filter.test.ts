import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LOG_FILTER, parseLogFilter } from '../../../src/io/config/log-filter.ts';
import { createLogger, type LogTarget } from '../../../src/io/log.ts';

/** Which lines a logger of the target writes, the least severe level named. */
function leastSevere(filter: string, target: LogTarget): string {
  const directives = parseLogFilter(filter);
  assert(directives !== undefined, 'well-formed');
  const written: string[] = [];
  const sink = { write: (line: string) => void written.push(String(JSON.parse(line).level)) };
  const sinks = { output: sink, errors: sink };
  const log = createLogger({ directives, format: 'json', colours: false, sinks }).of(target);
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]('x');
  return written[0]?.toLowerCase() ?? 'off';
}

describe('a log filter', () => {
  const rows: ReadonlyArray<readonly [filter: string, level: string, target?: LogTarget]> = [
    ['warn,restate=info', 'info'],
    ['warn,restate=info', 'info', 'reprise::attempt'],
    ['restate=debug,warn', 'debug'],
    ['reprise=trace', 'debug'],
    ['info', 'info'],
    ['INFO', 'info'],
    ['off', 'off'],
    ['error,hyper=debug', 'error'],
    ['hyper=debug', 'error'],
    ['restate', 'debug'],
    ['', 'error'],
    ['warn, restate=info,', 'info'],
    ['warn,reprise=info,reprise::attempt=off', 'off', 'reprise::attempt'],
    ['warn,reprise=info,reprise::attempt=off', 'info', 'reprise::partition'],
    ['reprise::attempt=off,reprise=info', 'off', 'reprise::attempt'],
    ['warn,restate_invoker_impl=debug', 'debug', 'reprise::attempt'],
    ['warn,restate_invoker_impl=debug', 'warn', 'reprise::admin'],
    ['warn,restate_admin=error', 'error', 'reprise::admin'],
    ['info,restate[span{field=1}]=warn', 'warn'],
    ['warn,warn,info', 'info'],
  ];
  for (const [filter, level, target = 'reprise'] of rows) {
    test(`"${filter}" lets ${target} write ${level} and above`, () => {
      assert.equal(leastSevere(filter, target), level);
      assert.equal(LOG_FILTER.parse({ kind: 'text', text: filter }).ok, true);
    });
  }

  for (const filter of ['restate=loud', 'a b', '=info', 'a=b=c']) {
    test(`"${filter}" is refused`, () => {
      assert.equal(parseLogFilter(filter), undefined);
      assert.equal(LOG_FILTER.parse({ kind: 'text', text: filter }).ok, false);
    });
  }
});
