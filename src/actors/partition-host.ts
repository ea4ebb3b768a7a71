// The partitions of one thread: their actors, their shared attempt actor, and the way between them.
// Thread: partition worker.
//   B1. All partitions with commands are applied in one event-loop turn, so that their batches share
//       one LMDB transaction and one flush.
import { AttemptActor } from './attempt-actor.ts';
import type { AttemptCounts } from './attempt-actor.ts';
import type { AttemptEnvironment } from './attempt-runner.ts';
import { must } from './domain/assert.ts';
import { partitionOf } from './domain/ids.ts';
import type { PartitionNumber } from './domain/ids.ts';
import type { InvocationTarget, Pin } from './domain/invocation.ts';
import { TIMER_MS_MAX } from './domain/limits.ts';
import { concurrencyLimitOf } from './domain/rule-book.ts';
import type { AttemptStatistics, PartitionStatistics } from './domain/statistics.ts';
import { EffectReleaser } from './effect-releaser.ts';
import type { Delivery, Outlet } from './effect-releaser.ts';
import type { SnapshotNeeds, ToMainThread, ToPartitionThread } from './messages.ts';
import { PartitionActor } from './partition-actor.ts';
import type { PartitionCommand } from './partition/command.ts';
import type { PartitionRules } from './partition/context.ts';
import type { PartitionReport, PartitionStore } from './ports.ts';
import type { DurationMs } from './domain/time.ts';
import { findDestination } from './schema/destination.ts';
import { TimerService } from './timer-service.ts';

/** When the first cleanup runs, as a share of the interval. Source: reference contract "Retention". */
const FIRST_CLEANUP_SHARE_MIN = 0.2;
const FIRST_CLEANUP_SHARE_SPREAD = 0.2;

export interface PartitionHostOptions {
  readonly partitionsCount: number;
  readonly stores: ReadonlyMap<PartitionNumber, PartitionStore>;
  readonly attempts: AttemptEnvironment;
  readonly attemptsPerDeploymentMax: number;
  readonly eagerStateBytesMax: number;
  /** How often what is past its retention is deleted. */
  readonly cleanupIntervalMs: DurationMs;
  /** Invokes nothing, fires no timer and deletes nothing before `startInvoking`. */
  readonly isPaused: boolean;
  readonly toMain: (message: ToMainThread) => void;
  readonly statistics: {
    readonly partitions: PartitionStatistics;
    readonly attempts: AttemptStatistics;
  };
  readonly onFlushFailed: (error: unknown) => void;
}

