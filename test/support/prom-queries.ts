// What queries in PromQL ask for: metrics, and labels of theirs.

export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** A metric's name, with its matchers if there are any. */
const SELECTOR = /(?<![\w:$"])([a-z_:][\w:]*)(?![\w:]|\s*\()(?:\s*\{([^{}]*)\})?/g;
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)/g;
const MATCHER = /(\w+)\s*(?:=~|!~|!=|=)\s*"/g;
const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);

/** The series that a query selects. Labels that it groups by count for each of them. */
export function selectorsOf(query: string): readonly Selector[] {
  const grouped = [...query.matchAll(GROUPING)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim()),
  );
  const rest = query.replaceAll(GROUPING, ' ').replaceAll(/\[[^\]]*\]/g, '');
  return [...rest.matchAll(SELECTOR)]
    .filter(([, metric = '']) => !WORDS.has(metric))
    .map(([, metric = '', matchers = '']) => ({
      metric,
      labels: [
        ...[...matchers.matchAll(MATCHER)].map(([, label = '']) => label),
        ...grouped.filter((label) => label !== ''),
      ],
    }));
}
