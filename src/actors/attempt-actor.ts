// Attempt actor: connects invoked invocations to their deployments, and retries. Thread: partition worker.
//   T1. An invocation has at most one attempt that may propose.
//   T2. What an attempt proposes enters the mailbox in the order the deployment sent it, its end last.
//   T3. Until the actor may invoke, attempts that are due only wait; nobody is called.
import type { AttemptResult } from './attempt/effect.ts';
import { reportedError } from './attempt/failure.ts';
import type { AttemptFailure } from './attempt/failure.ts';
import type { RetryState } from './attempt/retry-policy.ts';
import { decideRetry, NO_RETRIES } from './attempt/retry-policy.ts';
import { AttemptAdmission } from './attempt-admission.ts';
import { AttemptRunner } from './attempt-runner.ts';
import type { AttemptEnvironment, AttemptListener } from './attempt-runner.ts';
import type { AttemptStatus } from './domain/attempt-status.ts';
import type { DeploymentId, InvocationId } from './domain/ids.ts';
import type { InvocationTarget, Pin } from './domain/invocation.ts';
import type { NotificationEntry } from './domain/journal.ts';
import { TIMER_MS_MAX } from './domain/limits.ts';
import type { Outcome } from './domain/outcome.ts';
import type { RetryPolicy } from './domain/schema.ts';
import { AttemptStatistics } from './domain/statistics.ts';
import { durationMs, unixMillis } from './domain/time.ts';
import type { DurationMs, UnixMillis } from './domain/time.ts';
import { FailedAttempts } from './failed-attempts.ts';
import type {
  AttemptEnd,
  AttemptIdentity,
  PartitionCommand,
  ProposedEntry,
} from './partition/command.ts';
import type { AttemptInput } from './partition/effect.ts';
import { findDestination } from './schema/destination.ts';
import type { Destination } from './schema/destination.ts';
import { boundedAttempts } from './schema/resolve.ts';

/** How often silent attempts are asked to give way while others wait. Unit: milliseconds. */
const YIELD_CHECK_MS = 250;

/** Silence after which an attempt gives way to a waiting one. Unit: milliseconds. */
const YIELD_SILENCE_MS = 500;

/** Puts a command into the mailbox of the partition that owns the invocation. */
export type PostCommand = (invocationId: InvocationId, command: PartitionCommand) => void;

/** An attempt without what it needs to run: that is read when it is admitted. */
interface DueAttempt extends AttemptIdentity {
  readonly target: InvocationTarget;
  readonly pin?: Pin | undefined;
}

interface FailedAttempt {
  readonly policy: RetryPolicy;
  readonly storedCommand: boolean;
  readonly startedAtMs: UnixMillis;
  readonly deploymentId?: DeploymentId | undefined;
  readonly server?: string | undefined;
}

/** From this version on suspensions are events. Source: seen on the reference 1.7.12. */
const PROTOCOL_VERSION_WITH_FUTURES = 7;

/** Attempts as they are now. */
export interface AttemptCounts {
  readonly running: number;
  /** For a place among those that may run at once. */
  readonly waiting: number;
  readonly backingOff: number;
}

export interface AttemptActorOptions {
  readonly attemptsPerDeploymentMax: number;
  /** Nobody is called before `startInvoking`. */
  readonly isPaused?: boolean | undefined;
  /** Default: counts that nobody reads. */
  readonly statistics?: AttemptStatistics | undefined;
}

export class AttemptActor implements AttemptListener {
  readonly #environment: AttemptEnvironment;
  readonly #post: PostCommand;
  readonly #admission: AttemptAdmission;
  readonly #running = new Map<InvocationId, AttemptRunner>();
  readonly #retryStates = new Map<InvocationId, RetryState>();
  readonly #backoffs = new Map<InvocationId, NodeJS.Timeout>();
  readonly #failed = new FailedAttempts();
  readonly #statistics: AttemptStatistics;
  #yieldTimer: NodeJS.Timeout | undefined;
  /** What is due while the actor may not invoke; `undefined` when it may. */
  #held: Map<InvocationId, DueAttempt> | undefined;

  constructor(environment: AttemptEnvironment, post: PostCommand, options: AttemptActorOptions) {
    const { attemptsPerDeploymentMax, isPaused = false } = options;
    const { statistics = new AttemptStatistics() } = options;
    this.#environment = environment;
    this.#post = post;
    this.#statistics = statistics;
    if (isPaused) this.#held = new Map();
    this.#admission = new AttemptAdmission(attemptsPerDeploymentMax, statistics);
  }

  get counts(): AttemptCounts {
    return {
      running: this.#running.size,
      waiting: this.#admission.waitingCount,
      backingOff: this.#backoffs.size,
    };
  }

