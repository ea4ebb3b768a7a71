import { must } from '../../domain/assert.ts';
import type { Invocation, Waiter } from '../../domain/invocation.ts';
import { underTrace } from '../../domain/invocation.ts';
import { unixMillis } from '../../domain/time.ts';
import type { CommandMessage } from '../../attempt/service-message.ts';
import { NotificationType } from '../../attempt/service-message.ts';
import type { ProposedEntry, ResolvedCallee } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import { notifyInvocation } from '../lifecycle/notify.ts';
import { sendMessage } from '../outbox.ts';

type CallMessage = CommandMessage & { readonly kind: 'call' | 'oneWayCall' };

export function call(
  context: ApplyContext,
  invocation: Invocation,
  message: CommandMessage & { kind: 'call' },
  entry: ProposedEntry,
): void {
  const { completionId } = message;
  startCallee(context, invocation, message, entry, {
    invocationId: invocation.id,
    completionId,
    entry: 'call',
  });
}

export function oneWayCall(
  context: ApplyContext,
  invocation: Invocation,
  message: CommandMessage & { kind: 'oneWayCall' },
  entry: ProposedEntry,
): void {
  startCallee(context, invocation, message, entry, undefined);
}

function startCallee(
  context: ApplyContext,
  invocation: Invocation,
  message: CallMessage,
  entry: ProposedEntry,
  waiter: Waiter | undefined,
): void {
  const callee = must(entry.callee, 'a call entry comes with its resolved callee');
  announceCallee(context, invocation, message, callee);
  const { id, target } = invocation;
  sendMessage(context, callee.invocationId, {
    kind: 'invoke',
    submission: {
      ...callee,
      source: underTrace({ kind: 'invocation', id, target }, entry.trace),
      idempotencyKey: message.idempotencyKey,
      executeAtMs: executionTime(context, message),
    },
    waiter,
  });
}

/** Journals the callee's id right behind the call entry. */
function announceCallee(
  context: ApplyContext,
  invocation: Invocation,
  { invocationIdNotificationIdx: completionId }: CallMessage,
  { invocationId }: ResolvedCallee,
): void {
  notifyInvocation(context, invocation.id, {
    type: NotificationType.callInvocationId,
    id: { kind: 'completion', completionId },
    result: { kind: 'invocationId', invocationId },
  });
}

function executionTime({ nowMs }: ApplyContext, message: CallMessage) {
  const isDelayed = message.kind === 'oneWayCall' && message.invokeTimeMs > nowMs;
  return isDelayed ? unixMillis(message.invokeTimeMs) : undefined;
}
