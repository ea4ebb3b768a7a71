import type { InvocationId } from '../../domain/ids.ts';
import { CANCEL_SIGNAL_INDEX } from '../../domain/journal.ts';
import type { NotificationResult } from '../../domain/outcome.ts';
import { NotificationType } from '../../attempt/service-message.ts';
import type { PartitionCommand, SignalId } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import { cancelInvocation } from './cancel.ts';
import { notifyInvocation } from './notify.ts';

export function signalRequest(
  context: ApplyContext,
  { requestId, invocationId, signal, result }: PartitionCommand & { kind: 'signal' },
): void {
  signalInvocation(context, invocationId, signal, result);
  context.effects.push({ kind: 'reply', requestId, reply: { kind: 'signalAccepted' } });
}

/** Delivers a signal. One to an invocation that is not in flight is lost, as on the reference. */
export function signalInvocation(
  context: ApplyContext,
  invocationId: InvocationId,
  signal: SignalId,
  result: NotificationResult,
): void {
  if (signal.kind === 'signal' && signal.index === CANCEL_SIGNAL_INDEX) {
    cancelInvocation(context, invocationId);
  } else {
    notifyInvocation(context, invocationId, { type: NotificationType.signal, id: signal, result });
  }
}
