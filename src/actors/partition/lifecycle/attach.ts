// Waiting for, and reading, the outcome of an invocation that may have been submitted by others.
import type { InvocationId } from '../../domain/ids.ts';
import type { Invocation, Waiter } from '../../domain/invocation.ts';
import type { NotificationResult } from '../../domain/outcome.ts';
import { failure } from '../../domain/outcome.ts';
import { unixMillis } from '../../domain/time.ts';
import { NotificationType } from '../../attempt/service-message.ts';
import type { PartitionCommand, PartitionMessage } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import type { RequestReply } from '../effect.ts';
import { sendMessage } from '../outbox.ts';
import { tellWaiter } from './complete.ts';

/** Source: seen on the reference server, when a handler attaches to an unknown invocation. */
const NOT_FOUND = failure(404, 'not found');

export function attachRequest(
  context: ApplyContext,
  { requestId, invocationId }: PartitionCommand & { kind: 'attach' },
): void {
  const invocation = context.state.getInvocation(invocationId);
  if (invocation !== undefined) return awaitOutcome(context, invocation, requestId);
  context.effects.push({ kind: 'reply', requestId, reply: { kind: 'notFound' } });
}

/** Answers with the stored outcome, or lets the request wait for it. */
export function awaitOutcome(
  { effects }: ApplyContext,
  invocation: Invocation,
  requestId: string,
): void {
  const reply = readBack(invocation);
  if (reply !== undefined) effects.push({ kind: 'reply', requestId, reply });
  else effects.push({ kind: 'replyWhenCompleted', requestId, invocationId: invocation.id });
}

export function outputRequest(
  { state, effects }: ApplyContext,
  { requestId, invocationId }: PartitionCommand & { kind: 'getOutput' },
): void {
  const invocation = state.getInvocation(invocationId);
  const reply: RequestReply =
    invocation === undefined
      ? { kind: 'notFound' }
      : (readBack(invocation) ?? { kind: 'notCompleted' });
  effects.push({ kind: 'reply', requestId, reply });
}

/** Another invocation waits for this one: by an AttachInvocation entry, or by a call of the same id. */
export function attachWaiter(
  context: ApplyContext,
  invocationId: InvocationId,
  waiter: Waiter,
): void {
  const invocation = context.state.getInvocation(invocationId);
  if (invocation === undefined) return tellWaiter(context, waiter, NOT_FOUND);
  const { status, waiters } = invocation;
  if (status.kind === 'completed') return tellWaiter(context, waiter, status.outcome);
  context.state.putInvocation({ ...invocation, waiters: [...waiters, waiter] });
}

/** Answers a GetInvocationOutput entry of another invocation with what is known now. */
export function reportOutput(
  context: ApplyContext,
  { invocationId, askerId, completionId }: PartitionMessage & { kind: 'getOutput' },
): void {
  const status = context.state.getInvocation(invocationId)?.status;
  let result: NotificationResult = { kind: 'void' };
  if (status === undefined) result = NOT_FOUND;
  else if (status.kind === 'completed') result = status.outcome;
  sendMessage(context, askerId, {
    kind: 'complete',
    invocationId: askerId,
    completionId,
    notificationType: NotificationType.getInvocationOutput,
    result,
  });
}

function readBack({ status, target, completionRetentionMs }: Invocation): RequestReply | undefined {
  if (status.kind !== 'completed') return undefined;
  const expiresAtMs = unixMillis(status.completedAtMs + completionRetentionMs);
  return { kind: 'completed', target, outcome: status.outcome, expiresAtMs };
}
