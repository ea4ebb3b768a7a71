// What the parts of a partition thread count about themselves, in plain numbers. Nobody looks at them
// until the metrics are asked for.
import {
  BYTES_BOUNDS,
  COUNT_BOUNDS,
  Histogram,
  LONG_DURATION_BOUNDS,
  QUANTILE_BOUNDS,
  SHORT_DURATION_BOUNDS,
} from './histogram.ts';
import type { InvocationStatus } from './invocation.ts';
import { METRIC_HANDLERS_MAX } from './limits.ts';
import { PairTable, Tally } from './tally.ts';

/** More names than the code has; the bound only keeps a defect from growing. */
const KINDS_MAX = 100;

/** One batch of a partition in so many is timed: reading the clock costs more than all the counting. */
export const TIMED_BATCHES_SHARE = 8;

/** Of the partitions of a thread together. */
export class PartitionStatistics {
  /** Commands of a batch. */
  readonly batchCommands = new Histogram(COUNT_BOUNDS);
  /** From the start of a timed batch to the moment its effects may leave. Unit: seconds. */
  readonly gateWaitSeconds = new Histogram(SHORT_DURATION_BOUNDS);
  readonly commands = new Tally(KINDS_MAX);
  /** Of the commands of the timed batches, by kind. Unit: seconds. */
  readonly applySeconds = new Map<string, Histogram>();
  readonly effects = new Tally(KINDS_MAX);
  readonly commandEntries = new Tally(KINDS_MAX);
  readonly outcomes = new PairTable(METRIC_HANDLERS_MAX, () => ({ success: 0, failure: 0 }));

  observeApply(kind: string, seconds: number): void {
    let histogram = this.applySeconds.get(kind);
    if (histogram === undefined) {
      histogram = new Histogram(QUANTILE_BOUNDS);
      this.applySeconds.set(kind, histogram);
    }
    histogram.observe(seconds);
  }
}

/** How far one partition is. Commands are counted since its thread was started. */
export class PartitionProgress {
  postedCount = 0;
  appliedCount = 0;
  /** Of the applied ones those whose batch is flushed. */
  flushedCount = 0;
}

/** How an attempt reached its deployment. */
export class ExchangeStatistics {
  /** By HTTP status. */
  readonly responses = new Map<number, { count: number }>();
  sentBytes = 0;
  receivedBytes = 0;

  countResponse(status: number): void {
    const known = this.responses.get(status);
    if (known === undefined) this.responses.set(status, { count: 1 });
    else known.count += 1;
  }
}

export type ExchangeType = 'Http/bidi-stream' | 'Http/request-response' | 'Lambda';

/** Of the attempts of a thread. */
export class AttemptStatistics {
  startedCount = 0;
  completedCount = 0;
  suspendedCount = 0;
  /** Failed, and followed by another attempt. */
  retriedCount = 0;
  /** Failed, and the last one. */
  failedCount = 0;
  slotsTakenCount = 0;
  slotsGivenBackCount = 0;
  /** Unit: seconds, in whole milliseconds. */
  readonly durationSeconds = new Histogram(LONG_DURATION_BOUNDS);
  readonly exchanges: Readonly<Record<ExchangeType, ExchangeStatistics>> = {
    'Http/bidi-stream': new ExchangeStatistics(),
    'Http/request-response': new ExchangeStatistics(),
    Lambda: new ExchangeStatistics(),
  };
}

/** Of the connections of a thread to deployments over HTTP/2. */
export class ConnectionStatistics {
  connectionsOpenedCount = 0;
  connectionsClosedCount = 0;
  connectionsFailedCount = 0;
  streamsOpenedCount = 0;
  streamsClosedCount = 0;
}

/** Of the logs of a thread and their way to the tables. */
export class LogStatistics {
  readonly flushSeconds = new Histogram(SHORT_DURATION_BOUNDS);
  /** Batches that one record, and with it one flush, made durable. */
  readonly recordBatches = new Histogram(COUNT_BOUNDS);
  readonly recordBytes = new Histogram(BYTES_BOUNDS);
  /** Of one transaction of the tables. */
  readonly tableUpdateSeconds = new Histogram(SHORT_DURATION_BOUNDS);
  rowsWrittenCount = 0;
}

/** Invocations by what they do. Completed ones are not counted. */
export type InvocationCounts = Record<Exclude<InvocationStatus['kind'], 'completed'>, number>;

export function noInvocations(): InvocationCounts {
  return { scheduled: 0, inboxed: 0, invoked: 0, suspended: 0, paused: 0 };
}
