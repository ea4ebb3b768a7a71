// The attempt machine: decides what one HTTP exchange with a deployment means. Pure and synchronous.
//   A1. After `finish` an attempt proposes nothing more, whatever the deployment still sends.
//   A2. Every path ends in exactly one `finish`, or in `abandoned`.
import { unreachable } from '../domain/assert.ts';
import type { NotificationEntry } from '../domain/journal.ts';
import type { AttemptCommand } from './command.ts';
import type { AttemptEffect, AttemptResult } from './effect.ts';
import type { AttemptFailure } from './failure.ts';
import { attemptFailure, failureOfErrorMessage, STREAM_BROKEN } from './failure.ts';
import { checkResponse } from './response.ts';
import { NotificationType } from './service-message.ts';
import type { ServerMessage } from './service-message.ts';
import type { AttemptState } from './state.ts';
import { checkSuspension } from './suspend.ts';

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
      return receiveControl(attempt, command, effects);
    case 'broken':
      return fail(attempt, command.failure, effects);
    case 'responseEnded':
      return fail(attempt, STREAM_BROKEN, effects);
    case 'notified':
      return notify(attempt, command.entry, effects);
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
  if (entry.message.kind === 'run') openRun(attempt, entry.message.completionId);
  attempt.proposedEntry = true;
  effects.push({ kind: 'proposeEntry', entry });
}

function openRun({ runs }: AttemptState, completionId: number): void {
  if (!runs.has(completionId)) runs.set(completionId, 'open');
}

function receiveControl(
  attempt: AttemptState,
  { message, ackRequested }: AttemptCommand & { kind: 'controlReceived' },
  effects: AttemptEffect[],
): void {
  switch (message.kind) {
    case 'proposeRunCompletion': {
      const { completionId, outcome } = message;
      // Older deployments do not know the acknowledgement; the reference ignores their flag, too.
      const isAcked = ackRequested && attempt.protocolVersion >= 7;
      attempt.runs.set(completionId, isAcked ? 'ackDue' : 'proposed');
      effects.push({ kind: 'proposeRunCompletion', completionId, outcome });
      return;
    }
    case 'awaitingOn':
      attempt.awaitingOn = message.awaiting;
      return;
    case 'end':
      return end(attempt, effects);
    case 'suspension':
      return finish(attempt, checkSuspension(attempt, message.awaiting), effects);
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

function notify(attempt: AttemptState, entry: NotificationEntry, effects: AttemptEffect[]): void {
  if (attempt.phase !== 'streaming') return;
  attempt.awaitingOn = undefined;
  effects.push({ kind: 'send', message: messageFor(attempt, entry) });
}

/** The deployment has kept the result of a run whose acknowledgement it asked for. */
function messageFor({ runs }: AttemptState, entry: NotificationEntry): ServerMessage {
  const { type, id, result } = entry;
  if (type === NotificationType.run && id.kind === 'completion') {
    const { completionId } = id;
    if (runs.get(completionId) === 'ackDue') {
      runs.set(completionId, 'proposed');
      return { kind: 'proposeRunCompletionAck', completionId };
    }
  }
  return { kind: 'notification', type, id, result };
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
