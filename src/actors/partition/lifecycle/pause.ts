import type { InvocationId } from '../../domain/ids.ts';
import type { ApplyContext } from '../context.ts';
import type { OperationOutcome } from '../effect.ts';

/**
 * Pauses an invocation once its attempt suspends or fails; one whose attempt ends with a result is
 * completed all the same. A suspended invocation stays as it is, as on the reference.
 */
export function pauseInvocation(
  { state, effects, nowMs }: ApplyContext,
  invocationId: InvocationId,
): OperationOutcome {
  const invocation = state.getInvocation(invocationId);
  if (invocation === undefined) return { kind: 'notFound' };
  switch (invocation.status.kind) {
    case 'scheduled':
    case 'inboxed':
    case 'completed':
      return { kind: 'notRunning' };
    case 'suspended':
    case 'paused':
      return { kind: 'done' };
    case 'invoked': {
      const status = { kind: 'invoked', pauseRequested: true } as const;
      state.putInvocation({ ...invocation, status, modifiedAtMs: nowMs });
      effects.push({ kind: 'pauseAttempt', invocationId, epoch: invocation.epoch });
      return { kind: 'accepted' };
    }
  }
}
