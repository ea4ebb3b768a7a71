import type { Invocation } from '../../domain/invocation.ts';
import type { ApplyContext } from '../context.ts';
import { purgeInvocation } from './purge.ts';

/** Completed invocations looked at by one command, so that a long list does not block the partition. */
const INVOCATIONS_PER_COMMAND_MAX = 256;

/** Deletes completed invocations, or their journals, that are past their retention. */
export function cleanUp(context: ApplyContext, afterNumber: number): void {
  const { state, effects } = context;
  const { completed, lastNumber } = state.scanCompleted(afterNumber, INVOCATIONS_PER_COMMAND_MAX);
  for (const invocation of completed) expire(context, invocation);
  effects.push(
    lastNumber === undefined
      ? { kind: 'cleanUpDone' }
      : { kind: 'cleanUpPaused', afterNumber: lastNumber },
  );
}

function expire(context: ApplyContext, invocation: Invocation): void {
  const { status, completionRetentionMs, journalRetentionMs, journalLength, number } = invocation;
  if (status.kind !== 'completed') return;
  const ageMs = context.nowMs - status.completedAtMs;
  if (ageMs >= completionRetentionMs) return purgeInvocation(context, invocation);
  if (ageMs < journalRetentionMs || journalLength === 0) return;
  context.state.deleteJournal(number, journalLength);
  context.state.putInvocation({ ...invocation, journalLength: 0 });
}
