// Log records as texts for people. What a service or a client said may hold line breaks and terminal
// sequences: a record never looks like another one, and never commands the terminal.

export interface LogRecord {
  readonly timestamp: string;
  readonly level: string;
  readonly target: string;
  readonly fields: Readonly<Record<string, unknown>> & { readonly message: string };
}

/** SGR parameters. */
const BOLD = '1';
const DIM = '2';
const LEVEL_COLOURS: Readonly<Record<string, string>> = {
  ERROR: '31',
  WARN: '33',
  INFO: '32',
  DEBUG: '34',
};

/** `2026-11-23T02:04:06.813Z  INFO reprise: message key=value` */
export function compactLine(record: LogRecord, colours: boolean): string {
  const { message, ...fields } = record.fields;
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${oneLine(value)}`);
  const text = /\p{Cc}/u.test(message) ? JSON.stringify(message) : message;
  return `${head(record, colours, 5)}: ${text}${pairs.join('')}`;
}

/** The head, then indented the message, then further indented one field per line. */
export function prettyLines(record: LogRecord, colours: boolean): string {
  const { message, ...fields } = record.fields;
  const lines = Object.entries(fields).map(([key, value]) => `    ${key}: ${indented(value, 6)}`);
  const text = paint(indented(message, 4), BOLD, colours);
  return [head(record, colours, 0), `  ${text}`, ...lines].join('\n');
}

function head({ timestamp, level, target }: LogRecord, colours: boolean, width: number): string {
  const paintedLevel = paint(level.padStart(width), LEVEL_COLOURS[level] ?? DIM, colours);
  return `${paint(timestamp, DIM, colours)} ${paintedLevel} ${paint(target, DIM, colours)}`;
}

function paint(text: string, parameters: string, colours: boolean): string {
  return colours ? `\u001b[${parameters}m${text}\u001b[0m` : text;
}

/** Plain words as they are, everything else as JSON. */
function oneLine(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@[\]-]+$/.test(value) ? value : JSON.stringify(value);
}

/** Line breaks stay and the lines after the first are indented; other control characters are escaped. */
function indented(value: unknown, width: number): string {
  return textOf(value)
    .split(/\r?\n/)
    .map((line) => line.replace(/\p{Cc}/gu, escapeControl))
    .join(`\n${' '.repeat(width)}`);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const isError = typeof value === 'object' && value !== null && 'stack' in value;
  return isError && typeof value.stack === 'string' ? value.stack : JSON.stringify(value);
}

function escapeControl(character: string): string {
  return JSON.stringify(character).slice(1, -1);
}
