import type { AwaitedFuture } from '../domain/awaited-future.ts';
import type { CommandEntry, JournalEntry } from '../domain/journal.ts';
import type { Outcome } from '../domain/outcome.ts';

/** Where an attempt stands. */
export type AttemptPhase =
  /** Both directions are open; notifications can be pushed. */
  | 'streaming'
  /** The request is half-closed: the deployment finishes what it does, then ends or suspends. */
  | 'inputEnded'
  /** The result is known; what still arrives is ignored. */
  | 'finished';

/** How far a Run entry got: it has no result yet, or one that is sent back or acknowledged once stored. */
export type RunPhase = 'open' | 'proposed' | 'ackDue';

/** One try of an invocation against a deployment. Changed by `applyToAttempt` only. */
export interface AttemptState {
  phase: AttemptPhase;
  readonly protocolVersion: number;
  readonly contentType: string;
  /** Entries the attempt was started with. */
  readonly replayed: readonly JournalEntry[];
  /** Ids of the completions that a replayed command entry is answered with. */
  readonly completionIdsOf: (entry: CommandEntry) => readonly number[];
  /** Runs of this attempt by completion id. A result is proposed before the attempt ends, or lost. */
  readonly runs: Map<number, RunPhase>;
  /** What the deployment says that its handler waits for, until it is told something. */
  awaitingOn: AwaitedFuture | undefined;
  /** The last Output entry, replayed or received. */
  outcome: Outcome | undefined;
  /** A new command entry was proposed; ends the count of fruitless retries. */
  proposedEntry: boolean;
}
