// Every metric there is. The names that begin with `restate_` are the reference's, for quantities that
// both servers have, so that its dashboards show them.

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

export interface MetricDefinition {
  readonly type: MetricType;
  readonly help: string;
}

function counter(help: string): MetricDefinition {
  return { type: 'counter', help };
}

function gauge(help: string): MetricDefinition {
  return { type: 'gauge', help };
}

function histogram(help: string): MetricDefinition {
  return { type: 'histogram', help };
}

/** Quantiles over the last one to two minutes, as the reference has them. */
function summary(help: string): MetricDefinition {
  return { type: 'summary', help };
}

const REFERENCE_METRICS = {
  restate_ingress_requests_total: counter('Requests of the ingress, by what became of them'),
  restate_ingress_request_duration_seconds: summary('Time from a request to its answer'),
  restate_invocation_client_requests_total: counter('Requests to partitions, by their outcome'),
  restate_invoker_invocation_tasks_total: counter('Attempts, by how they went'),
  restate_invoker_task_duration_seconds: summary('Time from the start of an attempt to its end'),
  restate_invoker_concurrency_limit: gauge(
    'Attempts that one partition thread keeps connected to one deployment at most',
  ),
  restate_invoker_concurrency_slots_acquired: counter('Places for attempts that were taken'),
  restate_invoker_concurrency_slots_released: counter('Places for attempts that were given back'),
  restate_invoker_client_requests_total: counter('Answers of deployments, by HTTP status'),
  restate_invoker_sent_bytes_total: counter('Bytes sent to deployments'),
  restate_invoker_received_bytes_total: counter('Bytes received from deployments'),
  restate_connection_pool_connection_opened_total: counter('HTTP/2 connections opened'),
  restate_connection_pool_connection_closed_total: counter('HTTP/2 connections closed'),
  restate_connection_pool_connection_open_failed_total: counter(
    'HTTP/2 connections that could not be opened',
  ),
  restate_connection_pool_stream_opened_total: counter('HTTP/2 streams opened'),
  restate_connection_pool_stream_closed_total: counter('HTTP/2 streams closed'),
  restate_num_partitions: gauge('Partitions of the data directory'),
  restate_num_active_partitions: gauge('Partitions that take commands'),
  restate_num_active_partition_leaders: gauge('Partitions that take commands'),
  restate_partition_start_total: counter('Starts of a partition, the first one included'),
  restate_partition_stop_total: counter('Ends of a partition that nobody asked for'),
  restate_partition_blocked_flare: gauge('1 for a partition whose thread hangs'),
  restate_partition_apply_command_duration_seconds: summary(
    'Time to apply a command; one batch in eight is timed, every command is counted',
  ),
  restate_partition_handle_leader_action_total: counter('Effects of partitions'),
  restate_usage_leader_journal_entry_count_total: counter('Command entries proposed by handlers'),
  restate_partition_applied_lsn_lag: gauge('Commands that wait in a mailbox, over the partitions'),
  restate_partition_num_unknown_applied_lsn_lag: gauge('Partitions that did not say'),
  restate_partition_shuffle_message_total: counter('Messages to other partitions'),
  restate_partition_store_num_open: gauge('Open stores of partitions'),
  restate_bifrost_sequencer_committed_records_total: counter('Commands that are durable'),
  restate_bifrost_sequencer_committed_records_bytes_total: counter('Bytes written to the log'),
  restate_bifrost_sequencer_append_duration_seconds: summary(
    'Time from the start of a batch until it is durable, of one batch in eight',
  ),
  restate_bifrost_replicatedloglet_enqueued_records_total: counter('Commands put into mailboxes'),
  restate_bifrost_replicatedloglet_read_record_total: counter('Commands applied'),
  restate_log_server_store_records_total: counter('Batches written to the log'),
  restate_log_server_store_bytes_total: counter('Bytes written to the log'),
  restate_log_server_write_batch_size_bytes: summary('Bytes that one flush makes durable'),
  restate_failure_detector_nodes_total: gauge('Nodes by state; there is one, and it is alive'),
  restate_jemalloc_resident_bytes: gauge('Resident memory of the process'),
  restate_rocksdb_estimate_num_keys: gauge('Rows of the tables'),
  restate_rocksdb_estimate_live_data_size_bytes: gauge('Pages that the tables use'),
} as const;

const OWN_METRICS = {
  reprise_info: gauge('1, with the version in the labels'),
  reprise_batch_commands: histogram('Commands that a partition applies as one batch'),
  reprise_output_gate_wait_seconds: histogram(
    'Time from the start of a batch until its effects may leave, of one batch in eight',
  ),
  reprise_mailbox_depth: gauge('Commands that wait in the mailbox of a partition'),
  reprise_log_flush_duration_seconds: histogram('Time of one flush of the log'),
  reprise_log_record_batches: histogram('Batches that one flush makes durable'),
  reprise_log_bytes: gauge('Size of the log that the tables do not have yet'),
  reprise_table_rows_waiting: gauge('Rows in the log that the tables do not have yet'),
  reprise_table_rows_written_total: counter('Rows written to the tables'),
  reprise_table_update_duration_seconds: histogram('Time of one transaction of the tables'),
  reprise_lmdb_map_used_bytes: gauge('Pages of an LMDB environment that were ever used'),
  reprise_lmdb_map_size_bytes: gauge('Address space of an LMDB environment; it grows by itself'),
  reprise_invocations: gauge('Invocations that are not completed, by status'),
  reprise_invocations_completed_total: counter('Invocations completed, by handler and outcome'),
  reprise_attempts: gauge('Attempts that run, wait for a place, or back off'),
  reprise_attempt_duration_seconds: histogram('Time from the start of an attempt to its end'),
  reprise_requests_in_flight: gauge('Requests that wait for a partition'),
  reprise_event_loop_lag_seconds: gauge(
    'How late the event loop of a thread is, since the scrape before',
  ),
  reprise_event_loop_busy_seconds_total: counter('Time that the event loop of a thread was busy'),
  reprise_heap_used_bytes: gauge('JavaScript heap of a thread'),
  reprise_partition_thread_up: gauge('1 for a partition thread that takes commands'),
  reprise_partition_thread_hung: gauge('1 for a partition thread that does not answer'),
  reprise_partition_thread_silent_seconds: gauge(
    'How long a partition thread has left the watchdog without an answer',
  ),
  reprise_partition_thread_starts_total: counter('Starts of a partition thread'),
  reprise_data_directory_free_bytes: gauge('Free space of the file system with the data'),
  reprise_data_directory_size_bytes: gauge('Size of the file system with the data'),
  reprise_deployments: gauge('Registered deployments'),
  reprise_services: gauge('Registered services'),
} as const;

export const METRICS = { ...REFERENCE_METRICS, ...OWN_METRICS } as const;

export type MetricName = keyof typeof METRICS;
