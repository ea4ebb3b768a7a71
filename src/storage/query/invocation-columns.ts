// Columns that `sys_invocation_status`, `sys_invocation_state` and `sys_invocation` share.
import type { AttemptStatus } from '../../actors/domain/attempt-status.ts';
import { targetKey } from '../../actors/domain/invocation.ts';
import type { AttemptError } from '../../actors/domain/journal-event.ts';
import type { NotificationId } from '../../actors/domain/journal.ts';
import { traceIdOf } from '../../actors/domain/trace.ts';
import {
  duration,
  nullColumns,
  text,
  timestamp,
  u32,
  u32List,
  u64,
  type Column,
} from './column.ts';
import { targetName, type FoundInvocation } from './invocation-scan.ts';
import { futureJson, topmostIds } from './future-json.ts';
import type { InvocationView } from './invocation-view.ts';
import type { QuerySource } from './source.ts';

/** A found invocation together with what it was found in. */
export interface InvocationRow extends FoundInvocation {
  readonly source: QuerySource;
}

type InvocationColumn = Column<InvocationRow>;

export const TARGET_TYPES = {
  service: 'service',
  virtualObject: 'virtual_object',
  workflow: 'workflow',
} as const;

export const ID: InvocationColumn = text('id', ({ view }) => view.id);

export const TARGET: readonly InvocationColumn[] = [
  text('target', ({ view }) => targetName(view.target)),
  text('target_service_name', ({ view }) => view.target.service),
  text('target_service_key', ({ view }) => targetKey(view.target)),
  text('target_handler_name', ({ view }) => view.target.handler),
  text('target_service_ty', ({ view }) => TARGET_TYPES[view.target.kind]),
  text('scope', ({ view }) => view.target.scope),
  text('limit_key', ({ view }) => view.limitKey),
  text('idempotency_key', ({ view }) => view.idempotencyKey),
];

export const INVOKED_BY = text<InvocationRow>('invoked_by', ({ view }) => {
  const { kind } = view.source;
  if (kind === 'restart') return 'restart_as_new';
  return kind === 'invocation' ? 'service' : 'ingress';
});

export const INVOKED_BY_ID = text<InvocationRow>('invoked_by_id', ({ view }) =>
  view.source.kind === 'invocation' ? view.source.id : undefined,
);

export const INVOKED_BY_SERVICE = text<InvocationRow>('invoked_by_service_name', ({ view }) =>
  view.source.kind === 'invocation' ? view.source.target.service : undefined,
);

export const INVOKED_BY_TARGET = text<InvocationRow>('invoked_by_target', ({ view }) =>
  view.source.kind === 'invocation' ? targetName(view.source.target) : undefined,
);

/** From `restarted_from` to `journal_retention`. */
export const LIFE: readonly InvocationColumn[] = [
  text('restarted_from', ({ view }) =>
    view.source.kind === 'restart' ? view.source.id : undefined,
  ),
  text('pinned_deployment_id', ({ view }) => view.deploymentId),
  u32('pinned_service_protocol_version', ({ view }) => view.protocolVersion),
  text('trace_id', ({ view }) => (hasStarted(view) ? traceId(view) : undefined)),
  u32('journal_size', ({ view }) => (hasStarted(view) ? view.journalLength : undefined)),
  u32('journal_commands_size', ({ view }) => commandsCount(view)),
  timestamp('created_at', ({ view }) => view.createdAtMs),
  text('created_using_restate_version', ({ source }) => source.serverVersion),
  timestamp('modified_at', ({ view }) => view.modifiedAtMs),
  timestamp('inboxed_at', ({ view }) => view.inboxedAtMs),
  timestamp('scheduled_at', ({ view }) => view.scheduledAtMs),
  timestamp('scheduled_start_at', ({ view }) => view.scheduledStartAtMs),
  timestamp('running_at', ({ view }) => view.runningAtMs),
  timestamp('completed_at', ({ view: { status } }) =>
    status.kind === 'completed' ? status.completedAtMs : undefined,
  ),
  duration('completion_retention', ({ view }) => view.completionRetentionMs),
  duration('journal_retention', ({ view }) => view.journalRetentionMs),
  u32List('suspended_waiting_for_completions', ({ view }) =>
    awaiting(view)?.flatMap((id) => (id.kind === 'completion' ? [id.completionId] : [])),
  ),
  u32List('suspended_waiting_for_signals', ({ view }) =>
    awaiting(view)?.flatMap((id) => (id.kind === 'signal' ? [id.index] : [])),
  ),
  text('suspended_waiting_future_json', ({ view: { status } }) =>
    status.kind === 'suspended' ? futureJson(status.awaiting) : undefined,
  ),
];

