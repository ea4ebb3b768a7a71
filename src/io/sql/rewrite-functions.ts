// Functions and operators that DuckDB knows by another name, or that mean something else there.
import {
  call,
  cast,
  columnNamesOf,
  nodeAt,
  nodesAt,
  operation,
  textAt,
  textConstant,
  textOf,
  withAliasOf,
  type TreeNode,
} from './syntax-tree.ts';

/** Columns that hold bytes, in whatever table. */
const BYTES_COLUMNS = new Set(['value', 'raw', 'completion_success_value']);

/** Same arguments, other name. Those that begin with `df_` are macros of `macros.ts`. */
const RENAMED: Readonly<Partial<Record<string, string>>> = {
  first_value: 'first',
  last_value: 'last',
  approx_distinct: 'approx_count_distinct',
  regexp_full_match: 'regexp_matches',
  regexp_like: 'regexp_matches',
  make_array: 'list_value',
  octet_length: 'df_octet_length',
  to_hex: 'df_to_hex',
  to_unixtime: 'df_to_unixtime',
  date_bin: 'df_date_bin',
  to_char: 'strftime',
  arrow_typeof: 'df_arrow_typeof',
  json_get: 'df_json_get',
  json_get_str: 'df_json_get_str',
  json_get_int: 'df_json_get_int',
  json_get_float: 'df_json_get_float',
  json_get_bool: 'df_json_get_bool',
  json_get_json: 'df_json_get_json',
  json_as_text: 'df_json_get_str',
  json_contains: 'df_json_contains',
  json_length: 'df_json_length',
  json_object_keys: 'json_keys',
  json_build_object: 'json_object',
  string_to_array: 'string_split',
};

/** LIKE escapes with a backslash, clause or not. */
const LIKE: Readonly<Partial<Record<string, string>>> = {
  '~~': 'like_escape',
  '!~~': 'not_like_escape',
  '~~*': 'ilike_escape',
  '!~~*': 'not_ilike_escape',
};

const ARROW_TYPES: Readonly<Partial<Record<string, string>>> = {
  utf8: 'VARCHAR',
  largeutf8: 'VARCHAR',
  int32: 'INTEGER',
  int64: 'BIGINT',
  uint32: 'UINTEGER',
  uint64: 'UBIGINT',
  float64: 'DOUBLE',
  boolean: 'BOOLEAN',
};

/** To be applied to every node, leaves first. */
export function rewriteFunction(node: TreeNode): TreeNode {
  if (node['type'] === 'OPERATOR_CAST') return decodeBytes(node);
  if (node['class'] === 'CONSTANT') return asFloat(node);
  if (node['class'] !== 'FUNCTION') return node;
  const name = textAt(node, 'function_name') ?? '';
  const [first, second, ...rest] = nodesAt(node, 'children');
  if (first !== undefined && second !== undefined && rest.length > 0 && JSON_GETTERS.has(name)) {
    const inner = call('df_json_get_json', first, second);
    return rewriteFunction({ ...node, children: [inner, ...rest] });
  }
  if (first !== undefined && second !== undefined) {
    const operator = rewriteOperator(name, first, second);
    if (operator !== undefined) return withAliasOf(node, operator);
  }
  if (first !== undefined) {
    const replaced = rewriteByArgument(name, first, second);
    if (replaced !== undefined) return withAliasOf(node, replaced);
  }
  const renamed = RENAMED[name];
  return renamed === undefined ? node : { ...node, function_name: renamed };
}

function rewriteOperator(name: string, left: TreeNode, right: TreeNode): TreeNode | undefined {
  const like = LIKE[name];
  if (like !== undefined) {
    // Without a backslash there is nothing to escape, and the plain operator is faster.
    return textOf(right)?.includes('\\') === false
      ? undefined
      : call(like, left, right, textConstant('\\'));
  }
  switch (name) {
    case '/':
    case '//':
      return call('df_divide', left, right);
    case '%':
      return call('df_modulo', left, right);
    case '~*':
      return call('regexp_matches', left, right, textConstant('i'));
    case '!~*':
      return operation('OPERATOR_NOT', call('regexp_matches', left, right, textConstant('i')));
    case 'encode':
      return call('df_encode', left, right);
    case 'decode':
      return call('df_decode', left, right);
    case 'arrow_cast': {
      const type = (textOf(right) ?? '').toLowerCase();
      return cast(left, ARROW_TYPES[type] ?? timestampType(type));
    }
    default:
      return undefined;
  }
}

function rewriteByArgument(
  name: string,
  argument: TreeNode,
  second: TreeNode | undefined,
): TreeNode | undefined {
  if (name === 'length' && isBytesColumn(argument)) return call('octet_length', argument);
  if (name === 'nvl' && second !== undefined) {
    return operation('OPERATOR_COALESCE', argument, second);
  }
  if (name === 'to_date' && second === undefined) return cast(argument, 'DATE');
  // Seconds are a number; everything else is or says a time.
  if (name === 'to_timestamp' && second === undefined && !isNumber(argument)) {
    return cast(argument, 'TIMESTAMP WITH TIME ZONE');
  }
  return undefined;
}

/** A number with a point is no decimal but a float. */
function asFloat(node: TreeNode): TreeNode {
  const type = nodeAt(nodeAt(node, 'value') ?? {}, 'type') ?? {};
  return textAt(type, 'id') === 'DECIMAL' ? withAliasOf(node, cast(node, 'DOUBLE')) : node;
}

/** They take any number of members that lie within each other. */
const JSON_GETTERS = new Set(
  Object.keys(RENAMED).filter((name) => /^json_(?:get|as|con)/.test(name)),
);

function timestampType(arrowType: string): string {
  return arrowType.startsWith('timestamp') ? 'TIMESTAMP WITH TIME ZONE' : 'VARCHAR';
}

/** Bytes become the text that they are the UTF-8 form of. */
function decodeBytes(node: TreeNode): TreeNode {
  const child = nodeAt(node, 'child');
  const isText = textAt(nodeAt(node, 'cast_type') ?? {}, 'id') === 'VARCHAR';
  if (child === undefined || !isText || !isBytesColumn(child)) return node;
  return withAliasOf(node, call('decode', child));
}

function isBytesColumn(node: TreeNode): boolean {
  return BYTES_COLUMNS.has(columnNamesOf(node)?.at(-1) ?? '');
}

function isNumber(node: TreeNode): boolean {
  const type = textAt(nodeAt(nodeAt(node, 'value') ?? {}, 'type') ?? {}, 'id');
  return node['class'] === 'CONSTANT' && type !== 'VARCHAR';
}
