// The latest invocations, as lists show them: `… ORDER BY created_at DESC LIMIT n`. Mostly they are
// among those created last, so these are looked at first. The result is right if it is full and even its
// last row was created after everything that was not looked at; otherwise more is looked at.
import type { BlockChoice } from '../../storage/query/invocation-scan.ts';
import { columnNameOf } from './constraints.ts';
import { AGGREGATES } from './plan-overview.ts';
import { SCAN_FUNCTION, type Plan, type PlannedScan } from './planner.ts';
import {
  call,
  classOf,
  columnRef,
  functionOf,
  integerOf,
  nodeAt,
  nodesAt,
  textAt,
  typeOf,
  walkTree,
  type TreeNode,
} from './syntax-tree.ts';

export interface NewestPlan {
  /** The statement with the creation time as one more column, the last. */
  readonly tree: TreeNode;
  readonly scanNumber: number;
  readonly scan: PlannedScan;
  readonly order: BlockChoice['order'];
  /** Rows of a full result. */
  readonly limit: number;
  /** Rows that the result leaves out, plus its own. */
  readonly rowsNeeded: number;
}

/** Rows that are worth holding until the result is known to be right. */
const LIMIT_MAX = 5000;

export function planNewest({ tree, scans }: Plan): NewestPlan | undefined {
  const select = nodeAt(tree, 'node');
  if (select === undefined || typeOf(select) !== 'SELECT_NODE' || !returnsRows(select))
    return undefined;
  const [order, limit] = nodesAt(select, 'modifiers');
  if (order === undefined || limit === undefined) return undefined;
  const rows = integerOf(nodeAt(limit, 'limit') ?? {});
  const offset = nodeAt(limit, 'offset');
  const skipped = offset === undefined ? 0n : integerOf(offset);
  if (typeOf(order) !== 'ORDER_MODIFIER' || typeOf(limit) !== 'LIMIT_MODIFIER') return undefined;
  if (rows === undefined || skipped === undefined || rows + skipped > LIMIT_MAX) return undefined;
  const driver = driverOf(nodeAt(select, 'from_table'), scans);
  const [first] = nodesAt(order, 'orders');
  if (driver === undefined || first === undefined) return undefined;
  const column = columnNameOf(nodeAt(first, 'expression') ?? {});
  if (column !== 'created_at' && column !== `${driver.alias}.created_at`) return undefined;
  const created = {
    ...call('epoch_ms', columnRef(driver.alias, 'created_at')),
    alias: 'created_ms',
  };
  const select_list = [...nodesAt(select, 'select_list'), created];
  return {
    ...driver,
    tree: { ...tree, node: { ...select, select_list } },
    order: typeOf(first) === 'DESCENDING' ? 'newest' : 'oldest',
    limit: Number(rows),
    rowsNeeded: Number(rows + skipped),
  };
}

/** A row of the result is a row of the FROM. */
function returnsRows(select: TreeNode): boolean {
  if (nodesAt(select, 'group_expressions').length > 0) return false;
  if (nodeAt(select, 'qualify') !== undefined || nodeAt(select, 'having') !== undefined)
    return false;
  return nodesAt(select, 'select_list').every((item) =>
    [...walkTree(item)].every(
      (node) =>
        classOf(node) !== 'WINDOW' &&
        !(classOf(node) === 'FUNCTION' && AGGREGATES.has(functionOf(node))) &&
        functionOf(node) !== 'unnest',
    ),
  );
}

/** The scan of invocations that stands first, with nothing joined in a way that makes rows without it. */
function driverOf(
  from: TreeNode | undefined,
  scans: Plan['scans'],
): { readonly alias: string; readonly scanNumber: number; readonly scan: PlannedScan } | undefined {
  if (from === undefined) return undefined;
  if (typeOf(from) === 'JOIN') {
    const type = textAt(from, 'join_type') ?? 'INNER';
    return type === 'LEFT' || type === 'INNER' ? driverOf(nodeAt(from, 'left'), scans) : undefined;
  }
  const scanCall = nodeAt(from, 'function') ?? {};
  const number = integerOf(nodesAt(scanCall, 'children').at(-1) ?? {});
  if (functionOf(scanCall) !== SCAN_FUNCTION || number === undefined) return undefined;
  const scan = scans.get(Number(number));
  if (scan?.table.invocations === undefined || scan.filter.values.has('id')) return undefined;
  return { alias: textAt(from, 'alias') ?? '', scanNumber: Number(number), scan };
}
