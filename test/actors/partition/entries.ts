// Command entries as an attempt proposes them.
import { durationMs } from '../../../src/actors/domain/time.ts';
import type { InvocationTarget } from '../../../src/actors/domain/invocation.ts';
import { targetKey } from '../../../src/actors/domain/invocation.ts';
import type { Outcome } from '../../../src/actors/domain/outcome.ts';
import { T0, idOf } from './describe.ts';
import { GREET, RETENTION_MS, bytes } from './machine.ts';
import type { EntryParts } from './machine.ts';

const name = '';

export function sleep(delayMs: number, completionId: number): EntryParts {
  return { message: { kind: 'sleep', wakeUpTimeMs: T0 + delayMs, completionId, name } };
}

export function run(completionId: number): EntryParts {
  return { message: { kind: 'run', completionId, name } };
}

export function setState(key: string, value: string): EntryParts {
  return { message: { kind: 'setState', key: bytes(key), value: bytes(value), name } };
}

export function clearState(key: string): EntryParts {
  return { message: { kind: 'clearState', key: bytes(key), name } };
}

export const CLEAR_ALL_STATE: EntryParts = { message: { kind: 'clearAllState', name } };

export function getLazyState(key: string, completionId: number): EntryParts {
  return { message: { kind: 'getLazyState', key: bytes(key), completionId, name } };
}

export function getLazyStateKeys(completionId: number): EntryParts {
  return { message: { kind: 'getLazyStateKeys', completionId, name } };
}

export function getPromise(key: string, completionId: number): EntryParts {
  return { message: { kind: 'getPromise', key, completionId, name } };
}

export function peekPromise(key: string, completionId: number): EntryParts {
  return { message: { kind: 'peekPromise', key, completionId, name } };
}

export function completePromise(key: string, outcome: Outcome, completionId: number): EntryParts {
  return { message: { kind: 'completePromise', key, outcome, completionId, name } };
}

export interface CalleeOptions {
  readonly target?: InvocationTarget | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly retentionMs?: number | undefined;
}

function parameters(target: InvocationTarget, idempotencyKey: string | undefined) {
  const { service, handler } = target;
  const key = targetKey(target) ?? '';
  return { service, handler, key, idempotencyKey, parameter: bytes('in'), headers: [], name };
}

function calleeOf(callee: string, { target = GREET, retentionMs = RETENTION_MS }: CalleeOptions) {
  return {
    invocationId: idOf(callee),
    target,
    input: bytes('in'),
    completionRetentionMs: durationMs(retentionMs),
    journalRetentionMs: durationMs(retentionMs),
  };
}

/** A call with its outcome at `completionId` and the callee's id at the one before. */
export function call(
  callee: string,
  completionId: number,
  options: CalleeOptions = {},
): EntryParts {
  const { target = GREET, idempotencyKey } = options;
  return {
    message: {
      kind: 'call',
      ...parameters(target, idempotencyKey),
      invocationIdNotificationIdx: completionId - 1,
      completionId,
    },
    callee: calleeOf(callee, options),
  };
}

/** A call without outcome; absent `delayMs` means now. */
export function oneWayCall(
  callee: string,
  invocationIdNotificationIdx: number,
  delayMs?: number,
  options: CalleeOptions = {},
): EntryParts {
  const { target = GREET, idempotencyKey } = options;
  return {
    message: {
      kind: 'oneWayCall',
      ...parameters(target, idempotencyKey),
      invocationIdNotificationIdx,
      invokeTimeMs: delayMs === undefined ? 0 : T0 + delayMs,
    },
    callee: calleeOf(callee, options),
  };
}

export function attach(target: string, completionId: number): EntryParts {
  const message = { kind: 'attachInvocation', completionId, name } as const;
  const targetId = idOf(target);
  return {
    message: { ...message, target: { kind: 'invocationId', invocationId: targetId } },
    targetId,
  };
}

export function getOutput(target: string, completionId: number): EntryParts {
  const message = { kind: 'getInvocationOutput', completionId, name } as const;
  const targetId = idOf(target);
  return {
    message: { ...message, target: { kind: 'invocationId', invocationId: targetId } },
    targetId,
  };
}

export function sendSignal(target: string, index: number): EntryParts {
  return {
    message: {
      kind: 'sendSignal',
      targetInvocationId: idOf(target),
      signal: { kind: 'signal', index },
      result: { kind: 'void' },
      name,
    },
    targetId: idOf(target),
  };
}

export function completeAwakeable(target: string, index: number, outcome: Outcome): EntryParts {
  return {
    message: { kind: 'completeAwakeable', awakeableId: 'sign_1', outcome, name },
    targetId: idOf(target),
    awakeableSignalIndex: index,
  };
}
