// The comparison in its smallest size, with Reprise alone, so that it cannot rot.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { htmlReport } from '../../bench/compare/html-report.ts';
import { readOptions } from '../../bench/compare/options.ts';
import { summarize, type CellSummary, type Results } from '../../bench/compare/results.ts';
import { runComparison } from '../../bench/compare/run.ts';
import { textReport } from '../../bench/compare/text-report.ts';
import { WORKLOADS } from '../../bench/compare/workloads.ts';
import { skippedOnReference } from '../support/servers.ts';

const FLAGS = ['--servers', 'reprise', '--concurrency', '2', '--rounds', '1'];
const SHORT = ['--requests', '6'];

async function run(...flags: readonly string[]): Promise<Results> {
  const options = readOptions([...FLAGS, ...SHORT, ...flags]);
  assert.ok(options !== undefined);
  return runComparison(options);
}

const skip = skippedOnReference('it runs Reprise whatever is asked for');

describe('the comparison', { skip }, () => {
  let results: Results;
  let cells: readonly CellSummary[];
  before(async () => {
    results = await run('--deployment', 'standin,sdk');
    cells = summarize(results);
  });

  test('measures every workload with both deployments', () => {
    const measured = cells.map(({ deployment, workload }) => `${deployment} ${workload}`);
    const expected = ['standin', 'sdk'].flatMap((deployment) =>
      WORKLOADS.map(({ name }) => `${deployment} ${name}`),
    );
    assert.deepEqual(measured, expected);
    for (const { workload, failures, perSecond, p50Ms, rssBytes } of cells) {
      assert.deepEqual(failures, [], workload);
      assert.ok(perSecond > 0 && p50Ms > 0 && rssBytes > 0, workload);
    }
  });

  test('finds that acknowledgements wait for a flush, or says why it cannot look', () => {
    const [server] = results.servers;
    const { verdict, reason } = server?.durability ?? {};
    if (reason === undefined) assert.equal(verdict, 'flushes before acknowledging');
    else assert.equal(verdict, 'not checked');
  });

  test('counts flushes, or says why it cannot', () => {
    if (results.flushesRefusal !== undefined) return;
    for (const { workload, flushes } of cells) {
      assert.ok(flushes !== undefined && flushes > 0, workload);
    }
  });

  test('is reported as text and as HTML with a chart per workload', () => {
    const text = textReport(results, cells, []);
    const html = htmlReport(results, cells, []);
    for (const { name, title } of WORKLOADS) {
      assert.ok(text.includes(name), name);
      assert.ok(html.includes(`${title}: per second`), title);
    }
  });
});

test('unknown names are refused', () => {
  assert.throws(() => readOptions(['--workloads', 'empty,nothing']), /no 'nothing' among/);
  assert.throws(() => readOptions(['--servers', 'other']), /no 'other' among/);
  assert.throws(() => readOptions(['--rounds', '0']), /not a positive number/);
});
