// The tokens of SQL, as far as a server needs them that leaves its meaning to the engine: where statements
// end, and the words they begin with. Source: PostgreSQL 17, "Lexical Structure".

export interface Token {
  readonly kind:
    /** White space and comments. */
    | 'space'
    | 'word'
    | 'quotedName'
    | 'string'
    /** `$1` */
    | 'parameter'
    | 'number'
    | 'symbol';
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

const SPACE = /[\s]+/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /\d[\w.]*/y;
const PARAMETER = /\$\d+/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;

/** Tokens one after the other, without gaps. What is not closed goes on to the end. */
export function* tokensOf(sql: string): Generator<Token> {
  for (let start = 0; start < sql.length;) {
    const token = tokenAt(sql, start);
    yield token;
    start = token.end;
  }
}

function tokenAt(sql: string, start: number): Token {
  const next = sql[start + 1];
  const first = sql[start] ?? '';
  switch (first) {
    case "'":
      return { kind: 'string', start, end: endOfQuoted(sql, start, "'") };
    case '"':
      return { kind: 'quotedName', start, end: endOfQuoted(sql, start, '"') };
    case '-':
      if (next === '-') return { kind: 'space', start, end: endOf(sql, '\n', start) };
      break;
    case '/':
      if (next === '*') return { kind: 'space', start, end: endOfComment(sql, start) };
      break;
    case 'e':
    case 'E':
      if (next === "'") return { kind: 'string', start, end: endOfEscaped(sql, start + 2) };
      break;
    case '$': {
      const quote = match(DOLLAR_QUOTE, sql, start);
      if (quote !== undefined) {
        return { kind: 'string', start, end: endOf(sql, quote, start + quote.length) };
      }
      break;
    }
    case ':':
      if (next === ':') return { kind: 'symbol', start, end: start + 2 };
      break;
    default:
  }
  return plainTokenAt(sql, start);
}

const PLAIN_TOKENS: ReadonlyArray<readonly [kind: Token['kind'], pattern: RegExp]> = [
  ['space', SPACE],
  ['word', WORD],
  ['number', NUMBER],
  ['parameter', PARAMETER],
];

function plainTokenAt(sql: string, start: number): Token {
  for (const [kind, pattern] of PLAIN_TOKENS) {
    const text = match(pattern, sql, start);
    if (text !== undefined) return { kind, start, end: start + text.length };
  }
  return { kind: 'symbol', start, end: start + 1 };
}

function match(pattern: RegExp, sql: string, start: number): string | undefined {
  pattern.lastIndex = start;
  return pattern.exec(sql)?.[0];
}

/** Behind the next `mark`. */
function endOf(sql: string, mark: string, from: number): number {
  const at = sql.indexOf(mark, from);
  return at < 0 ? sql.length : at + mark.length;
}

/** A doubled quote stands for itself. */
function endOfQuoted(sql: string, start: number, quote: string): number {
  let end = endOf(sql, quote, start + 1);
  while (sql[end] === quote) end = endOf(sql, quote, end + 1);
  return end;
}

function endOfEscaped(sql: string, from: number): number {
  for (let at = from; at < sql.length; at += 1) {
    if (sql[at] === '\\') at += 1;
    else if (sql[at] === "'") {
      if (sql[at + 1] !== "'") return at + 1;
      at += 1;
    }
  }
  return sql.length;
}

/** Comments may stand within comments. */
function endOfComment(sql: string, start: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  let depth = 0;
  for (let found = mark.exec(sql); found !== null; found = mark.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return sql.length;
}

/** A name as it is meant: folded to lower case unless quoted. A string without its quotes. */
export function tokenValue(sql: string, { kind, start, end }: Token): string {
  const text = sql.slice(start, end);
  switch (kind) {
    case 'word':
      return text.toLowerCase();
    case 'quotedName':
      return text.slice(1, -1).replaceAll('""', '"');
    case 'string':
      return text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text;
    case 'space':
    case 'parameter':
    case 'number':
    case 'symbol':
      return text;
  }
}

/** The statement with the case of its words folded, as names are that are not quoted. */
export function foldWords(sql: string): string {
  if (!/[A-Z]/.test(sql)) return sql;
  const parts: string[] = [];
  for (const token of tokensOf(sql)) {
    const text = sql.slice(token.start, token.end);
    // Letters beyond ASCII stay as they are.
    parts.push(token.kind === 'word' ? text.replaceAll(/[A-Z]+/g, lower) : text);
  }
  return parts.join('');
}

function lower(text: string): string {
  return text.toLowerCase();
}
