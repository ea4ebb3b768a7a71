import { settle } from '../../domain/awaited-future.ts';
import type { Answer } from '../../domain/awaited-future.ts';
import type { InvocationId } from '../../domain/ids.ts';
import { draftOf, type Invocation } from '../../domain/invocation.ts';
import { CANCEL_SIGNAL_INDEX, sameNotification } from '../../domain/journal.ts';
import type { NotificationEntry, NotificationId } from '../../domain/journal.ts';
import { outcomeOf } from '../../domain/journaled-answers.ts';
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
  switch (invocation.status.kind) {
    case 'invoked': {
      const entry = appendNotification(context, invocation, notification);
      context.state.putInvocation(countEntry(context, invocation));
      const { epoch } = invocation;
      context.effects.push({ kind: 'notifyAttempt', invocationId, epoch, entry });
      return;
    }
    case 'suspended':
    case 'paused': {
      appendNotification(context, invocation, notification);
      const appended = countEntry(context, invocation);
      const status = statusAfter(invocation.status, notification);
      if (status === 'resumed') resumeInvocation(context, appended);
      else context.state.putInvocation({ ...appended, status });
      return;
    }
    case 'scheduled':
    case 'inboxed':
    case 'completed':
      return;
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

function countEntry({ nowMs }: ApplyContext, invocation: Invocation): Invocation {
  const counted = draftOf(invocation);
  counted.journalLength += 1;
  counted.modifiedAtMs = nowMs;
  return counted;
}

function statusAfter(
  status: Invocation['status'] & { kind: 'suspended' | 'paused' },
  { id, result }: Notification,
): Invocation['status'] | 'resumed' {
  if (status.kind === 'paused') {
    // It only collects notifications, but once cancelled it must run to end itself.
    const isCancelled = id.kind === 'signal' && id.index === CANCEL_SIGNAL_INDEX;
    return isCancelled ? 'resumed' : status;
  }
  const answer: Answer = { state: outcomeOf(result), order: 0 };
  const answerTo = (awaited: NotificationId) =>
    sameNotification(awaited, id) ? answer : undefined;
  const rest = settle(status.awaiting, answerTo);
  return rest === 'resolved' ? 'resumed' : { kind: 'suspended', awaiting: rest };
}
