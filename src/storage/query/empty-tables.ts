// Tables of flow control, which clients may ask for although nothing fills them.
import { nullColumns } from './column.ts';
import { unstoredTable, type QueryTable } from './query-table.ts';

const BLOCK_REASONS = [
  'invoker_concurrency',
  'throttling_rules',
  'invoker_throttling',
  'invoker_memory',
  'concurrency_rules',
  'lock',
  'deployment_concurrency',
];

const ATTEMPT_COUNTS =
  'num_attempts:u32 num_errors:u32 num_pauses:u32 num_suspensions:u32 num_yields:u32 ' +
  'first_attempt_at:timestamp latest_attempt_at:timestamp first_runnable_at:timestamp deployment';

function durations(name: (reason: string) => string): string {
  return BLOCK_REASONS.map((reason) => `${name(reason)}:duration`).join(' ');
}

/** Columns as `name:type`; texts without a type. Source: the reference's information_schema.columns. */
const COLUMNS: Readonly<Record<string, string>> = {
  sys_locks: 'partition_key:u64 scope lock_name acquired_at:timestamp acquired_by',
  sys_scheduler:
    'partition_key:u64 id num_inbox:u64 status head_entry_id scheduled_at:timestamp blocked_on ' +
    `blocked_on_json ${durations((reason) => `${reason}_block_duration`)}`,
  sys_vqueue_entry_status:
    'partition_key:u64 entry_id vqueue_id stage status has_lock:boolean next_at:timestamp ' +
    'sequence_number:u64 entry_kind created_at:timestamp transitioned_at:timestamp ' +
    `${ATTEMPT_COUNTS} needed_memory:u64 retry_attempts:u32 ` +
    'retry_count_since_last_stored_command:u32 ' +
    `${durations((reason) => `latest_attempt_blocked_on_${reason}`)} ` +
    durations((reason) => `total_blocked_on_${reason}`),
  sys_vqueue_meta:
    'partition_key:u64 id is_active:boolean queue_is_paused:boolean service_name scope limit_key ' +
    'lock_name created_at:timestamp last_enqueued_at:timestamp last_start_at:timestamp ' +
    'last_attempt_at:timestamp last_finish_at:timestamp avg_queue_duration:duration ' +
    'avg_inbox_duration:duration avg_run_duration:duration avg_suspension_duration:duration ' +
    'avg_end_to_end_duration:duration avg_blocked_on_concurrency_rules:duration ' +
    'avg_blocked_on_invoker_concurrency:duration avg_blocked_on_invoker_throttling:duration ' +
    'avg_blocked_on_lock:duration num_inbox:u64 num_running:u64 num_suspended:u64 ' +
    'num_paused:u64 num_finished:u64',
  sys_vqueues:
    'partition_key:u64 id stage status has_lock:boolean run_at:timestamp sequence_number:u64 ' +
    `entry_id entry_kind created_at:timestamp transitioned_at:timestamp ${ATTEMPT_COUNTS}`,
};

export const EMPTY_TABLES: readonly QueryTable[] = Object.entries(COLUMNS).map(([name, columns]) =>
  unstoredTable<never>(name, nullColumns(columns), () => []),
);
