// What a statement needs of the partition threads before its snapshot is taken: that flushed rows are in
// it, and what only they know. They are not disturbed for more than is shown.
import { ATTEMPT } from '../../storage/query/invocation-columns.ts';
import type { Plan } from './planner.ts';
import { classOf, columnNamesOf, walkTree, type TreeNode } from './syntax-tree.ts';

export type SourceNeeds =
  /** It reads nothing that partitions have. */
  | 'nothing'
  | {
      /** Only these invocations; absent: any rows. */
      readonly ids: ReadonlySet<string> | undefined;
      readonly showsAttempts: boolean;
    };

/** Names an invocation in every table that has it. */
const ID_COLUMN = 'id';

export function sourceNeeds(statement: TreeNode, { scans }: Plan): SourceNeeds {
  const stored = [...scans.values()].filter(({ table }) => table.isStored);
  if (stored.length === 0) return 'nothing';
  const namesAny = namesAttempts(statement);
  const showsAttempts = stored.some(
    ({ table: { name } }) =>
      name === 'sys_invocation_state' || (name === 'sys_invocation' && namesAny),
  );
  const ids = new Set<string>();
  for (const { filter } of stored) {
    const wanted = filter.values.get(ID_COLUMN);
    if (wanted === undefined) return { ids: undefined, showsAttempts };
    for (const id of wanted) ids.add(id);
  }
  return { ids, showsAttempts };
}

function namesAttempts(statement: TreeNode): boolean {
  for (const node of walkTree(statement)) {
    if (classOf(node) === 'STAR') return true;
    const name = columnNamesOf(node)?.at(-1);
    if (name !== undefined && (name === 'status' || name in ATTEMPT)) return true;
  }
  return false;
}
