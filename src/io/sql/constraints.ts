// What a condition says about single columns: the values or the times they must have where it holds.
// Only what is certain is said; everything else goes without a constraint.
import type { TimeRange } from '../../storage/query/scan-filter.ts';
import {
  columnNamesOf,
  integerOf,
  nodeAt,
  nodesAt,
  textAt,
  textOf,
  typeOf,
  functionOf,
  type TreeNode,
} from './syntax-tree.ts';

/** By column, written as `alias.column` or, where the text has no alias, as `column`. */
export interface Constraints {
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
  readonly times: ReadonlyMap<string, TimeRange>;
}

/** A column's every possible value, which turns `!=` into a list of the others. */
export type ValueDomain = (column: string) => readonly string[] | undefined;

export interface ConstraintContext {
  readonly domainOf: ValueDomain;
  /** What `now()` means. Unit: milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
}

const NOTHING: Constraints = { values: new Map(), times: new Map() };

export function constraintsOf(
  condition: TreeNode | undefined,
  context: ConstraintContext,
): Constraints {
  if (condition === undefined) return NOTHING;
  switch (typeOf(condition)) {
    case 'CONJUNCTION_AND':
      return nodesAt(condition, 'children')
        .map((child) => constraintsOf(child, context))
        .reduce(both, NOTHING);
    case 'CONJUNCTION_OR': {
      const [first = NOTHING, ...rest] = nodesAt(condition, 'children').map((child) =>
        constraintsOf(child, context),
      );
      return rest.reduce(either, first);
    }
    case 'COMPARE_IN':
    case 'COMPARE_NOT_IN':
      return listConstraint(condition, context);
    case 'COMPARE_BETWEEN':
      return betweenConstraint(condition, context);
    default:
      return condition['class'] === 'COMPARISON' ? comparison(condition, context) : NOTHING;
  }
}

/** Both hold. */
function both(a: Constraints, b: Constraints): Constraints {
  const values = new Map(a.values);
  for (const [column, wanted] of b.values) {
    const other = values.get(column);
    values.set(column, other === undefined ? wanted : intersection(other, wanted));
  }
  const times = new Map(a.times);
  for (const [column, { minMs, maxMs }] of b.times) {
    const other = times.get(column);
    times.set(column, {
      minMs: Math.max(minMs, other?.minMs ?? minMs),
      maxMs: Math.min(maxMs, other?.maxMs ?? maxMs),
    });
  }
  return { values, times };
}

/** At least one holds: only what both say something about is certain. */
function either(a: Constraints, b: Constraints): Constraints {
  const values = new Map<string, ReadonlySet<string>>();
  for (const [column, wanted] of a.values) {
    const other = b.values.get(column);
    if (other !== undefined) values.set(column, new Set([...wanted, ...other]));
  }
  const times = new Map<string, TimeRange>();
  for (const [column, { minMs, maxMs }] of a.times) {
    const other = b.times.get(column);
    if (other === undefined) continue;
    times.set(column, {
      minMs: Math.min(minMs, other.minMs),
      maxMs: Math.max(maxMs, other.maxMs),
    });
  }
  return { values, times };
}

function comparison(node: TreeNode, context: ConstraintContext): Constraints {
  const left = nodeAt(node, 'left');
  const right = nodeAt(node, 'right');
  if (left === undefined || right === undefined) return NOTHING;
  const column = columnNameOf(left);
  if (column !== undefined) return compare(column, typeOf(node), right, context);
  const mirrored = columnNameOf(right);
  const type = MIRRORED[typeOf(node)] ?? '';
  return mirrored === undefined ? NOTHING : compare(mirrored, type, left, context);
}

const MIRRORED: Readonly<Partial<Record<string, string>>> = {
  COMPARE_EQUAL: 'COMPARE_EQUAL',
  COMPARE_NOTEQUAL: 'COMPARE_NOTEQUAL',
  COMPARE_LESSTHAN: 'COMPARE_GREATERTHAN',
  COMPARE_GREATERTHAN: 'COMPARE_LESSTHAN',
  COMPARE_LESSTHANOREQUALTO: 'COMPARE_GREATERTHANOREQUALTO',
  COMPARE_GREATERTHANOREQUALTO: 'COMPARE_LESSTHANOREQUALTO',
};

function compare(
  column: string,
  type: string,
  operand: TreeNode,
  context: ConstraintContext,
): Constraints {
  const value = constantText(operand);
  switch (type) {
    case 'COMPARE_EQUAL': {
      const timeMs = timeOf(operand, context);
      const times = timeMs === undefined ? new Map() : new Map([[column, around(timeMs)]]);
      const values = value === undefined ? new Map() : new Map([[column, new Set([value])]]);
      return { values, times };
    }
    case 'COMPARE_NOTEQUAL':
      return value === undefined ? NOTHING : others(column, new Set([value]), context);
    case 'COMPARE_GREATERTHAN':
    case 'COMPARE_GREATERTHANOREQUALTO':
      return since(column, timeOf(operand, context), Number.POSITIVE_INFINITY);
    case 'COMPARE_LESSTHAN':
    case 'COMPARE_LESSTHANOREQUALTO':
      return since(column, Number.NEGATIVE_INFINITY, timeOf(operand, context));
    default:
      return NOTHING;
  }
}

function listConstraint(node: TreeNode, context: ConstraintContext): Constraints {
  const [subject, ...rest] = nodesAt(node, 'children');
  const column = subject && columnNameOf(subject);
  const values = rest.map(constantText);
  if (column === undefined || !values.every((value) => value !== undefined)) return NOTHING;
  const listed = new Set(values);
  return node['type'] === 'COMPARE_IN'
    ? { values: new Map([[column, listed]]), times: new Map() }
    : others(column, listed, context);
}

function others(
  column: string,
  excluded: ReadonlySet<string>,
  { domainOf }: ConstraintContext,
): Constraints {
  const domain = domainOf(column);
  if (domain === undefined) return NOTHING;
  const rest = new Set(domain.filter((value) => !excluded.has(value)));
  return { values: new Map([[column, rest]]), times: new Map() };
}

function betweenConstraint(node: TreeNode, context: ConstraintContext): Constraints {
  const column = columnNameOf(nodeAt(node, 'input') ?? {});
  const lower = nodeAt(node, 'lower');
  const upper = nodeAt(node, 'upper');
  if (column === undefined || lower === undefined || upper === undefined) return NOTHING;
  return since(column, timeOf(lower, context), timeOf(upper, context));
}

function since(column: string, minMs: number | undefined, maxMs: number | undefined): Constraints {
  if (minMs === undefined || maxMs === undefined) return NOTHING;
  return {
    values: new Map(),
    times: new Map([[column, { minMs: Math.floor(minMs), maxMs: Math.ceil(maxMs) }]]),
  };
}

function around(timeMs: number): TimeRange {
  return { minMs: Math.floor(timeMs), maxMs: Math.ceil(timeMs) };
}

export function columnNameOf(node: TreeNode): string | undefined {
  const names = columnNamesOf(node);
  return names === undefined ? undefined : names.slice(-2).join('.');
}

function constantText(node: TreeNode): string | undefined {
  return textOf(node) ?? integerOf(node)?.toString();
}

/** A moment: a text, a literal, `now()`, or one of these less or plus an interval. */
function timeOf(node: TreeNode, context: ConstraintContext): number | undefined {
  const text = textOf(node);
  if (text !== undefined) return parseTime(text);
  if (node['type'] === 'OPERATOR_CAST') return timeOf(nodeAt(node, 'child') ?? {}, context);
  if (columnNameOf(node) === 'current_timestamp') return context.nowMs();
  if (node['class'] !== 'FUNCTION') return undefined;
  const name = functionOf(node);
  if (name === 'now') return context.nowMs();
  const [left, right] = nodesAt(node, 'children');
  if (left === undefined || right === undefined || (name !== '-' && name !== '+')) return undefined;
  const baseMs = timeOf(left, context);
  const spanMs = intervalMs(right);
  if (baseMs === undefined || spanMs === undefined) return undefined;
  return name === '-' ? baseMs - spanMs : baseMs + spanMs;
}

/** A time without a zone is one of UTC. */
function parseTime(text: string): number | undefined {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(
      text.trim(),
    );
  if (match === null) return undefined;
  const [, date = '', time = '00:00', zone = 'Z'] = match;
  const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone;
  const timeMs = Date.parse(`${date}T${time}${offset}`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

const UNIT_MS: Readonly<Partial<Record<string, number>>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** `INTERVAL '1 hour'`. Written as `INTERVAL '1' HOUR` it is a call, and goes unused. */
function intervalMs(node: TreeNode): number | undefined {
  const isInterval = textAt(nodeAt(node, 'cast_type') ?? {}, 'id') === 'INTERVAL';
  const [, count, unit = ''] =
    /^(\d+) ?(\w+?)s?$/.exec(textOf(nodeAt(node, 'child') ?? {}) ?? '') ?? [];
  const unitMs = UNIT_MS[unit.toLowerCase()];
  return isInterval && count !== undefined && unitMs !== undefined
    ? Number(count) * unitMs
    : undefined;
}

function intersection(a: ReadonlySet<string>, b: ReadonlySet<string>): Set<string> {
  return new Set([...a].filter((value) => b.has(value)));
}
