// How long what is left of a completed invocation is kept: first its journal goes, then its outcome.
import type { Invocation, InvocationStatus } from '../../domain/invocation.ts';
import { draftOf, isWorkflowRun } from '../../domain/invocation.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { UnixMillis } from '../../domain/time.ts';
import { unixMillis } from '../../domain/time.ts';
import type { ApplyContext } from '../context.ts';
import { ownerOf } from '../owner.ts';
import type { PartitionState } from '../state.ts';

type CompletedStatus = InvocationStatus & { readonly kind: 'completed' };

/** Stores the outcome, and the journal if it is to be kept. */
export function keepCompleted(
  context: ApplyContext,
  invocation: Invocation,
  outcome: Outcome,
): void {
  const { state, nowMs } = context;
  const kept = withoutStacktrace(outcome);
  const status: CompletedStatus = { kind: 'completed', outcome: kept, completedAtMs: nowMs };
  const completed = draftOf(invocation);
  completed.status = status;
  completed.modifiedAtMs = nowMs;
  completed.waiters = [];
  if (invocation.journalRetentionMs === 0) return forgetJournal(context, completed);
  state.putInvocation(completed);
  state.putExpiry(completed, nextExpiry(completed, status));
}

/** Only whoever waits for a failure is told its stack trace. Seen on the reference 1.7.12. */
function withoutStacktrace(outcome: Outcome): Outcome {
  if (outcome.kind === 'success' || outcome.failure.stacktrace === undefined) return outcome;
  const { stacktrace: _stacktrace, ...failure } = outcome.failure;
  return { kind: 'failure', failure };
}

/** Deletes the journal of a completed invocation. */
export function forgetJournal({ state }: ApplyContext, invocation: Invocation): void {
  deleteHistory(state, invocation);
  const kept = { ...invocation, journalLength: 0, eventsCount: undefined };
  state.putInvocation(kept);
  const { status } = kept;
  if (status.kind === 'completed') state.putExpiry(kept, nextExpiry(kept, status));
}

/** Deletes everything of an invocation; with a workflow run its state and its promises. */
export function forgetInvocation({ state }: ApplyContext, invocation: Invocation): void {
  const { target } = invocation;
  deleteHistory(state, invocation);
  state.deleteInvocation(invocation);
  const owner = isWorkflowRun(target) ? ownerOf(target) : undefined;
  if (owner === undefined) return;
  state.clearAllUserState(owner);
  state.clearAllPromises(owner);
}

/** Deletes the journal and the events beside it. */
export function deleteHistory(
  state: PartitionState,
  { number, journalLength, eventsCount }: Invocation,
): void {
  state.deleteJournal(number, journalLength);
  if (eventsCount !== undefined) state.deleteEvents(number, eventsCount);
}

/** When the outcome expires. */
export function completionExpiry(
  { completionRetentionMs }: Invocation,
  { completedAtMs }: CompletedStatus,
): UnixMillis {
  return unixMillis(completedAtMs + completionRetentionMs);
}

/** When the next part expires: the journal, or all that is left without one. */
export function nextExpiry(invocation: Invocation, status: CompletedStatus): UnixMillis {
  const expiresAtMs = completionExpiry(invocation, status);
  if (invocation.journalLength === 0) return expiresAtMs;
  return unixMillis(Math.min(expiresAtMs, status.completedAtMs + invocation.journalRetentionMs));
}
