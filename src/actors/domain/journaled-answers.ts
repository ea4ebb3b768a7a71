import type { Answer } from './awaited-future.ts';
import { mayComeAgain } from './journal.ts';
import type { NotificationEntry, NotificationId } from './journal.ts';
import type { NotificationResult } from './outcome.ts';

/**
 * The answers that a part of a journal holds, by what they answer. Of several the first counts. Whether
 * the handler has used up a signal that may come again is for the handler to say.
 */
export class JournaledAnswers {
  readonly #completions = new Map<number, Answer>();
  readonly #signals = new Map<number, Answer>();
  readonly #namedSignals = new Map<string, Answer>();

  add({ id, result }: NotificationEntry, order: number): void {
    const state = mayComeAgain(id) ? 'unclear' : outcomeOf(result);
    const answer: Answer = { state, order };
    switch (id.kind) {
      case 'completion':
        return setOnce(this.#completions, id.completionId, answer);
      case 'signal':
        return setOnce(this.#signals, id.index, answer);
      case 'namedSignal':
        return setOnce(this.#namedSignals, id.name, answer);
    }
  }

  get(id: NotificationId): Answer | undefined {
    switch (id.kind) {
      case 'completion':
        return this.#completions.get(id.completionId);
      case 'signal':
        return this.#signals.get(id.index);
      case 'namedSignal':
        return this.#namedSignals.get(id.name);
    }
  }
}

export function outcomeOf({ kind }: NotificationResult): 'succeeded' | 'failed' {
  return kind === 'failure' ? 'failed' : 'succeeded';
}

function setOnce<Key>(answers: Map<Key, Answer>, key: Key, answer: Answer): void {
  if (!answers.has(key)) answers.set(key, answer);
}
