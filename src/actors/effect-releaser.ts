// Performs the effects of one partition after the output gate. Thread: partition worker.
import type { AttemptActor } from './attempt-actor.ts';
import { unreachable } from './domain/assert.ts';
import type { InvocationId, PartitionNumber } from './domain/ids.ts';
import type { PartitionStatistics } from './domain/statistics.ts';
import type { PartitionMessage } from './partition/command.ts';
import type { PartitionEffect, RequestReply } from './partition/effect.ts';
import type { InvocationTracer } from './tracer.ts';
import type { TimerService } from './timer-service.ts';

/** Where replies and messages to other partitions go. */
export interface Outlet {
  reply(requestId: string, reply: RequestReply): void;
  deliver(delivery: Delivery): void;
  ackDelivery(ack: Omit<Delivery, 'message'>): void;
}

export interface Delivery {
  readonly from: PartitionNumber;
  readonly to: PartitionNumber;
  readonly sequence: number;
  readonly message: PartitionMessage;
}

export class EffectReleaser {
  readonly #partition: PartitionNumber;
  readonly #outlet: Outlet;
  readonly #attempts: AttemptActor;
  readonly #timers: TimerService;
  readonly #tracer: InvocationTracer | undefined;
  readonly #cleanMore: () => void;
  readonly #serveMoreSlots: () => void;
  readonly #statistics: PartitionStatistics;
  /** Requests that wait for an outcome. They end with the process, so they are not stored. */
  readonly #waiting = new Map<InvocationId, string[]>();

  constructor(
    partition: PartitionNumber,
    parts: {
      readonly outlet: Outlet;
      readonly attempts: AttemptActor;
      readonly timers: TimerService;
      readonly tracer: InvocationTracer | undefined;
      readonly cleanMore: () => void;
      readonly serveMoreSlots: () => void;
      readonly statistics: PartitionStatistics;
    },
  ) {
    this.#partition = partition;
    this.#outlet = parts.outlet;
    this.#attempts = parts.attempts;
    this.#timers = parts.timers;
    this.#tracer = parts.tracer;
    this.#cleanMore = parts.cleanMore;
    this.#serveMoreSlots = parts.serveMoreSlots;
    this.#statistics = parts.statistics;
  }

  release(effect: PartitionEffect): void {
    const attempts = this.#attempts;
    this.#statistics.effects.add(effect.kind);
    switch (effect.kind) {
      case 'reply':
        return this.#outlet.reply(effect.requestId, effect.reply);
      case 'replyWhenCompleted':
        return this.#wait(effect);
      case 'outcomeReached':
        this.#statistics.outcomes.of(effect.target.service, effect.target.handler)[
          effect.outcome.kind
        ] += 1;
        return this.#answerWaiting(effect);
      case 'startAttempt':
        return attempts.startAttempt(effect.input);
      case 'attemptDue':
        return attempts.queueAttempt(effect);
      case 'retryAttempt':
        return attempts.retryAttempt(effect, effect.delayMs);
      case 'notifyAttempt':
        return attempts.notifyAttempt(effect, effect.entry);
      case 'ackCommand':
        return attempts.ackCommand(effect, effect.commandIndex);
      case 'hastenAttempt':
        return attempts.hastenAttempt(effect);
      case 'pauseAttempt':
        return attempts.pauseAttempt(effect);
      case 'releaseAttempt':
        return attempts.releaseAttempt(effect, effect);
      case 'send': {
        const { to, sequence, message } = effect;
        return this.#outlet.deliver({ from: this.#partition, to, sequence, message });
      }
      case 'ackDelivery': {
        const { to, sequence } = effect;
        return this.#outlet.ackDelivery({ from: this.#partition, to, sequence });
      }
      case 'trace':
        return this.#tracer?.invocationEvent(effect.event);
      case 'armTimer':
        return this.#timers.arm(effect.dueMs);
      case 'cleanMore':
        return this.#cleanMore();
      case 'serveMoreSlots':
        return this.#serveMoreSlots();
      default:
        return unreachable(effect);
    }
  }

  #wait({ requestId, invocationId }: PartitionEffect & { kind: 'replyWhenCompleted' }): void {
    const waiting = this.#waiting.get(invocationId);
    if (waiting === undefined) this.#waiting.set(invocationId, [requestId]);
    else waiting.push(requestId);
  }

  #answerWaiting(effect: PartitionEffect & { kind: 'outcomeReached' }): void {
    const { invocationId, target, outcome } = effect;
    const waiting = this.#waiting.get(invocationId);
    if (waiting === undefined) return;
    this.#waiting.delete(invocationId);
    for (const requestId of waiting) {
      this.#outlet.reply(requestId, { kind: 'completed', target, outcome });
    }
  }
}
