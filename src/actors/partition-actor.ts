// Partition actor. Thread: partition worker.
//   P1. Commands are applied in mailbox order, one at a time.
//   P2. An effect is released only after the batch that produced it, and every batch before, is
//       flushed. This is the output gate: nothing anyone can observe leaves by another way.
//   P3. While one batch is being flushed, the next is applied.
import type { PartitionCommand } from './partition/command.ts';
import type { PartitionRules } from './partition/context.ts';
import { apply } from './partition/apply.ts';
import type { PartitionEffect } from './partition/effect.ts';
import type { PartitionStore } from './ports.ts';

/** Commands applied in one batch at most, so that one turn stays short. */
const COMMANDS_PER_BATCH_MAX = 1024;

interface Batch {
  readonly effects: readonly PartitionEffect[];
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
}

export class PartitionActor {
  readonly store: PartitionStore;
  readonly #options: PartitionActorOptions;
  #mailbox: PartitionCommand[] = [];
  readonly #unreleased: Batch[] = [];

  constructor(options: PartitionActorOptions) {
    this.store = options.store;
    this.#options = options;
  }

  post(command: PartitionCommand): void {
    if (this.#mailbox.length === 0) this.#options.schedule(this);
    this.#mailbox.push(command);
  }

  /** Applies what is in the mailbox as one batch and hands its writes to the log. */
  applyBatch(): void {
    const commands = this.#takeCommands();
    const effects: PartitionEffect[] = [];
    const { rules } = this.#options;
    for (const command of commands) apply(this.store, rules, command, effects);
    const hasWrites = this.store.hasUncommittedWrites();
    if (!hasWrites && effects.length === 0) return;

    const batch: Batch = { effects, isFlushed: !hasWrites };
    this.#unreleased.push(batch);
    if (hasWrites) this.#flush(batch);
    else this.#releaseFlushed();
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
    for (const { effects, isFlushed } of this.#unreleased) {
      if (!isFlushed) break;
      count += 1;
      for (const effect of effects) this.#options.release(effect);
    }
    this.#unreleased.splice(0, count);
  }
}
