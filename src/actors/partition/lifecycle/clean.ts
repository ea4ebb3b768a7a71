import type { InvocationId } from '../../domain/ids.ts';
import type { ApplyContext } from '../context.ts';
import { completionExpiry, forgetInvocation, forgetJournal, nextExpiry } from './retention.ts';

/** Invocations that one command deletes, so that a million expired ones do not block the partition. */
const EXPIRED_PER_COMMAND_MAX = 128;

/** Deletes outcomes and journals that are past their retention, a bounded number of them. */
export function clean(context: ApplyContext): void {
  const { state, effects, nowMs } = context;
  const expired = state.takeExpired(nowMs, EXPIRED_PER_COMMAND_MAX);
  for (const invocationId of expired) expire(context, invocationId);
  if (expired.length >= EXPIRED_PER_COMMAND_MAX) effects.push({ kind: 'cleanMore' });
}

function expire(context: ApplyContext, invocationId: InvocationId): void {
  const invocation = context.state.getInvocation(invocationId);
  // Purged since it completed, and perhaps invoked anew under the same id.
  if (invocation?.status.kind !== 'completed') return;
  const { status } = invocation;
  if (completionExpiry(invocation, status) <= context.nowMs) forgetInvocation(context, invocation);
  else if (nextExpiry(invocation, status) <= context.nowMs) forgetJournal(context, invocation);
}
