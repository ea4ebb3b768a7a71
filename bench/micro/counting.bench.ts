// Question: what do the metrics cost on the way of an invocation, while nobody asks for them?
// Measured: everything that is counted and timed for one call of a handler that does nothing, on the
//   main thread and on the partition's: with batches of one command, the worst case, since some of it is
//   done once for each batch, and with batches of 16. Not measured: a scrape, memory.
import { COUNT_BOUNDS, Histogram, QUANTILE_BOUNDS } from '../../src/actors/domain/histogram.ts';
import {
  AttemptStatistics,
  LogStatistics,
  PartitionProgress,
  PartitionStatistics,
  TIMED_BATCHES_SHARE,
} from '../../src/actors/domain/statistics.ts';
import { PairTable, Tally } from '../../src/actors/domain/tally.ts';
import { IngressStatistics } from '../../src/io/ingress/statistics.ts';
import type { IngressRoute } from '../../src/io/ingress/path.ts';
import { type MicroBench, type MicroRow, timed } from './micro-bench.ts';

const OPERATIONS = { small: 1_000, full: 2_000_000 } as const;

/** Of a call of an empty handler: accepted, its output, its end. */
const COMMANDS = ['submit', 'entryProposed', 'attemptEnded'] as const;
const EFFECTS = ['reply', 'startAttempt', 'outcomeReached', 'releaseAttempt'] as const;

const ROUTE = {
  kind: 'invoke',
  verb: 'call',
  service: { name: 'Greeter' },
} as unknown as IngressRoute;

/** What `PartitionActor`, `EffectReleaser`, `AttemptActor` and the log do besides their work. */
class CountingPartition {
  readonly #partitions = new PartitionStatistics();
  readonly #progress = new PartitionProgress();
  readonly #attempts = new AttemptStatistics();
  readonly #log = new LogStatistics();
  #batchesCount = 0;

  /** `batchesCount` of the batches with its commands are not shared with others. */
  count(batchesCount: number): void {
    for (const command of COMMANDS) {
      this.#progress.postedCount += 1;
      this.#partitions.commands.add(command);
      if (command === 'entryProposed') this.#partitions.commandEntries.add('output');
      this.#progress.appliedCount += 1;
    }
    for (const effect of EFFECTS) this.#partitions.effects.add(effect);
    this.#partitions.outcomes.of('Greeter', 'greet').success += 1;
    this.#countAttempt();
    for (let batch = 0; batch < batchesCount; batch++) this.#countBatch();
  }

  #countAttempt(): void {
    const attempts = this.#attempts;
    const exchange = attempts.exchanges['Http/bidi-stream'];
    attempts.slotsTakenCount += 1;
    attempts.startedCount += 1;
    exchange.sentBytes += 300;
    exchange.countResponse(200);
    exchange.receivedBytes += 22;
    attempts.durationSeconds.observe(0.002);
    attempts.slotsGivenBackCount += 1;
    attempts.completedCount += 1;
  }

  #countBatch(): void {
    this.#batchesCount += 1;
    const isTimed = this.#batchesCount % TIMED_BATCHES_SHARE === 0;
    const beganAtMs = isTimed ? performance.now() : 0;
    if (isTimed) this.#partitions.observeApply('submit', (performance.now() - beganAtMs) / 1000);
    this.#partitions.batchCommands.observe(1);
    this.#log.recordBytes.observe(700);
    this.#log.recordBatches.observe(1);
    this.#log.flushSeconds.observe(0.000_15);
    this.#progress.flushedCount += 1;
    if (!isTimed) return;
    this.#partitions.gateWaitSeconds.observe((performance.now() - beganAtMs) / 1000);
  }

  get total(): number {
    return this.#progress.postedCount + this.#attempts.completedCount;
  }
}

function partitionRow(name: string, operations: number, batchSize: number): MicroRow {
  return timed(name, operations, () => {
    const partition = new CountingPartition();
    // The first of so many has the batches, the others share them.
    for (let i = 0; i < operations; i++) {
      partition.count(i % batchSize === 0 ? COMMANDS.length : 0);
    }
    return partition.total;
  });
}

export const COUNTING: MicroBench = {
  name: 'counting',
  question: 'what do the metrics cost on the way of an invocation?',
  decides: 'what is counted and timed; main and partition thread together stay under 1 µs',
  run(size) {
    const operations = OPERATIONS[size];
    return [
      timed('main thread, one call', operations, () => {
        const ingress = new IngressStatistics();
        for (let i = 0; i < operations; i++) {
          ingress.admittedCount += 1;
          ingress.requestEnded(ROUTE, 'completed', performance.now());
        }
        return ingress.admittedCount;
      }),
      partitionRow('partition thread, batches of one', operations, 1),
      partitionRow('partition thread, batches of 16', operations, 16),
      timed('a count by name', operations, () => {
        const tally = new Tally(8);
        for (let i = 0; i < operations; i++) tally.add(COMMANDS[i % 3] ?? '');
        return operations;
      }),
      timed('a count by handler', operations, () => {
        const table = new PairTable(8, () => ({ count: 0 }));
        for (let i = 0; i < operations; i++) table.of('Greeter', 'greet').count += 1;
        return table.of('Greeter', 'greet').count;
      }),
      timed('an observation, 13 buckets', operations, () => observe(COUNT_BOUNDS, operations)),
      timed('an observation, 136 buckets', operations, () => observe(QUANTILE_BOUNDS, operations)),
    ];
  },
};

function observe(bounds: Float64Array, operations: number): number {
  const histogram = new Histogram(bounds);
  for (let i = 0; i < operations; i++) histogram.observe(i % 64);
  return histogram.counts.reduce((sum, count) => sum + count, 0);
}
