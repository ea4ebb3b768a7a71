// From text to statement: what kind of statement it is, and its tree where there is one.
import { QueryError } from '../../actors/domain/query-error.ts';
import { isNode, nodeAt, nodesAt, parseTree, textAt, type TreeNode } from './syntax-tree.ts';

/** Turns SQL into DuckDB's JSON form. */
export type SerializeSql = (sql: string) => Promise<string>;

export interface ParsedStatement {
  /** The `SELECT`, with the names of its parameters beside it. */
  readonly tree: TreeNode;
  readonly isExplain: boolean;
}

const COMMENT = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;

const EXPLAIN = /^explain\s+(?:analyze\s+)?(?:verbose\s+)?/i;

/** Statements that would change something, with the name the refusal gives them. */
const CHANGES: ReadonlyArray<readonly [pattern: RegExp, what: string]> = [
  [/^(?:create|drop|alter|truncate|comment|attach|detach|vacuum|checkpoint)\b/i, 'DDL'],
  [/^(?:insert|update|delete|merge|copy|export|import|install|load)\b/i, 'DML'],
];

/** Statements of a server that has sessions. */
const UNSUPPORTED =
  /^(?:begin|start|commit|rollback|savepoint|grant|revoke|use|analyze|kill|set|reset|call|pragma|prepare|execute|deallocate|declare|fetch|listen|notify|lock)\b/i;

/** Throws `QueryError` for everything but one reading statement. */
export async function parseStatement(
  sql: string,
  serialize: SerializeSql,
): Promise<ParsedStatement> {
  const text = sql.replace(COMMENT, '');
  const explain = EXPLAIN.exec(text);
  const statement = explain === null ? text : text.slice(explain[0].length);
  const refused = CHANGES.find(([pattern]) => pattern.test(statement));
  const reply = parseTree(await serialize(expandShow(statement)));
  if (!isNode(reply)) throw new QueryError('internal', 'the parser gave no answer');
  if (reply['error'] === true) {
    if (textAt(reply, 'error_type') !== 'not implemented') throw syntaxError(reply);
    if (refused !== undefined) throw notReadOnly(refused[1], statement);
    throw unsupported(statement);
  }
  const [tree, second] = nodesAt(reply, 'statements');
  if (tree === undefined) throw new QueryError('syntax', 'SQL error: expected an SQL statement');
  if (second !== undefined) {
    const only = 'This feature is not implemented: only a single SQL statement is supported';
    throw new QueryError('unsupported', only);
  }
  return { tree, isExplain: explain !== null };
}

function syntaxError(reply: TreeNode): QueryError {
  const message = textAt(reply, 'error_message') ?? 'syntax error';
  const position = textAt(reply, 'position');
  const where = position === undefined ? '' : ` at position ${position}`;
  return new QueryError('syntax', `SQL error: ${message}${where}`);
}

function notReadOnly(what: string, statement: string): QueryError {
  const [keyword = ''] = statement.split(/\s/, 1);
  const message = `Error during planning: ${what} not supported: ${keyword.toUpperCase()}`;
  return new QueryError('readOnly', message);
}

function unsupported(statement: string): QueryError {
  const [keyword = ''] = statement.split(/\s/, 1);
  const isKnown = UNSUPPORTED.test(statement);
  return new QueryError(
    'unsupported',
    `This feature is not implemented: ${isKnown ? keyword.toUpperCase() : 'this statement'}`,
  );
}

const SHOW_TABLE =
  /^(?:describe|desc|show\s+columns\s+(?:from|in))\s+(?:restate\.)?(?:public\.)?"?(\w+)"?\s*;?\s*$/i;

/** The statements that ask for the tables and their columns, as the queries they stand for. */
function expandShow(statement: string): string {
  if (/^show\s+tables\s*;?\s*$/i.test(statement)) return 'SELECT * FROM information_schema.tables';
  if (/^show\s+all\s*;?\s*$/i.test(statement))
    return 'SELECT * FROM information_schema.df_settings';
  const [, table] = SHOW_TABLE.exec(statement) ?? [];
  if (table === undefined) return statement;
  const columns = /^show/i.test(statement) ? 'table_catalog, table_schema, table_name, ' : '';
  return (
    `SELECT ${columns}column_name, data_type, is_nullable FROM information_schema.columns ` +
    `WHERE table_name = '${table.toLowerCase()}'`
  );
}

/** The query of a statement: a `SELECT`, a set operation, or what a `WITH` ends in. */
export function queryOf(tree: TreeNode): TreeNode {
  const query = nodeAt(tree, 'node');
  if (query === undefined) throw new QueryError('internal', 'a statement has a query');
  return query;
}
