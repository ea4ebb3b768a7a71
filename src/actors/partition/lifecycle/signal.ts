import type { InvocationId } from '../../domain/ids.ts';
import { CANCEL_SIGNAL_INDEX } from '../../domain/journal.ts';
import { failure } from '../../domain/outcome.ts';
import type { NotificationResult } from '../../domain/outcome.ts';
import { NotificationType } from '../../attempt/service-message.ts';
import type { PartitionCommand, SignalId } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import { discardInvocation } from './complete.ts';
import { notifyInvocation } from './notify.ts';

/** Source: seen on the reference server, when an invocation is cancelled before it starts. */
const CANCELED = failure(409, 'canceled');

export function signalRequest(
  context: ApplyContext,
  { requestId, invocationId, signal, result }: PartitionCommand & { kind: 'signal' },
): void {
  signalInvocation(context, invocationId, signal, result);
  context.effects.push({ kind: 'reply', requestId, reply: { kind: 'signalAccepted' } });
}

/**
 * Delivers a signal. Cancelling an invocation that has not started ends it at once; any other signal
 * to one that is not in flight is lost, as on the reference.
 */
export function signalInvocation(
  context: ApplyContext,
  invocationId: InvocationId,
  signal: SignalId,
  result: NotificationResult,
): void {
  if (signal.kind === 'signal' && signal.index === CANCEL_SIGNAL_INDEX) {
    const invocation = context.state.getInvocation(invocationId);
    const status = invocation?.status.kind;
    if (invocation !== undefined && (status === 'scheduled' || status === 'inboxed')) {
      return discardInvocation(context, invocation, CANCELED);
    }
  }
  notifyInvocation(context, invocationId, { type: NotificationType.signal, id: signal, result });
}