  startAttempt(input: AttemptInput): void {
    const { invocationId, target, pin } = input;
    if (this.#held !== undefined) return this.#hold(input);
    const destination = this.#destinationOf(target, pin);
    if (destination.kind === 'missing') return this.#failBeforeStart(input, destination.failure);
    const { deployment, options } = destination;
    if (!this.#admission.tryEnter(deployment.id, invocationId)) {
      return this.#waitForSlot(deployment.id, input);
    }
    const retryState = this.#retryStates.get(invocationId) ?? NO_RETRIES;
    const plan = { input, deployment, options, retryState, pin: destination.pin };
    const runner = new AttemptRunner(this.#environment, plan, this, this.#statistics);
    // Keeps T1: the attempt of an earlier epoch has ended; what is left of it may not propose.
    this.#running.get(invocationId)?.abandon();
    this.#running.set(invocationId, runner);
    this.#statistics.startedCount += 1;
    runner.start();
  }

  /** After a restart: the attempt's input is read once it is admitted, not for all at once. */
  queueAttempt(due: DueAttempt): void {
    if (this.#held !== undefined) return this.#hold(due);
    const destination = this.#destinationOf(due.target, due.pin);
    const isAdmitted =
      destination.kind === 'missing' ||
      this.#admission.tryEnter(destination.deployment.id, due.invocationId);
    if (isAdmitted) this.#postBegin(due);
    else this.#waitForSlot(destination.deployment.id, due);
  }

  /** Lets everybody begin who is due. */
  startInvoking(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const due of held?.values() ?? []) this.queueAttempt(due);
  }

  retryAttempt(identity: AttemptIdentity, delayMs: DurationMs): void {
    const { invocationId } = identity;
    const restMs = durationMs(Math.max(0, delayMs - TIMER_MS_MAX));
    const timer = setTimeout(() => {
      if (restMs > 0) return this.retryAttempt(identity, restMs);
      this.#backoffs.delete(invocationId);
      this.#postBegin(identity);
    }, delayMs - restMs);
    this.#backoffs.set(invocationId, timer);
  }

  notifyAttempt({ invocationId, epoch }: AttemptIdentity, entry: NotificationEntry): void {
    const runner = this.#running.get(invocationId);
    if (runner?.plan.input.epoch === epoch) runner.notify(entry);
  }

  ackCommand({ invocationId, epoch }: AttemptIdentity, commandIndex: number): void {
    const runner = this.#running.get(invocationId);
    if (runner?.plan.input.epoch === epoch) runner.ackCommand(commandIndex);
  }

  /** Ends a retry delay now. Goes without effect when the invocation does not back off. */
  hastenAttempt(identity: AttemptIdentity): void {
    const { invocationId } = identity;
    const timer = this.#backoffs.get(invocationId);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#backoffs.delete(invocationId);
    this.#postBegin(identity);
  }

  /** Has the attempt suspend. One that does not run yet is due now: the partition pauses it instead. */
  pauseAttempt(identity: AttemptIdentity): void {
    const { invocationId, epoch } = identity;
    const runner = this.#running.get(invocationId);
    if (runner?.plan.input.epoch === epoch) return runner.suspend();
    clearTimeout(this.#backoffs.get(invocationId));
    this.#backoffs.delete(invocationId);
    this.#held?.delete(invocationId);
    this.#admission.withdraw(invocationId);
    this.#postBegin(identity);
  }

  /** `keepsStatus`: what is known of the last attempt is still wanted. */
  releaseAttempt(
    { invocationId }: AttemptIdentity,
    { keepsStatus = false }: { readonly keepsStatus?: boolean | undefined } = {},
  ): void {
    if (!keepsStatus) this.#failed.forget(invocationId);
    clearTimeout(this.#backoffs.get(invocationId));
    this.#backoffs.delete(invocationId);
    this.#retryStates.delete(invocationId);
    this.#running.get(invocationId)?.abandon();
    this.#running.delete(invocationId);
    this.#held?.delete(invocationId);
    this.#admission.withdraw(invocationId);
  }

  /** What is known of the attempts of these invocations, or of all. */
  statuses(ids?: ReadonlySet<InvocationId>): AttemptStatus[] {
    const statuses: AttemptStatus[] = [];
    for (const { plan, startedAtMs, server, awaitingOn } of this.#running.values()) {
      const { invocationId } = plan.input;
      if (ids?.has(invocationId) === false) continue;
      const failed = this.#failed.of(invocationId);
      statuses.push({
        invocationId,
        isInFlight: true,
        attemptsCount: (failed?.attemptsCount ?? 0) + 1,
        lastStartAtMs: startedAtMs,
        deploymentId: plan.deployment.id,
        server: server ?? failed?.server,
        lastError: failed?.lastError,
        awaitingOn,
      });
    }
    for (const status of this.#failed.all()) {
      const { invocationId } = status;
      if (!this.#running.has(invocationId) && ids?.has(invocationId) !== false)
        statuses.push(status);
    }
    return statuses;
  }

  /** Lets go of every stream and timer. Nothing is proposed any more. */
  close(): void {
    clearInterval(this.#yieldTimer);
    for (const timer of this.#backoffs.values()) clearTimeout(timer);
    for (const runner of this.#running.values()) runner.abandon();
    this.#running.clear();
  }

  entryProposed({ plan }: AttemptRunner, entry: ProposedEntry): void {
    const { input, pin } = plan;
    const { invocationId, epoch } = input;
    const nowMs = this.#environment.now();
    this.#post(invocationId, { kind: 'entryProposed', invocationId, epoch, nowMs, pin, entry });
  }

  runCompletionProposed({ plan }: AttemptRunner, completionId: number, outcome: Outcome): void {
    const { input, pin } = plan;
    const { invocationId, epoch } = input;
    const nowMs = this.#environment.now();
    const kind = 'runCompletionProposed';
    this.#post(invocationId, { kind, invocationId, epoch, nowMs, pin, completionId, outcome });
  }

  finished(runner: AttemptRunner, result: AttemptResult): void {
    const { input, options, deployment } = runner.plan;
    this.#running.delete(input.invocationId);
    this.#admission.leave(input.invocationId);
    this.#statistics.durationSeconds.observe(runner.durationMs / 1000);
    const end =
      result.kind === 'failed'
        ? this.#fail(input, result.failure, {
            policy: options.retryPolicy,
            storedCommand: runner.proposedEntry,
            startedAtMs: runner.startedAtMs,
            deploymentId: deployment.id,
            server: runner.server,
          })
        : this.#succeed(runner.plan, result);
    this.#postEnd(input, end);
  }

  #succeed(
    { input: { invocationId, journal }, pin }: AttemptRunner['plan'],
    result: AttemptResult & { kind: 'ended' | 'suspended' },
  ): AttemptEnd {
    this.#retryStates.delete(invocationId);
    this.#failed.forget(invocationId);
    if (result.kind === 'ended') {
      this.#statistics.completedCount += 1;
      return { kind: 'ended', outcome: result.outcome };
    }
    this.#statistics.suspendedCount += 1;
    const leavesEvent = pin.protocolVersion >= PROTOCOL_VERSION_WITH_FUTURES;
    const { awaiting } = result;
    return { kind: 'suspended', awaiting, replayedLength: journal.length, leavesEvent };
  }

  #fail(
    { invocationId, target }: AttemptInput,
    failure: AttemptFailure,
    { policy, storedCommand, ...attempt }: FailedAttempt,
  ): AttemptEnd {
    const before = this.#retryStates.get(invocationId) ?? NO_RETRIES;
    const jitter = Math.random();
    const { retryState, end } = decideRetry(before, policy, failure, { storedCommand, jitter });
    this.#retryStates.set(invocationId, retryState);
    if (end.kind === 'retry') this.#statistics.retriedCount += 1;
    else this.#statistics.failedCount += 1;
    const { observer } = this.#environment;
    const { deploymentId } = attempt;
    observer.attemptFailed({ invocationId, target, deploymentId, failure, end });
    const nowMs = this.#environment.now();
    const nextRetryAtMs = end.kind === 'retry' ? unixMillis(nowMs + end.delayMs) : undefined;
    const lastError = reportedError(failure);
    this.#failed.add(invocationId, { ...attempt, nextRetryAtMs, lastError });
    return end;
  }

  #failBeforeStart(input: AttemptInput, failure: AttemptFailure): void {
    const { defaults, now } = this.#environment;
    const policy = boundedAttempts(defaults.retryPolicy, defaults);
    const attempt = { policy, storedCommand: false, startedAtMs: now() };
    this.#postEnd(input, this.#fail(input, failure, attempt));
  }

  #postEnd({ invocationId, epoch }: AttemptIdentity, end: AttemptEnd): void {
    const nowMs = this.#environment.now();
    this.#post(invocationId, { kind: 'attemptEnded', invocationId, epoch, nowMs, end });
  }

  #postBegin({ invocationId, epoch }: AttemptIdentity): void {
    const nowMs = this.#environment.now();
    this.#post(invocationId, { kind: 'beginAttempt', invocationId, epoch, nowMs });
  }

  /** Keeps T3, and nothing of an attempt that is large. */
  #hold({ invocationId, epoch, target, pin }: DueAttempt): void {
    this.#held?.set(invocationId, { invocationId, epoch, target, pin });
  }

  #waitForSlot(deploymentId: DeploymentId, { invocationId, epoch }: AttemptIdentity): void {
    this.#admission.waitForSlot(deploymentId, invocationId, () =>
      this.#postBegin({ invocationId, epoch }),
    );
    this.#yieldTimer ??= setInterval(() => this.#makeRoom(), YIELD_CHECK_MS);
  }

  /** Callers that only wait for their callees would otherwise keep the callees out. */
  #makeRoom(): void {
    const crowded = new Set(this.#admission.crowdedDeployments());
    if (crowded.size === 0) {
      clearInterval(this.#yieldTimer);
      this.#yieldTimer = undefined;
      return;
    }
    for (const runner of this.#running.values()) {
      if (crowded.has(runner.plan.deployment.id)) runner.yieldIfSilent(YIELD_SILENCE_MS);
    }
  }

  #destinationOf(target: InvocationTarget, pin: Pin | undefined): Destination {
    const { schema, protocol, defaults } = this.#environment;
    const negotiate = (min: number, max: number) => protocol.negotiateVersion(min, max);
    return findDestination(schema.current(), { target, pin, defaults, negotiate });
  }
}
