import type { NotificationId } from '../domain/journal.ts';
import type { Outcome } from '../domain/outcome.ts';

/** Where an attempt stands. */
export type AttemptPhase =
  /** Both directions are open; notifications can be pushed. */
  | 'streaming'
  /** The request is half-closed: the deployment finishes what it does, then ends or suspends. */
  | 'inputEnded'
  /** The result is known; what still arrives is ignored. */
  | 'finished';

/** One try of an invocation against a deployment. Changed by `applyToAttempt` only. */
export interface AttemptState {
  phase: AttemptPhase;
  readonly protocolVersion: number;
  readonly contentType: string;
  /** Notifications the attempt was started with. */
  readonly replayedIds: readonly NotificationId[];
  /** The last Output entry, replayed or received. */
  outcome: Outcome | undefined;
  /** A new command entry was proposed; ends the count of fruitless retries. */
  proposedEntry: boolean;
}
