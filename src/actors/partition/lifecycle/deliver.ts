import { unreachable } from '../../domain/assert.ts';
import type { PartitionCommand, PartitionMessage } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import { attachWaiter, reportOutput } from './attach.ts';
import { killInvocation } from './kill.ts';
import { notifyInvocation } from './notify.ts';
import { signalInvocation } from './signal.ts';
import { invoke } from './submit.ts';

/** Applies a message from another partition unless it was applied before. */
export function deliver(
  context: ApplyContext,
  { from, sequence, message }: PartitionCommand & { kind: 'deliver' },
): void {
  const { state, effects } = context;
  const applied = state.getDedup(from);
  // A gap means that this thread was replaced while messages were on their way; the sender is asked
  // to send everything again, in order.
  if (sequence > applied + 1) return;
  if (sequence === applied + 1) {
    state.setDedup(from, sequence);
    applyMessage(context, message);
  }
  effects.push({ kind: 'ackDelivery', to: from, sequence: Math.max(applied, sequence) });
}

/** Applies what the command sent to its own partition, including what that sends in turn. */
export function applyLocalMessages(context: ApplyContext): void {
  const { localMessages } = context;
  for (let message = localMessages.shift(); message; message = localMessages.shift()) {
    applyMessage(context, message);
  }
}

function applyMessage(context: ApplyContext, message: PartitionMessage): void {
  switch (message.kind) {
    case 'invoke':
      return invoke(context, message.submission, message.waiter);
    case 'complete':
      return notifyInvocation(context, message.invocationId, {
        type: message.notificationType,
        id: { kind: 'completion', completionId: message.completionId },
        result: message.result,
      });
    case 'signal':
      return signalInvocation(context, message.invocationId, message.signal, message.result);
    case 'attach':
      return attachWaiter(context, message.invocationId, message.waiter);
    case 'kill':
      killInvocation(context, message.invocationId);
      return;
    case 'getOutput':
      return reportOutput(context, message);
    default:
      return unreachable(message);
  }
}
