// sys_invocation_status: what is stored of invocations. sys_invocation_state: what the partition
// threads know of their attempts. sys_invocation: both.
import { must } from '../../actors/domain/assert.ts';
import { partitionKeyOf } from '../../actors/domain/ids.ts';
import type { CountedStatus } from '../tables/invocation-block.ts';
import { boolean, nullColumns, text, u64, type Column } from './column.ts';
import {
  ATTEMPT,
  ID,
  INVOKED_BY,
  INVOKED_BY_ID,
  INVOKED_BY_SERVICE,
  INVOKED_BY_TARGET,
  LIFE,
  OUTCOME,
  TARGET,
  type AttemptRow,
  type InvocationRow,
} from './invocation-columns.ts';
import {
  chooseBlocks,
  invocationFilter,
  scanInvocations,
  type InvocationFilter,
} from './invocation-scan.ts';
import type { InvocationView } from './invocation-view.ts';
import { overviewTable, type OverviewOptions } from './overview.ts';
import { queryTable, type QueryTable } from './query-table.ts';
import { admits, type ScanFilter } from './scan-filter.ts';
import type { QuerySource } from './source.ts';

const INVOKED_BY_SUBSCRIPTION = nullColumns<InvocationRow>('invoked_by_subscription_id');

const STORED_STATUS = text<InvocationRow>('status', ({ view }) => view.status.kind);

/** Derived from the stored status and the attempts. Never null. */
const SHOWN_STATUS: Column<InvocationRow> = {
  ...text<InvocationRow>('status', ({ view }) => shownStatus(view)),
  nullable: false,
};

const STATUS_COLUMNS: ReadonlyArray<Column<InvocationRow>> = [
  u64('partition_key', ({ view }) => partitionKeyOf(view.id)),
  ID,
  ...nullColumns<InvocationRow>('vqueue_id'),
  STORED_STATUS,
  ...OUTCOME,
  ...TARGET,
  INVOKED_BY,
  INVOKED_BY_ID,
  ...INVOKED_BY_SUBSCRIPTION,
  INVOKED_BY_SERVICE,
  INVOKED_BY_TARGET,
  ...LIFE,
];

export const INVOCATION_STATUS_TABLE = invocationTable('sys_invocation_status', STATUS_COLUMNS, {
  filterOf: (filter) => invocationFilter(filter, statusesOf(filter, STORED_STATUSES)),
  statusOf: ({ status }) => status.kind,
});

const INVOCATION_COLUMNS: ReadonlyArray<Column<InvocationRow>> = [
  ID,
  ...nullColumns<InvocationRow>('vqueue_id'),
  ...TARGET,
  INVOKED_BY,
  INVOKED_BY_SERVICE,
  INVOKED_BY_ID,
  ...INVOKED_BY_SUBSCRIPTION,
  INVOKED_BY_TARGET,
  ...LIFE,
  ...attemptColumns(
    'retry_count last_start_at next_retry_at last_attempt_deployment_id last_attempt_server ' +
      'last_failure last_failure_error_code last_failure_related_entry_index ' +
      'last_failure_related_entry_name last_failure_related_entry_type ' +
      'last_failure_related_command_index last_failure_related_command_name ' +
      'last_failure_related_command_type last_awaiting_on_future_json',
  ).map((column): Column<InvocationRow> => {
    return {
      ...column,
      read: ({ view, source }) => column.read({ attempt: view.attempt, source }),
    };
  }),
  SHOWN_STATUS,
  ...OUTCOME,
];

export const INVOCATION_TABLE = invocationTable('sys_invocation', INVOCATION_COLUMNS, {
  filterOf: (filter) => invocationFilter(filter, statusesOf(filter, SHOWN_STATUSES)),
  statusOf: shownStatus,
});

type StateRow = AttemptRow & { readonly attempt: NonNullable<AttemptRow['attempt']> };

