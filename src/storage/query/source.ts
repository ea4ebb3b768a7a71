// Everything that a query reads from.
import type { AttemptStatus } from '../../actors/domain/attempt-status.ts';
import type { InvocationId } from '../../actors/domain/ids.ts';
import type { InvocationSource, InvocationTarget } from '../../actors/domain/invocation.ts';
import type { JournalEntry } from '../../actors/domain/journal.ts';
import type { Schema } from '../../actors/domain/schema.ts';
import type { Snapshot } from './snapshot.ts';

export interface QuerySource {
  readonly snapshot: Snapshot;
  readonly schema: Schema;
  /** What the partition threads know of running and failed attempts. */
  readonly attempts: ReadonlyMap<InvocationId, AttemptStatus>;
  readonly entries: EntryPresenter;
  /** Milliseconds that pass, from any beginning. */
  readonly clock: () => number;
  /** Throws when the query has taken too long. */
  readonly checkDeadline: () => void;
  /** Shown as the version that created an invocation. */
  readonly serverVersion: string;
}

/** Looks up what a journal entry refers to. */
export interface EntryReferences {
  findInvocation(id: InvocationId): ReferredInvocation | undefined;
  readonly schema: Schema;
}

/** What a Call entry shows of its callee. */
export interface ReferredInvocation {
  readonly target: InvocationTarget;
  readonly source: InvocationSource;
  readonly completionRetentionMs: number;
  readonly journalRetentionMs: number;
}

/** Shows journal entries, whose payloads are in the encoding of the service protocol. */
export interface EntryPresenter {
  /** Of a message type, for example `Run`. */
  commandName(type: number): string | undefined;
  /** For example `Command: Run`. */
  entryType(entry: JournalEntry): string;
  /** What the handler called the entry; `undefined` for notifications. */
  entryName(entry: JournalEntry): string | undefined;
  raw(entry: JournalEntry): Uint8Array;
  json(entry: JournalEntry, references: EntryReferences): string;
  /** Without payloads. */
  liteJson(entry: JournalEntry, references: EntryReferences): string;
}
