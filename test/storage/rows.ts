// Builders of rows for the storage tests.
import {
  formatInvocationId,
  type DeploymentId,
  type InvocationId,
  type PartitionNumber,
} from '../../src/actors/domain/ids.ts';
import type { Invocation, InvocationStatus } from '../../src/actors/domain/invocation.ts';
import type { JournalEvent } from '../../src/actors/domain/journal-event.ts';
import type { CommandEntry, JournalEntry } from '../../src/actors/domain/journal.ts';
import { durationMs, unixMillis } from '../../src/actors/domain/time.ts';
import type { OutboxMessage, ServiceKey, Timer } from '../../src/actors/partition/state.ts';

export const T0 = unixMillis(1_700_000_000_000);
export const PARTITION = 3 as PartitionNumber;
export const OTHER_PARTITION = 4 as PartitionNumber;

/** The id of test invocation `n`; ids of larger `n` look newer, as those of ULIDs do. */
export function idOf(n: number): InvocationId {
  return formatInvocationId(
    (BigInt(n) * 0x9e37_79b9_7f4a_7c15n) & 0xffff_ffff_ffff_ffffn,
    BigInt(n) << 80n,
  );
}

export function owner(key: string, service = 'Counter'): ServiceKey {
  return { service, key };
}

export function scopedOwner(key: string, scope = 's'): ServiceKey {
  return { ...owner(key), scope };
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString();
}

export function invocation(n: number, changes: Partial<Invocation> = {}): Invocation {
  return {
    id: idOf(n),
    number: n,
    target: { kind: 'service', service: 'Greeter', handler: 'greet' },
    source: { kind: 'ingress', requestId: `request-${n}` },
    createdAtMs: T0,
    modifiedAtMs: T0,
    completionRetentionMs: durationMs(0),
    journalRetentionMs: durationMs(86_400_000),
    status: { kind: 'invoked' },
    epoch: 1,
    journalLength: 1,
    commandCount: 1,
    waiters: [],
    ...changes,
  };
}

export function completed(outcome = 'done'): InvocationStatus {
  return {
    kind: 'completed',
    outcome: { kind: 'success', value: bytes(outcome) },
    completedAtMs: T0,
  };
}

export function commandEntry(payload: string, type = 0x0400): CommandEntry {
  return { kind: 'command', type, appendedAtMs: T0, payload: bytes(payload) };
}

export function timer(dueMs: number, n: number, completionId = 0): Timer {
  return { dueMs: unixMillis(dueMs), invocationNumber: n, completionId, invocationId: idOf(n) };
}

export function attachMessage(n: number): OutboxMessage['message'] {
  const waiter = { invocationId: idOf(n + 1), completionId: n, entry: 'attach' } as const;
  return { kind: 'attach', invocationId: idOf(n), waiter };
}

const FAILURE = {
  code: 500,
  message: 'broken',
  metadata: [['cause', 'test']],
  stacktrace: 'at test',
} as const;

/** One invocation per case of every union in it. */
export const INVOCATIONS: readonly Invocation[] = [
  invocation(1),
  invocation(2, {
    target: { kind: 'virtualObject', service: 'C', key: 'ä', handler: 'add', mode: 'exclusive' },
    source: {
      kind: 'invocation',
      id: idOf(77),
      target: { kind: 'workflow', service: 'W', key: '', handler: 'run', mode: 'run' },
    },
    idempotencyKey: 'once',
    status: { kind: 'inboxed', inboxSequence: 2 ** 40 },
    pin: { deploymentId: 'dp_1test' as DeploymentId, protocolVersion: 6 },
    waiters: [
      { invocationId: idOf(78), completionId: 1, entry: 'call' },
      { invocationId: idOf(79), completionId: 2, entry: 'attach' },
    ],
  }),
  invocation(3, {
    target: { kind: 'virtualObject', service: 'C', key: '', handler: 'get', mode: 'shared' },
    status: { kind: 'scheduled', fireAtMs: T0 },
    scheduled: { atMs: T0, startAtMs: unixMillis(T0 + 1) },
  }),
  invocation(4, {
    target: { kind: 'workflow', service: 'W', key: 'k', handler: 'signal', mode: 'shared' },
    status: {
      kind: 'suspended',
      awaiting: [
        { kind: 'completion', completionId: 7 },
        { kind: 'signal', index: 17 },
        { kind: 'combine', combinator: 'allSucceededOrFirstFailed', count: 2 },
        { kind: 'namedSignal', name: 'go' },
        { kind: 'combine', combinator: 'unknown', count: 2 },
      ],
    },
  }),
  invocation(5, {
    status: { kind: 'paused' },
    inboxedAtMs: unixMillis(T0 + 2),
    runningAtMs: unixMillis(T0 + 3),
    eventsCount: 4,
  }),
  invocation(6, { status: { kind: 'paused', failure: FAILURE } }),
];

export const COMPLETED_INVOCATIONS: readonly Invocation[] = [
  invocation(7, { status: completed() }),
  invocation(8, {
    status: {
      kind: 'completed',
      outcome: { kind: 'failure', failure: FAILURE },
      completedAtMs: T0,
    },
  }),
];

const PARENT = { relation: 'parent', traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) } as const;

/** A traced one per kind of source. */
export const TRACED_INVOCATIONS: readonly Invocation[] = [
  invocation(21, {
    source: { kind: 'ingress', requestId: 'r', trace: { ...PARENT, traceState: 'a=1,b=2' } },
  }),
  invocation(22, {
    source: {
      kind: 'invocation',
      id: idOf(77),
      target: { kind: 'service', service: 'Greeter', handler: 'greet' },
      trace: { ...PARENT, relation: 'link' },
    },
  }),
  invocation(23, { source: { kind: 'restart', id: idOf(78), trace: PARENT } }),
];

