// Recognises queries that only group and count invocations by what is counted anyway, and rewrites them
// to add up the weights of an overview's rows instead. Source of the shapes: the statements of the
// official command line and web UI.
import type { QueryTable } from '../../storage/query/query-table.ts';
import { WEIGHT_COLUMN } from '../../storage/query/overview.ts';
import { columnNameOf, constraintsOf, type ConstraintContext } from './constraints.ts';
import {
  belongsTo,
  columnEqualities,
  joinsOf,
  relationsOf,
  type Relation,
  type RelationLookup,
} from './relations.ts';
import {
  call,
  cast,
  classOf,
  columnRef,
  functionOf,
  integerConstant,
  integerOf,
  isNode,
  nodeAt,
  nodesAt,
  operation,
  rewriteTree,
  textAt,
  typeOf,
  walkTree,
  withAliasOf,
  type TreeNode,
} from './syntax-tree.ts';

export interface OverviewPlan {
  readonly select: TreeNode;
  /** The relation that `table` takes the place of. */
  readonly relation: Relation;
  readonly table: QueryTable;
}

/** Columns by which invocations are counted. */
const GROUP_COLUMNS = new Set([
  'target_service_name',
  'target_handler_name',
  'target_service_ty',
  'status',
  'completion_result',
]);

/** Aggregates whose result does not depend on how many rows stand for the same values. */
const WEIGHTLESS = new Set(['min', 'max']);

export interface OverviewContext extends ConstraintContext {
  /** All invocations together are no more than that. */
  readonly storesAtMost: (invocationsCount: bigint) => boolean;
}

export function planOverview(
  original: TreeNode,
  lookup: RelationLookup,
  context: OverviewContext,
): OverviewPlan | undefined {
  const select = inlineSample(original, lookup, context);
  const from = nodeAt(select, 'from_table');
  const relations = relationsOf(from, lookup);
  const [relation] = relations;
  const access = relation?.table?.invocations;
  if (relation === undefined || access === undefined) return undefined;
  if (!joinsOnlyAttempts(from, relations, lookup) || !isAggregate(select)) return undefined;
  const uses = new ColumnUses(relation, select, context);
  if (!uses.areCounted) return undefined;
  const rewritten = weigh(select, relation);
  if (rewritten === undefined) return undefined;
  const table = uses.needsOldest ? access.overviewWithOldest : access.overview;
  return { select: rewritten, relation, table };
}

/** Every row of the query is a group, or there is one row. */
function isAggregate(select: TreeNode): boolean {
  if (textAt(select, 'aggregate_handling') !== 'STANDARD_HANDLING') return false;
  if (nodeAt(select, 'qualify') !== undefined || nodeAt(select, 'sample') !== undefined)
    return false;
  const items = nodesAt(select, 'select_list');
  if (items.some((item) => classOf(item) === 'STAR')) return false;
  const isGrouped = nodesAt(select, 'group_expressions').length > 0;
  return isGrouped || items.every((item) => [...walkTree(item)].some(isCount));
}

function isCount(node: TreeNode): boolean {
  return classOf(node) === 'FUNCTION' && ['count', 'count_star', 'sum'].includes(functionOf(node));
}

/** Nothing, or a left join with what is known of attempts, which knows nothing of completed ones. */
function joinsOnlyAttempts(
  from: TreeNode | undefined,
  relations: readonly Relation[],
  lookup: RelationLookup,
): boolean {
  const [first, second, third] = relations;
  if (first === undefined || third !== undefined) return false;
  if (second === undefined) return true;
  const [join] = joinsOf(from);
  if (join === undefined || textAt(join, 'join_type') !== 'LEFT') return false;
  const subquery = nodeAt(nodeAt(second.node, 'subquery') ?? {}, 'node');
  const inner = subquery && relationsOf(nodeAt(subquery, 'from_table'), lookup);
  const table = second.table ?? (inner?.length === 1 ? inner[0]?.table : undefined);
  return (
    table?.name === 'sys_invocation_state' &&
    columnEqualities(nodeAt(join, 'condition')).some((pair) => pair.includes(`${first.alias}.id`))
  );
}

/** How the query uses the columns of the relation. */
class ColumnUses {
  readonly areCounted: boolean;
  needsOldest = false;
  readonly #relation: Relation;
  readonly #context: ConstraintContext;

