// Everything a partition can ask of the outside. Effects are released in order, and only after the
// batch that produced them is flushed.
import type { DeploymentId, InvocationId, PartitionNumber } from '../domain/ids.ts';
import type { InvocationTarget, Pin } from '../domain/invocation.ts';
import type { JournalEntry, NotificationEntry } from '../domain/journal.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { DurationMs, UnixMillis } from '../domain/time.ts';
import type { TraceOrigin } from '../domain/trace.ts';
import type { AttemptIdentity, PartitionMessage } from './command.ts';

/** An answer to a request of the ingress. */
export type RequestReply =
  /** The invocation exists. `executeAtMs` only while it is scheduled. */
  | {
      readonly kind: 'accepted';
      readonly isNew: boolean;
      readonly executeAtMs?: UnixMillis | undefined;
    }
  | {
      readonly kind: 'completed';
      readonly target: InvocationTarget;
      readonly outcome: Outcome;
      /** When the stored outcome expires; only when it was read back, not waited for. */
      readonly expiresAtMs?: UnixMillis | undefined;
    }
  | { readonly kind: 'notFound' }
  | { readonly kind: 'notCompleted' }
  | { readonly kind: 'workflowAlreadyInvoked' }
  | { readonly kind: 'signalAccepted' }
  | { readonly kind: 'operated'; readonly outcome: OperationOutcome }
  | { readonly kind: 'stateEditAccepted' };

/** What came of an operation on an invocation. */
export type OperationOutcome =
  | { readonly kind: 'done' }
  /** The invocation has been told; what follows is up to its handler. */
  | { readonly kind: 'accepted' }
  | { readonly kind: 'restarted'; readonly newInvocationId: InvocationId }
  | OperationRefusal;

/** Why an operation did not happen. */
export type OperationRefusal =
  | {
      readonly kind:
        | 'notFound'
        | 'alreadyCompleted'
        | 'notRunning'
        | 'notCompleted'
        /** Scheduled, or queued behind another invocation of its key. */
        | 'notStarted'
        | 'stillRunning'
        | 'deploymentNotChangeable'
        | 'unknownDeployment'
        | 'restartUnsupported'
        | 'journalGone'
        /** The journal prefix holds commands without their completions. */
        | 'prefixIncomplete';
    }
  | {
      readonly kind: 'protocolUnsupported';
      readonly deploymentId: DeploymentId;
      readonly protocolVersion: number;
      readonly minProtocolVersion: number;
      readonly maxProtocolVersion: number;
    };

/** All that an attempt needs, read at the moment the attempt was decided. */
export interface AttemptInput extends AttemptIdentity {
  readonly target: InvocationTarget;
  readonly limitKey?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly pin?: Pin | undefined;
  readonly journal: readonly JournalEntry[];
  /** In key order; as much as the eager state limit allows. */
  readonly state: ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]>;
  readonly partialState: boolean;
  readonly createdAtMs: UnixMillis;
  readonly modifiedAtMs: UnixMillis;
  readonly trace?: TraceOrigin | undefined;
}

/** What traces show of an invocation besides its attempts. */
export type TracedEvent = TracedInvocation &
  (
    | { readonly kind: 'started'; readonly createdAtMs: UnixMillis }
    | { readonly kind: 'ended'; readonly outcome: Outcome }
    /** It was made by an operator's restart of `original`. */
    | { readonly kind: 'restarted'; readonly original: Omit<TracedInvocation, 'target'> }
  );

export interface TracedInvocation {
  readonly invocationId: InvocationId;
  readonly target: InvocationTarget;
  readonly trace: TraceOrigin;
}

export type PartitionEffect =
  | { readonly kind: 'reply'; readonly requestId: string; readonly reply: RequestReply }
  /** The request waits until `outcomeReached` for the invocation is released. */
  | {
      readonly kind: 'replyWhenCompleted';
      readonly requestId: string;
      readonly invocationId: InvocationId;
    }
  | {
      readonly kind: 'outcomeReached';
      readonly invocationId: InvocationId;
      readonly target: InvocationTarget;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'startAttempt'; readonly input: AttemptInput }
  /** After a restart: an attempt is due, its input is read when it is admitted. */
  | ({
      readonly kind: 'attemptDue';
      readonly target: InvocationTarget;
      readonly pin?: Pin | undefined;
    } & AttemptIdentity)
  | ({ readonly kind: 'retryAttempt'; readonly delayMs: DurationMs } & AttemptIdentity)
  /** A notification was journaled; push it to the attempt if one is connected. */
  | ({ readonly kind: 'notifyAttempt'; readonly entry: NotificationEntry } & AttemptIdentity)
  | ({ readonly kind: 'ackCommand'; readonly commandIndex: number } & AttemptIdentity)
  /** An operator does not want to wait for the retry delay. */
  | ({ readonly kind: 'hastenAttempt' } & AttemptIdentity)
  /** The running attempt is asked to suspend; one that waits for its turn gives up waiting. */
  | ({ readonly kind: 'pauseAttempt' } & AttemptIdentity)
  /** The invocation is no longer invoked: forget its retry state, end a stream still open. */
  | ({
      readonly kind: 'releaseAttempt';
      /** What is known of its last attempt can still be queried. */
      readonly keepsStatus?: true | undefined;
    } & AttemptIdentity)
  | {
      readonly kind: 'send';
      readonly to: PartitionNumber;
      readonly sequence: number;
      readonly message: PartitionMessage;
    }
  | { readonly kind: 'ackDelivery'; readonly to: PartitionNumber; readonly sequence: number }
  /** Only about invocations that are traced. */
  | { readonly kind: 'trace'; readonly event: TracedEvent }
  | { readonly kind: 'armTimer'; readonly dueMs: UnixMillis }
  /** More is past its retention than one command deletes. */
  | { readonly kind: 'cleanMore' }
  /** More waiting invocations have a slot now than one command starts. */
  | { readonly kind: 'serveMoreSlots' };
