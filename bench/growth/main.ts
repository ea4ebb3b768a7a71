// Question: does a server get slower as its store fills, or a step as its journal grows?
// Measured: throughput and p99 with the stand-in deployment, on stores that were filled beforehand, in
//   alternating windows beside an empty one; one call at a time of long journals.
// Not measured: clean-up of what is retained (campaign:retention does), queries.
// Run: npm run bench:growth -- [--retained 1000,100000,1000000] [--objects 1000000] [--journal 10000]
//        [--rounds 5] [--seconds 3] [--concurrency 128] [--json]
// Decides: the layout of keys and caches. Within 20 % of an empty store is kept, more is not.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startServer } from '../../test/support/servers.ts';
import { printReport, tell } from '../measure/report.ts';
import { Contestant, serverOptionsOf } from '../compare/contestant.ts';
import { SERVER_SETUPS } from '../compare/server-setups.ts';
import { measureWindow } from '../compare/window.ts';
import type { Workload } from '../compare/workloads.ts';
import type { Bound } from '../measure/bounds.ts';
import { median } from '../measure/statistics.ts';
import { formatTable } from '../measure/text-table.ts';
import { must } from '../../src/actors/domain/assert.ts';
import { fill, type FillLevel } from './fill.ts';
import { measureSteps, type StepFigures } from './journal-steps.ts';

const SLOWDOWN_MAX = 1.2;
const KEYS_COUNT = 10_000;
const JOURNAL_LENGTH_SHORT = 200;
const EMPTY: FillLevel = { name: 'empty store', retained: 0, objects: 0 };

const { values } = parseArgs({
  options: {
    retained: { type: 'string', default: '1000,100000,1000000' },
    objects: { type: 'string', default: '1000000' },
    journal: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    concurrency: { type: 'string', default: '128' },
    json: { type: 'boolean', default: false },
  },
});

interface LevelFigures {
  readonly level: string;
  readonly workload: string;
  readonly perSecond: number;
  readonly p99Ms: number;
}

interface Figures {
  readonly levels: readonly LevelFigures[];
  readonly steps: readonly StepFigures[];
}

const setup = must(SERVER_SETUPS[0], 'there is a set-up');
const rounds = Number(values.rounds);
const concurrency = Number(values.concurrency);
const extent = { warmSeconds: 1, measuredSeconds: Number(values.seconds) };

function levelsOf(retained: string, objects: number): readonly FillLevel[] {
  const retainedLevels = retained
    .split(',')
    .map(Number)
    .filter((count) => count > 0)
    .map((count) => ({ name: `${count} retained`, retained: count, objects: 0 }));
  const objectLevel = { name: `${objects} objects`, retained: 0, objects };
  return [EMPTY, ...retainedLevels, ...(objects > 0 ? [objectLevel] : [])];
}

/** With many objects, the counter's keys are all of theirs. */
function workloadsOf({ objects }: FillLevel): readonly Workload[] {
  const keysCount = Math.max(KEYS_COUNT, objects);
  return [
    { name: 'empty', title: 'empty handler', path: '/Bench/empty' },
    { name: 'counter', title: 'object counter', path: '/Counter/{key}/add', keysCount },
  ];
}

async function startFilled(directory: string, level: FillLevel): Promise<Contestant> {
  if (level !== EMPTY) {
    // A server makes the directory, so that the layout is its own.
    const server = await startServer({ ...serverOptionsOf(setup), dataDirectory: directory });
    await server.stop();
    tell(`filling: ${level.name}`);
    await fill(directory, setup.partitions, level);
  }
  const contestant = await Contestant.start(setup, directory);
  await contestant.deploy('standin');
  return contestant;
}

async function measure(levels: readonly FillLevel[], journalLength: number): Promise<Figures> {
  const root = await mkdtemp(join(tmpdir(), 'reprise-growth-'));
  const contestants: Contestant[] = [];
  try {
    for (const [index, level] of levels.entries()) {
      contestants.push(await startFilled(join(root, String(index)), level));
    }
    const measured = await measureLevels(levels, contestants);
    const empty = must(contestants[0], 'the empty store comes first');
    const steps = await measureSteps(empty, [JOURNAL_LENGTH_SHORT, journalLength], rounds);
    return { levels: measured, steps };
  } finally {
    for (const contestant of contestants) await contestant.dispose();
    await rm(root, { recursive: true, force: true });
  }
}

async function measureLevels(
  levels: readonly FillLevel[],
  contestants: readonly Contestant[],
): Promise<readonly LevelFigures[]> {
  const samples = new Map<string, LevelFigures[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [index, level] of levels.entries()) {
      const contestant = must(contestants[index], `${level.name} has a server`);
      for (const workload of workloadsOf(level)) {
        const figures = await measureWindow(contestant, workload, concurrency, extent);
        const { perSecond, latencyMs } = figures;
        const sample = {
          level: level.name,
          workload: workload.name,
          perSecond,
          p99Ms: latencyMs.p99,
        };
        const key = `${level.name} ${workload.name}`;
        samples.set(key, [...(samples.get(key) ?? []), sample]);
        tell(`${key}: ${perSecond.toFixed(0)}/s, p99 ${latencyMs.p99.toFixed(1)} ms`);
      }
    }
  }
  return [...samples.values()].map((group) => ({
    ...must(group[0], 'a group has a sample'),
    perSecond: median(group.map(({ perSecond }) => perSecond)),
    p99Ms: median(group.map(({ p99Ms }) => p99Ms)),
  }));
}

function boundsOf({ levels, steps }: Figures): Bound[] {
  const bounds = levels.flatMap((figures): Bound[] => {
    const empty = levels.find(
      ({ level, workload }) => level === EMPTY.name && workload === figures.workload,
    );
    if (empty === undefined || figures.level === EMPTY.name) return [];
    const name = `${figures.level}, ${figures.workload}`;
    const bound = { relation: 'at most', limit: SLOWDOWN_MAX } as const;
    return [
      { name: `${name}: time per call`, ...bound, value: empty.perSecond / figures.perSecond },
      { name: `${name}: p99`, ...bound, value: figures.p99Ms / empty.p99Ms },
    ];
  });
  const [short, long] = steps;
  if (short === undefined || long === undefined) return bounds;
  const value = long.msPerStep / short.msPerStep;
  const name = `step in a journal of ${long.journalLength}`;
  return [...bounds, { name, relation: 'at most', limit: SLOWDOWN_MAX, value }];
}

function describe({ levels, steps }: Figures): string {
  const levelTable = formatTable(
    ['store', 'workload', 'per second', 'p99 ms'],
    levels.map(({ level, workload, perSecond, p99Ms }) => [level, workload, perSecond, p99Ms]),
  );
  const stepTable = formatTable(
    ['journal entries', 'ms per step'],
    steps.map(({ journalLength, msPerStep }) => [journalLength, msPerStep]),
  );
  return `${levelTable}\n\n${stepTable}`;
}

const levels = levelsOf(values.retained, Number(values.objects));
const figures = await measure(levels, Number(values.journal));
const report = { campaign: 'growth', figures, bounds: boundsOf(figures), text: describe(figures) };
printReport(report, values.json);