/** One in a scope per kind of target, and per place that it can have in a line. */
export const SCOPED_INVOCATIONS: readonly Invocation[] = [
  invocation(11, {
    target: { kind: 'service', service: 'Greeter', handler: 'greet', scope: 's' },
    limitKey: 'a/b',
  }),
  invocation(12, {
    target: {
      kind: 'virtualObject',
      service: 'C',
      key: 'k',
      handler: 'add',
      mode: 'exclusive',
      scope: 's',
    },
    status: { kind: 'inboxed', inboxSequence: 2 ** 40, isForSlot: true },
  }),
  invocation(13, {
    target: { kind: 'workflow', service: 'W', key: '', handler: 'run', mode: 'run', scope: 's' },
    status: { kind: 'invoked', slot: { kind: 'queued', sequence: 7 } },
  }),
  invocation(14, {
    target: { kind: 'service', service: 'Greeter', handler: 'greet', scope: 's' },
    status: { kind: 'invoked', slot: { kind: 'givenBack' } },
  }),
];

/** One entry per case of every union in it. */
export const JOURNAL: readonly JournalEntry[] = [
  commandEntry('input'),
  { ...commandEntry('call', 0x040d), child: idOf(80) },
  notification({ kind: 'void' }),
  notification({ kind: 'success', value: bytes('value') }),
  notification({ kind: 'failure', failure: FAILURE }),
  notification({ kind: 'failure', failure: { code: 409, message: '' } }),
  notification({ kind: 'invocationId', invocationId: idOf(80) }),
  notification({ kind: 'stateKeys', keys: [bytes('a'), bytes('b')] }),
  {
    kind: 'notification',
    type: 0xfbff,
    appendedAtMs: T0,
    id: { kind: 'namedSignal', name: 'go' },
    result: { kind: 'void' },
  },
];

/** One event per case of every union in it. */
export const EVENTS: readonly JournalEvent[] = [
  {
    kind: 'transientError',
    appendedAtMs: T0,
    afterEntryIndex: 3,
    error: {
      code: 500,
      message: 'broken',
      stacktrace: 'at test',
      documentationCode: 'RT0007',
      relatedCommand: { index: 1, name: 'step', type: 0x0411 },
    },
  },
  {
    kind: 'transientError',
    appendedAtMs: T0,
    afterEntryIndex: 3,
    error: { code: 571, message: 'unknown', relatedCommand: { index: 0 } },
  },
  {
    kind: 'paused',
    appendedAtMs: T0,
    afterEntryIndex: 0,
    lastError: { code: 409, message: '' },
  },
  { kind: 'paused', appendedAtMs: T0, afterEntryIndex: 0 },
  {
    kind: 'suspended',
    appendedAtMs: T0,
    afterEntryIndex: 1,
    awaiting: [
      { kind: 'signal', index: 1 },
      { kind: 'combine', combinator: 'firstCompleted', count: 1 },
    ],
  },
];

/** One message per case of every union in it. */
export const MESSAGES: ReadonlyArray<OutboxMessage['message']> = [
  {
    kind: 'invoke',
    submission: {
      invocationId: idOf(1),
      target: { kind: 'service', service: 'Greeter', handler: 'greet' },
      source: { kind: 'ingress', requestId: 'request-1' },
      input: bytes('payload'),
      completionRetentionMs: durationMs(0),
      journalRetentionMs: durationMs(1),
    },
  },
  {
    kind: 'invoke',
    submission: {
      invocationId: idOf(1),
      target: { kind: 'service', service: 'Greeter', handler: 'greet' },
      source: { kind: 'ingress', requestId: 'request-1' },
      input: bytes(''),
      idempotencyKey: 'once',
      executeAtMs: T0,
      completionRetentionMs: durationMs(0),
      journalRetentionMs: durationMs(1),
    },
    waiter: { invocationId: idOf(2), completionId: 3, entry: 'call' },
  },
  {
    kind: 'complete',
    invocationId: idOf(1),
    completionId: 2,
    notificationType: 0x800d,
    result: { kind: 'success', value: bytes('done') },
  },
  {
    kind: 'signal',
    invocationId: idOf(1),
    signal: { kind: 'signal', index: 1 },
    result: { kind: 'void' },
  },
  attachMessage(9),
  { kind: 'getOutput', invocationId: idOf(1), askerId: idOf(2), completionId: 4 },
];

/** A submission in a scope. */
export const SCOPED_MESSAGE: OutboxMessage['message'] = {
  kind: 'invoke',
  submission: {
    invocationId: idOf(1),
    target: { kind: 'service', service: 'Greeter', handler: 'greet', scope: 's' },
    source: { kind: 'ingress', requestId: 'request-1' },
    input: bytes(''),
    limitKey: 'a/b',
    completionRetentionMs: durationMs(0),
    journalRetentionMs: durationMs(1),
  },
};

function notification(
  result: Extract<JournalEntry, { kind: 'notification' }>['result'],
): JournalEntry {
  return {
    kind: 'notification',
    type: 0x8011,
    appendedAtMs: T0,
    id: { kind: 'completion', completionId: 1 },
    result,
  };
}

/**
 * `value` in a form that compares: absent members removed, bytes as text, iterables as arrays. Rows
 * read back from disk carry absent members as `undefined` and bytes as buffers.
 */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('latin1')}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if (Symbol.iterator in value) return [...(value as Iterable<unknown>)].map(plain);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]));
}
