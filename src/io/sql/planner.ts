// From the tree of a statement to one that DuckDB can run: each of our tables becomes a call of the scan
// function, with a number under which the scan finds its table and what of it is wanted.
import { INVOCATION_DOMAINS } from '../../storage/query/invocation-tables.ts';
import type { QueryTable } from '../../storage/query/query-table.ts';
import type { ScanFilter } from '../../storage/query/scan-filter.ts';
import { constraintsOf, type Constraints } from './constraints.ts';
import { planOverview, type OverviewContext } from './plan-overview.ts';
import {
  belongsTo,
  columnEqualities,
  innerConditions,
  relationsOf,
  rightConditions,
  type Relation,
  type RelationLookup,
} from './relations.ts';
import {
  call,
  integerConstant,
  isNode,
  mapMembers,
  nodeAt,
  nodesAt,
  textAt,
  typeOf,
  walkTree,
  type TreeNode,
  type TreeValue,
} from './syntax-tree.ts';

/** Name of the table function that every table is read through. */
export const SCAN_FUNCTION = 'reprise_scan';

export interface PlannedScan {
  readonly table: QueryTable;
  readonly filter: ScanFilter;
}

export interface Plan {
  readonly tree: TreeNode;
  /** By the number that stands in the call, behind that of the connection. */
  readonly scans: ReadonlyMap<number, PlannedScan>;
}

export interface PlanOptions {
  readonly tables: ReadonlyMap<string, QueryTable>;
  /** Number of the connection that the statement runs on. */
  readonly connection: number;
  readonly nowMs: () => number;
  /** All invocations together are no more than that. */
  readonly storesAtMost: (invocationsCount: bigint) => boolean;
}

export function planStatement(tree: TreeNode, options: PlanOptions): Plan {
  const planner = new Planner(options);
  const node = nodeAt(tree, 'node');
  const planned = node === undefined ? tree : { ...tree, node: planner.planQuery(node, new Set()) };
  return { tree: planned, scans: planner.scans };
}

function domainOfColumn(column: string): readonly string[] | undefined {
  return INVOCATION_DOMAINS[column.split('.').at(-1) ?? ''];
}

class Planner {
  readonly scans = new Map<number, PlannedScan>();
  readonly #options: PlanOptions;
  readonly #context: OverviewContext;

  constructor(options: PlanOptions) {
    this.#options = options;
    const { nowMs, storesAtMost } = options;
    this.#context = { domainOf: domainOfColumn, nowMs, storesAtMost };
  }

