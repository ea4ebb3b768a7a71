// Handlers as a deterministic SDK would run them: replay the journal, then go on. Their scripts use
// opaque payloads, since the partition machine never looks inside.
import type { CommandMessage } from '../../src/actors/attempt/service-message.ts';
import type { NotificationEntry, NotificationId } from '../../src/actors/domain/journal.ts';
import type { Outcome } from '../../src/actors/domain/outcome.ts';
import type { AttemptInput } from '../../src/actors/partition/effect.ts';

export type Step =
  /** A command entry; the script goes on at once, or once `awaits` is answered. */
  | { readonly kind: 'command'; readonly message: CommandMessage; readonly awaits?: NotificationId }
  | { readonly kind: 'run'; readonly name: string; readonly completionId: number }
  | { readonly kind: 'await'; readonly id: NotificationId }
  /** Reads the counter and writes it back, one higher. */
  | { readonly kind: 'increment' };

const text = new TextEncoder();
const COUNTER = text.encode('counter');

/** What a simulated attempt does next. */
export type Move =
  | {
      readonly kind: 'propose';
      readonly message: CommandMessage;
      readonly payload: Uint8Array;
    }
  | { readonly kind: 'execute'; readonly name: string; readonly completionId: number }
  | { readonly kind: 'blocked'; readonly on: NotificationId }
  | { readonly kind: 'end'; readonly outcome: Outcome };

export class SimulatedAttempt {
  readonly input: AttemptInput;
  readonly #steps: readonly Step[];
  /** Payloads of the command entries behind Input, stored or proposed. */
  readonly #commands: Uint8Array[] = [];
  readonly #answers = new Map<string, NotificationEntry>();
  readonly #executed = new Set<number>();
  #hasOutput = false;

  constructor(input: AttemptInput, steps: readonly Step[]) {
    this.input = input;
    this.#steps = steps;
    for (const entry of input.journal) {
      if (entry.kind === 'notification') this.notify(entry);
      else this.#commands.push(entry.payload);
    }
    this.#commands.shift();
  }

  notify(entry: NotificationEntry): void {
    this.#answers.set(keyOf(entry.id), entry);
  }

  /** Names of the steps whose completion this attempt has been given. */
  observedRuns(): string[] {
    return this.#steps.flatMap((step) => {
      if (step.kind !== 'run') return [];
      const { completionId } = step;
      return this.#answers.has(keyOf({ kind: 'completion', completionId })) ? [step.name] : [];
    });
  }

  /** Replays everything known and returns the first thing that is not. */
  nextMove(): Move {
    let at = 0;
    let result = '';
    for (const step of this.#steps) {
      switch (step.kind) {
        case 'command': {
          if (at === this.#commands.length) return this.#propose(step.message, new Uint8Array(0));
          at += 1;
          if (step.awaits !== undefined && !this.#answers.has(keyOf(step.awaits))) {
            return { kind: 'blocked', on: step.awaits };
          }
          break;
        }
        case 'run': {
          const { name, completionId } = step;
          if (at === this.#commands.length) {
            return this.#propose({ kind: 'run', completionId, name }, new Uint8Array(0));
          }
          at += 1;
          const on: NotificationId = { kind: 'completion', completionId };
          if (this.#answers.has(keyOf(on))) break;
          if (this.#executed.has(completionId)) return { kind: 'blocked', on };
          this.#executed.add(completionId);
          return { kind: 'execute', name, completionId };
        }
        case 'await':
          if (!this.#answers.has(keyOf(step.id))) return { kind: 'blocked', on: step.id };
          break;
        case 'increment': {
          if (at === this.#commands.length) return this.#proposeRead();
          const before = Number(new TextDecoder().decode(this.#commands[at]));
          result = String(before + 1);
          at += 1;
          if (at === this.#commands.length) {
            const value = text.encode(result);
            return this.#propose({ kind: 'setState', key: COUNTER, value, name: '' }, value);
          }
          at += 1;
          break;
        }
      }
    }
    const outcome: Outcome = { kind: 'success', value: text.encode(result) };
    if (this.#hasOutput || at < this.#commands.length) return { kind: 'end', outcome };
    this.#hasOutput = true;
    return this.#propose({ kind: 'output', outcome, name: '' }, outcome.value);
  }

  #proposeRead(): Move {
    const state = this.input.state.find(([key]) => Buffer.compare(key, COUNTER) === 0);
    const payload = state?.[1] ?? text.encode('0');
    return this.#propose({ kind: 'getEagerState', key: COUNTER, name: '' }, payload);
  }

  #propose(message: CommandMessage, payload: Uint8Array): Move {
    this.#commands.push(payload);
    return { kind: 'propose', message, payload };
  }
}

function keyOf(id: NotificationId): string {
  return JSON.stringify(id);
}
