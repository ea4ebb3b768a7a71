// The partition machine: one command in, writes to the state and effects out. Pure and synchronous.
import { unreachable } from '../domain/assert.ts';
import { unixMillis } from '../domain/time.ts';
import type { PartitionCommand } from './command.ts';
import type { ApplyContext, PartitionRules } from './context.ts';
import type { PartitionEffect } from './effect.ts';
import { proposeEntry } from './journal/entry.ts';
import { proposeRunCompletion } from './journal/run.ts';
import { attachRequest, outputRequest } from './lifecycle/attach.ts';
import { beginAttempt, endAttempt } from './lifecycle/attempt.ts';
import { clean } from './lifecycle/clean.ts';
import { applyLocalMessages, deliver } from './lifecycle/deliver.ts';
import { editState } from './lifecycle/edit-state.ts';
import { operate } from './lifecycle/operate.ts';
import { recover } from './lifecycle/recover.ts';
import { signalRequest } from './lifecycle/signal.ts';
import { submit } from './lifecycle/submit.ts';
import { fireTimers } from './lifecycle/timers.ts';
import { resendOutbox } from './outbox.ts';
import { serveSlots } from './slots.ts';
import type { PartitionState } from './state.ts';

/** Applies `command` to `state` and appends what it asks of the outside to `effects`. */
export function apply(
  state: PartitionState,
  rules: PartitionRules,
  command: PartitionCommand,
  effects: PartitionEffect[],
): void {
  const nowMs = 'nowMs' in command ? command.nowMs : unixMillis(0);
  const context: ApplyContext = { state, rules, effects, localMessages: [], nowMs };
  applyCommand(context, command);
  applyLocalMessages(context);
}

function applyCommand(context: ApplyContext, command: PartitionCommand): void {
  switch (command.kind) {
    case 'submit':
      return submit(context, command);
    case 'attach':
      return attachRequest(context, command);
    case 'getOutput':
      return outputRequest(context, command);
    case 'signal':
      return signalRequest(context, command);
    case 'operate':
      return operate(context, command);
    case 'editState':
      return editState(context, command);
    case 'clean':
      return clean(context);
    case 'deliver':
      return deliver(context, command);
    case 'outboxAcked':
      return context.state.truncateOutbox(command.to, command.sequence);
    case 'resendOutbox':
      return resendOutbox(context, command.to);
    case 'timersDue':
      return fireTimers(context);
    case 'beginAttempt':
      return beginAttempt(context, command);
    case 'serveSlots':
      return serveSlots(context);
    case 'entryProposed':
      return proposeEntry(context, command);
    case 'runCompletionProposed':
      return proposeRunCompletion(context, command);
    case 'attemptEnded':
      return endAttempt(context, command);
    case 'recover':
      return recover(context);
    default:
      return unreachable(command);
  }
}
