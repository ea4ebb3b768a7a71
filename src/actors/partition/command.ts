// Everything that can happen to a partition. Time and randomness arrive inside commands, so that
// applying a command is a function of the partition's state alone.
import type { CommandMessage } from '../attempt/service-message.ts';
import type { DeploymentId, InvocationId, PartitionNumber } from '../domain/ids.ts';
import type { InvocationSource, InvocationTarget, Pin, Waiter } from '../domain/invocation.ts';
import type { AwaitedFuture } from '../domain/awaited-future.ts';
import type { NotificationId } from '../domain/journal.ts';
import type { AttemptError } from '../domain/journal-event.ts';
import type { Failure, NotificationResult, Outcome } from '../domain/outcome.ts';
import type { DurationMs, UnixMillis } from '../domain/time.ts';
import type { TraceOrigin } from '../domain/trace.ts';
import type { ServiceKey, StateEdit } from './state.ts';

/** A request to start an invocation, from the ingress or from another invocation. */
export interface Submission {
  readonly invocationId: InvocationId;
  /** The id was drawn for this submission, which has not been sent before: nobody can have it. */
  readonly hasNewId?: boolean | undefined;
  readonly target: InvocationTarget;
  readonly source: InvocationSource;
  /** Payload of the Input entry: headers and body, encoded for the service protocol. */
  readonly input: Uint8Array;
  readonly idempotencyKey?: string | undefined;
  /** Only with a scope. */
  readonly limitKey?: string | undefined;
  /** Runs at once when absent or past. */
  readonly executeAtMs?: UnixMillis | undefined;
  readonly completionRetentionMs: DurationMs;
  readonly journalRetentionMs: DurationMs;
}

export type SignalId = NotificationId & { readonly kind: 'signal' | 'namedSignal' };

/** What one partition tells another. Travels through the sender's durable outbox. */
export type PartitionMessage =
  | {
      readonly kind: 'invoke';
      readonly submission: Submission;
      /** Told the outcome; absent for one-way calls. */
      readonly waiter?: Waiter | undefined;
    }
  | {
      /** An outcome for the completion that a Call or AttachInvocation entry waits for. */
      readonly kind: 'complete';
      readonly invocationId: InvocationId;
      readonly completionId: number;
      readonly notificationType: number;
      readonly result: NotificationResult;
    }
  | {
      readonly kind: 'signal';
      readonly invocationId: InvocationId;
      readonly signal: SignalId;
      readonly result: NotificationResult;
    }
  | { readonly kind: 'attach'; readonly invocationId: InvocationId; readonly waiter: Waiter }
  /** The invocation that started this one was killed. */
  | { readonly kind: 'kill'; readonly invocationId: InvocationId }
  | {
      readonly kind: 'getOutput';
      readonly invocationId: InvocationId;
      readonly askerId: InvocationId;
      readonly completionId: number;
    };

/** A callee as resolved against the schema when the command entry was accepted. */
export interface ResolvedCallee {
  readonly invocationId: InvocationId;
  readonly target: InvocationTarget;
  /** Payload of the callee's Input entry. */
  readonly input: Uint8Array;
  readonly limitKey?: string | undefined;
  readonly completionRetentionMs: DurationMs;
  readonly journalRetentionMs: DurationMs;
}

/** A command entry that an attempt proposes, with everything that had to be looked up outside. */
export interface ProposedEntry {
  readonly message: CommandMessage;
  /** The payload bytes as received; journaled as they are. */
  readonly payload: Uint8Array;
  /** For `call` and `oneWayCall`. */
  readonly callee?: ResolvedCallee | undefined;
  /** What the callee is submitted under, if the caller is traced. */
  readonly trace?: TraceOrigin | undefined;
  /** For `attachInvocation`, `getInvocationOutput`, `sendSignal` and `completeAwakeable`. */
  readonly targetId?: InvocationId | undefined;
  /** For `completeAwakeable`: the signal that the awakeable id names. */
  readonly awakeableSignalIndex?: number | undefined;
  /** The deployment asked for a CommandAck. */
  readonly ackRequested: boolean;
}

/** Says which attempt speaks. */
export interface AttemptIdentity {
  readonly invocationId: InvocationId;
  readonly epoch: number;
}

