import type { Invocation } from '../../domain/invocation.ts';
import type { ApplyContext } from '../context.ts';
import { recoverSlot, serveSlots } from '../slots.ts';
import { pause } from './attempt.ts';
import { resumeInvocation } from './start.ts';
import { armNextTimer } from './timers.ts';

/** Derives everything the partition owes the outside from its stored state. */
export function recover(context: ApplyContext): void {
  const { state, effects } = context;
  for (const outgoing of state.outboxMessages()) effects.push({ kind: 'send', ...outgoing });
  /** What frees or takes slots, which are only known when every invocation has been looked at. */
  const changing: Invocation[] = [];
  for (const invocation of state.unfinishedInvocations('restless')) {
    recoverSlot(context, invocation);
    const { id, epoch, target, pin, status } = invocation;
    if (status.kind !== 'invoked') continue;
    const { pauseRequested, slot } = status;
    if (pauseRequested === true || slot?.kind === 'givenBack') changing.push(invocation);
    else if (slot === undefined) {
      effects.push({ kind: 'attemptDue', invocationId: id, epoch, target, pin });
    }
  }
  for (const invocation of changing) changeAtRecovery(context, invocation);
  serveSlots(context);
  armNextTimer(context);
}

/** No attempt runs any more that a pause would have to wait for, and no retry delay goes on. */
function changeAtRecovery(context: ApplyContext, invocation: Invocation): void {
  const { status } = invocation;
  if (status.kind === 'invoked' && status.pauseRequested === true) {
    pause(context, invocation);
  } else {
    resumeInvocation(context, invocation);
  }
}
