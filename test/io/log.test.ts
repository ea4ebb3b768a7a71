import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLogger, type Logger, type LoggerOptions } from '../../src/io/log.ts';

interface Captured {
  readonly logger: Logger;
  readonly output: string[];
  readonly errors: string[];
}

function capture(options: Pick<LoggerOptions, 'level' | 'format'>): Captured {
  const output: string[] = [];
  const errors: string[] = [];
  const sinks = {
    output: { write: (line: string) => void output.push(line) },
    errors: { write: (line: string) => void errors.push(line) },
  };
  return { logger: createLogger({ ...options, sinks }), output, errors };
}

describe('the logger', () => {
  test('writes info and below to the output, warnings and errors to the errors, each once', () => {
    const { logger, output, errors } = capture({ level: 'trace', format: 'text' });
    logger.debug('d');
    logger.info('i');
    logger.warn('w');
    logger.error('e');
    const levels = (lines: readonly string[]) => lines.map((line) => line.trim().split(/\s+/)[1]);
    assert.deepEqual(levels(output), ['DEBUG', 'INFO']);
    assert.deepEqual(levels(errors), ['WARN', 'ERROR']);
  });

  test('writes nothing below its level', () => {
    const { logger, output, errors } = capture({ level: 'warn', format: 'text' });
    logger.info('i');
    logger.warn('w');
    assert.equal(output.length, 0);
    assert.equal(errors.length, 1);
  });

  test('is silent when off', () => {
    const { logger, output, errors } = capture({ level: 'off', format: 'json' });
    logger.error('e');
    assert.deepEqual([output, errors], [[], []]);
  });

  test('writes one JSON object per line, with the context of its parents', () => {
    const { logger, output } = capture({ level: 'info', format: 'json' });
    logger.child({ node: 'n1' }).child({ partition: 3 }).info('ready', { ms: 7 });
    const { timestamp, ...record } = JSON.parse(output.join('')) as Record<string, unknown>;
    assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(record, { level: 'INFO', message: 'ready', node: 'n1', partition: 3, ms: 7 });
    assert.match(output.join(''), /\n$/);
  });

  test('writes an error with its message and stack', () => {
    const { logger, errors } = capture({ level: 'info', format: 'json' });
    logger.error('failed', { error: new RangeError('too far') });
    const { error } = JSON.parse(errors.join('')) as { error: Record<string, unknown> };
    assert.equal(error['type'], 'RangeError');
    assert.equal(error['message'], 'too far');
    assert.match(String(error['stack']), /log\.test/);
  });

  test('writes one readable line, whatever the message and the fields hold', () => {
    const { logger, output } = capture({ level: 'info', format: 'text' });
    logger.info('ready', { node: 'n1', path: 'two words', list: [1, 2] });
    logger.info('two\nlines \u001b[31m', { text: 'a\nb' });
    assert.match(output[0] ?? '', /Z {2}INFO ready node=n1 path="two words" list=\[1,2\]\n$/);
    assert.match(output[1] ?? '', /INFO "two\\nlines \\u001b\[31m" text="a\\nb"\n$/);
  });
});