  constructor(relation: Relation, select: TreeNode, context: ConstraintContext) {
    this.#relation = relation;
    this.#context = context;
    const { from_table: from, where_clause: _, ...rest } = select;
    const where = nodeAt(select, 'where_clause');
    const [join] = joinsOf(nodeAt({ from_table: from }, 'from_table'));
    this.areCounted =
      conjuncts(where).every((part) => this.#isTimeRange(part) || this.#isCounted(part)) &&
      membersOf(rest).every((part) => this.#isCounted(part)) &&
      conjuncts(join && nodeAt(join, 'condition')).every(
        (part) => columnEqualities(part).length > 0 || this.#isCounted(part),
      );
  }

  /** The part uses counted columns only, or what the overview knows of the oldest invocation. */
  #isCounted(part: TreeNode): boolean {
    if (this.#isOldest(part)) {
      this.needsOldest = true;
      return true;
    }
    if (classOf(part) === 'WINDOW' || typeOf(part).endsWith('_NODE')) return false;
    const name = columnNameOf(part);
    if (name !== undefined) return this.#isGroupColumn(name);
    if (!isWeighable(part)) return false;
    return membersOf(part).every((member) => this.#isCounted(member));
  }

  #isGroupColumn(name: string): boolean {
    const { table } = this.#relation;
    const owned = table?.columns.find((column) => belongsTo(this.#relation, name, column.name));
    return owned === undefined || GROUP_COLUMNS.has(owned.name);
  }

  /** `min(created_at)`, `first(id ORDER BY created_at)`. */
  #isOldest(node: TreeNode): boolean {
    const [argument] = nodesAt(node, 'children');
    if (classOf(node) !== 'FUNCTION' || argument === undefined) return false;
    if (functionOf(node) === 'min') return this.#isColumn(argument, 'created_at');
    if (functionOf(node) !== 'first' || !this.#isColumn(argument, 'id')) return false;
    const [order, second] = nodesAt(nodeAt(node, 'order_bys') ?? {}, 'orders');
    return (
      order !== undefined &&
      second === undefined &&
      typeOf(order) !== 'DESCENDING' &&
      this.#isColumn(nodeAt(order, 'expression') ?? {}, 'created_at')
    );
  }

  #isColumn(node: TreeNode, column: string): boolean {
    const name = columnNameOf(node);
    return name !== undefined && belongsTo(this.#relation, name, column);
  }

  /** A comparison of the creation time that the filter of the scan says in full. */
  #isTimeRange(part: TreeNode): boolean {
    const columns = [...walkTree(part)].flatMap((node) => columnNameOf(node) ?? []);
    const [column, second] = columns.filter((name) => name !== 'current_timestamp');
    if (column === undefined || second !== undefined) return false;
    return (
      belongsTo(this.#relation, column, 'created_at') &&
      constraintsOf(part, this.#context).times.has(column)
    );
  }
}

/** A part of no aggregate, or of one whose weight is known. */
function isWeighable(node: TreeNode): boolean {
  if (classOf(node) !== 'FUNCTION' || node['is_operator'] === true) return true;
  const name = functionOf(node);
  if (!AGGREGATES.has(name)) return true;
  if (node['distinct'] === true) return false;
  if (name === 'count') return classOf(nodesAt(node, 'children')[0] ?? {}) === 'CONSTANT';
  return name === 'count_star' || name === 'sum' || WEIGHTLESS.has(name);
}

/** What may occur in a query and counts rows. Functions not named here work on one row. */
export const AGGREGATES = new Set([
  ...WEIGHTLESS,
  ...['count', 'count_star', 'sum', 'avg', 'mean', 'first', 'last', 'any_value', 'arbitrary'],
  ...['array_agg', 'list', 'string_agg', 'group_concat', 'listagg', 'median', 'mode', 'product'],
  ...['stddev', 'stddev_pop', 'stddev_samp', 'variance', 'var_pop', 'var_samp', 'entropy', 'mad'],
  ...['approx_count_distinct', 'approx_quantile', 'quantile', 'quantile_cont', 'quantile_disc'],
  ...['percentile_cont', 'percentile_disc', 'arg_min', 'arg_max', 'min_by', 'max_by', 'histogram'],
  ...['bit_and', 'bit_or', 'bit_xor', 'bitstring_agg', 'count_if', 'countif', 'fsum', 'kahan_sum'],
  ...['sumkahan', 'favg', 'corr', 'covar_pop', 'covar_samp', 'kurtosis', 'skewness', 'sem'],
  ...['json_group_array', 'json_group_object', 'approx_top_k', 'reservoir_quantile', 'map'],
]);

/** Counts and sums, taken times the weight. */
function weigh(select: TreeNode, relation: Relation): TreeNode | undefined {
  const weight = columnRef(relation.alias, WEIGHT_COLUMN);
  const { from_table, ...rest } = select;
  const weighed = rewriteTree(rest, (node) => {
    if (classOf(node) !== 'FUNCTION') return node;
    const { filter = null } = node;
    switch (functionOf(node)) {
      case 'count':
      case 'count_star': {
        const sum = { ...call('sum', weight), filter };
        return withAliasOf(node, cast(orZero(sum), 'BIGINT'));
      }
      case 'sum': {
        const [argument] = nodesAt(node, 'children');
        if (argument === undefined) return node;
        return { ...node, children: [operator('*', argument, weight)] };
      }
      default:
        return node;
    }
  });
  if (!isNode(weighed)) return undefined;
  return { ...weighed, ...(from_table !== undefined && { from_table }) };
}

function orZero(value: TreeNode): TreeNode {
  return operation('OPERATOR_COALESCE', value, integerConstant(0));
}

function operator(name: string, ...children: TreeNode[]): TreeNode {
  return { ...call(name, ...children), is_operator: true };
}

/** `FROM (SELECT a, b FROM invocations LIMIT n) x` as `FROM invocations x`, if there are no more than n. */
function inlineSample(
  select: TreeNode,
  lookup: RelationLookup,
  context: OverviewContext,
): TreeNode {
  const from = nodeAt(select, 'from_table');
  if (from === undefined) return select;
  if (typeOf(from) === 'JOIN') {
    const left = nodeAt(from, 'left');
    const inlined = left && wholeSample(left, lookup, context);
    return inlined === undefined ? select : { ...select, from_table: { ...from, left: inlined } };
  }
  const inlined = wholeSample(from, lookup, context);
  return inlined === undefined ? select : { ...select, from_table: inlined };
}

function wholeSample(
  from: TreeNode,
  lookup: RelationLookup,
  { storesAtMost }: OverviewContext,
): TreeNode | undefined {
  const inner = nodeAt(nodeAt(from, 'subquery') ?? {}, 'node');
  if (typeOf(from) !== 'SUBQUERY' || inner === undefined) return undefined;
  const base = nodeAt(inner, 'from_table');
  const [relation] = relationsOf(base, lookup);
  if (base === undefined || relation?.table?.invocations === undefined) return undefined;
  const alias = textAt(from, 'alias');
  if (alias === undefined || typeOf(base) !== 'BASE_TABLE' || !isPlainSelect(inner))
    return undefined;
  for (const modifier of nodesAt(inner, 'modifiers')) {
    const limit = integerOf(nodeAt(modifier, 'limit') ?? {});
    const isLimit =
      typeOf(modifier) === 'LIMIT_MODIFIER' && nodeAt(modifier, 'offset') === undefined;
    if (!isLimit || limit === undefined || !storesAtMost(limit)) return undefined;
  }
  return { ...base, alias };
}

function isPlainSelect(select: TreeNode): boolean {
  return (
    typeOf(select) === 'SELECT_NODE' &&
    nodeAt(select, 'where_clause') === undefined &&
    nodesAt(nodeAt(select, 'cte_map') ?? {}, 'map').length === 0 &&
    nodesAt(select, 'group_expressions').length === 0 &&
    nodesAt(select, 'select_list').every(isPlainColumn)
  );
}

function isPlainColumn(item: TreeNode): boolean {
  return (
    (classOf(item) === 'COLUMN_REF' || classOf(item) === 'STAR') &&
    textAt(item, 'alias') === undefined
  );
}

function conjuncts(condition: TreeNode | undefined): readonly TreeNode[] {
  if (condition === undefined) return [];
  return typeOf(condition) === 'CONJUNCTION_AND'
    ? nodesAt(condition, 'children').flatMap(conjuncts)
    : [condition];
}

/** The nodes one level below. */
function membersOf(node: TreeNode): TreeNode[] {
  return Object.entries(node).flatMap(([member, value]) => {
    return Array.isArray(value) ? nodesAt(node, member) : (nodeAt(node, member) ?? []);
  });
}
