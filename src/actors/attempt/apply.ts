// The attempt machine: decides what one HTTP exchange with a deployment means. Pure and synchronous.
//   A1. After `finish` an attempt proposes nothing more, whatever the deployment still sends.
//   A2. Every path ends in exactly one `finish`, or in `abandoned`.
import { unreachable } from '../domain/assert.ts';
import { CANCEL_SIGNAL_INDEX } from '../domain/journal.ts';
import type { NotificationId } from '../domain/journal.ts';
import type { AttemptCommand } from './command.ts';
import type { AttemptEffect, AttemptResult } from './effect.ts';
import type { AttemptFailure } from './failure.ts';
import { attemptFailure, failureOfErrorMessage, STREAM_BROKEN } from './failure.ts';
import { checkResponse } from './response.ts';
import type { ControlMessage } from './service-message.ts';
import type { AttemptState } from './state.ts';

export function applyToAttempt(
  attempt: AttemptState,
  command: AttemptCommand,
  effects: AttemptEffect[],
): void {
  // Keeps A1.
  if (attempt.phase === 'finished') return;
  switch (command.kind) {
    case 'responded':
      return respond(attempt, command, effects);
    case 'entryReceived':
      return receiveEntry(attempt, command, effects);
    case 'controlReceived':
      return receiveControl(attempt, command.message, effects);
    case 'broken':
      return fail(attempt, command.failure, effects);
    case 'responseEnded':
      return fail(attempt, STREAM_BROKEN, effects);
    case 'notified':
      if (attempt.phase === 'streaming') {
        const { type, id, result } = command.entry;
        effects.push({ kind: 'send', message: { kind: 'notification', type, id, result } });
      }
      return;
    case 'commandAcked':
      if (attempt.phase === 'streaming') {
        const { commandIndex } = command;
        effects.push({ kind: 'send', message: { kind: 'commandAck', commandIndex } });
      }
      return;
    case 'inactive':
      return endInput(attempt, effects);
    case 'abortTimeoutFired':
      return fail(attempt, abortTimeoutFailure(command.abortTimeout), effects);
    case 'abandoned':
      attempt.phase = 'finished';
      effects.push({ kind: 'reset' });
      return;
    default:
      return unreachable(command);
  }
}

function respond(
  attempt: AttemptState,
  { status, headers }: AttemptCommand & { kind: 'responded' },
  effects: AttemptEffect[],
): void {
  const { contentType, protocolVersion } = attempt;
  const failure = checkResponse(status, headers, contentType, protocolVersion);
  if (failure !== undefined) fail(attempt, failure, effects);
}

function receiveEntry(
  attempt: AttemptState,
  { entry }: AttemptCommand & { kind: 'entryReceived' },
  effects: AttemptEffect[],
): void {
  // Several Output entries are legal; the last one counts.
  if (entry.message.kind === 'output') attempt.outcome = entry.message.outcome;
  attempt.proposedEntry = true;
  effects.push({ kind: 'proposeEntry', entry });
}

function receiveControl(
  attempt: AttemptState,
  message: ControlMessage,
  effects: AttemptEffect[],
): void {
  switch (message.kind) {
    case 'proposeRunCompletion': {
      const { completionId, outcome } = message;
      effects.push({ kind: 'proposeRunCompletion', completionId, outcome });
      return;
    }
    case 'end':
      return end(attempt, effects);
    case 'suspension':
      return suspend(attempt, message.awaiting, effects);
    case 'error':
      return fail(attempt, failureOfErrorMessage(message), effects);
    default:
      return unreachable(message);
  }
}

function end(attempt: AttemptState, effects: AttemptEffect[]): void {
  const { outcome } = attempt;
  if (outcome === undefined) {
    return fail(attempt, attemptFailure('RT0012', 'received End before any Output'), effects);
  }
  finish(attempt, { kind: 'ended', outcome }, effects);
}

function suspend(
  attempt: AttemptState,
  awaiting: readonly NotificationId[],
  effects: AttemptEffect[],
): void {
  // It was given the answer and asks for it again: a defect that waiting does not mend.
  const known = findReplayed(awaiting, attempt.replayedIds);
  if (known === undefined) return finish(attempt, { kind: 'suspended', awaiting }, effects);
  const message = `suspended on ${describe(known)}, which is already in the journal`;
  fail(attempt, attemptFailure('RT0012', message), effects);
}

function endInput(attempt: AttemptState, effects: AttemptEffect[]): void {
  if (attempt.phase !== 'streaming') return;
  attempt.phase = 'inputEnded';
  effects.push({ kind: 'endInput' }, { kind: 'armAbortTimeout' });
}

function fail(attempt: AttemptState, failure: AttemptFailure, effects: AttemptEffect[]): void {
  finish(attempt, { kind: 'failed', failure }, effects);
}

function finish(attempt: AttemptState, result: AttemptResult, effects: AttemptEffect[]): void {
  if (attempt.phase === 'streaming') effects.push({ kind: 'endInput' });
  attempt.phase = 'finished';
  effects.push({ kind: 'finish', result }, { kind: 'drain' });
}

function abortTimeoutFailure(abortTimeout: string): AttemptFailure {
  return attemptFailure(
    'RT0001',
    `the invocation stream was closed after the 'abort timeout' (${abortTimeout}) fired.`,
  );
}

/** In time linear in both lists, since a deployment chooses how long they are. */
function findReplayed(
  awaiting: readonly NotificationId[],
  replayedIds: readonly NotificationId[],
): NotificationId | undefined {
  if (replayedIds.length === 0) return undefined;
  const replayed = new Set(replayedIds.filter(comesOnce).map(describe));
  return awaiting.find((id) => comesOnce(id) && replayed.has(describe(id)));
}

/** Cancel signals and named signals may come again: a handler takes one and waits for the next. */
function comesOnce(id: NotificationId): boolean {
  if (id.kind === 'namedSignal') return false;
  return id.kind === 'completion' || id.index !== CANCEL_SIGNAL_INDEX;
}

function describe(id: NotificationId): string {
  switch (id.kind) {
    case 'completion':
      return `completion ${id.completionId}`;
    case 'signal':
      return `signal ${id.index}`;
    case 'namedSignal':
      return `signal '${id.name}'`;
  }
}
