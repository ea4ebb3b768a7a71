import { NotificationType } from '../../attempt/service-message.ts';
import type { ApplyContext } from '../context.ts';
import type { Timer } from '../state.ts';
import { notifyInvocation } from './notify.ts';
import { startInvocation } from './start.ts';

/** Timers fired by one command, so that a million due timers do not block the partition. */
const TIMERS_PER_COMMAND_MAX = 256;

/** Fires what is due, in order, and arms the next timer. */
export function fireTimers(context: ApplyContext): void {
  const { state, nowMs } = context;
  for (const timer of state.firstTimers(TIMERS_PER_COMMAND_MAX, nowMs)) {
    state.deleteTimer(timer);
    fire(context, timer);
  }
  armNextTimer(context);
}

export function armNextTimer({ state, effects }: ApplyContext): void {
  const next = state.firstTimers(1)[0];
  if (next !== undefined) effects.push({ kind: 'armTimer', dueMs: next.dueMs });
}

function fire(
  context: ApplyContext,
  { invocationId, invocationNumber, completionId }: Timer,
): void {
  const invocation = context.state.getInvocation(invocationId);
  // The id may have been invoked anew since the timer's invocation ended.
  if (invocation?.number !== invocationNumber) return;
  if (completionId === 0) {
    if (invocation.status.kind === 'scheduled') startInvocation(context, invocation);
    return;
  }
  notifyInvocation(context, invocationId, {
    type: NotificationType.sleep,
    id: { kind: 'completion', completionId },
    result: { kind: 'void' },
  });
}
