// A statement from its text to what is to be run.
import type { QueryValue } from '../../actors/ports.ts';
import { foldWords } from '../sql-lexer.ts';
import { nameColumns } from './column-names.ts';
import { parseStatement, queryOf, type SerializeSql } from './parse.ts';
import { checkPermissions } from './permissions.ts';
import { planNewest, type NewestPlan } from './plan-newest.ts';
import { planStatement, type Plan, type PlanOptions } from './planner.ts';
import { bindParameters, rewriteStatement } from './rewrite.ts';
import { sourceNeeds, type SourceNeeds } from './source-needs.ts';
import type { TreeNode } from './syntax-tree.ts';

export interface Statement {
  readonly isExplain: boolean;
  /** Rewritten, and not planned. */
  readonly query: TreeNode;
  readonly plan: Plan;
  readonly newest: NewestPlan | undefined;
  readonly needs: SourceNeeds;
  /** It would be planned in the same way now. Absent: that cannot be told. */
  readonly isRight: (() => boolean) | undefined;
}

export interface StatementOptions extends PlanOptions {
  readonly serialize: SerializeSql;
  /** Parameters without values stay parameters. */
  readonly parameters: readonly QueryValue[] | undefined;
}

/** Throws `QueryError` for what may not be run. */
export async function readStatement(sql: string, options: StatementOptions): Promise<Statement> {
  const { serialize, parameters, tables, nowMs, storesAtMost } = options;
  // DuckDB's tree does not tell which names were quoted.
  const { tree, isExplain } = await parseStatement(foldWords(sql), serialize);
  checkPermissions(tree);
  const named = { ...tree, node: nameColumns(queryOf(tree), { tables, hidden: new Set() }) };
  const bound = parameters === undefined ? named : bindParameters(named, parameters);
  const rewritten = rewriteStatement(bound);
  let isOfItsTime = false;
  const limits = new Map<bigint, boolean>();
  const plan = planStatement(rewritten, {
    ...options,
    nowMs: () => {
      isOfItsTime = true;
      return nowMs();
    },
    storesAtMost: (count) => {
      limits.set(count, storesAtMost(count));
      return limits.get(count) === true;
    },
  });
  const isRight = () => [...limits].every(([count, answer]) => storesAtMost(count) === answer);
  const query = queryOf(rewritten);
  const newest = isExplain ? undefined : planNewest(plan);
  return {
    isExplain,
    query,
    plan,
    newest,
    needs: sourceNeeds(query, plan),
    isRight: isOfItsTime ? undefined : isRight,
  };
}
