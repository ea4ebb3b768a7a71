// What is known of the invocations whose last attempt failed. Thread: partition worker.
import type { AttemptStatus } from './domain/attempt-status.ts';
import type { InvocationId } from './domain/ids.ts';

type FailedAttempt = Omit<
  AttemptStatus,
  'invocationId' | 'isInFlight' | 'attemptsCount' | 'lastStartAtMs'
> & {
  readonly startedAtMs: AttemptStatus['lastStartAtMs'];
};

export class FailedAttempts {
  readonly #statuses = new Map<InvocationId, AttemptStatus>();

  /** Goes on after a pause that an operator asked for: the reference 1.7.12 counts on, too. */
  of(invocationId: InvocationId): AttemptStatus | undefined {
    return this.#statuses.get(invocationId);
  }

  add(invocationId: InvocationId, { startedAtMs, ...attempt }: FailedAttempt): void {
    const before = this.of(invocationId);
    this.#statuses.set(invocationId, {
      invocationId,
      ...attempt,
      isInFlight: false,
      attemptsCount: (before?.attemptsCount ?? 0) + 1,
      lastStartAtMs: startedAtMs,
    });
  }

  forget(invocationId: InvocationId): void {
    this.#statuses.delete(invocationId);
  }

  all(): Iterable<AttemptStatus> {
    return this.#statuses.values();
  }
}