/** How an attempt ended, after the retry policy has been asked. */
export type AttemptEnd =
  | {
      readonly kind: 'suspended';
      readonly awaiting: AwaitedFuture;
      /** Journal entries the attempt was started with; what they answer is left out of `awaiting`. */
      readonly replayedLength: number;
      /** Operators see it among the events of the invocation. */
      readonly leavesEvent?: boolean | undefined;
    }
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  /** `failure` is what an operator sees when the invocation is paused instead. */
  | {
      readonly kind: 'retry';
      readonly delayMs: DurationMs;
      readonly failure?: AttemptError | undefined;
    }
  | { readonly kind: 'pause'; readonly failure: AttemptError }
  | { readonly kind: 'fail'; readonly failure: Failure };

/** Where an invocation goes on: where it is pinned to, its service's latest deployment, or a given one. */
export type DeploymentChoice = 'keep' | 'latest' | DeploymentId;

/** What an operator may do to an invocation. */
export type InvocationOperation =
  | { readonly kind: 'cancel' | 'kill' | 'pause' | 'purge' | 'purgeJournal' }
  | { readonly kind: 'resume'; readonly deployment: DeploymentChoice }
  | {
      readonly kind: 'restartAsNew';
      /** In the partition of the original. */
      readonly newInvocationId: InvocationId;
      /** Index of the last journal entry that the new invocation starts with; 0 is the Input entry. */
      readonly from: number;
      readonly deployment: DeploymentChoice;
    };

export type PartitionCommand =
  /** A submission from the ingress. `awaitOutcome` asks for the outcome, not only acceptance. */
  | {
      readonly kind: 'submit';
      readonly nowMs: UnixMillis;
      readonly requestId: string;
      readonly submission: Submission;
      readonly awaitOutcome: boolean;
    }
  | { readonly kind: 'attach'; readonly requestId: string; readonly invocationId: InvocationId }
  | { readonly kind: 'getOutput'; readonly requestId: string; readonly invocationId: InvocationId }
  /** A signal from the ingress (awakeables) or from an operator (cancel). */
  | {
      readonly kind: 'signal';
      readonly nowMs: UnixMillis;
      readonly requestId: string;
      readonly invocationId: InvocationId;
      readonly signal: SignalId;
      readonly result: NotificationResult;
    }
  | {
      readonly kind: 'operate';
      readonly nowMs: UnixMillis;
      readonly requestId: string;
      readonly invocationId: InvocationId;
      readonly operation: InvocationOperation;
    }
  /** Replaces the user state of a key, in turn behind the invocations that wait for the key. */
  | {
      readonly kind: 'editState';
      readonly nowMs: UnixMillis;
      readonly requestId: string;
      readonly owner: ServiceKey;
      readonly edit: StateEdit;
    }
  /** One step of deleting what is past its retention. */
  | { readonly kind: 'clean'; readonly nowMs: UnixMillis }
  /** A message from another partition's outbox. */
  | {
      readonly kind: 'deliver';
      readonly nowMs: UnixMillis;
      readonly from: PartitionNumber;
      readonly sequence: number;
      readonly message: PartitionMessage;
    }
  /** The receiver has flushed everything up to and including `sequence`. */
  | { readonly kind: 'outboxAcked'; readonly to: PartitionNumber; readonly sequence: number }
  /** The thread of partition `to` was replaced and lost what was on its way. */
  | { readonly kind: 'resendOutbox'; readonly to: PartitionNumber }
  | { readonly kind: 'timersDue'; readonly nowMs: UnixMillis }
  /** An attempt that had to wait (for a slot or a retry delay) may start now. */
  | ({ readonly kind: 'beginAttempt'; readonly nowMs: UnixMillis } & AttemptIdentity)
  /** Rules of scopes have changed, or more slots are free than one command hands out. */
  | { readonly kind: 'serveSlots'; readonly nowMs: UnixMillis }
  | ({
      readonly kind: 'entryProposed';
      readonly nowMs: UnixMillis;
      readonly pin: Pin;
      readonly entry: ProposedEntry;
    } & AttemptIdentity)
  | ({
      readonly kind: 'runCompletionProposed';
      readonly nowMs: UnixMillis;
      readonly pin: Pin;
      readonly completionId: number;
      readonly outcome: Outcome;
    } & AttemptIdentity)
  | ({
      readonly kind: 'attemptEnded';
      readonly nowMs: UnixMillis;
      readonly end: AttemptEnd;
    } & AttemptIdentity)
  /** First command after the partition's state was opened: derive every effect from it. */
  | { readonly kind: 'recover'; readonly nowMs: UnixMillis };
