// Partition actor. Thread: partition worker.
//   P1. Commands are applied in mailbox order, one at a time.
//   P2. An effect is released only after the batch that produced it, and every batch before, is
//       flushed. This is the output gate: nothing anyone can observe leaves by another way.
//   P3. While one batch is being flushed, the next is applied.
import {
  PartitionProgress,
  PartitionStatistics,
  TIMED_BATCHES_SHARE,
} from './domain/statistics.ts';
import type { PartitionCommand } from './partition/command.ts';
import type { PartitionRules } from './partition/context.ts';
import { apply } from './partition/apply.ts';
import type { PartitionEffect } from './partition/effect.ts';
import type { PartitionStore } from './ports.ts';

/** Commands applied in one batch at most, so that one turn stays short. */
const COMMANDS_PER_BATCH_MAX = 1024;

const SECONDS_PER_MS = 0.001;

interface Batch {
  readonly effects: readonly PartitionEffect[];
  readonly commandsCount: number;
  /** Of timed batches. Unit: milliseconds of the monotonic clock. */
  readonly beganAtMs: number | undefined;
  isFlushed: boolean;
}

export interface PartitionActorOptions {
  readonly store: PartitionStore;
  readonly rules: PartitionRules;
  /** Performs one effect. Called in order, after the flush. */
  readonly release: (effect: PartitionEffect) => void;
  /** Asks for a call of `applyBatch` in this or the next event-loop turn. */
  readonly schedule: (actor: PartitionActor) => void;
  /** The batch may not be durable: the partition must not go on. */
  readonly onFlushFailed: (error: unknown) => void;
  /** Default: counts that nobody reads. */
  readonly statistics?: PartitionStatistics | undefined;
}

export class PartitionActor {
  readonly store: PartitionStore;
  readonly progress = new PartitionProgress();
  readonly #options: PartitionActorOptions;
  readonly #statistics: PartitionStatistics;
  #mailbox: PartitionCommand[] = [];
  readonly #unreleased: Batch[] = [];
  /** Batches until the next timed one. */
  #untimedBatches = 0;

  constructor(options: PartitionActorOptions) {
    this.store = options.store;
    this.#options = options;
    this.#statistics = options.statistics ?? new PartitionStatistics();
  }

  post(command: PartitionCommand): void {
    this.progress.postedCount += 1;
    if (this.#mailbox.length === 0) this.#options.schedule(this);
    this.#mailbox.push(command);
  }

  /** Applies what is in the mailbox as one batch and hands its writes to the log. */
  applyBatch(): void {
    const beganAtMs = this.#isTimed() ? performance.now() : undefined;
    const commands = this.#takeCommands();
    const effects: PartitionEffect[] = [];
    if (beganAtMs === undefined) this.#apply(commands, effects);
    else this.#applyTimed(commands, effects, beganAtMs);
    this.progress.appliedCount += commands.length;
    this.#statistics.batchCommands.observe(commands.length);
    const hasWrites = this.store.hasUncommittedWrites();

    const batch = { effects, commandsCount: commands.length, beganAtMs, isFlushed: !hasWrites };
    this.#unreleased.push(batch);
    if (hasWrites) this.#flush(batch);
    else this.#releaseFlushed();
  }

  #isTimed(): boolean {
    if (this.#untimedBatches > 0) {
      this.#untimedBatches -= 1;
      return false;
    }
    this.#untimedBatches = TIMED_BATCHES_SHARE - 1;
    return true;
  }

  #apply(commands: readonly PartitionCommand[], effects: PartitionEffect[]): void {
    const { rules } = this.#options;
    for (const command of commands) {
      apply(this.store, rules, command, effects);
      this.#count(command);
    }
  }

  #applyTimed(
    commands: readonly PartitionCommand[],
    effects: PartitionEffect[],
    beganAtMs: number,
  ): void {
    const { rules } = this.#options;
    let beforeMs = beganAtMs;
    for (const command of commands) {
      apply(this.store, rules, command, effects);
      this.#count(command);
      const afterMs = performance.now();
      this.#statistics.observeApply(command.kind, (afterMs - beforeMs) * SECONDS_PER_MS);
      beforeMs = afterMs;
    }
  }

  #count(command: PartitionCommand): void {
    this.#statistics.commands.add(command.kind);
    if (command.kind !== 'entryProposed') return;
    this.#statistics.commandEntries.add(command.entry.message.kind);
  }

  #takeCommands(): readonly PartitionCommand[] {
    const commands = this.#mailbox;
    if (commands.length <= COMMANDS_PER_BATCH_MAX) {
      this.#mailbox = [];
      return commands;
    }
    this.#mailbox = commands.slice(COMMANDS_PER_BATCH_MAX);
    this.#options.schedule(this);
    return commands.slice(0, COMMANDS_PER_BATCH_MAX);
  }

  #flush(batch: Batch): void {
    this.store.commit().then(
      () => {
        batch.isFlushed = true;
        this.#releaseFlushed();
      },
      (error: unknown) => this.#options.onFlushFailed(error),
    );
  }

  /** Keeps P2: stops at the first batch that is not flushed yet. */
  #releaseFlushed(): void {
    let count = 0;
    for (const { effects, commandsCount, beganAtMs, isFlushed } of this.#unreleased) {
      if (!isFlushed) break;
      count += 1;
      this.progress.flushedCount += commandsCount;
      if (beganAtMs !== undefined) this.#countWait(performance.now() - beganAtMs);
      for (const effect of effects) this.#options.release(effect);
    }
    this.#unreleased.splice(0, count);
  }

  #countWait(waitedMs: number): void {
    this.#statistics.gateWaitSeconds.observe(waitedMs * SECONDS_PER_MS);
  }
}
