// What an attempt can ask of the outside.
import type { AwaitedFuture } from '../domain/awaited-future.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { ProposedEntry } from '../partition/command.ts';
import type { AttemptFailure } from './failure.ts';
import type { ServerMessage } from './service-message.ts';

/** How an attempt ended, before the retry policy is asked. */
export type AttemptResult =
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  | { readonly kind: 'suspended'; readonly awaiting: AwaitedFuture }
  | { readonly kind: 'failed'; readonly failure: AttemptFailure };

export type AttemptEffect =
  | { readonly kind: 'send'; readonly message: ServerMessage }
  /** Half-closes the stream. */
  | { readonly kind: 'endInput' }
  /** Abandons the stream. */
  | { readonly kind: 'reset' }
  /** Nothing more is expected on the stream; reset it unless it ends by itself soon. */
  | { readonly kind: 'drain' }
  | { readonly kind: 'proposeEntry'; readonly entry: ProposedEntry }
  | {
      readonly kind: 'proposeRunCompletion';
      readonly completionId: number;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'armAbortTimeout' }
  | { readonly kind: 'finish'; readonly result: AttemptResult };
