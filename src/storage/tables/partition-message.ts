// How messages to other partitions are stored in the outbox.
import { unreachable } from '../../actors/domain/assert.ts';
import { type InvocationSource, underTrace, type Waiter } from '../../actors/domain/invocation.ts';
import { durationMs, unixMillis } from '../../actors/domain/time.ts';
import type { TraceOrigin } from '../../actors/domain/trace.ts';
import type { OutboxMessage } from '../../actors/partition/state.ts';
import {
  type PackedNotificationId,
  type PackedResult,
  type PackedTarget,
  packNotificationId,
  packResult,
  packTarget,
  storedInvocationId,
  unpackNotificationId,
  unpackResult,
  unpackTarget,
} from '../value-codec.ts';

type PartitionMessage = OutboxMessage['message'];
type Submission = Extract<PartitionMessage, { kind: 'invoke' }>['submission'];
type SignalId = Extract<PartitionMessage, { kind: 'signal' }>['signal'];

/** A trace is appended if there is one. */
export type PackedSource =
  | readonly [tag: 0, requestId: string, trace?: PackedTrace]
  | readonly [tag: 1, id: string, target: PackedTarget, trace?: PackedTrace]
  | readonly [tag: 2, restartedId: string, trace?: PackedTrace];

type PackedTrace = readonly [
  relation: 0 | 1,
  traceId: string,
  spanId: string,
  traceState: string | null,
];

export type PackedWaiter = readonly [id: string, completionId: number, entry: 0 | 1];

type PackedSubmission = readonly [
  id: string,
  target: PackedTarget,
  source: PackedSource,
  input: Uint8Array,
  idempotencyKey: string | null,
  executeAtMs: number | null,
  completionRetentionMs: number,
  journalRetentionMs: number,
  /** Only if there is one. */
  limitKey?: string,
];

export type PackedMessage =
  | readonly [tag: 0, submission: PackedSubmission, waiter: PackedWaiter | null]
  | readonly [
      tag: 1,
      id: string,
      completionId: number,
      notificationType: number,
      result: PackedResult,
    ]
  | readonly [tag: 2, id: string, signal: PackedNotificationId, result: PackedResult]
  | readonly [tag: 3, id: string, waiter: PackedWaiter]
  | readonly [tag: 4, id: string, askerId: string, completionId: number]
  | readonly [tag: 5, id: string];

export function packMessage(message: PartitionMessage): PackedMessage {
  switch (message.kind) {
    case 'invoke': {
      const { submission, waiter } = message;
      return [0, packSubmission(submission), waiter === undefined ? null : packWaiter(waiter)];
    }
    case 'complete': {
      const { invocationId, completionId, notificationType, result } = message;
      return [1, invocationId, completionId, notificationType, packResult(result)];
    }
    case 'signal': {
      const { invocationId, signal, result } = message;
      return [2, invocationId, packNotificationId(signal), packResult(result)];
    }
    case 'attach':
      return [3, message.invocationId, packWaiter(message.waiter)];
    case 'getOutput':
      return [4, message.invocationId, message.askerId, message.completionId];
    case 'kill':
      return [5, message.invocationId];
    default:
      return unreachable(message);
  }
}

export function unpackMessage(packed: PackedMessage): PartitionMessage {
  switch (packed[0]) {
    case 0: {
      const waiter = packed[2] === null ? undefined : unpackWaiter(packed[2]);
      return { kind: 'invoke', submission: unpackSubmission(packed[1]), waiter };
    }
    case 1: {
      const [, id, completionId, notificationType, result] = packed;
      return {
        kind: 'complete',
        invocationId: storedInvocationId(id),
        completionId,
        notificationType,
        result: unpackResult(result),
      };
    }
    case 2: {
      const [, id, signal, result] = packed;
      return {
        kind: 'signal',
        invocationId: storedInvocationId(id),
        signal: unpackNotificationId(signal) as SignalId,
        result: unpackResult(result),
      };
    }
    case 3: {
      const invocationId = storedInvocationId(packed[1]);
      return { kind: 'attach', invocationId, waiter: unpackWaiter(packed[2]) };
    }
    case 4: {
      const [, id, askerId, completionId] = packed;
      return {
        kind: 'getOutput',
        invocationId: storedInvocationId(id),
        askerId: storedInvocationId(askerId),
        completionId,
      };
    }
    case 5:
      return { kind: 'kill', invocationId: storedInvocationId(packed[1]) };
    default:
      return unreachable(packed);
  }
}

export function packSource(source: InvocationSource): PackedSource {
  const trace = source.trace && packTrace(source.trace);
  switch (source.kind) {
    case 'ingress': {
      const { requestId } = source;
      return trace === undefined ? [0, requestId] : [0, requestId, trace];
    }
    case 'invocation': {
      const target = packTarget(source.target);
      return trace === undefined ? [1, source.id, target] : [1, source.id, target, trace];
    }
    case 'restart':
      return trace === undefined ? [2, source.id] : [2, source.id, trace];
    default:
      return unreachable(source);
  }
}

export function unpackSource(packed: PackedSource): InvocationSource {
  switch (packed[0]) {
    case 0:
      return underTrace({ kind: 'ingress', requestId: packed[1] }, unpackTrace(packed[2]));
    case 1: {
      const [, id, target, trace] = packed;
      return underTrace(
        { kind: 'invocation', id: storedInvocationId(id), target: unpackTarget(target) },
        unpackTrace(trace),
      );
    }
    case 2:
      return underTrace(
        { kind: 'restart', id: storedInvocationId(packed[1]) },
        unpackTrace(packed[2]),
      );
    default:
      return unreachable(packed);
  }
}

function packTrace({ relation, traceId, spanId, traceState }: TraceOrigin): PackedTrace {
  return [relation === 'parent' ? 0 : 1, traceId, spanId, traceState ?? null];
}

function unpackTrace(packed: PackedTrace | undefined): TraceOrigin | undefined {
  if (packed === undefined) return undefined;
  const [relation, traceId, spanId, traceState] = packed;
  return {
    relation: relation === 0 ? 'parent' : 'link',
    traceId,
    spanId,
    ...(traceState !== null && { traceState }),
  };
}

export function packWaiter(waiter: Waiter): PackedWaiter {
  return [waiter.invocationId, waiter.completionId, waiter.entry === 'call' ? 0 : 1];
}

export function unpackWaiter([id, completionId, entry]: PackedWaiter): Waiter {
  return {
    invocationId: storedInvocationId(id),
    completionId,
    entry: entry === 0 ? 'call' : 'attach',
  };
}

function packSubmission(submission: Submission): PackedSubmission {
  const { limitKey } = submission;
  const packed = [
    submission.invocationId,
    packTarget(submission.target),
    packSource(submission.source),
    submission.input,
    submission.idempotencyKey ?? null,
    submission.executeAtMs ?? null,
    submission.completionRetentionMs,
    submission.journalRetentionMs,
  ] as const;
  return limitKey === undefined ? packed : [...packed, limitKey];
}

function unpackSubmission(packed: PackedSubmission): Submission {
  const [id, target, source, input, idempotencyKey, executeAtMs] = packed;
  return {
    invocationId: storedInvocationId(id),
    target: unpackTarget(target),
    source: unpackSource(source),
    input,
    idempotencyKey: idempotencyKey ?? undefined,
    executeAtMs: executeAtMs === null ? undefined : unixMillis(executeAtMs),
    completionRetentionMs: durationMs(packed[6]),
    journalRetentionMs: durationMs(packed[7]),
    ...(packed[8] !== undefined && { limitKey: packed[8] }),
  };
}
