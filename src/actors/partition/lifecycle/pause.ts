import type { InvocationId } from '../../domain/ids.ts';
import type { ApplyContext } from '../context.ts';
import type { OperationOutcome } from '../effect.ts';
import { pause } from './attempt.ts';

/**
 * Pauses an invocation once its attempt suspends or fails; one whose attempt ends with a result is
 * completed all the same. A suspended invocation stays as it is, as on the reference. With scopes
 * switched on the reference pauses at once, suspended invocations as well.
 */
export function pauseInvocation(
  context: ApplyContext,
  invocationId: InvocationId,
): OperationOutcome {
  const { state, effects, nowMs, rules } = context;
  const invocation = state.getInvocation(invocationId);
  if (invocation === undefined) return { kind: 'notFound' };
  switch (invocation.status.kind) {
    case 'scheduled':
    case 'inboxed':
    case 'completed':
      return { kind: 'notRunning' };
    case 'paused':
      return { kind: 'done' };
    case 'suspended':
      if (!rules.pausesAtOnce) return { kind: 'done' };
      pause(context, invocation);
      return { kind: 'accepted' };
    case 'invoked': {
      // Without a slot there is no attempt to wait for.
      if (rules.pausesAtOnce || invocation.status.slot !== undefined) {
        pause(context, invocation);
        return { kind: 'accepted' };
      }
      const status = { kind: 'invoked', pauseRequested: true } as const;
      state.putInvocation({ ...invocation, status, modifiedAtMs: nowMs });
      effects.push({ kind: 'pauseAttempt', invocationId, epoch: invocation.epoch });
      return { kind: 'accepted' };
    }
  }
}
