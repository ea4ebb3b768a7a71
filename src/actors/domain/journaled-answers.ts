import type { Answer } from './awaited-future.ts';
import type { NotificationEntry, NotificationId } from './journal.ts';

/** The answers that a part of a journal holds, by what they answer. Of several the first counts. */
export class JournaledAnswers {
  readonly #completions = new Map<number, Answer>();
  readonly #signals = new Map<number, Answer>();
  readonly #namedSignals = new Map<string, Answer>();

  add({ id, result }: NotificationEntry, order: number): void {
    const answer = { isFailure: result.kind === 'failure', order };
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

function setOnce<Key>(answers: Map<Key, Answer>, key: Key, answer: Answer): void {
  if (!answers.has(key)) answers.set(key, answer);
}
