// How an invocation is stored. Its number is in the key and not in the row.
import { must, unreachable } from '../../actors/domain/assert.ts';
import { awaitAny } from '../../actors/domain/awaited-future.ts';
import type { DeploymentId } from '../../actors/domain/ids.ts';
import type {
  Invocation,
  InvocationStatus,
  MissingSlot,
  Pin,
} from '../../actors/domain/invocation.ts';
import { durationMs, unixMillis } from '../../actors/domain/time.ts';
import {
  type PackedFailure,
  type PackedNotificationId,
  type PackedOutcome,
  type PackedTarget,
  packFailure,
  packOutcome,
  packRow,
  packTarget,
  storedInvocationId,
  unpackFailure,
  unpackNotificationId,
  unpackOutcome,
  unpackRow,
  unpackTarget,
} from '../value-codec.ts';
import { firstNumberIn } from '../packed-row.ts';
import { type PackedFuture, packFuture, unpackFuture } from './awaited-future.ts';
import {
  type PackedSource,
  type PackedWaiter,
  packSource,
  packWaiter,
  unpackSource,
  unpackWaiter,
} from './partition-message.ts';

export const INVOCATION_VERSION = 1;

type PackedStatus =
  | readonly [tag: 0, fireAtMs: number]
  | readonly [tag: 1, inboxSequence: number]
  | readonly [tag: 2]
  /** Suspended until any of these arrives. Written by earlier versions. */
  | readonly [tag: 3, awaiting: readonly PackedNotificationId[]]
  | readonly [tag: 4, failure: PackedFailure | null]
  | readonly [tag: 5, outcome: PackedOutcome, completedAtMs: number]
  /** Invoked, with a pause requested. */
  | readonly [tag: 6]
  /** Inboxed for a slot. */
  | readonly [tag: 7, inboxSequence: number]
  /** Invoked, without a slot; `null` when it is not in line for one either. */
  | readonly [tag: 8, sequence: number | null]
  /** Suspended. */
  | readonly [tag: 9, awaiting: PackedFuture];

type PackedPin = readonly [deploymentId: string, protocolVersion: number];

export type PackedInvocation = readonly [
  version: typeof INVOCATION_VERSION,
  id: string,
  target: PackedTarget,
  source: PackedSource,
  idempotencyKey: string | null,
  createdAtMs: number,
  modifiedAtMs: number,
  completionRetentionMs: number,
  journalRetentionMs: number,
  status: PackedStatus,
  epoch: number,
  journalLength: number,
  commandCount: number,
  pin: PackedPin | null,
  waiters: readonly PackedWaiter[],
  /** `null` if there is none; absent in rows of older versions, like what follows. */
  limitKey?: string | null,
  /** Usually 0. */
  runningAfterMs?: number | null,
  waits?: PackedWaits | null,
  eventsCount?: number | null,
];

type PackedWaits = readonly [
  scheduledAtMs: number | null,
  scheduledStartAtMs: number | null,
  inboxedAtMs: number | null,
];

export function encodeInvocation(invocation: Invocation): Uint8Array {
  const { pin, limitKey } = invocation;
  const row: PackedInvocation = [
    INVOCATION_VERSION,
    invocation.id,
    packTarget(invocation.target),
    packSource(invocation.source),
    invocation.idempotencyKey ?? null,
    invocation.createdAtMs,
    invocation.modifiedAtMs,
    invocation.completionRetentionMs,
    invocation.journalRetentionMs,
    packStatus(invocation.status),
    invocation.epoch,
    invocation.journalLength,
    invocation.commandCount,
    pin === undefined ? null : [pin.deploymentId, pin.protocolVersion],
    invocation.waiters.map(packWaiter),
    limitKey ?? null,
    invocation.runningAtMs === undefined ? null : invocation.runningAtMs - invocation.createdAtMs,
    packWaits(invocation),
    invocation.eventsCount ?? null,
  ];
  return packRow(row);
}

export function decodeInvocation(number: number, bytes: Uint8Array): Invocation {
  const row = unpackRow<PackedInvocation>(bytes, INVOCATION_VERSION);
  const waits = row[17];
  return {
    id: storedInvocationId(row[1]),
    number,
    target: unpackTarget(row[2]),
    source: unpackSource(row[3]),
    idempotencyKey: row[4] ?? undefined,
    limitKey: row[15] ?? undefined,
    createdAtMs: unixMillis(row[5]),
    modifiedAtMs: unixMillis(row[6]),
    scheduled: unpackScheduled(waits),
    inboxedAtMs: typeof waits?.[2] === 'number' ? unixMillis(waits[2]) : undefined,
    runningAtMs: typeof row[16] === 'number' ? unixMillis(row[5] + row[16]) : undefined,
    completionRetentionMs: durationMs(row[7]),
    journalRetentionMs: durationMs(row[8]),
    status: unpackStatus(row[9]),
    epoch: row[10],
    journalLength: row[11],
    commandCount: row[12],
    eventsCount: row[18] ?? undefined,
    pin: row[13] === null ? undefined : unpackPin(row[13]),
    waiters: row[14].map(unpackWaiter),
  };
}

