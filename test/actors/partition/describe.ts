// Effects, messages and stored rows in one line each, so that a test reads as a table of sentences.
// `a#1` is the first epoch of invocation a, `¬sleep 1` a notification, `+500` a time after T0.
import type { AwaitedFuture } from '../../../src/actors/domain/awaited-future.ts';
import {
  type InvocationId,
  formatInvocationId,
  invocationIdBytes,
} from '../../../src/actors/domain/ids.ts';
import type { Invocation } from '../../../src/actors/domain/invocation.ts';
import type {
  JournalEntry,
  NotificationEntry,
  NotificationId,
} from '../../../src/actors/domain/journal.ts';
import type { NotificationResult } from '../../../src/actors/domain/outcome.ts';
import { MessageType, NotificationType } from '../../../src/actors/attempt/service-message.ts';
import type { AttemptIdentity, PartitionMessage } from '../../../src/actors/partition/command.ts';
import type { PartitionEffect, RequestReply } from '../../../src/actors/partition/effect.ts';

/** When every machine starts. Unit: milliseconds since the Unix epoch. */
export const T0 = 1_700_000_000_000;

const ELSEWHERE_KEY = 1n << 63n;

/** The id that carries `name` (16 characters at most); names with `remote` live in the other partition. */
export function idOf(name: string): InvocationId {
  const uuid = BigInt(`0x${Buffer.from(name).toString('hex')}`);
  return formatInvocationId(name.startsWith('remote') ? ELSEWHERE_KEY : 0n, uuid);
}

export function nameOf(id: InvocationId): string {
  return Buffer.from(invocationIdBytes(id).subarray(8)).toString().replaceAll('\0', '');
}

export function describeEffect(effect: PartitionEffect): string {
  switch (effect.kind) {
    case 'reply':
      return `${effect.requestId}: ${describeReply(effect.reply)}`;
    case 'replyWhenCompleted':
      return `${effect.requestId}: waits for ${nameOf(effect.invocationId)}`;
    case 'outcomeReached':
      return `${nameOf(effect.invocationId)} ended ${describeResult(effect.outcome)}`;
    case 'startAttempt':
      return `start ${describeAttempt(effect.input)} with ${effect.input.journal.length}`;
    case 'attemptDue':
      return `due ${describeAttempt(effect)}`;
    case 'retryAttempt':
      return `retry ${describeAttempt(effect)} in ${effect.delayMs}`;
    case 'notifyAttempt':
      return `push ${describeAttempt(effect)} ${describeNotification(effect.entry)}`;
    case 'ackCommand':
      return `ack ${describeAttempt(effect)} command ${effect.commandIndex}`;
    case 'hastenAttempt':
      return `hasten ${describeAttempt(effect)}`;
    case 'pauseAttempt':
      return `pause ${describeAttempt(effect)}`;
    case 'releaseAttempt':
      return `release ${describeAttempt(effect)}`;
    case 'send':
      return `send ${effect.to}:${effect.sequence} ${describeMessage(effect.message)}`;
    case 'ackDelivery':
      return `ack delivery ${effect.to}:${effect.sequence}`;
    case 'trace':
      return `trace ${effect.event.kind} ${nameOf(effect.event.invocationId)}`;
    case 'armTimer':
      return `arm ${describeTime(effect.dueMs)}`;
    case 'cleanMore':
      return 'clean more';
    case 'serveMoreSlots':
      return 'serve more slots';
  }
}

function describeReply(reply: RequestReply): string {
  switch (reply.kind) {
    case 'accepted': {
      const when = reply.executeAtMs === undefined ? '' : ` at ${describeTime(reply.executeAtMs)}`;
      return `accepted ${reply.isNew ? 'new' : 'known'}${when}`;
    }
    case 'completed': {
      const expiry = reply.expiresAtMs;
      const end = expiry === undefined ? '' : ` until ${describeTime(expiry)}`;
      return `${describeResult(reply.outcome)}${end}`;
    }
    case 'notFound':
    case 'notCompleted':
    case 'workflowAlreadyInvoked':
    case 'signalAccepted':
    case 'stateEditAccepted':
      return reply.kind;
    case 'operated': {
      const { outcome } = reply;
      return outcome.kind === 'restarted'
        ? `restarted as ${nameOf(outcome.newInvocationId)}`
        : outcome.kind;
    }
  }
}

