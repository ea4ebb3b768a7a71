import type { Invocation, Waiter } from '../../domain/invocation.ts';
import type { Outcome } from '../../domain/outcome.ts';
import { must } from '../../domain/assert.ts';
import { NotificationType } from '../../attempt/service-message.ts';
import type { ApplyContext } from '../context.ts';
import { sendMessage } from '../outbox.ts';
import { lockOf } from '../owner.ts';
import { leaveSlots } from '../slots.ts';
import { applyStateEdit } from './edit-state.ts';
import { deleteHistory, keepCompleted, forgetInvocation } from './retention.ts';
import { startInvocation } from './start.ts';

/** Ends an invocation that has started: keeps what retention asks for, tells everyone, frees its key. */
export function completeInvocation(
  context: ApplyContext,
  invocation: Invocation,
  outcome: Outcome,
): void {
  const { effects } = context;
  const { id, epoch } = invocation;
  if (invocation.completionRetentionMs === 0) forgetInvocation(context, invocation);
  else keepCompleted(context, invocation, outcome);
  effects.push({ kind: 'releaseAttempt', invocationId: id, epoch });
  announceOutcome(context, invocation, outcome);
  leaveSlots(context, invocation);
  freeKey(context, invocation);
}

/** Ends an invocation that never started. Nothing of it is kept, whatever its retention. */
export function discardInvocation(
  context: ApplyContext,
  invocation: Invocation,
  outcome: Outcome,
): void {
  const { state } = context;
  const { status, number } = invocation;
  const isForSlot = status.kind === 'inboxed' && status.isForSlot === true;
  if (status.kind === 'inboxed' && !isForSlot) {
    const owner = must(lockOf(invocation.target), 'an inboxed invocation is exclusive');
    state.removeFromInbox(owner, status.inboxSequence);
  } else if (status.kind === 'scheduled') {
    const dueMs = status.fireAtMs;
    state.deleteTimer({
      dueMs,
      invocationNumber: number,
      completionId: 0,
      invocationId: invocation.id,
    });
  }
  deleteHistory(state, invocation);
  state.deleteInvocation(invocation);
  announceOutcome(context, invocation, outcome);
  if (!isForSlot) return;
  // It held its key already.
  leaveSlots(context, invocation);
  freeKey(context, invocation);
}

/** Completes the Call or AttachInvocation entry of a waiting invocation. */
export function tellWaiter(context: ApplyContext, waiter: Waiter, outcome: Outcome): void {
  const isCall = waiter.entry === 'call';
  sendMessage(context, waiter.invocationId, {
    kind: 'complete',
    invocationId: waiter.invocationId,
    completionId: waiter.completionId,
    notificationType: isCall ? NotificationType.call : NotificationType.attachInvocation,
    result: outcome,
  });
}

function announceOutcome(context: ApplyContext, invocation: Invocation, outcome: Outcome): void {
  const { id: invocationId, target, waiters } = invocation;
  const { trace } = invocation.source;
  if (trace !== undefined) {
    const event = { kind: 'ended', invocationId, target, trace, outcome } as const;
    context.effects.push({ kind: 'trace', event });
  }
  context.effects.push({ kind: 'outcomeReached', invocationId, target, outcome });
  for (const waiter of waiters) tellWaiter(context, waiter, outcome);
}

function freeKey(context: ApplyContext, { target }: Invocation): void {
  const owner = lockOf(target);
  if (owner === undefined) return;
  const { state } = context;
  state.releaseLock(owner);
  for (let item = state.popInbox(owner); item !== undefined; item = state.popInbox(owner)) {
    if (typeof item === 'string') {
      const next = must(state.getInvocation(item), 'an inboxed invocation exists');
      return startInvocation(context, next);
    }
    applyStateEdit(context, owner, item);
  }
}
