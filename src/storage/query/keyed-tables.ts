// state, sys_inbox, sys_keyed_service_status, sys_promise: what belongs to objects and workflow runs.
import { isUtf8 } from 'node:buffer';
import type { ServiceKey } from '../../actors/partition/state.ts';
import { keyedPartitionKey } from '../../actors/domain/make-invocation-id.ts';
import { Table } from '../key-codec.ts';
import { INBOX_VERSION, type PackedInboxEntry } from '../tables/inbox.ts';
import { LOCK_VERSION, type PackedLock } from '../tables/lock.ts';
import { PROMISE_VERSION, unpackPromise, type PackedPromiseRow } from '../tables/promise.ts';
import { USER_STATE_VERSION, type PackedUserState } from '../tables/user-state.ts';
import { unpackRow } from '../value-codec.ts';
import { boolean, bytes, nullColumns, text, u64, type Column } from './column.ts';
import { scanOwned, type OwnedTable } from './owned-rows.ts';
import { queryTable } from './query-table.ts';

interface Owned {
  readonly owner: ServiceKey;
}

function partitionKey<Row extends Owned>(): Column<Row> {
  return u64<Row>('partition_key', ({ owner: { scope, key } }) => keyedPartitionKey(scope ?? key));
}

function scope<Row extends Owned>(): Column<Row> {
  return text<Row>('scope', ({ owner }) => owner.scope);
}

function serviceAndKey<Row extends Owned>(): ReadonlyArray<Column<Row>> {
  return [
    text<Row>('service_name', ({ owner }) => owner.service),
    text<Row>('service_key', ({ owner }) => owner.key),
  ];
}

interface StateRow extends Owned {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const STATE_ROWS: OwnedTable<PackedUserState> = {
  table: Table.userState,
  decode: (row) => unpackRow<PackedUserState>(row, USER_STATE_VERSION),
  hashedOwner: (row) => row[2],
};

export const STATE_TABLE = queryTable<StateRow>(
  'state',
  [
    partitionKey(),
    scope(),
    ...serviceAndKey<StateRow>(),
    text('key', ({ key }) => Buffer.from(key).toString()),
    u64('key_length', ({ key }) => key.length),
    text('value_utf8', ({ value }) => (isUtf8(value) ? Buffer.from(value).toString() : undefined)),
    bytes('value', ({ value }) => value),
    u64('value_length', ({ value }) => value.length),
  ],
  function* ({ snapshot }, filter) {
    for (const { owner, key, row } of scanOwned(snapshot, STATE_ROWS, filter)) {
      yield { owner, key: row[3] ?? key.rest(), value: row[1] };
    }
  },
);

interface InboxRow extends Owned {
  readonly id: string;
  readonly sequence: number;
}

const INBOX_ROWS: OwnedTable<PackedInboxEntry> = {
  table: Table.inbox,
  decode: (row) => unpackRow<PackedInboxEntry>(row, INBOX_VERSION),
  hashedOwner: (row) => row[2],
};

/** Edits of the state that wait for their turn do not show, as on the reference. */
export const INBOX_TABLE = queryTable<InboxRow>(
  'sys_inbox',
  [
    partitionKey(),
    ...serviceAndKey<InboxRow>(),
    text('id', ({ id }) => id),
    // Numbers begin with 1 here.
    u64('sequence_number', ({ sequence }) => sequence - 1),
    ...nullColumns<InboxRow>('created_at:timestamp'),
  ],
  function* ({ snapshot }, filter) {
    for (const { owner, key, row } of scanOwned(snapshot, INBOX_ROWS, filter)) {
      const item = row[1];
      if (typeof item === 'string') yield { owner, id: item, sequence: key.u48() };
    }
  },
);

interface LockRow extends Owned {
  readonly holder: string;
}

const LOCK_ROWS: OwnedTable<PackedLock> = {
  table: Table.lock,
  decode: (row) => unpackRow<PackedLock>(row, LOCK_VERSION),
  hashedOwner: (row) => row[2],
};

export const KEYED_SERVICE_STATUS_TABLE = queryTable<LockRow>(
  'sys_keyed_service_status',
  [partitionKey(), ...serviceAndKey<LockRow>(), text('invocation_id', ({ holder }) => holder)],
  function* ({ snapshot }, filter) {
    for (const { owner, row } of scanOwned(snapshot, LOCK_ROWS, filter)) {
      yield { owner, holder: row[1] };
    }
  },
);

interface PromiseRow extends Owned {
  readonly key: string;
  readonly promise: ReturnType<typeof unpackPromise>;
}

const PROMISE_ROWS: OwnedTable<PackedPromiseRow> = {
  table: Table.promise,
  decode: (row) => unpackRow<PackedPromiseRow>(row, PROMISE_VERSION),
  hashedOwner: (row) => row[2],
};

export const PROMISE_TABLE = queryTable<PromiseRow>(
  'sys_promise',
  [
    partitionKey(),
    scope(),
    ...serviceAndKey<PromiseRow>(),
    text('key', ({ key }) => key),
    boolean('completed', ({ promise }) => promise.kind === 'completed'),
    bytes('completion_success_value', successValue),
    text('completion_success_value_utf8', (row) => {
      const value = successValue(row);
      return value !== undefined && isUtf8(value) ? Buffer.from(value).toString() : undefined;
    }),
    text('completion_failure', ({ promise }) => {
      if (promise.kind !== 'completed' || promise.outcome.kind === 'success') return undefined;
      const { code, message } = promise.outcome.failure;
      return `[${code}] ${message}`;
    }),
  ],
  function* ({ snapshot }, filter) {
    for (const { owner, key, row } of scanOwned(snapshot, PROMISE_ROWS, filter)) {
      const promiseKey = key.text() ?? row[3] ?? '';
      yield { owner, key: promiseKey, promise: unpackPromise(row[1]) };
    }
  },
);

function successValue({ promise }: PromiseRow): Uint8Array | undefined {
  return promise.kind === 'completed' && promise.outcome.kind === 'success'
    ? promise.outcome.value
    : undefined;
}
