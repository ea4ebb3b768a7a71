// What of DuckDB a statement may call. Files, networks and settings are locked besides; see `duckdb.ts`.
import { QueryError } from '../../actors/domain/query-error.ts';
import { classOf, functionOf, nodeAt, typeOf, walkTree, type TreeNode } from './syntax-tree.ts';

/** Every other one looks into the engine or changes it. */
const TABLE_FUNCTIONS = new Set([
  ...['range', 'generate_series', 'unnest', 'json_each', 'json_tree', 'string_to_array'],
]);

/** They do something beside giving a value. */
const REFUSED_FUNCTIONS = new Set([
  ...['sleep_ms', 'write_log', 'setseed', 'nextval', 'currval', 'getvariable', 'getenv'],
  ...['current_query', 'stats'],
]);

/** Throws for a statement that calls what it may not. */
export function checkPermissions(tree: TreeNode): void {
  for (const node of walkTree(tree)) {
    if (typeOf(node) === 'TABLE_FUNCTION') {
      const name = functionOf(nodeAt(node, 'function') ?? {});
      if (TABLE_FUNCTIONS.has(name)) continue;
      throw unknownName(`table function '${name}' not found`);
    }
    if (classOf(node) === 'FUNCTION' && REFUSED_FUNCTIONS.has(functionOf(node))) {
      throw unknownName(`Invalid function '${functionOf(node)}'`);
    }
  }
}

function unknownName(what: string): QueryError {
  return new QueryError('unknownName', `Error during planning: ${what}`);
}
