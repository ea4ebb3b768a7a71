// The parsed statement, in DuckDB's JSON form (json_serialize_sql). Nodes are told apart by `class` and
// `type`; an absent name is an empty text, and DuckDB wants every member of a node to be there. Nothing
// here changes a tree: rewriting makes a new one.

export type TreeValue = null | boolean | number | string | TreeNode | readonly TreeValue[];

export interface TreeNode {
  readonly [member: string]: TreeValue | undefined;
}

export function isNode(value: TreeValue | undefined): value is TreeNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function nodeAt(node: TreeNode, member: string): TreeNode | undefined {
  const value = node[member];
  return isNode(value) ? value : undefined;
}

export function nodesAt(node: TreeNode, member: string): readonly TreeNode[] {
  const value = node[member];
  return isList(value) ? value.filter(isNode) : [];
}

/** `undefined` for an empty text, too. */
export function textAt(node: TreeNode, member: string): string | undefined {
  const value = node[member];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Empty for what has no class or no type. */
export function classOf(node: TreeNode): string {
  return textAt(node, 'class') ?? '';
}

export function typeOf(node: TreeNode): string {
  return textAt(node, 'type') ?? '';
}

/** Of a call or an operator in the form of one. */
export function functionOf(node: TreeNode): string {
  return textAt(node, 'function_name') ?? '';
}

function isList(value: TreeValue | undefined): value is readonly TreeValue[] {
  return Array.isArray(value);
}

/** Rebuilds the tree from the leaves up: `visit` sees a node whose parts it has already replaced. */
export function rewriteTree(value: TreeValue, visit: (node: TreeNode) => TreeValue): TreeValue {
  if (isList(value)) return value.map((each) => rewriteTree(each, visit));
  if (!isNode(value)) return value;
  const rewritten: Record<string, TreeValue> = {};
  for (const [member, each] of Object.entries(value)) {
    if (each !== undefined) rewritten[member] = rewriteTree(each, visit);
  }
  return visit(rewritten);
}

/** Rebuilds one level. */
export function mapMembers(node: TreeNode, change: (value: TreeValue) => TreeValue): TreeNode {
  const changed: Record<string, TreeValue> = {};
  for (const [member, value] of Object.entries(node)) {
    if (value !== undefined) changed[member] = change(value);
  }
  return changed;
}

/** All nodes of the tree, parents first. */
export function* walkTree(value: TreeValue | undefined): Generator<TreeNode> {
  if (isList(value)) for (const each of value) yield* walkTree(each);
  if (!isNode(value)) return;
  yield value;
  for (const each of Object.values(value)) yield* walkTree(each);
}

/** Numbers beyond 2^53 would be rounded by `JSON.parse`; they travel as texts with this mark. */
const EXACT_MARK = '\u0001exact:';

const TEXT_OR_LONG_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

export function parseTree(json: string): TreeValue {
  const marked = json.replaceAll(TEXT_OR_LONG_NUMBER, (match) =>
    match.startsWith('"') ? match : `"\\u0001exact:${match}"`,
  );
  return JSON.parse(marked);
}

export function serializeTree(tree: TreeValue): string {
  return JSON.stringify(tree).replaceAll(/"\\u0001exact:(-?\d+)"/g, '$1');
}

/** The integer that a marked text stands for. */
export function exactInteger(value: TreeValue | undefined): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value !== 'string' || !value.startsWith(EXACT_MARK)) return undefined;
  return BigInt(value.slice(EXACT_MARK.length));
}

export function columnRef(...names: string[]): TreeNode {
  return { class: 'COLUMN_REF', type: 'COLUMN_REF', alias: '', column_names: names };
}

export function textConstant(value: string): TreeNode {
  return constant('VARCHAR', value);
}

export function integerConstant(value: number | bigint): TreeNode {
  if (typeof value === 'number') return constant('BIGINT', value);
  const isSigned = BigInt.asIntN(64, value) === value;
  return constant(isSigned ? 'BIGINT' : 'UBIGINT', `${EXACT_MARK}${value}`);
}

export function constant(type: string, value: TreeValue): TreeNode {
  return constantOf({ type: typeInfo(type), is_null: false, value });
}

export const NULL_CONSTANT: TreeNode = constantOf({ type: typeInfo('NULL'), is_null: true });

function constantOf(value: TreeNode): TreeNode {
  return { class: 'CONSTANT', type: 'VALUE_CONSTANT', alias: '', value };
}

function typeInfo(id: string): TreeNode {
  return { id, type_info: null };
}

export function call(name: string, ...children: TreeNode[]): TreeNode {
  return {
    class: 'FUNCTION',
    type: 'FUNCTION',
    alias: '',
    function_name: name,
    schema: '',
    children,
    filter: null,
    order_bys: { type: 'ORDER_MODIFIER', orders: [] },
    distinct: false,
    is_operator: false,
    export_state: false,
    catalog: '',
  };
}

export function cast(child: TreeNode, type: string): TreeNode {
  const cast_type = typeInfo(type);
  return { class: 'CAST', type: 'OPERATOR_CAST', alias: '', child, cast_type, try_cast: false };
}

/** `OPERATOR_NOT`, `OPERATOR_COALESCE` and the like. */
export function operation(type: string, ...children: TreeNode[]): TreeNode {
  return { class: 'OPERATOR', type, alias: '', children };
}

/** A node that stands in another one's place is called what that one was called. */
export function withAliasOf(original: TreeNode, replacement: TreeNode): TreeNode {
  const alias = textAt(original, 'alias');
  return alias === undefined ? replacement : { ...replacement, alias };
}

/** The value of a constant text. */
export function textOf(node: TreeNode): string | undefined {
  if (node['class'] !== 'CONSTANT') return undefined;
  const value = nodeAt(node, 'value');
  if (value === undefined || value['is_null'] === true) return undefined;
  const text = value['value'];
  const isText = textAt(nodeAt(value, 'type') ?? {}, 'id') === 'VARCHAR';
  return isText && typeof text === 'string' ? text : undefined;
}

/** The value of a constant integer. */
export function integerOf(node: TreeNode): bigint | undefined {
  if (node['class'] !== 'CONSTANT') return undefined;
  const value = nodeAt(node, 'value');
  const type = textAt(nodeAt(value ?? {}, 'type') ?? {}, 'id') ?? '';
  if (
    value === undefined ||
    value['is_null'] === true ||
    (!type.endsWith('INT') && type !== 'INTEGER')
  ) {
    return undefined;
  }
  const huge = nodeAt(value, 'value');
  if (huge === undefined) return exactInteger(value['value']);
  const lower = exactInteger(huge['lower']);
  return huge['upper'] === 0 ? lower : undefined;
}

export function columnNamesOf(node: TreeNode): readonly string[] | undefined {
  if (node['class'] !== 'COLUMN_REF') return undefined;
  const names = node['column_names'];
  return isList(names) ? names.filter((name) => typeof name === 'string') : undefined;
}
