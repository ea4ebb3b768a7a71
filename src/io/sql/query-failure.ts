// DuckDB's errors in the words of the reference. Texts that point into the statement are left out: the
// statement that DuckDB saw is not the one that the client wrote.
import { QueryError, type QueryErrorKind } from '../../actors/domain/query-error.ts';
import { InvalidFilterError } from '../../storage/query/scan-filter.ts';

interface KnownError {
  readonly pattern: RegExp;
  readonly kind: QueryErrorKind;
  /** With the groups of the pattern. Default: DuckDB's own words. */
  readonly message?: (groups: readonly string[]) => string;
}

const KNOWN: readonly KnownError[] = [
  {
    pattern: /Table with name "?([^"]+?)"? does not exist/,
    kind: 'unknownName',
    message: ([table]) => `Error during planning: table 'restate.public.${table}' not found`,
  },
  {
    pattern: /(?:Function|Macro) with name "?([^"]+?)"? does not exist/,
    kind: 'unknownName',
    message: ([name]) => `Error during planning: Invalid function '${name}'`,
  },
  {
    pattern: /Referenced column "([^"]+)" (?:not found in FROM clause|was not found)/,
    kind: 'unknownName',
    message: ([column]) => `Schema error: No field named ${column}`,
  },
  {
    pattern: /Referenced table "([^"]+)" not found/,
    kind: 'unknownName',
    message: ([table]) => `Schema error: No field of a table named ${table}`,
  },
  { pattern: /^Parser Error/, kind: 'syntax' },
  { pattern: /^(?:Catalog|Binder) Error/, kind: 'unknownName' },
  { pattern: /^(?:Not implemented|Permission) Error/, kind: 'unsupported' },
  { pattern: /^Out of Memory Error/, kind: 'limit', message: () => OUT_OF_MEMORY },
  {
    pattern: /^(?:Cannot create a string longer|Invalid string length)/,
    kind: 'limit',
    message: () => 'Resources exhausted: a value is too long to be sent',
  },
  {
    pattern: /^(?:Conversion|Invalid Input|Out of Range|Invalid Type|Mismatch Type|Sequence) Error/,
    kind: 'invalidValue',
  },
];

const OUT_OF_MEMORY =
  'Resources exhausted: the query needs more memory than the server allows: ' +
  'select fewer columns or rows, or raise admin.query-engine.memory-size';

/** What a client is told of an error that a query ended with. */
export function queryFailure(error: unknown): QueryError {
  if (error instanceof QueryError) return error;
  if (error instanceof InvalidFilterError) {
    return new QueryError('invalidValue', `External error: ${error.message}`, { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  for (const { pattern, kind, message } of KNOWN) {
    const match = pattern.exec(text);
    if (match !== null) {
      return new QueryError(kind, message?.(match.slice(1)) ?? firstLine(text), { cause: error });
    }
  }
  return new QueryError('internal', firstLine(text), { cause: error });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/^\w[\w ]* Error: /, '') ?? text;
}
