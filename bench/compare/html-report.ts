// The results as one HTML file without anything outside of it.
import { formatNumber, megabytes } from '../measure/text-table.ts';
import { barChart, colourOf, escapeHtml } from './bar-chart.ts';
import type { CellSummary, Metric, Results } from './results.ts';
import type { Verdict } from './targets.ts';
import { CELL_COLUMNS, limitText, notes } from './text-report.ts';
import { WORKLOADS } from './workloads.ts';

const STYLE = `
body { font: 14px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 1240px; padding: 0 1em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { border-bottom: 1px solid #ddd; padding: 2px 10px; text-align: right; }
td:first-child, th:first-child, .text { text-align: left; }
svg { font: 11px system-ui, sans-serif; margin: 4px; }
svg .title { font-weight: 600; }
.not-met { color: #b00020; font-weight: 600; }
.key { display: inline-block; height: 11px; margin: 0 4px 0 14px; width: 11px; }`;

const CHARTS: ReadonlyArray<readonly [metric: Metric, title: string, 'linear' | 'logarithmic']> = [
  ['perSecond', 'per second', 'linear'],
  ['p99Ms', 'p99 in ms', 'logarithmic'],
  ['serverCpuMs', 'server CPU in ms per invocation', 'logarithmic'],
];

export function htmlReport(
  results: Results,
  cells: readonly CellSummary[],
  verdicts: readonly Verdict[],
): string {
  const { environment, startedAt } = results;
  const { reprise, node, cores, cpu, kernel } = environment;
  const machine = `${startedAt}, Reprise ${reprise}, Node ${node}, ${cores} × ${cpu}, Linux ${kernel}`;
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Reprise: comparison</title>',
    `<style>${STYLE}</style><h1>Reprise and the reference, side by side</h1>`,
    `<p>${escapeHtml(machine)}</p>`,
    servers(results),
    verdicts.length === 0 ? '' : targets(verdicts),
    ...deployments(cells).map((deployment) => charts(results, cells, deployment)),
    allCells(cells),
    `<p>${escapeHtml(notes(results)).replaceAll('\n', '<br>')}</p></html>`,
  ].join('\n');
}

function servers(results: Results): string {
  const names = ['server', 'partitions', 'durability', 'first call ms', 'RSS MB at the end'];
  const rows = results.servers.map((server) => [
    server.name,
    String(server.partitions),
    server.durability.reason ?? server.durability.verdict,
    server.startupMs.map((ms) => ms.toFixed(0)).join(', '),
    formatNumber(megabytes(server.rssBytesAtEnd)),
  ]);
  return `<h2>Servers</h2>${table(names, rows)}`;
}

function targets(verdicts: readonly Verdict[]): string {
  const names = [
    'target',
    'unit',
    'Reprise',
    'better reference',
    'set-up',
    'ratio',
    'must reach',
    'aim',
    'result',
  ];
  const rows = verdicts.map((verdict) => [
    verdict.name,
    verdict.unit,
    formatNumber(verdict.reprise),
    formatNumber(verdict.reference),
    verdict.betterReference,
    `${formatNumber(verdict.ratio)}×`,
    limitText(verdict),
    verdict.aim === undefined ? '' : `${verdict.aim}×`,
    verdict.result,
  ]);
  return `<h2>Targets</h2>${table(names, rows)}`;
}

function charts(
  { servers: all }: Results,
  cells: readonly CellSummary[],
  deployment: string,
): string {
  const names = all.map(({ name }) => name);
  const legend = names
    .map((name, index) => `<span class="key" style="background:${colourOf(index)}"></span>${name}`)
    .join('');
  const drawn = WORKLOADS.flatMap((workload) => {
    const own = cells.filter(
      (cell) => cell.deployment === deployment && cell.workload === workload.name,
    );
    return own.length === 0 ? [] : [`<div>${chartsOf(workload.title, names, own)}</div>`];
  });
  const title = deployment === 'sdk' ? 'With the official SDK' : 'With the stand-in deployment';
  return `<h2>${title}</h2><p>By requests in flight: ${legend}</p>${drawn.join('\n')}`;
}

function chartsOf(title: string, servers_: readonly string[], own: readonly CellSummary[]): string {
  const concurrencies = [...new Set(own.map(({ concurrency }) => concurrency))];
  return CHARTS.map(([metric, unit, scale]) =>
    barChart({
      title: `${title}: ${unit}`,
      scale,
      categories: concurrencies.map(String),
      series: servers_.map((name) => ({
        name,
        values: concurrencies.map(
          (concurrency) =>
            own.find((cell) => cell.server === name && cell.concurrency === concurrency)?.[
              metric
            ] ?? Number.NaN,
        ),
      })),
    }),
  ).join('');
}

function allCells(cells: readonly CellSummary[]): string {
  const rows = cells.map((cell) =>
    CELL_COLUMNS.map(([, read]) => {
      const value = read(cell);
      return typeof value === 'string' ? value : formatNumber(value);
    }),
  );
  const names = CELL_COLUMNS.map(([name]) => name);
  return `<h2>All figures</h2>${table(names, rows)}`;
}

function deployments(cells: readonly CellSummary[]): readonly string[] {
  return [...new Set(cells.map(({ deployment }) => deployment))];
}

function table(names: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const head = names.map((name) => `<th>${escapeHtml(name)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map(tableCell).join('')}</tr>`).join('\n');
  return `<table><tr>${head}</tr>\n${body}</table>`;
}

function tableCell(text: string): string {
  const isRefused = text === 'NOT MET' || text === 'ACKNOWLEDGES BEFORE FLUSHING';
  return `<td${isRefused ? ' class="not-met"' : ''}>${escapeHtml(text)}</td>`;
}
