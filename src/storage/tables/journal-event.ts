import { assert } from '../../actors/domain/assert.ts';
import type { PartitionNumber } from '../../actors/domain/ids.ts';
import type { AttemptError, JournalEvent } from '../../actors/domain/journal-event.ts';
import { unixMillis } from '../../actors/domain/time.ts';
import { KeyWriter, Table } from '../key-codec.ts';
import type { KeyValueBackend } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import { packRow, type RowCodec, unpackRow } from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';
import { packFuture, unpackFuture, type PackedFuture } from './awaited-future.ts';
import { HistoryRow } from './journal.ts';

export const JOURNAL_EVENT_VERSION = 1;

type PackedError = readonly [
  code: number,
  message: string,
  stacktrace: string | null,
  documentationCode: string | null,
  relatedIndex: number | null,
  relatedName: string | null,
  relatedType: number | null,
];

type PackedEvent = readonly [
  version: typeof JOURNAL_EVENT_VERSION,
  tag: 0 | 1 | 2,
  appendedAtMs: number,
  afterEntryIndex: number,
  error: PackedError | null,
  /** Of a suspension. */
  awaiting?: PackedFuture,
];

/** Events of invocations. Key: `invocation number u48, 2, index u32`, behind the journal. */
export class JournalEventTable {
  readonly #overlay: Overlay<JournalEvent>;
  readonly #keys: KeyWriter;

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#overlay = new Overlay(backend, writeSet, journalEventRows);
    this.#keys = new KeyWriter(partition, Table.history);
  }

  put(invocationNumber: number, index: number, event: JournalEvent): void {
    this.#write(invocationNumber, index, event);
  }

  get(invocationNumber: number, index: number): JournalEvent | undefined {
    const unflushed = this.#overlay.unflushed(invocationNumber, index);
    if (unflushed !== undefined) return unflushed.row;
    return this.#overlay.flushed(this.#key(invocationNumber, index));
  }

  delete(invocationNumber: number, count: number): void {
    for (let index = 0; index < count; index++) this.#write(invocationNumber, index, undefined);
  }

  #write(invocationNumber: number, index: number, event: JournalEvent | undefined): void {
    this.#overlay.write(invocationNumber, index, this.#key(invocationNumber, index), event);
  }

  #key(invocationNumber: number, index: number): Buffer {
    return this.#keys.start().u48(invocationNumber).u8(HistoryRow.event).u32(index).finish();
  }
}

export const journalEventRows: RowCodec<JournalEvent> = {
  encode: (event) => {
    const { appendedAtMs, afterEntryIndex } = event;
    const error = errorOf(event);
    const row = [
      JOURNAL_EVENT_VERSION,
      TAGS[event.kind],
      appendedAtMs,
      afterEntryIndex,
      error === undefined ? null : packError(error),
    ] as const;
    return packRow(event.kind === 'suspended' ? [...row, packFuture(event.awaiting)] : row);
  },
  decode: (bytes) => unpackEvent(unpackRow<PackedEvent>(bytes, JOURNAL_EVENT_VERSION)),
};

const TAGS = { transientError: 0, paused: 1, suspended: 2 } as const;

function errorOf(event: JournalEvent): AttemptError | undefined {
  switch (event.kind) {
    case 'transientError':
      return event.error;
    case 'paused':
      return event.lastError;
    case 'suspended':
      return undefined;
  }
}

function unpackEvent([, tag, appendedAt, afterIndex, packed, awaiting]: PackedEvent): JournalEvent {
  const moment = { appendedAtMs: unixMillis(appendedAt), afterEntryIndex: afterIndex };
  if (tag === TAGS.suspended) {
    return { kind: 'suspended', awaiting: unpackFuture(awaiting ?? []), ...moment };
  }
  const error = packed === null ? undefined : unpackError(packed);
  if (tag === TAGS.paused) return { kind: 'paused', lastError: error, ...moment };
  assert(error !== undefined, 'a stored transient error has its error');
  return { kind: 'transientError', error, ...moment };
}

function packError(error: AttemptError): PackedError {
  const { code, message, stacktrace, documentationCode, relatedCommand } = error;
  return [
    code,
    message,
    stacktrace ?? null,
    documentationCode ?? null,
    relatedCommand?.index ?? null,
    relatedCommand?.name ?? null,
    relatedCommand?.type ?? null,
  ];
}

function unpackError(packed: PackedError): AttemptError {
  const [code, message, stacktrace, documentationCode, index, name, type] = packed;
  return {
    code,
    message,
    stacktrace: stacktrace ?? undefined,
    documentationCode: documentationCode ?? undefined,
    relatedCommand:
      index === null && name === null && type === null
        ? undefined
        : { index: index ?? undefined, name: name ?? undefined, type: type ?? undefined },
  };
}
