// The statements that are about the session and not about data: the engine never sees them.
// Source: PostgreSQL 17, "SQL Commands".
import { PostgresError } from './postgres-error.ts';
import { tokensOf, tokenValue, type Token } from '../sql-lexer.ts';

export type SessionCommand =
  | { readonly kind: 'begin'; readonly tag: string }
  | { readonly kind: 'commit' | 'rollback' }
  | { readonly kind: 'savepoint' | 'release' | 'rollbackTo' }
  | {
      readonly kind: 'set';
      readonly name: string;
      /** `undefined` for the default. */
      readonly value: string | undefined;
      readonly isLocal: boolean;
    }
  /** Sets something that no setting stands for; to be accepted. */
  | { readonly kind: 'accept'; readonly tag: string }
  | { readonly kind: 'reset'; readonly name: string | undefined }
  | { readonly kind: 'show'; readonly name: string }
  | { readonly kind: 'discard'; readonly tag: string; readonly isAll: boolean }
  | { readonly kind: 'deallocate'; readonly name: string | undefined }
  | { readonly kind: 'closeCursor'; readonly name: string | undefined }
  | {
      readonly kind: 'declareCursor';
      readonly name: string;
      readonly isHeld: boolean;
      readonly sql: string;
    }
  | {
      readonly kind: 'fetch';
      readonly name: string;
      readonly rowsMax: number;
      readonly isMove: boolean;
    };

/** Tokens that a statement about the session may have. */
const TOKENS_MAX = 200;

/** `undefined` for a statement that is for the engine. */
export function readSessionCommand(statement: string): SessionCommand | undefined {
  const first = significantTokens(statement).next();
  if (first.done === true || first.value.kind !== 'word') return undefined;
  const read = COMMANDS[tokenValue(statement, first.value)];
  return read?.(new Words(statement));
}

function* significantTokens(sql: string): Generator<Token> {
  for (const token of tokensOf(sql)) if (token.kind !== 'space') yield token;
}

/** The first tokens of a statement, read from left to right. */
class Words {
  readonly sql: string;
  readonly #tokens: readonly Token[];
  #position = 1;

  constructor(sql: string) {
    this.sql = sql;
    const tokens: Token[] = [];
    for (const token of significantTokens(sql)) {
      if (tokens.push(token) > TOKENS_MAX) break;
    }
    this.#tokens = tokens;
  }

  /** The value of the next token; empty at the end. */
  peek(): string {
    const token = this.#tokens[this.#position];
    return token === undefined ? '' : tokenValue(this.sql, token);
  }

  next(): string {
    const value = this.peek();
    this.#position += 1;
    return value;
  }

  /** Takes the words if they come next. */
  take(...words: readonly string[]): boolean {
    const start = this.#position;
    if (words.every((word) => this.next() === word)) return true;
    this.#position = start;
    return false;
  }

  takeAny(...words: readonly string[]): string | undefined {
    return words.find((word) => this.take(word));
  }

  name(): string {
    const value = this.next();
    if (value === '') throw syntaxError('a name is missing');
    return value;
  }

  /** Everything up to the end, as one text. */
  rest(): string {
    const values: string[] = [];
    while (this.hasMore()) values.push(this.next());
    return values.join(' ').replaceAll(/ (?=,)|(?<=\.) | (?=\.)|(?<=-) /g, '');
  }

