// From the reference's dialect to DuckDB's, on the parsed statement.
import type { QueryValue } from '../../actors/ports.ts';
import { QueryError } from '../../actors/domain/query-error.ts';
import { arrowRewriter } from './rewrite-arrows.ts';
import { rewriteFunction } from './rewrite-functions.ts';
import { rewritePostgres } from './rewrite-postgres.ts';
import {
  call,
  cast,
  constant,
  integerConstant,
  isNode,
  nodeAt,
  NULL_CONSTANT,
  rewriteTree,
  textAt,
  textConstant,
  typeOf,
  withAliasOf,
  type TreeNode,
} from './syntax-tree.ts';

export function rewriteStatement(tree: TreeNode): TreeNode {
  const arrows = rewriteTree(tree, arrowRewriter());
  const functions = rewriteTree(arrows, rewriteFunction);
  const postgres = rewriteTree(functions, rewritePostgres);
  return expectNode(rewriteTree(postgres, nameSubquery));
}

/** `FROM (SELECT … FROM t a)` can be spoken of as `a` outside, too. */
function nameSubquery(node: TreeNode): TreeNode {
  const from = nodeAt(node, 'from_table');
  if (from === undefined || typeOf(from) !== 'SUBQUERY' || textAt(from, 'alias') !== undefined) {
    return node;
  }
  const inner = nodeAt(nodeAt(nodeAt(from, 'subquery') ?? {}, 'node') ?? {}, 'from_table') ?? {};
  const alias = textAt(inner, 'alias') ?? textAt(inner, 'table_name');
  return alias === undefined ? node : { ...node, from_table: { ...from, alias } };
}

/** Puts the values in the places of `$1`, `$2`, … */
export function bindParameters(tree: TreeNode, parameters: readonly QueryValue[]): TreeNode {
  return expectNode(
    rewriteTree(tree, (node) => {
      if (node['named_param_map'] !== undefined) return { ...node, named_param_map: [] };
      if (typeOf(node) !== 'VALUE_PARAMETER') return node;
      const index = Number(textAt(node, 'identifier'));
      const value = parameters[index - 1];
      if (value !== undefined) return withAliasOf(node, valueNode(value));
      const message = `Error during planning: no value was given for placeholder $${index}`;
      throw new QueryError('invalidValue', message);
    }),
  );
}

function valueNode(value: QueryValue): TreeNode {
  if (value === null) return NULL_CONSTANT;
  if (typeof value === 'string') return textConstant(value);
  if (typeof value === 'bigint') return integerConstant(value);
  if (typeof value === 'boolean') return constant('BOOLEAN', value);
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? integerConstant(value) : constant('DOUBLE', value);
  }
  if (value instanceof Uint8Array) return cast(textConstant(escapeBytes(value)), 'BLOB');
  if (isList(value)) return call('list_value', ...value.map(valueNode));
  throw new QueryError('unsupported', 'structs cannot be given as parameters');
}

function isList(value: QueryValue): value is readonly QueryValue[] {
  return Array.isArray(value);
}

function escapeBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

function expectNode(value: ReturnType<typeof rewriteTree>): TreeNode {
  if (!isNode(value)) throw new QueryError('internal', 'a statement stays a statement');
  return value;
}
