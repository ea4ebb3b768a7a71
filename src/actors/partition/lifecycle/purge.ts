import type { Invocation } from '../../domain/invocation.ts';
import { isWorkflowRun, targetKey } from '../../domain/invocation.ts';
import type { ApplyContext } from '../context.ts';

/** Deletes everything that is kept of an invocation; with a workflow's run, its state and promises. */
export function purgeInvocation({ state }: ApplyContext, invocation: Invocation): void {
  const { target, number, journalLength } = invocation;
  state.deleteJournal(number, journalLength);
  state.deleteInvocation(invocation);
  if (!isWorkflowRun(target)) return;
  const owner = { service: target.service, key: targetKey(target) ?? '' };
  state.clearAllUserState(owner);
  state.clearAllPromises(owner);
}