  /** The text behind the tokens read so far. */
  restOfText(): string {
    return this.sql.slice(this.#tokens[this.#position]?.start ?? this.sql.length);
  }

  hasMore(): boolean {
    return this.#position < this.#tokens.length;
  }
}

const COMMANDS: Readonly<Partial<Record<string, (words: Words) => SessionCommand | undefined>>> = {
  begin: () => ({ kind: 'begin', tag: 'BEGIN' }),
  start: (words) =>
    words.take('transaction') ? { kind: 'begin', tag: 'START TRANSACTION' } : undefined,
  commit: (words) => (words.take('prepared') ? undefined : { kind: 'commit' }),
  end: () => ({ kind: 'commit' }),
  abort: () => ({ kind: 'rollback' }),
  rollback: readRollback,
  savepoint: () => ({ kind: 'savepoint' }),
  release: () => ({ kind: 'release' }),
  set: readSet,
  reset: readReset,
  show: readShow,
  discard: readDiscard,
  deallocate: (words) => {
    words.take('prepare');
    return { kind: 'deallocate', name: allOrName(words) };
  },
  close: (words) => ({ kind: 'closeCursor', name: allOrName(words) }),
  declare: readDeclare,
  fetch: (words) => readFetch(words, false),
  move: (words) => readFetch(words, true),
  unlisten: () => ({ kind: 'accept', tag: 'UNLISTEN' }),
};

function allOrName(words: Words): string | undefined {
  return words.take('all') ? undefined : words.name();
}

function readRollback(words: Words): SessionCommand | undefined {
  if (words.take('prepared')) return undefined;
  words.takeAny('work', 'transaction');
  return { kind: words.take('to') ? 'rollbackTo' : 'rollback' };
}

/** What may follow SET without being a setting. */
const ACCEPTED_SETS = ['role', 'constraints', 'transaction', 'characteristics', 'authorization'];

function readSet(words: Words): SessionCommand {
  const scope = words.takeAny('session', 'local');
  if (words.takeAny(...ACCEPTED_SETS) !== undefined) return { kind: 'accept', tag: 'SET' };
  const isLocal = scope === 'local';
  if (words.take('time', 'zone')) {
    return { kind: 'set', name: 'TimeZone', value: words.rest(), isLocal };
  }
  if (words.take('names')) {
    return { kind: 'set', name: 'client_encoding', value: valueOf(words), isLocal };
  }
  const name = dottedName(words);
  if (words.takeAny('to', '=') === undefined) throw syntaxError(`"${name}" is set to nothing`);
  return { kind: 'set', name, value: valueOf(words), isLocal };
}

function valueOf(words: Words): string | undefined {
  if (!words.hasMore()) throw syntaxError('a value is missing');
  const value = words.rest();
  return value === 'default' ? undefined : value;
}

function dottedName(words: Words): string {
  let name = words.name();
  while (words.take('.')) name += `.${words.name()}`;
  return name;
}

function readReset(words: Words): SessionCommand {
  if (words.take('all')) return { kind: 'reset', name: undefined };
  if (words.take('time', 'zone')) return { kind: 'reset', name: 'TimeZone' };
  if (words.take('session', 'authorization') || words.take('role')) {
    return { kind: 'accept', tag: 'RESET' };
  }
  return { kind: 'reset', name: dottedName(words) };
}

/** Forms of SHOW that the engine answers. */
const SHOWN_BY_ENGINE = ['all', 'tables', 'columns', 'functions', 'create', 'databases', 'schemas'];

function readShow(words: Words): SessionCommand | undefined {
  if (words.takeAny(...SHOWN_BY_ENGINE) !== undefined) return undefined;
  if (words.take('time', 'zone')) return { kind: 'show', name: 'TimeZone' };
  if (words.take('transaction', 'isolation', 'level')) {
    return { kind: 'show', name: 'transaction_isolation' };
  }
  if (words.take('session', 'authorization'))
    return { kind: 'show', name: 'session_authorization' };
  return { kind: 'show', name: dottedName(words) };
}

function readDiscard(words: Words): SessionCommand {
  const what = words.takeAny('all', 'plans', 'sequences', 'temp', 'temporary');
  if (what === undefined) throw syntaxError('DISCARD what?');
  return { kind: 'discard', tag: `DISCARD ${what.toUpperCase()}`, isAll: what === 'all' };
}

const CURSOR_OPTIONS = ['binary', 'asensitive', 'insensitive', 'no', 'scroll'];

function readDeclare(words: Words): SessionCommand {
  const name = words.name();
  while (words.takeAny(...CURSOR_OPTIONS) !== undefined);
  if (!words.take('cursor')) throw syntaxError('DECLARE without CURSOR');
  const isHeld = words.take('with', 'hold');
  words.take('without', 'hold');
  if (!words.take('for')) throw syntaxError('a cursor without a query');
  return { kind: 'declareCursor', name, isHeld, sql: words.restOfText() };
}

/** Cursors only go forward. */
function readFetch(words: Words, isMove: boolean): SessionCommand {
  const rowsMax = readFetchCount(words);
  words.takeAny('from', 'in');
  return { kind: 'fetch', name: words.name(), rowsMax, isMove };
}

const BACKWARDS = ['backward', 'prior', 'first', 'last', 'absolute', 'relative', '-'];

function readFetchCount(words: Words): number {
  words.take('forward');
  if (words.take('next')) return 1;
  if (words.take('all')) return Number.POSITIVE_INFINITY;
  if (words.takeAny(...BACKWARDS) !== undefined) {
    throw new PostgresError('notPrepared', 'cursor can only scan forward');
  }
  if (/^\d+$/.test(words.peek())) return Number(words.next());
  return 1;
}

function syntaxError(message: string): PostgresError {
  return new PostgresError('syntax', `syntax error: ${message}`);
}