  /** `hidden` has the names of the common table expressions in scope. */
  planQuery(query: TreeNode, hidden: ReadonlySet<string>): TreeNode {
    const { ctes, inner } = this.#planCtes(query, hidden);
    const { cte_map: _, ...rest } = query;
    const planned =
      typeOf(query) === 'SELECT_NODE'
        ? this.#planSelect(rest, inner)
        : mapMembers(rest, (value) => this.#planValue(value, inner));
    return ctes === undefined ? planned : { ...planned, cte_map: ctes };
  }

  /** A common table expression sees those before it, and itself only when it recurses. */
  #planCtes(query: TreeNode, hidden: ReadonlySet<string>) {
    const map = nodeAt(query, 'cte_map');
    if (map === undefined) return { ctes: undefined, inner: hidden };
    const inner = new Set(hidden);
    const planned = nodesAt(map, 'map').map((entry) => {
      const name = textAt(entry, 'key') ?? '';
      const recurses = [...walkTree(entry)].some((node) => typeOf(node) === 'RECURSIVE_CTE_NODE');
      const scope = recurses ? new Set([...inner, name]) : new Set(inner);
      const changed = mapMembers(entry, (value) => this.#planValue(value, scope));
      inner.add(name);
      return changed;
    });
    return { ctes: { ...map, map: planned }, inner };
  }

  #planValue(value: TreeValue, hidden: ReadonlySet<string>): TreeValue {
    if (Array.isArray(value)) {
      return value.map((each: TreeValue) => this.#planValue(each, hidden));
    }
    if (!isNode(value)) return value;
    return typeOf(value).endsWith('_NODE')
      ? this.planQuery(value, hidden)
      : mapMembers(value, (each) => this.#planValue(each, hidden));
  }

  #planSelect(select: TreeNode, hidden: ReadonlySet<string>): TreeNode {
    const lookup: RelationLookup = { tables: this.#options.tables, hidden };
    const overview = planOverview(select, lookup, this.#context);
    const query = overview?.select ?? select;
    const from = nodeAt(query, 'from_table');
    const relations = relationsOf(from, lookup);
    const constraints = this.#constraintsFor(query, relations);
    return mapMembers(query, (value) => {
      if (value !== from) return this.#planValue(value, hidden);
      return this.#planFrom(value, {
        lookup,
        hidden,
        tableFor: (relation) =>
          relation.node === overview?.relation.node ? overview.table : relation.table,
        filterFor: (relation) => filterOf(relation, constraints),
      });
    });
  }

  #planFrom(
    from: TreeNode,
    scope: {
      readonly lookup: RelationLookup;
      readonly hidden: ReadonlySet<string>;
      readonly tableFor: (relation: Relation) => QueryTable | undefined;
      readonly filterFor: (relation: Relation) => ScanFilter;
    },
  ): TreeNode {
    if (typeOf(from) === 'JOIN') {
      return mapMembers(from, (value) =>
        isNode(value) && (value === from['left'] || value === from['right'])
          ? this.#planFrom(value, scope)
          : this.#planValue(value, scope.hidden),
      );
    }
    const [relation] = relationsOf(from, scope.lookup);
    const table = relation === undefined ? undefined : scope.tableFor(relation);
    if (relation === undefined || table === undefined) {
      return mapMembers(from, (value) => this.#planValue(value, scope.hidden));
    }
    return this.#scanOf(relation, { table, filter: scope.filterFor(relation) });
  }

  #scanOf({ alias, node }: Relation, scan: PlannedScan): TreeNode {
    const { connection } = this.#options;
    const number = this.scans.size;
    this.scans.set(number, scan);
    return {
      type: 'TABLE_FUNCTION',
      alias,
      sample: node['sample'] ?? null,
      function: call(SCAN_FUNCTION, integerConstant(connection), integerConstant(number)),
      column_name_alias: node['column_name_alias'] ?? [],
      with_ordinality: 'WITHOUT_ORDINALITY',
    };
  }

  /** What WHERE and the joins say, carried over along equal columns. */
  #constraintsFor(select: TreeNode, relations: readonly Relation[]): Constraints {
    const from = nodeAt(select, 'from_table');
    const where = nodeAt(select, 'where_clause');
    const certain = [where, ...innerConditions(from)].filter((node) => node !== undefined);
    const conditions = { type: 'CONJUNCTION_AND', class: 'CONJUNCTION', children: certain };
    const { values, times } = constraintsOf(conditions, this.#context);
    const carried = new Map(values);
    const rights = rightConditions(from);
    const equalities = [...certain, ...rights].flatMap(columnEqualities);
    for (let round = 0; round < relations.length; round += 1) {
      for (const [left, right] of equalities) {
        carry(carried, left, right);
        // In a left join only the left side decides which rows there are.
        carry(carried, right, left);
      }
    }
    return { values: carried, times };
  }
}

function carry(values: Map<string, ReadonlySet<string>>, from: string, to: string): void {
  const wanted = values.get(from);
  if (wanted !== undefined && !values.has(to)) values.set(to, wanted);
}

function filterOf(relation: Relation, constraints: Constraints): ScanFilter {
  const values = new Map<string, ReadonlySet<string>>();
  const times = new Map<string, { readonly minMs: number; readonly maxMs: number }>();
  for (const { name } of relation.table?.columns ?? []) {
    for (const [reference, wanted] of constraints.values) {
      if (belongsTo(relation, reference, name)) values.set(name, narrow(values.get(name), wanted));
    }
    for (const [reference, range] of constraints.times) {
      if (belongsTo(relation, reference, name)) times.set(name, range);
    }
  }
  return { values, times };
}

function narrow(
  before: ReadonlySet<string> | undefined,
  wanted: ReadonlySet<string>,
): ReadonlySet<string> {
  return before === undefined ? wanted : new Set([...before].filter((value) => wanted.has(value)));
}
