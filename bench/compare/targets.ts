// The figures that Reprise must reach against the better of the reference's set-ups, and those it aims at.
import { median } from '../measure/statistics.ts';
import type { CellSummary, Metric, Results, ServerResult } from './results.ts';
import type { Cell } from './window.ts';

export interface Verdict {
  readonly name: string;
  readonly unit: string;
  /** Reprise's figure, and that of the better reference set-up. */
  readonly reprise: number;
  readonly reference: number;
  readonly betterReference: string;
  readonly ratio: number;
  readonly relation: 'at least' | 'at most';
  readonly mustReach: number;
  readonly aim: number | undefined;
  readonly result: 'aim reached' | 'met' | 'NOT MET';
}

interface Target {
  readonly name: string;
  readonly unit: string;
  readonly relation: 'at least' | 'at most';
  readonly mustReach: number;
  readonly aim?: number | undefined;
  /** The figure of one server; `undefined` when it was not measured. */
  readonly figureOf: (server: ServerResult, cells: readonly CellSummary[]) => number | undefined;
}

const OURS = 'reprise';
const P99_MUST_REACH = 0.5;
const P99_AIM = 0.2;

const UNITS: Readonly<Record<Metric, string>> = {
  perSecond: '/s',
  p50Ms: 'ms p50',
  p99Ms: 'ms p99',
  serverCpuMs: 'ms CPU',
};

type Row = readonly [
  cell: Omit<Cell, 'server'>,
  metric: Metric,
  mustReach: number,
  aim?: number | undefined,
];

const ROWS: readonly Row[] = [
  [cell('standin', 'empty', 128), 'perSecond', 3, 5],
  [cell('standin', 'empty', 1), 'p50Ms', 0.5, 0.35],
  [cell('standin', 'run9', 128), 'perSecond', 3.5, 7],
  [cell('standin', 'counter', 128), 'perSecond', 3, 6],
  [cell('standin', 'hotKey', 128), 'perSecond', 2.5, 4],
  [cell('standin', 'send', 128), 'perSecond', 3, 6],
  [cell('standin', 'call', 128), 'perSecond', 3, 6],
  [cell('sdk', 'empty', 128), 'perSecond', 1.3],
  [cell('sdk', 'run9', 128), 'perSecond', 1.8],
];

const TARGETS: readonly Target[] = [
  ...ROWS.map((row) => cellTarget(row)),
  ...ROWS.map(([target]) => cellTarget([target, 'p99Ms', P99_MUST_REACH, P99_AIM])),
  cellTarget([cell('standin', 'empty', 128), 'serverCpuMs', 0.3, 0.12]),
  {
    name: 'RSS at the end of the whole run',
    ...{ unit: 'MB', relation: 'at most', mustReach: 0.7, aim: 0.4 },
    figureOf: ({ rssBytesAtEnd }) => rssBytesAtEnd / 1e6,
  },
  {
    name: 'first call served after exec, fresh directory',
    ...{ unit: 'ms', relation: 'at most', mustReach: 0.5, aim: 0.2 },
    figureOf: ({ startupMs }) => (startupMs.length === 0 ? undefined : median(startupMs)),
  },
];

/** One verdict for each target whose figures were measured on both sides. */
export function judge(results: Results, cells: readonly CellSummary[]): readonly Verdict[] {
  return TARGETS.flatMap((target) => judgeTarget(target, results.servers, cells) ?? []);
}

function judgeTarget(
  target: Target,
  servers: readonly ServerResult[],
  cells: readonly CellSummary[],
): Verdict | undefined {
  const figures = servers.flatMap((server) => {
    const figure = target.figureOf(server, cells);
    return figure === undefined || Number.isNaN(figure) ? [] : [{ server, figure }];
  });
  const ours = figures.find(({ server }) => server.name === OURS);
  const direction = target.relation === 'at least' ? -1 : 1;
  const [better] = figures
    .filter(({ server }) => server.kind === 'reference')
    .toSorted((a, b) => direction * (a.figure - b.figure));
  if (ours === undefined || better === undefined) return undefined;
  const { name, unit, relation, mustReach, aim } = target;
  const ratio = ours.figure / better.figure;
  const reaches = (limit: number) => (relation === 'at least' ? ratio >= limit : ratio <= limit);
  return {
    ...{ name, unit, relation, mustReach, aim, ratio },
    reprise: ours.figure,
    reference: better.figure,
    betterReference: better.server.name,
    result: !reaches(mustReach)
      ? 'NOT MET'
      : aim !== undefined && reaches(aim)
        ? 'aim reached'
        : 'met',
  };
}

function cell(
  deployment: Cell['deployment'],
  workload: string,
  concurrency: number,
): Omit<Cell, 'server'> {
  return { deployment, workload, concurrency };
}

function cellTarget([target, metric, mustReach, aim]: Row): Target {
  const { deployment, workload, concurrency } = target;
  return {
    name: `${workload}, ${concurrency} in flight${deployment === 'sdk' ? ', SDK' : ''}`,
    unit: UNITS[metric],
    relation: metric === 'perSecond' ? 'at least' : 'at most',
    ...{ mustReach, aim },
    figureOf: ({ name }, cells) =>
      cells.find(
        (found) =>
          found.server === name &&
          found.deployment === deployment &&
          found.workload === workload &&
          found.concurrency === concurrency,
      )?.[metric],
  };
}
