// Journals a command entry and does what it asks for.
import { draftOf, type Invocation, type Pin } from '../../domain/invocation.ts';
import type { CommandMessage } from '../../attempt/service-message.ts';
import { MessageType } from '../../attempt/service-message.ts';
import type { PartitionCommand, ProposedEntry } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import { currentInvocation } from '../lifecycle/attempt.ts';
import { attachInvocation, getInvocationOutput } from './attach.ts';
import { call, oneWayCall } from './call.ts';
import { completePromise, getPromise, peekPromise } from './promise.ts';
import { completeAwakeable, sendSignal } from './signal.ts';
import { sleep } from './sleep.ts';
import { clearAllState, clearState, getLazyState, getLazyStateKeys, setState } from './state.ts';

export function proposeEntry(
  context: ApplyContext,
  command: PartitionCommand & { kind: 'entryProposed' },
): void {
  const invocation = currentInvocation(context, command);
  if (invocation === undefined) return;
  const { entry, pin } = command;
  const appended = appendCommand(context, invocation, pin, entry);
  perform(context, appended, entry, entry.message);
  if (!entry.ackRequested) return;
  const { invocationId, epoch } = command;
  const commandIndex = invocation.commandCount;
  context.effects.push({ kind: 'ackCommand', invocationId, epoch, commandIndex });
}

function appendCommand(
  { state, nowMs }: ApplyContext,
  invocation: Invocation,
  pin: Pin,
  { message, payload, callee }: ProposedEntry,
): Invocation {
  state.appendJournal(invocation.number, invocation.journalLength, {
    kind: 'command',
    type: MessageType[message.kind],
    appendedAtMs: nowMs,
    payload,
    child: callee?.invocationId,
  });
  const appended = draftOf(invocation);
  appended.pin ??= pin;
  appended.journalLength += 1;
  appended.commandCount += 1;
  appended.modifiedAtMs = nowMs;
  state.putInvocation(appended);
  return appended;
}

function perform(
  context: ApplyContext,
  invocation: Invocation,
  entry: ProposedEntry,
  message: CommandMessage,
): void {
  switch (message.kind) {
    case 'setState':
      return setState(context, invocation, message);
    case 'clearState':
      return clearState(context, invocation, message);
    case 'clearAllState':
      return clearAllState(context, invocation);
    case 'getLazyState':
      return getLazyState(context, invocation, message);
    case 'getLazyStateKeys':
      return getLazyStateKeys(context, invocation, message);
    case 'getPromise':
      return getPromise(context, invocation, message);
    case 'peekPromise':
      return peekPromise(context, invocation, message);
    case 'completePromise':
      return completePromise(context, invocation, message);
    case 'sleep':
      return sleep(context, invocation, message);
    case 'call':
      return call(context, invocation, message, entry);
    case 'oneWayCall':
      return oneWayCall(context, invocation, message, entry);
    case 'sendSignal':
      return sendSignal(context, message, entry);
    case 'completeAwakeable':
      return completeAwakeable(context, message, entry);
    case 'attachInvocation':
      return attachInvocation(context, invocation, message, entry);
    case 'getInvocationOutput':
      return getInvocationOutput(context, invocation, message, entry);
    // Only journaled: the deployment has the answer, or will propose it.
    case 'input':
    case 'output':
    case 'run':
    case 'getEagerState':
    case 'getEagerStateKeys':
      return;
  }
}
