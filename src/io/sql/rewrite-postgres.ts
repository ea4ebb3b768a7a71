// What Postgres clients write and DuckDB takes for something else.
import { PG_SETTINGS } from './pg-functions.ts';
import {
  call,
  classOf,
  columnNamesOf,
  functionOf,
  nodeAt,
  nodesAt,
  operation,
  textAt,
  textOf,
  typeOf,
  walkTree,
  withAliasOf,
  type TreeNode,
} from './syntax-tree.ts';

/** To be applied to every node, leaves first. */
export function rewritePostgres(node: TreeNode): TreeNode {
  switch (typeOf(node)) {
    case 'SUBQUERY':
      return rewriteAny(node);
    case 'OPERATOR_CAST':
      return rewriteObjectName(node);
    case 'SELECT_NODE':
      return nameOnlyColumns(node);
    case 'FUNCTION':
      return rewriteCall(node);
    default:
      return node;
  }
}

/**
 * `x = ANY(list)`, which the parser makes a subquery of: it cannot tell the type of a parameter there, nor
 * look into the list while it chooses what to read, nor run it within another subquery.
 */
function rewriteAny(node: TreeNode): TreeNode {
  const isEquality = textAt(node, 'comparison_type') === 'COMPARE_EQUAL';
  const child = nodeAt(node, 'child');
  if (textAt(node, 'subquery_type') !== 'ANY' || !isEquality || child === undefined) return node;
  const list = unnestedList(nodeAt(nodeAt(node, 'subquery') ?? {}, 'node') ?? {});
  if (list === undefined) return node;
  const items = nodesAt(list, 'children');
  const areGiven =
    functionOf(list) === 'list_value' &&
    items.length > 0 &&
    items.every((item) => classOf(item) === 'CONSTANT');
  const condition = areGiven
    ? operation('COMPARE_IN', child, ...items)
    : call('list_contains', list, child);
  return withAliasOf(node, condition);
}

/** Of `SELECT unnest(list)` and nothing else. */
function unnestedList(query: TreeNode): TreeNode | undefined {
  const [item, second] = nodesAt(query, 'select_list');
  const from = nodeAt(query, 'from_table');
  if (item === undefined || second !== undefined || functionOf(item) !== 'unnest') return undefined;
  if (from !== undefined && typeOf(from) !== 'EMPTY') return undefined;
  return nodesAt(item, 'children')[0];
}

/** From types whose values are numbers of the catalog to the name of their functions in `pg-functions.ts`. */
const OBJECT_TYPES: Readonly<Partial<Record<string, string>>> = {
  regclass: 'regclass',
  regtype: 'regtype',
  regproc: 'regproc',
  regprocedure: 'regproc',
  regnamespace: 'regnamespace',
  regrole: 'regrole',
};

/**
 * `'state'::regclass` is the number of a table, `oid::regclass` is shown as the name of one. Here the first
 * is a number, the second a text.
 */
function rewriteObjectName(node: TreeNode): TreeNode {
  const child = nodeAt(node, 'child');
  const typeInfo = nodeAt(nodeAt(node, 'cast_type') ?? {}, 'type_info');
  const type = OBJECT_TYPES[textAt(typeInfo ?? {}, 'name') ?? ''];
  if (child === undefined || type === undefined) return node;
  const result = isGiven(child) ? `pg_${type}_oid` : `pg_${type}_name`;
  return withAliasOf(node, call(result, child));
}

/** A text in the statement, or a parameter of it: then it is a name. */
function isGiven(node: TreeNode): boolean {
  if (typeOf(node) === 'OPERATOR_CAST') return isGiven(nodeAt(node, 'child') ?? {});
  return textOf(node) !== undefined || typeOf(node) === 'VALUE_PARAMETER';
}

/** Functions with one column, which have no name in Postgres. */
const ONE_COLUMN: ReadonlySet<string> = new Set(['generate_series', 'unnest', 'string_split']);

/** In `SELECT i FROM generate_series(1, 3) i` the only column has the name of the table. */
function nameOnlyColumns(select: TreeNode): TreeNode {
  const from = nodeAt(select, 'from_table');
  if (from === undefined) return select;
  const isUsed = (alias: string): boolean =>
    [...walkTree(select)].some((node) => {
      const names = columnNamesOf(node);
      return names?.length === 1 && names[0] === alias;
    });
  return { ...select, from_table: nameOnlyColumn(from, isUsed) };
}

function nameOnlyColumn(from: TreeNode, isUsed: (alias: string) => boolean): TreeNode {
  const left = nodeAt(from, 'left');
  const right = nodeAt(from, 'right');
  if (left !== undefined && right !== undefined) {
    return { ...from, left: nameOnlyColumn(left, isUsed), right: nameOnlyColumn(right, isUsed) };
  }
  if (typeOf(from) !== 'TABLE_FUNCTION') return from;
  const alias = textAt(from, 'alias');
  const names = from['column_name_alias'];
  const isNamed = Array.isArray(names) && names.length > 0;
  const called = functionOf(nodeAt(from, 'function') ?? {});
  if (alias === undefined || isNamed || !ONE_COLUMN.has(called) || !isUsed(alias)) return from;
  return { ...from, column_name_alias: [alias] };
}

function rewriteCall(node: TreeNode): TreeNode {
  // Of that schema clients call one function only, which is one of `pg-functions.ts` here.
  if (textAt(node, 'schema') === 'information_schema') return { ...node, schema: '' };
  if (functionOf(node) !== 'current_setting') return node;
  const [name, missingOk] = nodesAt(node, 'children');
  const isPostgres = missingOk !== undefined || PG_SETTINGS.has(textOf(name ?? {}) ?? '');
  return isPostgres ? { ...node, function_name: 'pg_current_setting' } : node;
}
