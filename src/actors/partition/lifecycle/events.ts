// What operators are told about the attempts of an invocation. An event is stored once however often
// an attempt fails in the same way, so that retrying for days does not fill the disk.
import type { AwaitedFuture } from '../../domain/awaited-future.ts';
import type { Invocation } from '../../domain/invocation.ts';
import {
  sameAttemptError,
  type AttemptError,
  type JournalEvent,
} from '../../domain/journal-event.ts';
import type { ApplyContext } from '../context.ts';

/** The invocation with the event counted; to be stored by the caller. */
export function appendPaused(
  context: ApplyContext,
  invocation: Invocation,
  error: AttemptError | undefined,
): Invocation {
  const last = lastEvent(context, invocation);
  const lastError = error ?? (last?.kind === 'transientError' ? last.error : undefined);
  return append(context, invocation, { kind: 'paused', lastError, ...moment(context, invocation) });
}

/** Stores the error of a failed attempt unless the event before is the same one. */
export function recordTransientError(
  context: ApplyContext,
  invocation: Invocation,
  error: AttemptError,
): Invocation {
  const last = lastEvent(context, invocation);
  if (last?.kind === 'transientError' && sameAttemptError(last.error, error)) return invocation;
  const event = { kind: 'transientError', error, ...moment(context, invocation) } as const;
  const recorded = append(context, invocation, event);
  context.state.putInvocation(recorded);
  return recorded;
}

/** The invocation with the event counted; to be stored by the caller. */
export function appendSuspended(
  context: ApplyContext,
  invocation: Invocation,
  awaiting: AwaitedFuture,
): Invocation {
  return append(context, invocation, {
    kind: 'suspended',
    awaiting,
    ...moment(context, invocation),
  });
}

function lastEvent(
  { state }: ApplyContext,
  { number, eventsCount = 0 }: Invocation,
): JournalEvent | undefined {
  return eventsCount === 0 ? undefined : state.getEvent(number, eventsCount - 1);
}

function moment({ nowMs }: ApplyContext, { journalLength }: Invocation) {
  return { appendedAtMs: nowMs, afterEntryIndex: journalLength - 1 };
}

function append({ state }: ApplyContext, invocation: Invocation, event: JournalEvent): Invocation {
  const count = invocation.eventsCount ?? 0;
  state.putEvent(invocation.number, count, event);
  return { ...invocation, eventsCount: count + 1 };
}
