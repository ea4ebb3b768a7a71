// What result columns are called that the statement gives no name to. Clients read such columns by
// position or by the names that the reference makes, such as `count(*)`, `max(t.created_at)`, `Int64(1)`.
import { relationsOf, type Relation, type RelationLookup } from './relations.ts';
import {
  classOf,
  columnNamesOf,
  functionOf,
  integerOf,
  nodeAt,
  nodesAt,
  textAt,
  textOf,
  typeOf,
  type TreeNode,
} from './syntax-tree.ts';

/** The query with a name for every column of its result that has a known one. */
export function nameColumns(query: TreeNode, lookup: RelationLookup): TreeNode {
  if (typeOf(query) === 'SET_OPERATION_NODE') {
    const left = nodeAt(query, 'left');
    return left === undefined ? query : { ...query, left: nameColumns(left, lookup) };
  }
  if (typeOf(query) !== 'SELECT_NODE') return query;
  const relations = relationsOf(nodeAt(query, 'from_table'), lookup);
  const select_list = nodesAt(query, 'select_list').map((item) => {
    if (textAt(item, 'alias') !== undefined || isNamed(item)) return item;
    const alias = nameOf(item, relations);
    return alias === undefined ? item : { ...item, alias };
  });
  return { ...query, select_list };
}

function isNamed(item: TreeNode): boolean {
  return classOf(item) === 'COLUMN_REF' || classOf(item) === 'STAR';
}

const COMPARISONS: Readonly<Partial<Record<string, string>>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '!=',
  COMPARE_LESSTHAN: '<',
  COMPARE_GREATERTHAN: '>',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHANOREQUALTO: '>=',
};

/** `undefined` for what is called as the engine calls it. */
function nameOf(item: TreeNode, relations: readonly Relation[]): string | undefined {
  switch (classOf(item)) {
    case 'COLUMN_REF':
      return columnName(columnNamesOf(item) ?? [], relations);
    case 'CONSTANT':
      return constantName(item);
    case 'FUNCTION':
      return callName(item, relations);
    case 'COMPARISON': {
      const operator = COMPARISONS[typeOf(item)];
      const left = nameOf(nodeAt(item, 'left') ?? {}, relations);
      const right = nameOf(nodeAt(item, 'right') ?? {}, relations);
      const isKnown = operator !== undefined && left !== undefined && right !== undefined;
      return isKnown ? `${left} ${operator} ${right}` : undefined;
    }
    case 'OPERATOR':
      return typeOf(item) === 'OPERATOR_COALESCE'
        ? argumentsName('coalesce', item, relations)
        : undefined;
    case 'CAST':
      return castName(item, relations);
    default:
      return undefined;
  }
}

function columnName(names: readonly string[], relations: readonly Relation[]): string {
  if (names.length > 1) return names.slice(-2).join('.');
  const [name = ''] = names;
  const owner = relations.find(({ table }) =>
    table?.columns.some((column) => column.name === name),
  );
  return owner === undefined ? name : `${owner.alias}.${name}`;
}

function constantName(item: TreeNode): string | undefined {
  const integer = integerOf(item);
  if (integer !== undefined) return `Int64(${integer})`;
  const text = textOf(item);
  if (text !== undefined) return `Utf8("${text}")`;
  const value = nodeAt(item, 'value');
  if (value?.['is_null'] === true) return 'NULL';
  const number = value?.['value'];
  return typeof number === 'number' ? `Float64(${number / 10 ** scaleOf(value)})` : undefined;
}

/** Digits behind the point of a constant that is stored without one. */
function scaleOf(value: TreeNode | undefined): number {
  const type = nodeAt(nodeAt(value ?? {}, 'type') ?? {}, 'type_info');
  const scale = type?.['scale'];
  return typeof scale === 'number' ? scale : 0;
}

/** A cast has the name of what is cast; `true` arrives as a cast, too. */
function castName(item: TreeNode, relations: readonly Relation[]): string | undefined {
  const child = nodeAt(item, 'child') ?? {};
  const letter = textOf(child);
  if (textAt(nodeAt(item, 'cast_type') ?? {}, 'id') === 'BOOLEAN' && letter !== undefined) {
    return `Boolean(${letter === 't'})`;
  }
  return columnNamesOf(child)?.at(-1) ?? nameOf(child, relations);
}

function callName(item: TreeNode, relations: readonly Relation[]): string | undefined {
  const name = functionOf(item);
  if (name === 'count_star') return 'count(*)';
  if (item['is_operator'] !== true) return argumentsName(name, item, relations);
  const operands = nodesAt(item, 'children').map((child) => nameOf(child, relations));
  const [left, right] = operands;
  return left === undefined || right === undefined ? undefined : `${left} ${name} ${right}`;
}

function argumentsName(
  name: string,
  item: TreeNode,
  relations: readonly Relation[],
): string | undefined {
  const names = nodesAt(item, 'children').map((child) => nameOf(child, relations));
  if (names.includes(undefined)) return undefined;
  const distinct = item['distinct'] === true ? 'DISTINCT ' : '';
  return `${name}(${distinct}${names.join(',')})`;
}
