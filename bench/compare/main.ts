// Question: how does Reprise compare with the reference, on this machine, in one run?
// Measured: throughput, latency, CPU, memory and bytes written of the servers, side by side in alternating
//   windows, with a stand-in deployment and with the official SDK; flushes per invocation, and whether
//   each server waits for them, by strace; the time to the first call.
// Not measured: TLS, several machines, replication.
// Run: npm run reference:install && npm run bench -- [--help]
// Decides: whether the figures that the project promises are met; the last table says so.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { htmlReport } from './html-report.ts';
import { readOptions } from './options.ts';
import { summarize } from './results.ts';
import { runComparison } from './run.ts';
import { judge } from './targets.ts';
import { textReport } from './text-report.ts';

const options = readOptions(process.argv.slice(2));
if (options !== undefined) {
  const results = await runComparison(options);
  const cells = summarize(results);
  const verdicts = judge(results, cells);
  const json = JSON.stringify({ ...results, cells, verdicts }, undefined, 2);
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, 'results.json'), json);
  writeFileSync(join(options.out, 'report.html'), htmlReport(results, cells, verdicts));
  console.log(options.json ? json : textReport(results, cells, verdicts));
  const isPromiseBroken = results.servers.some(
    ({ durability }) => durability.verdict === 'ACKNOWLEDGES BEFORE FLUSHING',
  );
  const hasFailed = cells.some(({ failures }) => failures.length > 0);
  if (isPromiseBroken || hasFailed) process.exitCode = 1;
}
