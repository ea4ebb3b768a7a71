// A plain call as the partition machine leaves it in the store: accepted, then completed.
import { formatInvocationId, type InvocationId } from '../../src/actors/domain/ids.ts';
import type { Invocation } from '../../src/actors/domain/invocation.ts';
import { durationMs, unixMillis, type UnixMillis } from '../../src/actors/domain/time.ts';
import { MessageType } from '../../src/actors/attempt/service-message.ts';
import type { PartitionStore } from '../../src/actors/ports.ts';

const INPUT = Buffer.alloc(120, 1);
const OUTPUT = Buffer.alloc(60, 2);
const RETENTION_MS = durationMs(86_400_000);
/** Ids made within one millisecond. */
const IDS_PER_MS = 20;
/** Multiplying by it spreads numbers over 64 bits. */
const SPREAD = 0x9e37_79b9_7f4a_7c15n;
const MASK_64 = 2n ** 64n - 1n;

/** The id of call `n`, as ULIDs make them: the time first, then random bits, under a random partition key. */
export function sampleId(n: number, beganAtMs: number): InvocationId {
  const random = (BigInt(n) * SPREAD) & MASK_64;
  const timeMs = BigInt(Math.floor(beganAtMs + n / IDS_PER_MS));
  return formatInvocationId(random, (timeMs << 80n) | random);
}

export function acceptSample(
  store: PartitionStore,
  id: InvocationId,
  nowMs: UnixMillis,
): Invocation {
  if (store.getInvocation(id) !== undefined) throw new Error(`${id} is new`);
  const number = store.nextInvocationNumber();
  const invocation: Invocation = {
    id,
    number,
    target: { kind: 'service', service: 'Bench', handler: 'empty' },
    source: { kind: 'ingress', requestId: `request-${number}` },
    createdAtMs: nowMs,
    modifiedAtMs: nowMs,
    completionRetentionMs: RETENTION_MS,
    journalRetentionMs: RETENTION_MS,
    status: { kind: 'invoked' },
    epoch: 1,
    journalLength: 1,
    commandCount: 1,
    waiters: [],
  };
  store.putInvocation(invocation);
  const entry = { kind: 'command', type: MessageType.input, appendedAtMs: nowMs } as const;
  store.appendJournal(number, 0, { ...entry, payload: INPUT });
  return invocation;
}

export function completeSample(
  store: PartitionStore,
  invocation: Invocation,
  nowMs: UnixMillis,
): void {
  const entry = { kind: 'command', type: MessageType.output, appendedAtMs: nowMs } as const;
  store.appendJournal(invocation.number, 1, { ...entry, payload: OUTPUT });
  const outcome = { kind: 'success', value: OUTPUT } as const;
  const completed: Invocation = {
    ...invocation,
    status: { kind: 'completed', outcome, completedAtMs: nowMs },
    journalLength: 2,
    commandCount: 2,
  };
  store.putInvocation(completed);
  store.putExpiry(completed, unixMillis(nowMs + RETENTION_MS));
}
