// What can happen to an attempt.
import type { NotificationEntry } from '../domain/journal.ts';
import type { AttemptFailure } from './failure.ts';
import type { ControlMessage } from './service-message.ts';
import type { ProposedEntry } from '../partition/command.ts';

export type AttemptCommand =
  | {
      readonly kind: 'responded';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'entryReceived'; readonly entry: ProposedEntry }
  | {
      readonly kind: 'controlReceived';
      readonly message: ControlMessage;
      readonly ackRequested: boolean;
    }
  /** A message that cannot be accepted, or a stream that broke. */
  | { readonly kind: 'broken'; readonly failure: AttemptFailure }
  | { readonly kind: 'responseEnded' }
  | { readonly kind: 'notified'; readonly entry: NotificationEntry }
  | { readonly kind: 'commandAcked'; readonly commandIndex: number }
  /** Neither side sent anything for the inactivity timeout, or the slot is needed by others. */
  | { readonly kind: 'inactive' }
  | { readonly kind: 'abortTimeoutFired'; readonly abortTimeout: string }
  /** The invocation is no longer invoked by this attempt. */
  | { readonly kind: 'abandoned' };
