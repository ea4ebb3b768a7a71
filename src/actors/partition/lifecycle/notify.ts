import type { InvocationId } from '../../domain/ids.ts';
import type { Invocation } from '../../domain/invocation.ts';
import { CANCEL_SIGNAL_INDEX, sameNotification } from '../../domain/journal.ts';
import type { NotificationEntry, NotificationId } from '../../domain/journal.ts';
import type { NotificationResult } from '../../domain/outcome.ts';
import type { ApplyContext } from '../context.ts';
import { resumeInvocation } from './start.ts';

export interface Notification {
  readonly type: number;
  readonly id: NotificationId;
  readonly result: NotificationResult;
}

/**
 * Journals a notification for an invocation that has started and not ended, and lets whoever waits for
 * it go on: pushes it to the running attempt, or resumes a suspended invocation. Dropped otherwise.
 */
export function notifyInvocation(
  context: ApplyContext,
  invocationId: InvocationId,
  notification: Notification,
): void {
  const invocation = context.state.getInvocation(invocationId);
  if (invocation === undefined) return;
  const { status } = invocation;
  if (status.kind !== 'invoked' && status.kind !== 'suspended' && status.kind !== 'paused') return;

  const entry = appendNotification(context, invocation, notification);
  const appended = countAppended(context, invocation);
  if (status.kind === 'invoked') {
    const { epoch } = invocation;
    context.effects.push({ kind: 'notifyAttempt', invocationId, epoch, entry });
  } else if (wakes(status, notification.id)) {
    resumeInvocation(context, appended);
  }
}

function appendNotification(
  { state, nowMs }: ApplyContext,
  invocation: Invocation,
  { type, id, result }: Notification,
): NotificationEntry {
  const entry: NotificationEntry = { kind: 'notification', type, appendedAtMs: nowMs, id, result };
  state.appendJournal(invocation.number, invocation.journalLength, entry);
  return entry;
}

function countAppended({ state, nowMs }: ApplyContext, invocation: Invocation): Invocation {
  const appended = {
    ...invocation,
    journalLength: invocation.journalLength + 1,
    modifiedAtMs: nowMs,
  };
  state.putInvocation(appended);
  return appended;
}

function wakes(
  status: Invocation['status'] & { kind: 'suspended' | 'paused' },
  id: NotificationId,
): boolean {
  // A paused invocation only collects notifications, but a cancelled one must run to end itself.
  if (status.kind === 'paused') return id.kind === 'signal' && id.index === CANCEL_SIGNAL_INDEX;
  return status.awaiting.some((awaited) => sameNotification(awaited, id));
}
