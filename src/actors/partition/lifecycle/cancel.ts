import type { InvocationId } from '../../domain/ids.ts';
import { CANCEL_SIGNAL_INDEX } from '../../domain/journal.ts';
import { failure } from '../../domain/outcome.ts';
import { NotificationType } from '../../attempt/service-message.ts';
import type { ApplyContext } from '../context.ts';
import type { OperationOutcome } from '../effect.ts';
import { discardInvocation } from './complete.ts';
import { notifyInvocation } from './notify.ts';

/** Source: seen on the reference server, when an invocation is cancelled before it starts. */
const CANCELED = failure(409, 'canceled');

/**
 * Ends an invocation that has not started. Another one gets the cancel signal and ends itself: it does
 * so at its next await, unless its handler catches that.
 */
export function cancelInvocation(
  context: ApplyContext,
  invocationId: InvocationId,
): OperationOutcome {
  const { state, effects } = context;
  const invocation = state.getInvocation(invocationId);
  if (invocation === undefined) return { kind: 'notFound' };
  const { status, epoch } = invocation;
  if (status.kind === 'completed') return { kind: 'alreadyCompleted' };
  if (status.kind === 'scheduled' || status.kind === 'inboxed') {
    discardInvocation(context, invocation, CANCELED);
    return { kind: 'done' };
  }
  // A paused invocation could not end itself.
  if (status.kind === 'invoked' && status.pauseRequested === true) {
    state.putInvocation({ ...invocation, status: { kind: 'invoked' } });
  }
  notifyInvocation(context, invocationId, {
    type: NotificationType.signal,
    id: { kind: 'signal', index: CANCEL_SIGNAL_INDEX },
    result: { kind: 'void' },
  });
  if (status.kind === 'invoked') effects.push({ kind: 'hastenAttempt', invocationId, epoch });
  return { kind: 'accepted' };
}
