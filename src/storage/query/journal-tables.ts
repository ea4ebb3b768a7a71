// sys_journal and sys_journal_events: what invocations did, and what happened to them meanwhile.
import {
  partitionKeyOf,
  type InvocationId,
  type PartitionNumber,
} from '../../actors/domain/ids.ts';
import type { JournalEntry } from '../../actors/domain/journal.ts';
import type { AttemptError, JournalEvent } from '../../actors/domain/journal-event.ts';
import { KeyWriter, Table } from '../key-codec.ts';
import type { KeyRange } from '../key-value-backend.ts';
import { HistoryRow, journalRows } from '../tables/journal.ts';
import { journalEventRows } from '../tables/journal-event.ts';
import { futureJson } from './future-json.ts';
import { bytes, nullColumns, text, timestamp, u32, u64, type Column } from './column.ts';
import { InvocationReader, scanInvocations, type FoundInvocation } from './invocation-scan.ts';
import { queryTable } from './query-table.ts';
import type { ScanFilter } from './scan-filter.ts';
import type { EntryReferences, QuerySource } from './source.ts';

interface EntryRow {
  readonly id: InvocationId;
  readonly index: number;
  readonly entry: JournalEntry;
  readonly source: QuerySource;
  readonly references: EntryReferences;
}

/** Of the service protocols from 4 on. */
const ENTRY_VERSION = 2;

const JOURNAL_COLUMNS: ReadonlyArray<Column<EntryRow>> = [
  u64('partition_key', ({ id }) => partitionKeyOf(id)),
  text('id', ({ id }) => id),
  u32('index', ({ index }) => index),
  text('entry_type', ({ entry, source }) => source.entries.entryType(entry)),
  text('name', ({ entry, source }) => source.entries.entryName(entry)),
  ...nullColumns<EntryRow>(
    'completed:boolean invoked_id invoked_target sleep_wakeup_at:timestamp promise_name',
  ),
  bytes('raw', ({ entry, source }) => source.entries.raw(entry)),
  u64('raw_length', ({ entry, source }) => source.entries.raw(entry).length),
  u32('version', () => ENTRY_VERSION),
  text('entry_json', ({ entry, source, references }) => source.entries.json(entry, references)),
  text('entry_lite_json', ({ entry, source, references }) =>
    source.entries.liteJson(entry, references),
  ),
  timestamp('appended_at', ({ entry }) => entry.appendedAtMs),
];

export const JOURNAL_TABLE = queryTable('sys_journal', JOURNAL_COLUMNS, readEntries);

function* readEntries(source: QuerySource, filter: ScanFilter): Generator<EntryRow | undefined> {
  const references = referencesIn(source);
  const indexes = filter.values.get('index');
  for (const located of invocationsOf(source, filter)) {
    if (located === undefined) {
      yield undefined;
      continue;
    }
    const { id, partition, number } = located;
    const range = historyRange(partition, number, HistoryRow.journalEntry);
    for (const [key, value] of source.snapshot.range(partition, range)) {
      const index = key.readUInt32BE(key.length - 4);
      if (indexes !== undefined && !indexes.has(String(index))) continue;
      yield { id, index, entry: journalRows.decode(value), source, references };
    }
  }
}

interface EventRow {
  readonly id: InvocationId;
  readonly event: JournalEvent;
  readonly source: QuerySource;
}

const EVENT_COLUMNS: ReadonlyArray<Column<EventRow>> = [
  u64('partition_key', ({ id }) => partitionKeyOf(id)),
  text('id', ({ id }) => id),
  u32('after_journal_entry_index', ({ event }) => event.afterEntryIndex),
  timestamp('appended_at', ({ event }) => event.appendedAtMs),
  text('event_type', ({ event }) => EVENT_TYPES[event.kind]),
  text('event_json', eventJson),
];

const EVENT_TYPES = {
  transientError: 'TransientError',
  paused: 'Paused',
  suspended: 'Suspended',
} as const;

export const JOURNAL_EVENTS_TABLE = queryTable('sys_journal_events', EVENT_COLUMNS, readEvents);

function* readEvents(source: QuerySource, filter: ScanFilter): Generator<EventRow | undefined> {
  for (const located of invocationsOf(source, filter)) {
    if (located === undefined) yield undefined;
    if (located === undefined || located.eventsCount === 0) continue;
    const { id, partition, number } = located;
    const range = historyRange(partition, number, HistoryRow.event);
    for (const [, value] of source.snapshot.range(partition, range)) {
      yield { id, event: journalEventRows.decode(value), source };
    }
  }
}

function eventJson({ event, source }: EventRow): string {
  const ty = EVENT_TYPES[event.kind];
  switch (event.kind) {
    case 'transientError':
      return JSON.stringify({ ty, ...errorJson(event.error, source) });
    case 'paused': {
      const error = event.lastError;
      return JSON.stringify({ ty, last_failure: error && errorJson(error, source) });
    }
    case 'suspended':
      return `{"ty":"${ty}","awaiting_on":${futureJson(event.awaiting)}}`;
  }
}

function errorJson(error: AttemptError, { entries }: QuerySource): object {
  const { code, message, stacktrace, documentationCode, relatedCommand } = error;
  const type = relatedCommand?.type;
  return {
    error_code: code,
    error_message: message,
    error_stacktrace: stacktrace,
    restate_doc_error_code: documentationCode,
    related_command_index: relatedCommand?.index,
    related_command_name: relatedCommand?.name,
    related_command_type: type === undefined ? undefined : entries.commandName(type),
  };
}

interface Located {
  readonly id: InvocationId;
  readonly partition: PartitionNumber;
  readonly number: number;
  readonly eventsCount: number;
}

/** Only the id says which invocations are wanted. */
function* invocationsOf(
  source: QuerySource,
  { values }: ScanFilter,
): Generator<Located | undefined> {
  for (const found of scanInvocations(source, { ids: values.get('id') })) {
    // Read before anything else is, since the view does not outlast that.
    yield found && locate(found);
  }
}

function locate({ view, partition, number }: FoundInvocation): Located {
  return { id: view.id, partition, number, eventsCount: view.eventsCount };
}

function historyRange(partition: PartitionNumber, number: number, kind: number): KeyRange {
  return new KeyWriter(partition, Table.history).start().u48(number).u8(kind).finishRange();
}

function referencesIn(source: QuerySource): EntryReferences {
  return {
    schema: source.schema,
    findInvocation: (id) => {
      const view = new InvocationReader(source).findId(id)?.view;
      if (view === undefined) return undefined;
      const { target, source: submitter, completionRetentionMs, journalRetentionMs } = view;
      return { target, source: submitter, completionRetentionMs, journalRetentionMs };
    },
  };
}