function packWaits({ scheduled, inboxedAtMs }: Invocation): PackedWaits | null {
  if (scheduled === undefined && inboxedAtMs === undefined) return null;
  return [scheduled?.atMs ?? null, scheduled?.startAtMs ?? null, inboxedAtMs ?? null];
}

function unpackScheduled(waits: PackedWaits | null | undefined): Invocation['scheduled'] {
  const [atMs, startAtMs] = waits ?? [];
  return typeof atMs === 'number' && typeof startAtMs === 'number'
    ? { atMs: unixMillis(atMs), startAtMs: unixMillis(startAtMs) }
    : undefined;
}

/** What recovery wants to know of every invocation. */
export interface StatusPeek {
  readonly kind: InvocationStatus['kind'];
  /** Something else finds it when it is time: a timer, a message, the end of another invocation. */
  readonly isAtRest: boolean;
}

const STATUS_ELEMENT = 9;

/** By the tag of the packed status. */
const PEEKS: readonly StatusPeek[] = [
  { kind: 'scheduled', isAtRest: true },
  { kind: 'inboxed', isAtRest: true },
  { kind: 'invoked', isAtRest: false },
  { kind: 'suspended', isAtRest: true },
  { kind: 'paused', isAtRest: true },
  { kind: 'completed', isAtRest: true },
  { kind: 'invoked', isAtRest: false },
  { kind: 'inboxed', isAtRest: false },
  { kind: 'invoked', isAtRest: false },
  { kind: 'suspended', isAtRest: true },
];

/** Looks at the status of a stored invocation without unpacking the rest. */
export function peekStatus(bytes: Buffer): StatusPeek {
  const tag = firstNumberIn(bytes, STATUS_ELEMENT);
  return must(PEEKS[tag], 'a stored status has a known tag');
}

export function peekOf({ status }: Invocation): StatusPeek {
  return must(PEEKS[packStatus(status)[0]], 'a status has a tag');
}

function unpackPin([deploymentId, protocolVersion]: PackedPin): Pin {
  return { deploymentId: deploymentId as DeploymentId, protocolVersion };
}

function unpackSlot(sequence: number | null): MissingSlot {
  return sequence === null ? { kind: 'givenBack' } : { kind: 'queued', sequence };
}

function packStatus(status: InvocationStatus): PackedStatus {
  switch (status.kind) {
    case 'scheduled':
      return [0, status.fireAtMs];
    case 'inboxed':
      return [status.isForSlot === true ? 7 : 1, status.inboxSequence];
    case 'invoked':
      if (status.slot !== undefined) {
        return [8, status.slot.kind === 'queued' ? status.slot.sequence : null];
      }
      return status.pauseRequested === true ? [6] : [2];
    case 'suspended':
      return [9, packFuture(status.awaiting)];
    case 'paused':
      return [4, status.failure === undefined ? null : packFailure(status.failure)];
    case 'completed':
      return [5, packOutcome(status.outcome), status.completedAtMs];
    default:
      return unreachable(status);
  }
}

export function unpackStatus(packed: PackedStatus): InvocationStatus {
  switch (packed[0]) {
    case 0:
      return { kind: 'scheduled', fireAtMs: unixMillis(packed[1]) };
    case 1:
      return { kind: 'inboxed', inboxSequence: packed[1] };
    case 2:
      return { kind: 'invoked' };
    case 3:
      return { kind: 'suspended', awaiting: awaitAny(packed[1].map(unpackNotificationId)) };
    case 4: {
      const failure = packed[1] === null ? undefined : unpackFailure(packed[1]);
      return { kind: 'paused', failure };
    }
    case 5: {
      const outcome = unpackOutcome(packed[1]);
      return { kind: 'completed', outcome, completedAtMs: unixMillis(packed[2]) };
    }
    case 6:
      return { kind: 'invoked', pauseRequested: true };
    case 7:
      return { kind: 'inboxed', inboxSequence: packed[1], isForSlot: true };
    case 8:
      return { kind: 'invoked', slot: unpackSlot(packed[1]) };
    case 9:
      return { kind: 'suspended', awaiting: unpackFuture(packed[1]) };
    default:
      return unreachable(packed);
  }
}
