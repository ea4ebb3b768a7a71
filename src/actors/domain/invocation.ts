import type { DeploymentId, InvocationId } from './ids.ts';
import type { AwaitedFuture } from './awaited-future.ts';
import type { Failure, Outcome } from './outcome.ts';
import type { DurationMs, UnixMillis } from './time.ts';
import type { TraceOrigin } from './trace.ts';

/** What is invoked: a handler, with its key when the service is keyed. */
export type InvocationTarget =
  | ({ readonly kind: 'service' } & HandlerAddress)
  | ({
      readonly kind: 'virtualObject';
      readonly key: string;
      readonly mode: 'exclusive' | 'shared';
    } & HandlerAddress)
  | ({
      readonly kind: 'workflow';
      readonly key: string;
      readonly mode: 'run' | 'shared';
    } & HandlerAddress);

interface HandlerAddress {
  readonly service: string;
  readonly handler: string;
  /** The namespace of the key, if it is not the common one. */
  readonly scope?: string | undefined;
}

/** The target in a scope. One without a scope has no member of that name, and most have none. */
export function inScope(target: InvocationTarget, scope: string | undefined): InvocationTarget {
  return scope === undefined ? target : { ...target, scope };
}

export function isExclusive(target: InvocationTarget): boolean {
  return target.kind === 'virtualObject' && target.mode === 'exclusive';
}

export function isWorkflowRun(target: InvocationTarget): boolean {
  return target.kind === 'workflow' && target.mode === 'run';
}

/** Exclusive object handlers and workflow runs may change user state; shared handlers only read it. */
export function mayWriteState(target: InvocationTarget): boolean {
  return isExclusive(target) || isWorkflowRun(target);
}

/** The key of a keyed target, `undefined` for a Service. */
export function targetKey(target: InvocationTarget): string | undefined {
  return target.kind === 'service' ? undefined : target.key;
}

/** Who submitted an invocation, and under which span if it is traced. */
export type InvocationSource = Submitter & { readonly trace?: TraceOrigin | undefined };

type Submitter =
  | {
      readonly kind: 'ingress';
      /** Names the submission, so that one sent again after a thread restart is recognised. */
      readonly requestId: string;
    }
  | { readonly kind: 'invocation'; readonly id: InvocationId; readonly target: InvocationTarget }
  /** An operator restarted the completed invocation `id` as a new one. */
  | { readonly kind: 'restart'; readonly id: InvocationId };

/** The source with the span that it submits under. Without one it has no member of that name. */
export function underTrace(
  source: InvocationSource,
  trace: TraceOrigin | undefined,
): InvocationSource {
  return trace === undefined ? source : { ...source, trace };
}

/** An invocation that waits for another one's outcome, by a Call or an AttachInvocation entry. */
export interface Waiter {
  readonly invocationId: InvocationId;
  readonly completionId: number;
  readonly entry: 'call' | 'attach';
}

/**
 * A copy to change before it is stored. It has every member, like whatever makes an invocation: the
 * engine then sees one shape of the object that is read most, and copies it several times faster.
 */
export function draftOf(invocation: Invocation): {
  -readonly [Name in keyof Invocation]: Invocation[Name];
} {
  return {
    id: invocation.id,
    number: invocation.number,
    target: invocation.target,
    source: invocation.source,
    idempotencyKey: invocation.idempotencyKey,
    limitKey: invocation.limitKey,
    createdAtMs: invocation.createdAtMs,
    modifiedAtMs: invocation.modifiedAtMs,
    scheduled: invocation.scheduled,
    inboxedAtMs: invocation.inboxedAtMs,
    runningAtMs: invocation.runningAtMs,
    completionRetentionMs: invocation.completionRetentionMs,
    journalRetentionMs: invocation.journalRetentionMs,
    status: invocation.status,
    epoch: invocation.epoch,
    journalLength: invocation.journalLength,
    commandCount: invocation.commandCount,
    eventsCount: invocation.eventsCount,
    pin: invocation.pin,
    waiters: invocation.waiters,
  };
}

/** The deployment an invocation stays on, fixed together with the first entry an attempt stores. */
export interface Pin {
  readonly deploymentId: DeploymentId;
  readonly protocolVersion: number;
}

export type InvocationStatus =
  | { readonly kind: 'scheduled'; readonly fireAtMs: UnixMillis }
  /** Queued behind the exclusive invocation that holds the key, or for a slot in its scope. */
  | {
      readonly kind: 'inboxed';
      readonly inboxSequence: number;
      readonly isForSlot?: true | undefined;
    }
  /** An attempt runs, is about to run, or backs off. */
  | {
      readonly kind: 'invoked';
      /** An operator wants it paused as soon as its attempt ends without a result. */
      readonly pauseRequested?: true | undefined;
      /** Set while it has no slot in its scope and hence no attempt. */
      readonly slot?: MissingSlot | undefined;
    }
  | { readonly kind: 'suspended'; readonly awaiting: AwaitedFuture }
  | { readonly kind: 'paused'; readonly failure?: Failure | undefined }
  | {
      readonly kind: 'completed';
      readonly outcome: Outcome;
      readonly completedAtMs: UnixMillis;
    };

/** Why an invocation that has started has no slot: it is in line for one, or backs off for long. */
export type MissingSlot =
  { readonly kind: 'queued'; readonly sequence: number } | { readonly kind: 'givenBack' };

export interface Invocation {
  readonly id: InvocationId;
  /** Monotonic number within the partition; keys the status and journal rows. */
  readonly number: number;
  readonly target: InvocationTarget;
  readonly source: InvocationSource;
  readonly idempotencyKey?: string | undefined;
  /** What the invocation counts for in its scope, besides the scope itself; see `levelsOf`. */
  readonly limitKey?: string | undefined;
  readonly createdAtMs: UnixMillis;
  readonly modifiedAtMs: UnixMillis;
  /** When it was submitted to start later, and when it was to start. */
  readonly scheduled?: { readonly atMs: UnixMillis; readonly startAtMs: UnixMillis } | undefined;
  /** When it first had to wait for its key. */
  readonly inboxedAtMs?: UnixMillis | undefined;
  /** When it was first invoked. */
  readonly runningAtMs?: UnixMillis | undefined;
  /** How long the outcome is kept after completion. Unit: milliseconds; 0 keeps nothing. */
  readonly completionRetentionMs: DurationMs;
  /** How long the journal is kept after completion. Unit: milliseconds; 0 keeps nothing. */
  readonly journalRetentionMs: DurationMs;
  readonly status: InvocationStatus;
  /** Counts the times the invocation became `invoked`; commands of an older epoch are dropped. */
  readonly epoch: number;
  readonly journalLength: number;
  /** Command entries among the journal's entries; Input is command 0. */
  readonly commandCount: number;
  /** Events kept beside the journal; absent when there are none. */
  readonly eventsCount?: number | undefined;
  readonly pin?: Pin | undefined;
  readonly waiters: readonly Waiter[];
}