export const OUTCOME: readonly InvocationColumn[] = [
  text('completion_result', ({ view: { status } }) =>
    status.kind === 'completed' ? status.outcome.kind : undefined,
  ),
  text('completion_failure', ({ view: { status } }) => {
    if (status.kind !== 'completed' || status.outcome.kind === 'success') return undefined;
    const { code, message } = status.outcome.failure;
    return `[${code}] ${message}`;
  }),
];

export interface AttemptRow {
  readonly attempt: AttemptStatus | undefined;
  readonly source: QuerySource;
}

/** Columns of an attempt, by name. */
export const ATTEMPT: Readonly<Record<string, Column<AttemptRow>>> = Object.fromEntries(
  [
    u64<AttemptRow>('retry_count', ({ attempt }) => attempt?.attemptsCount),
    timestamp<AttemptRow>('last_start_at', ({ attempt }) => attempt?.lastStartAtMs),
    timestamp<AttemptRow>('next_retry_at', ({ attempt }) => attempt?.nextRetryAtMs),
    text<AttemptRow>('last_attempt_deployment_id', ({ attempt }) => attempt?.deploymentId),
    text<AttemptRow>('last_attempt_server', ({ attempt }) => attempt?.server),
    text<AttemptRow>('last_failure', ({ attempt }) => {
      return attempt?.lastError && failureText(attempt.lastError);
    }),
    text<AttemptRow>('last_failure_error_code', ({ attempt }) => {
      return attempt?.lastError?.documentationCode;
    }),
    u64<AttemptRow>('last_failure_related_command_index', ({ attempt }) => {
      return attempt?.lastError?.relatedCommand?.index;
    }),
    text<AttemptRow>('last_failure_related_command_name', ({ attempt }) => {
      return attempt?.lastError?.relatedCommand?.name;
    }),
    text<AttemptRow>('last_failure_related_command_type', ({ attempt, source }) => {
      const type = attempt?.lastError?.relatedCommand?.type;
      return type === undefined ? undefined : source.entries.commandName(type);
    }),
    ...nullColumns<AttemptRow>(
      'last_failure_related_entry_index:u64 last_failure_related_entry_name ' +
        'last_failure_related_entry_type',
    ),
    text<AttemptRow>('last_awaiting_on_future_json', ({ attempt }) => {
      return attempt?.awaitingOn && futureJson(attempt.awaitingOn);
    }),
  ].map((column) => [column.name, column]),
);

/** Source: the reference 1.7.12; only 500 was seen, the others are read. */
const CODE_LABELS: Readonly<Partial<Record<number, string>>> = {
  400: 'Bad request',
  404: 'Not found',
  409: 'Aborted',
  410: 'Gone',
  415: 'Unsupported media type',
  470: 'Not ready',
  500: 'Internal',
  570: 'Journal mismatch',
  571: 'Protocol violation',
  572: 'Awaiting two async results',
  573: 'Unsupported feature',
};

function failureText({ code, message, stacktrace }: AttemptError): string {
  const label = CODE_LABELS[code];
  const head = `[${label === undefined ? code : `${code} ${label}`}] ${message}`;
  return stacktrace === undefined ? head : `${head}\n${stacktrace}`;
}

function hasStarted({ status }: InvocationView): boolean {
  return status.kind !== 'scheduled' && status.kind !== 'inboxed';
}

function traceId({ id, source: { trace } }: InvocationView): string | undefined {
  return trace && traceIdOf(id, trace);
}

function commandsCount(view: InvocationView): number | undefined {
  if (!hasStarted(view)) return undefined;
  return view.journalLength === 0 ? 0 : view.commandCount;
}

/** Those that the future itself waits for, without those deeper in the tree. */
function awaiting({ status }: InvocationView): readonly NotificationId[] | undefined {
  return status.kind === 'suspended' ? topmostIds(status.awaiting) : undefined;
}
