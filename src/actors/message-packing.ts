// The form in which messages travel between threads, packed by msgpackr. The two that every invocation
// costs go as arrays of their fields: objects would carry the names of their members with every post,
// and the other side would compile a reader for them anew.
import type { InvocationId, PartitionNumber } from './domain/ids.ts';
import type { InvocationTarget } from './domain/invocation.ts';
import type { DurationMs, UnixMillis } from './domain/time.ts';
import type { ToMainThread, ToPartitionThread } from './messages.ts';

export type ThreadMessage = ToPartitionThread | ToMainThread;

type Submit = (ToPartitionThread & { readonly kind: 'command' })['command'] & {
  readonly kind: 'submit';
};
type Completed = (ToMainThread & { readonly kind: 'reply' })['reply'] & {
  readonly kind: 'completed';
};

const SUBMIT = 1;
const SUCCESS = 2;

type PackedTarget = readonly [
  kind: InvocationTarget['kind'],
  service: string,
  handler: string,
  scope: string | null,
  key: string | null,
  mode: string | null,
];

/** A submission from the ingress. */
type PackedSubmit = readonly [
  tag: typeof SUBMIT,
  partition: PartitionNumber,
  nowMs: UnixMillis,
  requestId: string,
  awaitOutcome: boolean,
  invocationId: InvocationId,
  hasNewId: boolean,
  target: PackedTarget,
  input: Uint8Array,
  idempotencyKey: string | null,
  limitKey: string | null,
  executeAtMs: UnixMillis | null,
  completionRetentionMs: DurationMs,
  journalRetentionMs: DurationMs,
];

/** The value of an invocation, to a request that waited for it. */
type PackedSuccess = readonly [
  tag: typeof SUCCESS,
  requestId: string,
  target: PackedTarget,
  value: Uint8Array,
];

/** What msgpackr packs in place of the message. */
export function packMessage(message: ThreadMessage): unknown {
  if (message.kind === 'command' && message.command.kind === 'submit') {
    return packSubmit(message.partition, message.command) ?? message;
  }
  if (message.kind === 'reply' && message.reply.kind === 'completed') {
    return packSuccess(message.requestId, message.reply) ?? message;
  }
  return message;
}

export function unpackMessage(packed: unknown): ThreadMessage {
  if (!Array.isArray(packed)) return packed as ThreadMessage;
  return packed[0] === SUBMIT
    ? unpackSubmit(packed as unknown as PackedSubmit)
    : unpackSuccess(packed as unknown as PackedSuccess);
}

function packSubmit(partition: PartitionNumber, command: Submit): PackedSubmit | undefined {
  const { nowMs, requestId, awaitOutcome, submission } = command;
  const { source } = submission;
  const isPlain = source.kind === 'ingress' && source.trace === undefined;
  if (!isPlain || source.requestId !== requestId) return undefined;
  return [
    SUBMIT,
    partition,
    nowMs,
    requestId,
    awaitOutcome,
    submission.invocationId,
    submission.hasNewId === true,
    packTarget(submission.target),
    submission.input,
    submission.idempotencyKey ?? null,
    submission.limitKey ?? null,
    submission.executeAtMs ?? null,
    submission.completionRetentionMs,
    submission.journalRetentionMs,
  ];
}

function unpackSubmit(packed: PackedSubmit): ThreadMessage {
  const requestId = packed[3];
  return {
    kind: 'command',
    partition: packed[1],
    command: {
      kind: 'submit',
      nowMs: packed[2],
      requestId,
      submission: {
        invocationId: packed[5],
        hasNewId: packed[6],
        target: unpackTarget(packed[7]),
        source: { kind: 'ingress', requestId },
        input: packed[8],
        idempotencyKey: packed[9] ?? undefined,
        limitKey: packed[10] ?? undefined,
        executeAtMs: packed[11] ?? undefined,
        completionRetentionMs: packed[12],
        journalRetentionMs: packed[13],
      },
      awaitOutcome: packed[4],
    },
  };
}

function packSuccess(requestId: string, reply: Completed): PackedSuccess | undefined {
  const { target, outcome, expiresAtMs } = reply;
  if (outcome.kind !== 'success' || expiresAtMs !== undefined) return undefined;
  return [SUCCESS, requestId, packTarget(target), outcome.value];
}

function unpackSuccess([, requestId, target, value]: PackedSuccess): ThreadMessage {
  const outcome = { kind: 'success', value } as const;
  return {
    kind: 'reply',
    requestId,
    reply: { kind: 'completed', target: unpackTarget(target), outcome },
  };
}

function packTarget(target: InvocationTarget): PackedTarget {
  const { kind, service, handler, scope = null } = target;
  return kind === 'service'
    ? [kind, service, handler, scope, null, null]
    : [kind, service, handler, scope, target.key, target.mode];
}

function unpackTarget([kind, service, handler, scope, key, mode]: PackedTarget): InvocationTarget {
  const target =
    kind === 'service' ? { kind, service, handler } : { kind, service, key, handler, mode };
  return (scope === null ? target : { ...target, scope }) as InvocationTarget;
}
