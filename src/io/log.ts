// Structured log lines. As on the reference server, warnings and errors go to standard error and the
// rest to standard output. Lines are written at once, so none is lost when the process ends.
import pino from 'pino';

export type LogLevel = 'off' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** What a line tells besides its message. An `error` field may hold an Error. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `context` to every line. */
  child(context: LogFields): Logger;
}

export interface LogSink {
  write(line: string): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `text` is one readable line, `json` one object per line. */
  readonly format: 'text' | 'json';
  /** Default: standard output and standard error. */
  readonly sinks?: { readonly output: LogSink; readonly errors: LogSink } | undefined;
}

const TIMESTAMP = 'timestamp';
const LEVEL = 'level';
const MESSAGE = 'message';

export function createLogger({ level, format, sinks = standardSinks() }: LoggerOptions): Logger {
  const { output, errors } =
    format === 'json' ? sinks : { output: textSink(sinks.output), errors: textSink(sinks.errors) };
  const streams = [
    { level: 'trace', stream: output },
    { level: 'warn', stream: errors },
  ] as const;
  const options: pino.LoggerOptions = {
    level: level === 'off' ? 'silent' : level,
    base: null,
    messageKey: MESSAGE,
    timestamp: () => `,"${TIMESTAMP}":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ [LEVEL]: label.toUpperCase() }) },
    serializers: { error: pino.stdSerializers.err },
  };
  return wrap(pino(options, pino.multistream([...streams], { dedupe: true })));
}

function standardSinks(): { readonly output: LogSink; readonly errors: LogSink } {
  return {
    output: pino.destination({ dest: 1, sync: true }),
    errors: pino.destination({ dest: 2, sync: true }),
  };
}

function wrap(logger: pino.Logger): Logger {
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
    child: (context) => wrap(logger.child(context)),
  };
}

/** Turns each JSON line into `2026-11-23T02:04:06.813Z  INFO message key=value`. */
function textSink(sink: LogSink): LogSink {
  return {
    write: (line) => {
      const record = JSON.parse(line) as Readonly<Record<string, unknown>>;
      sink.write(`${formatRecord(record)}\n`);
    },
  };
}

function formatRecord(record: Readonly<Record<string, unknown>>): string {
  const { [TIMESTAMP]: time, [LEVEL]: level, [MESSAGE]: message, ...fields } = record;
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${formatValue(value)}`);
  return `${String(time)} ${String(level).padStart(5)} ${formatMessage(message)}${pairs.join('')}`;
}

// A service's error text may hold line breaks and terminal sequences: as JSON it stays one harmless line.
function formatMessage(message: unknown): string {
  const text = String(message);
  return /\p{Cc}/u.test(text) ? JSON.stringify(text) : text;
}

/** Plain words as they are, everything else as JSON. */
function formatValue(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@[\]-]+$/.test(value) ? value : JSON.stringify(value);
}
