// What a partition thread has counted, as samples. Thread: partition worker, when a scrape asks for it.
import type { HistogramCounts } from '../../actors/domain/histogram.ts';
import { observationsCount, QUANTILE_BOUNDS } from '../../actors/domain/histogram.ts';
import type { MetricSample } from '../../actors/domain/metric-sample.ts';
import type {
  AttemptStatistics,
  ConnectionStatistics,
  InvocationCounts,
  LogStatistics,
  PartitionProgress,
  PartitionStatistics,
} from '../../actors/domain/statistics.ts';
import { TIMED_BATCHES_SHARE } from '../../actors/domain/statistics.ts';
import { sample } from './sample.ts';

/** Everything that a thread knows of itself. */
export interface PartitionThreadFigures {
  /** Labels what is told apart by thread. */
  readonly thread: string;
  readonly partitions: PartitionStatistics;
  readonly partitionReports: ReadonlyArray<{
    readonly partition: number;
    readonly progress: Readonly<PartitionProgress>;
    readonly invocations: Readonly<InvocationCounts>;
  }>;
  readonly attempts: AttemptStatistics;
  readonly attemptCounts: {
    readonly running: number;
    readonly waiting: number;
    readonly backingOff: number;
  };
  readonly connections: ConnectionStatistics;
  readonly openStreamsCount: number;
  readonly log: LogStatistics;
  readonly backlogs: ReadonlyArray<{ readonly logBytes: number; readonly waitingRows: number }>;
  /** Of the LMDB environments that this thread answers for. */
  readonly tables: ReadonlyArray<{
    readonly environment: string;
    readonly usedBytes: number;
    readonly mapBytes: number;
    readonly rowsCount: number;
  }>;
}

export function partitionThreadSamples(figures: PartitionThreadFigures): readonly MetricSample[] {
  return [
    ...partitionSamples(figures),
    ...invocationSamples(figures),
    ...attemptSamples(figures),
    ...exchangeSamples(figures),
    ...logSamples(figures),
    ...tableSamples(figures),
  ];
}

function partitionSamples(figures: PartitionThreadFigures): readonly MetricSample[] {
  const { thread, partitions, partitionReports } = figures;
  const sum = (field: keyof PartitionProgress): number =>
    partitionReports.reduce((total, { progress }) => total + progress[field], 0);
  return [
    sample('reprise_batch_commands', partitions.batchCommands, { thread }),
    sample('reprise_output_gate_wait_seconds', partitions.gateWaitSeconds, { thread }),
    sample('restate_bifrost_sequencer_append_duration_seconds', partitions.gateWaitSeconds),
    sample('restate_bifrost_replicatedloglet_enqueued_records_total', sum('postedCount')),
    sample('restate_bifrost_replicatedloglet_read_record_total', sum('appliedCount')),
    sample('restate_bifrost_sequencer_committed_records_total', sum('flushedCount')),
    ...partitionReports.map(({ partition, progress }) =>
      sample('reprise_mailbox_depth', progress.postedCount - progress.appliedCount, {
        partition: String(partition),
      }),
    ),
    ...commandSamples(partitions),
    ...[...partitions.effects.entries()].map(([kind, count]) =>
      sample('restate_partition_handle_leader_action_total', count, {
        action: ACTION_NAMES.get(kind) ?? capitalised(kind),
      }),
    ),
    ...[...partitions.effects.entries()]
      .filter(([kind]) => kind === 'send')
      .map(([, count]) => sample('restate_partition_shuffle_message_total', count)),
    ...[...partitions.commandEntries.entries()].map(([kind, count]) =>
      sample('restate_usage_leader_journal_entry_count_total', count, {
        entry: `Command/${capitalised(kind)}`,
      }),
    ),
  ];
}

function commandSamples({ commands, applySeconds }: PartitionStatistics): readonly MetricSample[] {
  return [...commands.entries()].map(([kind, count]) =>
    sample(
      'restate_partition_apply_command_duration_seconds',
      asIfAllWereTimed(applySeconds.get(kind), count),
      { command: COMMAND_NAMES.get(kind) ?? capitalised(kind), leader: '1' },
    ),
  );
}

function asIfAllWereTimed(timed: HistogramCounts | undefined, count: number): HistogramCounts {
  if (timed === undefined) {
    const counts = new Float64Array(QUANTILE_BOUNDS.length + 1);
    counts[0] = count;
    return { bounds: QUANTILE_BOUNDS, counts, sum: 0 };
  }
  const factor = count / observationsCount(timed);
  return {
    bounds: timed.bounds,
    counts: timed.counts.map((one) => one * factor),
    // Not by the factor: as a counter it must never become smaller.
    sum: timed.sum * TIMED_BATCHES_SHARE,
  };
}

/** The reference's names for what is the same there. */
const COMMAND_NAMES: ReadonlyMap<string, string> = new Map([
  ['submit', 'Invoke'],
  ['entryProposed', 'InvokerEffect'],
  ['runCompletionProposed', 'InvokerEffect'],
  ['attemptEnded', 'InvokerEffect'],
  ['timersDue', 'Timer'],
  ['outboxAcked', 'TruncateOutbox'],
]);

