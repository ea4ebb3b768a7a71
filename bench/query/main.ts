// Question: how long do queries take beside many retained invocations and beside a few, and whom do they
//   slow down?
// Measured: the statements that clients send most, over HTTP, the first time and later; the invocations
//   of an empty handler alone and beside a query that looks at every invocation.
// Not measured: many queries at once.
// Run: npm run bench:query -- [--invocations 1000000] [--rounds 5] [--small-rounds 100] [--seconds 5]
//   [--concurrency 16] [--json]
// Decides: what is counted and indexed beside the invocations (blocks of invocation numbers).
import { parseArgs } from 'node:util';
import type { Bound } from '../measure/bounds.ts';
import { printReport } from '../measure/report.ts';
import { formatTable, megabytes } from '../measure/text-table.ts';
import { measureQueries, type QueryFigures } from './measure.ts';

/** Beside a query that never ends p99 may grow by so much, on two cores. */
const P99_GROWTH_MAX = 2;

const { values } = parseArgs({
  options: {
    invocations: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    'small-rounds': { type: 'string', default: '100' },
    seconds: { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '16' },
    json: { type: 'boolean', default: false },
  },
});

function boundsOf({ statements, p99Ms }: QueryFigures): Bound[] {
  const bounds = statements.flatMap(({ name, medianMs, limitMs }): Bound[] =>
    limitMs === undefined
      ? []
      : [{ name: `${name}: ms`, value: medianMs, relation: 'at most', limit: limitMs }],
  );
  const value = p99Ms.queried / p99Ms.quiet;
  return [
    ...bounds,
    { name: 'p99 beside a query', value, relation: 'at most', limit: P99_GROWTH_MAX },
  ];
}

function describe({ small, statements, p99Ms, perSecond, memory }: QueryFigures): string {
  const queries = formatTable(
    ['statement', 'first ms', 'later ms'],
    statements.map(({ name, firstMs, medianMs }) => [name, firstMs, medianMs]),
  );
  const smallQueries = formatTable(
    ['on a nearly empty store', 'first ms', 'later ms'],
    small.map(({ name, firstMs, medianMs }) => [name, firstMs, medianMs]),
  );
  const load = formatTable(
    ['empty handler', 'per second', 'p99 ms'],
    [
      ['alone', perSecond.quiet, p99Ms.quiet],
      ['beside a query', perSecond.queried, p99Ms.queried],
    ],
  );
  const resident = formatTable(
    ['resident MB', 'all', 'without pages of files'],
    Object.entries(memory).map(([when, { rssBytes, anonymousBytes }]) => [
      `${when} the queries`,
      megabytes(rssBytes),
      megabytes(anonymousBytes),
    ]),
  );
  return `${smallQueries}\n\n${queries}\n\n${load}\n\n${resident}`;
}

const figures = await measureQueries({
  invocationsCount: Number(values.invocations),
  rounds: Number(values.rounds),
  smallRounds: Number(values['small-rounds']),
  seconds: Number(values.seconds),
  concurrency: Number(values.concurrency),
});
const report = { campaign: 'query', figures, bounds: boundsOf(figures), text: describe(figures) };
printReport(report, values.json);
