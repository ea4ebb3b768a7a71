// `->` and `->>` bind tighter than comparisons, as in PostgreSQL. DuckDB's grammar has them looser than
// anything, since an arrow also makes a lambda: `a AND b ->> 'k' = 'v'` arrives as
// `((a AND b) ->> 'k') = 'v'`. No operand of an arrow is a truth value, so what stands there wrongly is
// easily told and moved back.
import {
  classOf,
  functionOf,
  isNode,
  nodeAt,
  nodesAt,
  withAliasOf,
  type TreeNode,
  type TreeValue,
} from './syntax-tree.ts';

const ARROWS = new Set(['->', '->>']);

/** A visitor for `rewriteTree`; one per statement. */
export function arrowRewriter(): (node: TreeNode) => TreeNode {
  /** Nodes whose last operand took over an arrow, and may have to take over more. */
  const loosened = new WeakSet<TreeNode>();

  /** Puts `wrap` around the last operand that is not itself a looser operator. */
  function wrapLast(node: TreeNode, wrap: (operand: TreeNode) => TreeNode): TreeNode {
    const place = lastOperand(node);
    if (place === undefined) return wrap(node);
    const rebuilt = place.replace(wrapLast(place.operand, wrap));
    loosened.add(rebuilt);
    return rebuilt;
  }

  return (node) => {
    const place = firstOperand(node);
    if (place === undefined) return node;
    const isArrow = node['class'] === 'FUNCTION' && ARROWS.has(functionOf(node));
    const mustSink = isArrow ? isLoose(place.operand) : loosened.has(place.operand);
    if (!mustSink || node['class'] === 'CONJUNCTION') return node;
    const rest = firstOperand({ ...node, alias: '' });
    if (rest === undefined) return node;
    return withAliasOf(
      node,
      wrapLast(place.operand, (operand) => rest.replace(operand)),
    );
  };
}

interface Place {
  readonly operand: TreeNode;
  replace(operand: TreeNode): TreeNode;
}

/** Yields a truth value, so that it is no operand of an arrow. */
function isLoose(node: TreeNode): boolean {
  return (
    node['class'] === 'CONJUNCTION' ||
    node['class'] === 'COMPARISON' ||
    node['type'] === 'OPERATOR_NOT'
  );
}

function lastOperand(node: TreeNode): Place | undefined {
  if (!isLoose(node)) return undefined;
  if (node['class'] === 'COMPARISON') return memberPlace(node, 'right');
  return childPlace(node, nodesAt(node, 'children').length - 1);
}

/** The operand that stands first in the text. */
function firstOperand(node: TreeNode): Place | undefined {
  switch (classOf(node)) {
    case 'COMPARISON':
      return memberPlace(node, 'left');
    case 'BETWEEN':
      return memberPlace(node, 'input');
    case 'OPERATOR':
      return node['type'] === 'OPERATOR_NOT' ? undefined : childPlace(node, 0);
    case 'FUNCTION':
      return node['is_operator'] === true || LIKE_CALLS.has(functionOf(node))
        ? childPlace(node, 0)
        : undefined;
    case 'SUBQUERY':
      return memberPlace(node, 'child');
    default:
      return undefined;
  }
}

/** Operators that are calls by the time arrows are looked at. */
const LIKE_CALLS = new Set([
  'like_escape',
  'not_like_escape',
  'ilike_escape',
  'not_ilike_escape',
  'regexp_matches',
]);

function memberPlace(node: TreeNode, member: string): Place | undefined {
  const operand = nodeAt(node, member);
  return operand && { operand, replace: (changed) => ({ ...node, [member]: changed }) };
}

function childPlace(node: TreeNode, index: number): Place | undefined {
  const children = node['children'];
  const operand = Array.isArray(children) ? childAt(children, index) : undefined;
  if (operand === undefined) return undefined;
  return {
    operand,
    replace: (changed) => ({
      ...node,
      children: nodesAt(node, 'children').map((child, at) => (at === index ? changed : child)),
    }),
  };
}

function childAt(children: readonly TreeValue[], index: number): TreeNode | undefined {
  const child = children[index];
  return isNode(child) ? child : undefined;
}