export function describeMessage(message: PartitionMessage): string {
  switch (message.kind) {
    case 'invoke': {
      const { submission, waiter } = message;
      const { executeAtMs } = submission;
      const when = executeAtMs === undefined ? '' : ` at ${describeTime(executeAtMs)}`;
      const tell =
        waiter === undefined ? '' : ` for ${nameOf(waiter.invocationId)}/${waiter.completionId}`;
      return `invoke ${nameOf(submission.invocationId)}${when}${tell}`;
    }
    case 'complete': {
      const type = notificationName(message.notificationType);
      const result = describeResult(message.result);
      return `complete ${nameOf(message.invocationId)} ¬${type} ${message.completionId} ${result}`;
    }
    case 'signal': {
      const { invocationId, signal, result } = message;
      return `signal ${nameOf(invocationId)} ${describeId(signal)} ${describeResult(result)}`;
    }
    case 'attach': {
      const { invocationId, waiter } = message;
      return `attach ${nameOf(invocationId)} for ${nameOf(waiter.invocationId)}/${waiter.completionId}`;
    }
    case 'kill':
      return `kill ${nameOf(message.invocationId)}`;
    case 'getOutput':
      return `output of ${nameOf(message.invocationId)} for ${nameOf(message.askerId)}/${message.completionId}`;
  }
}

export function describeEntry(entry: JournalEntry): string {
  if (entry.kind === 'notification') return describeNotification(entry);
  const name = Object.entries(MessageType).find(([, type]) => type === entry.type)?.[0];
  return name ?? `command ${entry.type}`;
}

function describeNotification({ type, id, result }: NotificationEntry): string {
  return `¬${notificationName(type)} ${describeId(id)} ${describeResult(result)}`;
}

function notificationName(type: number): string {
  const known = Object.entries(NotificationType).find(([, value]) => value === type);
  return known?.[0] ?? `type ${type}`;
}

function describeId(id: NotificationId): string {
  switch (id.kind) {
    case 'completion':
      return String(id.completionId);
    case 'signal':
      return String(id.index);
    case 'namedSignal':
      return id.name;
  }
}

function describeResult(result: NotificationResult): string {
  switch (result.kind) {
    case 'void':
      return 'void';
    case 'success':
      return `'${Buffer.from(result.value).toString()}'`;
    case 'failure':
      return `${result.failure.code} ${result.failure.message}`;
    case 'invocationId':
      return nameOf(result.invocationId as InvocationId);
    case 'stateKeys':
      return `[${result.keys.map((key) => Buffer.from(key).toString()).join(' ')}]`;
  }
}

export function describeStatus({ status, epoch }: Invocation): string {
  switch (status.kind) {
    case 'scheduled':
      return `scheduled ${describeTime(status.fireAtMs)}`;
    case 'completed':
      return `completed ${describeResult(status.outcome)}`;
    case 'inboxed':
      return status.isForSlot === true ? 'inboxed for a slot' : 'inboxed';
    case 'invoked': {
      const slot = status.slot === undefined ? '' : `, slot ${status.slot.kind}`;
      const pause = status.pauseRequested === true ? ', to be paused' : '';
      return `invoked #${epoch}${slot}${pause}`;
    }
    case 'suspended':
      return `suspended on ${describeAwaited(status.awaiting)}`;
    case 'paused':
      return 'paused';
  }
}

/** `all(17 first(1 18))`; what any answer resolves is only listed. */
function describeAwaited(awaiting: AwaitedFuture): string {
  const parts: string[] = [];
  for (const [at, step] of awaiting.entries()) {
    if (step.kind !== 'combine') {
      parts.push(describeId(step));
      continue;
    }
    const children = parts.splice(parts.length - step.count).join(' ');
    const isWhole = at === awaiting.length - 1 && step.combinator === 'unknown';
    parts.push(isWhole ? children : `${COMBINATOR_NAMES[step.combinator]}(${children})`);
  }
  return parts.join(' ');
}

const COMBINATOR_NAMES = {
  unknown: 'unknown',
  firstCompleted: 'first',
  allCompleted: 'settled',
  firstSucceededOrAllFailed: 'any',
  allSucceededOrFirstFailed: 'all',
} as const;

function describeAttempt({ invocationId, epoch }: AttemptIdentity): string {
  return `${nameOf(invocationId)}#${epoch}`;
}

function describeTime(ms: number): string {
  return `+${ms - T0}`;
}