const ACTION_NAMES: ReadonlyMap<string, string> = new Map([
  ['startAttempt', 'Invoke'],
  ['ackCommand', 'AckStoredCommand'],
  ['notifyAttempt', 'ForwardNotification'],
  ['reply', 'IngressResponse'],
  ['send', 'NewOutboxMessage'],
  ['armTimer', 'RegisterTimer'],
]);

function capitalised(kind: string): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}

function invocationSamples({
  partitions,
  partitionReports,
}: PartitionThreadFigures): readonly MetricSample[] {
  return [
    ...partitionReports.flatMap(({ invocations }) =>
      Object.entries(invocations).map(([status, count]) =>
        sample('reprise_invocations', count, { status }),
      ),
    ),
    ...[...partitions.outcomes.entries()].flatMap(([service, handler, counts]) =>
      Object.entries(counts).map(([outcome, count]) =>
        sample('reprise_invocations_completed_total', count, { service, handler, outcome }),
      ),
    ),
  ];
}

function attemptSamples(figures: PartitionThreadFigures): readonly MetricSample[] {
  const { thread, attempts, attemptCounts } = figures;
  const tasks = (count: number, status: string, labels: Readonly<Record<string, string>> = {}) =>
    sample('restate_invoker_invocation_tasks_total', count, { status, ...labels });
  return [
    tasks(attempts.startedCount, 'started'),
    tasks(attempts.completedCount, 'completed'),
    tasks(attempts.suspendedCount, 'suspended'),
    tasks(attempts.retriedCount, 'failed', { transient: 'true' }),
    tasks(attempts.failedCount, 'failed', { transient: 'false' }),
    sample('restate_invoker_task_duration_seconds', attempts.durationSeconds),
    sample('reprise_attempt_duration_seconds', attempts.durationSeconds),
    sample('restate_invoker_concurrency_slots_acquired', attempts.slotsTakenCount),
    sample('restate_invoker_concurrency_slots_released', attempts.slotsGivenBackCount),
    sample('reprise_attempts', attemptCounts.running, { thread, state: 'running' }),
    sample('reprise_attempts', attemptCounts.waiting, { thread, state: 'waiting' }),
    sample('reprise_attempts', attemptCounts.backingOff, { thread, state: 'backing-off' }),
  ];
}

function exchangeSamples(figures: PartitionThreadFigures): readonly MetricSample[] {
  const { attempts, connections, openStreamsCount } = figures;
  return [
    ...Object.entries(attempts.exchanges).flatMap(([type, exchange]) => [
      sample('restate_invoker_sent_bytes_total', exchange.sentBytes, { type }),
      sample('restate_invoker_received_bytes_total', exchange.receivedBytes, { type }),
      ...[...exchange.responses].map(([status, { count }]) =>
        sample('restate_invoker_client_requests_total', count, {
          type,
          status_code: String(status),
        }),
      ),
    ]),
    sample('restate_connection_pool_connection_opened_total', connections.connectionsOpenedCount),
    sample('restate_connection_pool_connection_closed_total', connections.connectionsClosedCount),
    sample(
      'restate_connection_pool_connection_open_failed_total',
      connections.connectionsFailedCount,
    ),
    sample('restate_connection_pool_stream_opened_total', connections.streamsOpenedCount),
    sample(
      'restate_connection_pool_stream_closed_total',
      connections.streamsOpenedCount - openStreamsCount,
    ),
  ];
}

function logSamples({ thread, log, backlogs }: PartitionThreadFigures): readonly MetricSample[] {
  const { recordBytes, recordBatches } = log;
  const batchesCount = recordBatches.sum;
  const sum = (field: 'logBytes' | 'waitingRows'): number =>
    backlogs.reduce((total, backlog) => total + backlog[field], 0);
  return [
    sample('reprise_log_flush_duration_seconds', log.flushSeconds, { thread }),
    sample('reprise_log_record_batches', recordBatches, { thread }),
    sample('restate_log_server_write_batch_size_bytes', recordBytes),
    sample('restate_bifrost_sequencer_committed_records_bytes_total', recordBytes.sum),
    sample('restate_log_server_store_records_total', batchesCount, { status: 'ok' }),
    sample('restate_log_server_store_bytes_total', recordBytes.sum, { status: 'ok' }),
    sample('reprise_log_bytes', sum('logBytes'), { thread }),
    sample('reprise_table_rows_waiting', sum('waitingRows'), { thread }),
    sample('reprise_table_rows_written_total', log.rowsWrittenCount, { thread }),
    sample('reprise_table_update_duration_seconds', log.tableUpdateSeconds, { thread }),
  ];
}

function tableSamples({ tables }: PartitionThreadFigures): readonly MetricSample[] {
  return tables.flatMap(({ environment, usedBytes, mapBytes, rowsCount }) => {
    const labels = { db: 'db', cf: `data-${environment}` };
    return [
      sample('reprise_lmdb_map_used_bytes', usedBytes, { environment }),
      sample('reprise_lmdb_map_size_bytes', mapBytes, { environment }),
      sample('restate_rocksdb_estimate_num_keys', rowsCount, labels),
      sample('restate_rocksdb_estimate_live_data_size_bytes', usedBytes, labels),
    ];
  });
}
