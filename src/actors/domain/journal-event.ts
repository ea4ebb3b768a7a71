// What happened to an invocation besides its journal. Kept with the journal, deleted with it.
import type { AwaitedFuture } from './awaited-future.ts';
import type { UnixMillis } from './time.ts';

/** A failure of an attempt, as operators see it. */
export interface AttemptError {
  readonly code: number;
  readonly message: string;
  readonly stacktrace?: string | undefined;
  /** For example `RT0007`. Source: the reference's error catalogue. */
  readonly documentationCode?: string | undefined;
  /** The command entry that failed, as the deployment named it. */
  readonly relatedCommand?: RelatedCommand | undefined;
}

export interface RelatedCommand {
  readonly index?: number | undefined;
  readonly name?: string | undefined;
  /** Message type of the service protocol. */
  readonly type?: number | undefined;
}

export type JournalEvent = {
  readonly appendedAtMs: UnixMillis;
  /** Index of the last journal entry at that moment. */
  readonly afterEntryIndex: number;
} & (
  | { readonly kind: 'transientError'; readonly error: AttemptError }
  | { readonly kind: 'paused'; readonly lastError?: AttemptError | undefined }
  | { readonly kind: 'suspended'; readonly awaiting: AwaitedFuture }
);

/** The errors differ in what an operator would look at; stack traces may differ in between. */
export function sameAttemptError(a: AttemptError, b: AttemptError): boolean {
  return (
    a.code === b.code &&
    a.message === b.message &&
    a.documentationCode === b.documentationCode &&
    a.relatedCommand?.index === b.relatedCommand?.index &&
    a.relatedCommand?.name === b.relatedCommand?.name &&
    a.relatedCommand?.type === b.relatedCommand?.type
  );
}
