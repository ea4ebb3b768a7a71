// What stands in the FROM of a query, under which names, and how it is joined.
import type { QueryTable } from '../../storage/query/query-table.ts';
import { columnNameOf } from './constraints.ts';
import { classOf, nodeAt, nodesAt, textAt, typeOf, type TreeNode } from './syntax-tree.ts';

export interface Relation {
  readonly alias: string;
  /** Absent for what is not one of our tables: subqueries, common table expressions, functions. */
  readonly table?: QueryTable | undefined;
  readonly node: TreeNode;
}

export interface RelationLookup {
  readonly tables: ReadonlyMap<string, QueryTable>;
  /** Names of common table expressions in scope, which hide tables. */
  readonly hidden: ReadonlySet<string>;
}

/** The relations of a FROM, in the order of the text. */
export function relationsOf(from: TreeNode | undefined, lookup: RelationLookup): Relation[] {
  if (from === undefined) return [];
  switch (typeOf(from)) {
    case 'JOIN':
      return [
        ...relationsOf(nodeAt(from, 'left'), lookup),
        ...relationsOf(nodeAt(from, 'right'), lookup),
      ];
    case 'BASE_TABLE': {
      const alias = textAt(from, 'alias') ?? textAt(from, 'table_name') ?? '';
      return [{ alias, table: tableOf(from, lookup), node: from }];
    }
    default:
      return [{ alias: textAt(from, 'alias') ?? '', node: from }];
  }
}

/** Our table that the node names. */
export function tableOf(
  node: TreeNode,
  { tables, hidden }: RelationLookup,
): QueryTable | undefined {
  const name = textAt(node, 'table_name') ?? '';
  const schema = textAt(node, 'schema_name');
  const catalog = textAt(node, 'catalog_name');
  if (catalog !== undefined && catalog !== 'restate') return undefined;
  if (schema === 'information_schema') return tables.get(`${schema}.${name}`);
  if (schema !== undefined && schema !== 'public') return undefined;
  return schema === undefined && hidden.has(name) ? undefined : tables.get(name);
}

/** Whether the column reference may be one of this relation's. */
export function belongsTo({ alias, table }: Relation, reference: string, column: string): boolean {
  if (reference === `${alias}.${column}`) return true;
  return reference === column && table?.columns.some(({ name }) => name === column) === true;
}

/** Conditions that hold for every row that comes out of the FROM, as far as inner joins go. */
export function innerConditions(from: TreeNode | undefined): TreeNode[] {
  return joinsOf(from)
    .filter((join) => isInner(join))
    .flatMap((join) => listOf(nodeAt(join, 'condition')));
}

/** Of each relation on the right of a join that keeps its left side: the conditions it has to meet. */
export function rightConditions(from: TreeNode | undefined): TreeNode[] {
  return joinsOf(from)
    .filter((join) => textAt(join, 'join_type') === 'LEFT')
    .flatMap((join) => listOf(nodeAt(join, 'condition')));
}

/** The joins of a FROM, the outermost first. */
export function joinsOf(from: TreeNode | undefined): TreeNode[] {
  if (from === undefined || typeOf(from) !== 'JOIN') return [];
  return [from, ...joinsOf(nodeAt(from, 'left')), ...joinsOf(nodeAt(from, 'right'))];
}

export function isInner(join: TreeNode): boolean {
  const type = textAt(join, 'join_type') ?? 'INNER';
  return type === 'INNER';
}

/** `a = b` between two columns, among the parts of an AND. */
export function columnEqualities(
  condition: TreeNode | undefined,
): Array<readonly [left: string, right: string]> {
  if (condition === undefined) return [];
  if (typeOf(condition) === 'CONJUNCTION_AND') {
    return nodesAt(condition, 'children').flatMap(columnEqualities);
  }
  if (typeOf(condition) !== 'COMPARE_EQUAL' || classOf(condition) !== 'COMPARISON') return [];
  const left = columnNameOf(nodeAt(condition, 'left') ?? {});
  const right = columnNameOf(nodeAt(condition, 'right') ?? {});
  return left === undefined || right === undefined ? [] : [[left, right]];
}

function listOf(node: TreeNode | undefined): TreeNode[] {
  return node === undefined ? [] : [node];
}
