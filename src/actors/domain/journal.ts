import type { InvocationId } from './ids.ts';
import type { NotificationResult } from './outcome.ts';
import type { UnixMillis } from './time.ts';

/** What a notification answers: one command entry by its completion id, or a signal by index or name. */
export type NotificationId =
  | { readonly kind: 'completion'; readonly completionId: number }
  | { readonly kind: 'signal'; readonly index: number }
  | { readonly kind: 'namedSignal'; readonly name: string };

/**
 * One entry of an invocation's journal. Entries are appended in the order the partition accepted
 * them and never rewritten. A command entry keeps the payload bytes as the deployment sent them.
 */
export type JournalEntry = CommandEntry | NotificationEntry;

export interface CommandEntry {
  readonly kind: 'command';
  /** Message type of the service protocol, for example 0x0411 for Run. */
  readonly type: number;
  readonly appendedAtMs: UnixMillis;
  readonly payload: Uint8Array;
  /** The invocation that a Call or OneWayCall entry started. */
  readonly child?: InvocationId | undefined;
}

export interface NotificationEntry {
  readonly kind: 'notification';
  /** Message type of the service protocol, for example 0x8011 for a Run completion. */
  readonly type: number;
  readonly appendedAtMs: UnixMillis;
  readonly id: NotificationId;
  readonly result: NotificationResult;
}

/** The reserved signal index that cancels an invocation. Source: service protocol. */
export const CANCEL_SIGNAL_INDEX = 1;

/** A handler takes such a signal and may wait for the next: one in the journal may be used up. */
export function mayComeAgain(id: NotificationId): boolean {
  return id.kind === 'namedSignal' || (id.kind === 'signal' && id.index === CANCEL_SIGNAL_INDEX);
}

/** As SQL and its JSON columns show it. */
export function notificationIdJson(id: NotificationId): Readonly<Record<string, unknown>> {
  switch (id.kind) {
    case 'completion':
      return { CompletionId: id.completionId };
    case 'signal':
      return { SignalIndex: id.index };
    case 'namedSignal':
      return { SignalName: id.name };
  }
}

export function sameNotification(a: NotificationId, b: NotificationId): boolean {
  switch (a.kind) {
    case 'completion':
      return b.kind === 'completion' && a.completionId === b.completionId;
    case 'signal':
      return b.kind === 'signal' && a.index === b.index;
    case 'namedSignal':
      return b.kind === 'namedSignal' && a.name === b.name;
  }
}