const STATE_COLUMNS: ReadonlyArray<Column<StateRow>> = [
  u64('partition_key', ({ attempt }) => partitionKeyOf(attempt.invocationId)),
  text('id', ({ attempt }) => attempt.invocationId),
  boolean('in_flight', ({ attempt }) => attempt.isInFlight),
  ...attemptColumns(
    'retry_count last_start_at last_attempt_deployment_id last_attempt_server next_retry_at ' +
      'last_failure last_failure_error_code last_failure_related_command_index ' +
      'last_failure_related_command_name last_failure_related_command_type ' +
      'last_failure_related_entry_index last_failure_related_entry_name ' +
      'last_failure_related_entry_type last_awaiting_on_future_json',
  ),
];

export const INVOCATION_STATE_TABLE = queryTable(
  'sys_invocation_state',
  STATE_COLUMNS,
  function* (source, { values }): Generator<StateRow> {
    const ids = values.get('id');
    for (const attempt of source.attempts.values()) {
      if (admits(ids, attempt.invocationId)) yield { attempt, source };
    }
  },
);

function invocationTable(
  name: string,
  columns: ReadonlyArray<Column<InvocationRow>>,
  access: Pick<OverviewOptions, 'filterOf' | 'statusOf'>,
): QueryTable {
  const { filterOf } = access;
  return {
    ...queryTable(name, columns, (source, filter) => readInvocations(source, filterOf(filter))),
    invocations: {
      overview: overviewTable(name, { ...access, namesOldest: false }),
      overviewWithOldest: overviewTable(name, { ...access, namesOldest: true }),
      chooseBlocks: (source, filter, choice) => chooseBlocks(source, filterOf(filter), choice),
    },
  };
}

function* readInvocations(
  source: QuerySource,
  filter: InvocationFilter,
): Generator<InvocationRow | undefined> {
  let row: InvocationRow | undefined;
  for (const found of scanInvocations(source, filter)) {
    // The same object is found every time.
    if (found !== undefined) row ??= Object.assign(found, { source });
    yield found && row;
  }
}

function attemptColumns(names: string): ReadonlyArray<Column<AttemptRow>> {
  return names.split(' ').map((name) => must(ATTEMPT[name], 'an attempt has the column'));
}

/** Source: reference contract "sys_invocation (view)"; the first that holds. */
export function shownStatus({ status, attempt }: InvocationView): string {
  if (status.kind === 'inboxed') return 'pending';
  if (status.kind !== 'invoked') return status.kind;
  if (status.slot?.kind === 'queued') return 'pending';
  if (attempt?.isInFlight === true) return 'running';
  return attempt === undefined ? 'ready' : 'backing-off';
}

type StatusWords = Readonly<Partial<Record<string, readonly CountedStatus[]>>>;

const SAME_WORDS = {
  scheduled: ['scheduled'],
  suspended: ['suspended'],
  paused: ['paused'],
  completed: ['succeeded', 'failed'],
} as const;

const STORED_STATUSES: StatusWords = { ...SAME_WORDS, inboxed: ['inboxed'], invoked: ['invoked'] };

const SHOWN_STATUSES: StatusWords = {
  ...SAME_WORDS,
  pending: ['inboxed', 'invoked'],
  running: ['invoked'],
  'backing-off': ['invoked'],
  ready: ['invoked'],
};

const RESULTS: StatusWords = { success: ['succeeded'], failure: ['failed'] };

/** The statuses that the filter's words stand for; other words stand for none. */
function statusesOf({ values }: ScanFilter, words: StatusWords): Set<CountedStatus> | undefined {
  const statuses = values.get('status');
  const results = values.get('completion_result');
  if (statuses === undefined && results === undefined) return undefined;
  const byStatus = namedBy(statuses, words);
  const byResult = namedBy(results, RESULTS);
  if (byStatus === undefined || byResult === undefined) return byStatus ?? byResult;
  return new Set([...byStatus].filter((status) => byResult.has(status)));
}

function namedBy(
  wanted: ReadonlySet<string> | undefined,
  words: StatusWords,
): Set<CountedStatus> | undefined {
  return wanted && new Set([...wanted].flatMap((word) => words[word] ?? []));
}

/** By column: every value it can have, where these are few. */
export const INVOCATION_DOMAINS: Readonly<Partial<Record<string, readonly string[]>>> = {
  status: [...new Set([...Object.keys(STORED_STATUSES), ...Object.keys(SHOWN_STATUSES)])],
  completion_result: Object.keys(RESULTS),
};
