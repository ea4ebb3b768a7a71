import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLogger, type Logger, type LoggerOptions, type LogLevel } from '../../src/io/log.ts';

interface Captured {
  readonly logger: Logger;
  readonly output: string[];
  readonly errors: string[];
}

function capture(level: LogLevel, format: LoggerOptions['format'], colours = false): Captured {
  const output: string[] = [];
  const errors: string[] = [];
  const sinks = {
    output: { write: (line: string) => void output.push(line) },
    errors: { write: (line: string) => void errors.push(line) },
  };
  const directives = [{ target: '', level }];
  return { logger: createLogger({ directives, format, colours, sinks }), output, errors };
}

describe('the logger', () => {
  test('writes info and below to the output, warnings and errors to the errors, each once', () => {
    const { logger, output, errors } = capture('trace', 'compact');
    logger.debug('d');
    logger.info('i');
    logger.warn('w');
    logger.error('e');
    const levels = (lines: readonly string[]) => lines.map((line) => line.trim().split(/\s+/)[1]);
    assert.deepEqual(levels(output), ['DEBUG', 'INFO']);
    assert.deepEqual(levels(errors), ['WARN', 'ERROR']);
  });

  test('writes nothing below its level', () => {
    const { logger, output, errors } = capture('warn', 'compact');
    logger.info('i');
    logger.warn('w');
    assert.equal(output.length, 0);
    assert.equal(errors.length, 1);
  });

  test('is silent when off', () => {
    const { logger, output, errors } = capture('off', 'json');
    logger.error('e');
    assert.deepEqual([output, errors], [[], []]);
  });

  test('writes one JSON object per line, with the context of its parents', () => {
    const { logger, output } = capture('info', 'json');
    const log = logger.child({ node: 'n1' }).of('reprise::partition').child({ partition: 3 });
    log.info('ready', { ms: 7 });
    const { timestamp, ...record } = JSON.parse(output.join('')) as Record<string, unknown>;
    assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(record, {
      level: 'INFO',
      target: 'reprise::partition',
      fields: { message: 'ready', node: 'n1', partition: 3, ms: 7 },
    });
    assert.match(output.join(''), /\n$/);
  });

  test('writes an error with its message and stack', () => {
    const { logger, errors } = capture('info', 'json');
    logger.error('failed', { error: new RangeError('too far') });
    const { fields } = JSON.parse(errors.join('')) as { fields: Record<string, unknown> };
    const { type, message, stack } = fields['error'] as Record<string, unknown>;
    assert.deepEqual([type, message], ['RangeError', 'too far']);
    assert.match(String(stack), /log\.test/);
  });

  test('writes one readable line, whatever the message and the fields hold', () => {
    const { logger, output } = capture('info', 'compact');
    logger.info('ready', { node: 'n1', path: 'two words', list: [1, 2] });
    logger.info('two\nlines \u001b[31m', { text: 'a\nb' });
    assert.match(
      output[0] ?? '',
      /Z {2}INFO reprise: ready node=n1 path="two words" list=\[1,2\]\n$/,
    );
    assert.match(output[1] ?? '', /INFO reprise: "two\\nlines \\u001b\[31m" text="a\\nb"\n$/);
  });

  test('writes several lines in which nothing looks like another record', () => {
    const { logger, output } = capture('info', 'pretty');
    logger.info('two\nlines \u001b[31m', { text: 'a\nb', count: 1 });
    const [head, ...lines] = output.join('').split('\n');
    assert.match(head ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO reprise$/);
    assert.deepEqual(lines, [
      '  two',
      '    lines \\u001b[31m',
      '    text: a',
      '      b',
      '    count: 1',
      '',
    ]);
  });

  for (const format of ['pretty', 'compact', 'json'] as const) {
    test(`writes colours in ${format} only where they are wanted and can be shown`, () => {
      const plain = capture('info', format);
      const coloured = capture('info', format, true);
      for (const { logger } of [plain, coloured]) logger.warn('w');
      assert.equal(plain.errors.join('').includes('\u001b['), false);
      assert.equal(coloured.errors.join('').includes('\u001b['), format !== 'json');
    });
  }
});
