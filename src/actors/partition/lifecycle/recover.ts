import type { ApplyContext } from '../context.ts';
import { armNextTimer } from './timers.ts';

/** Derives everything the partition owes the outside from its stored state. */
export function recover(context: ApplyContext): void {
  const { state, effects } = context;
  for (const outgoing of state.outboxMessages()) effects.push({ kind: 'send', ...outgoing });
  for (const { id, epoch, target, pin, status } of state.unfinishedInvocations()) {
    if (status.kind !== 'invoked') continue;
    effects.push({ kind: 'attemptDue', invocationId: id, epoch, target, pin });
  }
  armNextTimer(context);
}
