import type { ApplyContext } from '../context.ts';
import { leaveInvoked } from './attempt.ts';
import { armNextTimer } from './timers.ts';

/** Derives everything the partition owes the outside from its stored state. */
export function recover(context: ApplyContext): void {
  const { state, effects } = context;
  for (const outgoing of state.outboxMessages()) effects.push({ kind: 'send', ...outgoing });
  for (const invocation of state.unfinishedInvocations()) {
    const { id, epoch, target, pin, status } = invocation;
    if (status.kind !== 'invoked') continue;
    if (status.pauseRequested === true) {
      // No attempt runs any more that a pause would have to wait for.
      leaveInvoked(context, invocation, { kind: 'paused' });
      continue;
    }
    effects.push({ kind: 'attemptDue', invocationId: id, epoch, target, pin });
  }
  armNextTimer(context);
}
