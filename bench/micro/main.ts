// Runs micro benches: `npm run bench:micro -- [name…] [--size small|full] [--json]`.
import { parseArgs } from 'node:util';
import { ENVIRONMENT } from '../measure/environment.ts';
import { formatTable } from '../measure/text-table.ts';
import { MICRO_BENCHES } from './benches.ts';
import type { MicroBench, MicroRow } from './micro-bench.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string', default: 'full' },
    json: { type: 'boolean', default: false },
  },
});

const size = values.size === 'small' ? 'small' : 'full';
const chosen = MICRO_BENCHES.filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
);
if (chosen.length === 0) {
  throw new Error(`there are: ${MICRO_BENCHES.map(({ name }) => name).join(', ')}`);
}

const results: unknown[] = [];
for (const bench of chosen) {
  const rows = await bench.run(size);
  results.push({ bench: bench.name, question: bench.question, rows });
  if (!values.json) console.log(describe(bench, rows));
}
if (values.json) {
  console.log(JSON.stringify({ environment: ENVIRONMENT, size, results }, undefined, 2));
}

function describe({ name, question, decides }: MicroBench, rows: readonly MicroRow[]): string {
  const figureNames = Object.keys(rows[0]?.figures ?? {});
  const table = formatTable(
    ['case', ...figureNames, 'checksum'],
    rows.map((row) => [
      row.case,
      ...figureNames.map((figure) => row.figures[figure] ?? Number.NaN),
      String(row.checksum),
    ]),
  );
  return `${name}: ${question}\nDecides: ${decides}\n${table}\n`;
}
