import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CellSummary, Results, ServerResult } from '../../bench/compare/results.ts';
import { summarize } from '../../bench/compare/results.ts';
import { judge, type Verdict } from '../../bench/compare/targets.ts';
import type { Window } from '../../bench/compare/window.ts';
import { ENVIRONMENT } from '../../bench/measure/environment.ts';

type ServerName = 'reprise' | 'reference' | 'reference-tuned';

function serverResult(name: ServerName, startupMs: number, rssBytesAtEnd: number): ServerResult {
  const kind = name === 'reprise' ? 'reprise' : 'reference';
  const durability = { verdict: 'flushes before acknowledging' } as const;
  return { name, kind, partitions: 24, durability, startupMs: [startupMs], rssBytesAtEnd };
}

function window(server: ServerName, perSecond: number, p99: number): Window {
  return {
    ...{ server, deployment: 'standin', workload: 'empty', concurrency: 128, round: 0 },
    figures: {
      perSecond,
      latencyMs: { p50: p99 / 2, p99, p999: 2 * p99, max: 3 * p99 },
      ...{ serverCpuMs: 1, deploymentCpuMs: 1, loadCpuMs: 1 },
      ...{ rssBytes: 1e6, bytesWritten: 1000, otherCores: 0 },
    },
  };
}

function resultsOf(windows: readonly Window[]): Results {
  return {
    ...{ environment: ENVIRONMENT, startedAt: '', rounds: 1, extent: { requestsCount: 1 } },
    servers: [
      serverResult('reprise', 100, 90e6),
      serverResult('reference', 400, 200e6),
      serverResult('reference-tuned', 300, 250e6),
    ],
    ...{ windows, flushCounts: [], flushesRefusal: undefined },
  };
}

function verdictOf(verdicts: readonly Verdict[], name: string, unit: string): Verdict {
  const found = verdicts.find((verdict) => verdict.name === name && verdict.unit === unit);
  assert.ok(found !== undefined, `${name} in ${unit} is judged`);
  return found;
}

test('each figure is compared with the better of the reference set-ups', () => {
  const results = resultsOf([
    window('reprise', 900, 10),
    window('reference', 200, 20),
    window('reference-tuned', 300, 30),
  ]);
  const verdicts = judge(results, summarize(results));
  const compared = verdicts.map(({ name, unit, betterReference, ratio, result }) => {
    return [name, unit, betterReference, Number(ratio.toFixed(2)), result];
  });
  assert.deepEqual(compared, [
    ['empty, 128 in flight', '/s', 'reference-tuned', 3, 'met'],
    ['empty, 128 in flight', 'ms p99', 'reference', 0.5, 'met'],
    ['empty, 128 in flight', 'ms CPU', 'reference', 1, 'NOT MET'],
    ['RSS at the end of the whole run', 'MB', 'reference', 0.45, 'met'],
    ['first call served after exec, fresh directory', 'ms', 'reference-tuned', 0.33, 'met'],
  ]);
});

const THROUGHPUT_RESULTS: ReadonlyArray<readonly [perSecond: number, result: Verdict['result']]> = [
  [899, 'NOT MET'],
  [900, 'met'],
  [1499, 'met'],
  [1500, 'aim reached'],
];

for (const [perSecond, result] of THROUGHPUT_RESULTS) {
  test(`${perSecond} per second against 300 where 3× is due and 5× the aim: ${result}`, () => {
    const results = resultsOf([window('reprise', perSecond, 10), window('reference', 300, 20)]);
    const verdict = verdictOf(judge(results, summarize(results)), 'empty, 128 in flight', '/s');
    assert.equal(verdict.result, result);
  });
}

test('figures are medians over the rounds', () => {
  const rounds = [100, 900, 300].map((perSecond) => window('reprise', perSecond, 10));
  const [cell]: readonly CellSummary[] = summarize(resultsOf(rounds));
  assert.equal(cell?.perSecond, 300);
  assert.equal(cell?.windowsCount, 3);
});

test('a window that failed is counted and not measured', () => {
  const { figures: _, ...failed } = window('reprise', 1, 1);
  const windows = [{ ...failed, failure: 'refused' }, window('reprise', 300, 10)];
  const [cell] = summarize(resultsOf(windows));
  assert.deepEqual(cell?.failures, ['refused']);
  assert.equal(cell?.perSecond, 300);
});
