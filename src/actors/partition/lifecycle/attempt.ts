import { unreachable } from '../../domain/assert.ts';
import type { Invocation } from '../../domain/invocation.ts';
import type { AttemptError } from '../../domain/journal-event.ts';
import { settle } from '../../domain/awaited-future.ts';
import { JournaledAnswers } from '../../domain/journaled-answers.ts';
import type { AttemptEnd, AttemptIdentity, PartitionCommand } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import { leaveSlots } from '../slots.ts';
import { readAttemptInput } from './become-invoked.ts';
import { completeInvocation } from './complete.ts';
import { appendPaused, appendSuspended, recordTransientError } from './events.ts';
import { resumeInvocation } from './start.ts';

/**
 * An invocation that backs off for so long gives its slot to others of its scope in the meantime.
 * Unit: milliseconds. Source: seen on the reference 1.7.12.
 */
const SLOT_GIVEN_BACK_FROM_MS = 2000;

/** The invocation an attempt speaks for, unless the attempt is superseded. */
export function currentInvocation(
  { state }: ApplyContext,
  { invocationId, epoch }: AttemptIdentity,
): Invocation | undefined {
  const invocation = state.getInvocation(invocationId);
  const isCurrent =
    invocation?.status.kind === 'invoked' &&
    invocation.status.slot === undefined &&
    invocation.epoch === epoch;
  return isCurrent ? invocation : undefined;
}

export function beginAttempt(context: ApplyContext, identity: AttemptIdentity): void {
  const invocation = currentInvocation(context, identity);
  if (invocation === undefined) return regainSlot(context, identity);
  if (isPauseRequested(invocation)) return pause(context, invocation, { keepsAttemptStatus: true });
  context.effects.push({ kind: 'startAttempt', input: readAttemptInput(context, invocation) });
}

/** Lets an invocation go on that gave back its slot when it began to back off. */
function regainSlot(context: ApplyContext, { invocationId, epoch }: AttemptIdentity): void {
  const invocation = context.state.getInvocation(invocationId);
  if (invocation?.status.kind !== 'invoked' || invocation.epoch !== epoch) return;
  if (invocation.status.slot?.kind === 'givenBack') resumeInvocation(context, invocation);
}

export function endAttempt(
  context: ApplyContext,
  command: PartitionCommand & { kind: 'attemptEnded' },
): void {
  const invocation = currentInvocation(context, command);
  if (invocation === undefined) return;
  const { invocationId, epoch, end } = command;
  switch (end.kind) {
    case 'ended':
      return completeInvocation(context, invocation, end.outcome);
    case 'fail':
      return completeInvocation(context, invocation, { kind: 'failure', failure: end.failure });
    case 'retry': {
      const { delayMs, failure } = end;
      if (isPauseRequested(invocation)) return pause(context, invocation, { failure });
      const recorded =
        failure === undefined ? invocation : recordTransientError(context, invocation, failure);
      context.effects.push({ kind: 'retryAttempt', invocationId, epoch, delayMs });
      if (delayMs >= SLOT_GIVEN_BACK_FROM_MS) giveBackSlot(context, recorded);
      return;
    }
    case 'pause':
      return pause(context, invocation, end);
    case 'suspended':
      return suspendInvocation(context, invocation, end);
    default:
      return unreachable(end);
  }
}

function giveBackSlot(context: ApplyContext, invocation: Invocation): void {
  if (invocation.target.scope === undefined) return;
  const status = { kind: 'invoked', slot: { kind: 'givenBack' } } as const;
  context.state.putInvocation({ ...invocation, status });
  leaveSlots(context, invocation);
}

function suspendInvocation(
  context: ApplyContext,
  invocation: Invocation,
  { awaiting, replayedLength, leavesEvent }: AttemptEnd & { kind: 'suspended' },
): void {
  if (isPauseRequested(invocation)) return pause(context, invocation);
  // An answer may have been journaled after the deployment decided to suspend.
  const answers = answersSince(context, invocation, replayedLength);
  const rest = settle(awaiting, (id) => answers.get(id));
  if (rest === 'resolved') return resumeInvocation(context, invocation);
  const suspended = leavesEvent === true ? appendSuspended(context, invocation, rest) : invocation;
  leaveInvoked(context, suspended, { kind: 'suspended', awaiting: rest });
}

function isPauseRequested({ status }: Invocation): boolean {
  return status.kind === 'invoked' && status.pauseRequested === true;
}

function answersSince(
  { state }: ApplyContext,
  { number, journalLength }: Invocation,
  replayedLength: number,
): JournaledAnswers {
  const answers = new JournaledAnswers();
  const entries = state.readJournal(number, replayedLength, journalLength);
  for (const [order, entry] of entries.entries()) {
    if (entry.kind === 'notification') answers.add(entry, order);
  }
  return answers;
}

/** Nothing runs for the invocation until an operator resumes, cancels or kills it. */
export function pause(
  context: ApplyContext,
  invocation: Invocation,
  {
    failure,
    keepsAttemptStatus,
  }: {
    readonly failure?: AttemptError | undefined;
    readonly keepsAttemptStatus?: true | undefined;
  } = {},
): void {
  const paused = appendPaused(context, invocation, failure);
  leaveInvoked(context, paused, { kind: 'paused', failure }, keepsAttemptStatus);
}

/** Ends what the attempt actor does for the invocation. */
export function leaveInvoked(
  context: ApplyContext,
  invocation: Invocation,
  status: Invocation['status'],
  keepsStatus?: true,
): void {
  const { id: invocationId, epoch } = invocation;
  context.state.putInvocation({ ...invocation, status, modifiedAtMs: context.nowMs });
  context.effects.push({ kind: 'releaseAttempt', invocationId, epoch, keepsStatus });
  leaveSlots(context, invocation);
}