export class PartitionHost {
  readonly #options: PartitionHostOptions;
  readonly #actors = new Map<PartitionNumber, PartitionActor>();
  readonly #timers: TimerService[] = [];
  readonly #attempts: AttemptActor;
  #scheduled: PartitionActor[] = [];
  #cleanupTimer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: PartitionHostOptions) {
    this.#options = options;
    const { attemptsPerDeploymentMax, partitionsCount, isPaused, statistics } = options;
    this.#attempts = new AttemptActor(
      options.attempts,
      (invocationId, command) => this.#post(partitionOf(invocationId, partitionsCount), command),
      { attemptsPerDeploymentMax, isPaused, statistics: statistics.attempts },
    );
    for (const [partition, store] of options.stores) this.#addPartition(partition, store);
  }

  /** Derives every owed effect from the stored state. */
  recover(): void {
    const nowMs = this.#options.attempts.now();
    for (const actor of this.#actors.values()) actor.post({ kind: 'recover', nowMs });
    if (!this.#options.isPaused) this.#cleanLater();
  }

  /** For a host that began paused. */
  startInvoking(): void {
    for (const timers of this.#timers) timers.startFiring();
    this.#attempts.startInvoking();
    this.#cleanLater();
  }

  /** Applies nothing until `goOn`, so that nothing is committed; what is posted meanwhile waits. */
  stop(): void {
    this.#isStopped = true;
  }

  goOn(): void {
    this.#isStopped = false;
    if (this.#scheduled.length > 0) setImmediate(() => this.#runTurn());
  }

  receive(
    message: ToPartitionThread & {
      kind: 'command' | 'deliver' | 'ackDelivery' | 'resendOutbox' | 'settle';
    },
  ): void {
    switch (message.kind) {
      case 'command':
        return this.#post(message.partition, message.command);
      case 'deliver':
        return this.#deliver(message);
      case 'ackDelivery':
        return this.#ackDelivery(message);
      case 'resendOutbox':
        for (const to of message.to) this.#postToAll({ kind: 'resendOutbox', to });
        return;
      case 'settle':
        void this.#settle(message.requestId, message);
    }
  }

  async #settle(requestId: number, { ids, showsAttempts }: SnapshotNeeds): Promise<void> {
    const { stores, toMain, onFlushFailed } = this.#options;
    try {
      await Promise.all([...stores.values()].map((store) => store.settle()));
    } catch (error) {
      return onFlushFailed(error);
    }
    const statuses = showsAttempts ? this.#attempts.statuses(ids && new Set(ids)) : [];
    toMain({ kind: 'settled', requestId, statuses });
  }

  /** Attempts as they are now. */
  get attemptCounts(): AttemptCounts {
    return this.#attempts.counts;
  }

  /** How far each partition is, and what its invocations do. */
  partitionReports(): readonly PartitionReport[] {
    return [...this.#actors].map(([partition, { progress, store }]) => ({
      partition,
      progress,
      invocations: store.invocationCounts,
    }));
  }

  /** What waits under the old rules may go on under the new ones. */
  scopeRulesChanged(): void {
    this.#postToAll({ kind: 'serveSlots', nowMs: this.#options.attempts.now() });
  }

  /** Stops proposing, then closes the stores once what they were given is flushed. */
  async close(): Promise<void> {
    this.#attempts.close();
    clearTimeout(this.#cleanupTimer);
    for (const timers of this.#timers) timers.close();
    this.#scheduled = [];
    for (const { store } of this.#actors.values()) await store.close();
  }

  #addPartition(partition: PartitionNumber, store: PartitionStore): void {
    const { attempts, onFlushFailed, isPaused, statistics } = this.#options;
    const fire = () => this.#post(partition, { kind: 'timersDue', nowMs: attempts.now() });
    const timers = new TimerService(attempts.now, fire, isPaused);
    const outlet = this.#outlet();
    const cleanMore = () => this.#post(partition, { kind: 'clean', nowMs: attempts.now() });
    const serveMoreSlots = () =>
      this.#post(partition, { kind: 'serveSlots', nowMs: attempts.now() });
    const parts = {
      outlet,
      attempts: this.#attempts,
      timers,
      tracer: attempts.tracer,
      cleanMore,
      serveMoreSlots,
      statistics: statistics.partitions,
    };
    const releaser = new EffectReleaser(partition, parts);
    const actor = new PartitionActor({
      store,
      rules: this.#rules(),
      release: (effect) => releaser.release(effect),
      schedule: (scheduled) => this.#schedule(scheduled),
      onFlushFailed,
      statistics: statistics.partitions,
    });
    this.#timers.push(timers);
    this.#actors.set(partition, actor);
  }

  /** Partitions of this thread are reached directly, the others through the main thread. */
  #outlet(): Outlet {
    const { toMain } = this.#options;
    return {
      reply: (requestId, reply) => toMain({ kind: 'reply', requestId, reply }),
      deliver: (delivery) => {
        if (this.#actors.has(delivery.to)) this.#deliver(delivery);
        else toMain({ kind: 'deliver', ...delivery });
      },
      ackDelivery: (ack) => {
        if (this.#actors.has(ack.to)) this.#ackDelivery(ack);
        else toMain({ kind: 'ackDelivery', ...ack });
      },
    };
  }

  #deliver({ from, to, sequence, message }: Delivery): void {
    const nowMs = this.#options.attempts.now();
    this.#post(to, { kind: 'deliver', nowMs, from, sequence, message });
  }

  #ackDelivery({ from, to, sequence }: Omit<Delivery, 'message'>): void {
    this.#post(to, { kind: 'outboxAcked', to: from, sequence });
  }

  #post(partition: PartitionNumber, command: PartitionCommand): void {
    must(this.#actors.get(partition), `partition ${partition} lives on this thread`).post(command);
  }

  #postToAll(command: PartitionCommand): void {
    for (const actor of this.#actors.values()) actor.post(command);
  }

  #cleanLater(): void {
    const share = FIRST_CLEANUP_SHARE_MIN + FIRST_CLEANUP_SHARE_SPREAD * Math.random();
    this.#cleanAfter(this.#options.cleanupIntervalMs * share);
  }

  #cleanAfter(delayMs: number): void {
    this.#cleanupTimer = setTimeout(
      () => {
        this.#postToAll({ kind: 'clean', nowMs: this.#options.attempts.now() });
        this.#cleanAfter(this.#options.cleanupIntervalMs);
      },
      Math.min(delayMs, TIMER_MS_MAX),
    );
  }

  #schedule(actor: PartitionActor): void {
    if (this.#scheduled.length === 0) setImmediate(() => this.#runTurn());
    this.#scheduled.push(actor);
  }

  /** Keeps B1. */
  #runTurn(): void {
    if (this.#isStopped) return;
    const scheduled = this.#scheduled;
    this.#scheduled = [];
    for (const actor of scheduled) actor.applyBatch();
  }

  #rules(): PartitionRules {
    const { eagerStateBytesMax, attempts } = this.#options;
    const { schema, tracer, defaults, protocol, scopeFeatures } = attempts;
    const negotiate = (min: number, max: number) => protocol.negotiateVersion(min, max);
    return {
      eagerStateBytesMax,
      pausesAtOnce: scopeFeatures.scopes,
      isTracing: tracer !== undefined,
      concurrencyLimitOf: (level) => concurrencyLimitOf(schema.current().ruleBook, level),
      usesLazyState(target: InvocationTarget, pin: Pin | undefined): boolean {
        const query = { target, pin, defaults, negotiate };
        const destination = findDestination(schema.current(), query);
        return destination.kind === 'found' && destination.options.enableLazyState;
      },
      findDeployment(target, choice) {
        const { deployments, services } = schema.current();
        const id = choice === 'latest' ? services.get(target.service)?.deploymentId : choice;
        const deployment = id && deployments.get(id);
        if (!deployment) return undefined;
        const { minProtocolVersion, maxProtocolVersion } = deployment;
        return {
          deploymentId: deployment.id,
          minProtocolVersion,
          maxProtocolVersion,
          negotiatedVersion: negotiate(minProtocolVersion, maxProtocolVersion),
        };
      },
      completionIdsOf: (entry) => protocol.completionIdsOf(entry),
    };
  }
}
