// Structured log lines. As on the reference server, warnings and errors go to standard error and the
// rest to standard output. Lines are written at once, so none is lost when the process ends.
import pino from 'pino';
import { compactLine, type LogRecord, prettyLines } from './log-text.ts';

export type LogLevel = 'off' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** What a line tells besides its message. An `error` field may hold an Error. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The parts of the server that log; filters name them. */
export type LogTarget =
  | 'reprise'
  | 'reprise::admin'
  | 'reprise::attempt'
  | 'reprise::config'
  | 'reprise::http'
  | 'reprise::node'
  | 'reprise::partition'
  | 'reprise::postgres'
  | 'reprise::tracing';

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger of the same part that adds `context` to every line. */
  child(context: LogFields): Logger;
  /** The logger of another part. */
  of(target: LogTarget): Logger;
}

export interface LogSink {
  write(line: string): void;
}

/** The level of the targets that begin with a text; the empty text begins all of them. */
export interface LogDirective {
  readonly target: string;
  readonly level: LogLevel;
}

/** Plain data but for the sinks. */
export interface LoggerOptions {
  /** Where several match, the one with the longest target counts; where none does, `error`. */
  readonly directives: readonly LogDirective[];
  /** `pretty` takes several lines for a record, `compact` one; `json` writes one object per line. */
  readonly format: 'pretty' | 'compact' | 'json';
  /** Colours for a terminal, except in json. */
  readonly colours: boolean;
  /** Default: standard output and standard error. */
  readonly sinks?: { readonly output: LogSink; readonly errors: LogSink } | undefined;
}

export function createLogger(options: LoggerOptions): Logger {
  const { directives, sinks = standardSinks() } = options;
  const streams = [
    { level: 'trace', stream: formatting(sinks.output, options) },
    { level: 'warn', stream: formatting(sinks.errors, options) },
  ] as const;
  const pinoOptions: pino.LoggerOptions = {
    level: 'trace',
    base: null,
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label.toUpperCase() }) },
  };
  const root = pino(pinoOptions, pino.multistream([...streams], { dedupe: true }));
  return new TargetLogger(root, directives, 'reprise', {});
}

function standardSinks(): { readonly output: LogSink; readonly errors: LogSink } {
  return {
    output: pino.destination({ dest: 1, sync: true }),
    errors: pino.destination({ dest: 2, sync: true }),
  };
}

type WrittenLevel = 'debug' | 'info' | 'warn' | 'error';

class TargetLogger implements Logger {
  readonly #root: pino.Logger;
  readonly #directives: readonly LogDirective[];
  readonly #target: LogTarget;
  readonly #context: LogFields;
  readonly #leastSevere: number;

  constructor(
    root: pino.Logger,
    directives: readonly LogDirective[],
    target: LogTarget,
    context: LogFields,
  ) {
    this.#root = root;
    this.#directives = directives;
    this.#target = target;
    this.#context = context;
    this.#leastSevere = severity(levelOf(directives, target));
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }

  child(context: LogFields): Logger {
    const all = { ...this.#context, ...context };
    return new TargetLogger(this.#root, this.#directives, this.#target, all);
  }

  of(target: LogTarget): Logger {
    return new TargetLogger(this.#root, this.#directives, target, this.#context);
  }

  /** In the shape of the reference server's JSON lines, which log collectors have rules for. */
  #write(level: WrittenLevel, message: string, fields: LogFields = {}): void {
    if (severity(level) < this.#leastSevere) return;
    const { error, ...others } = { ...this.#context, ...fields };
    const told = error instanceof Error ? pino.stdSerializers.err(error) : error;
    this.#root[level]({
      fields: { message, ...others, ...(error !== undefined && { error: told }) },
      target: this.#target,
    });
  }
}

const SEVERITIES: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'off'];

function severity(level: LogLevel): number {
  return SEVERITIES.indexOf(level);
}

function levelOf(directives: readonly LogDirective[], target: LogTarget): LogLevel {
  let found: LogDirective = { target: '', level: 'error' };
  for (const directive of directives) {
    const matches = target.startsWith(directive.target);
    if (matches && directive.target.length >= found.target.length) found = directive;
  }
  return found.level;
}

function formatting(sink: LogSink, { format, colours }: LoggerOptions): LogSink {
  if (format === 'json') return sink;
  const formatRecord = format === 'pretty' ? prettyLines : compactLine;
  return {
    write: (line) => sink.write(`${formatRecord(JSON.parse(line) as LogRecord, colours)}\n`),
  };
}
