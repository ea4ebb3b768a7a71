import type { InvocationId } from '../../domain/ids.ts';
import type { ApplyContext } from '../context.ts';
import type { OperationOutcome } from '../effect.ts';
import { forgetInvocation, forgetJournal } from './retention.ts';

/** Deletes a completed invocation with everything that was kept of it. */
export function purgeInvocation(
  context: ApplyContext,
  invocationId: InvocationId,
): OperationOutcome {
  const invocation = context.state.getInvocation(invocationId);
  if (invocation === undefined) return { kind: 'notFound' };
  if (invocation.status.kind !== 'completed') return { kind: 'notCompleted' };
  forgetInvocation(context, invocation);
  return { kind: 'done' };
}

/** Deletes the journal of a completed invocation; its outcome stays. */
export function purgeJournal(context: ApplyContext, invocationId: InvocationId): OperationOutcome {
  const invocation = context.state.getInvocation(invocationId);
  if (invocation === undefined) return { kind: 'notFound' };
  if (invocation.status.kind !== 'completed') return { kind: 'notCompleted' };
  if (invocation.journalLength > 0) forgetJournal(context, invocation);
  return { kind: 'done' };
}
