import { RETRY_JITTER_SHARE_MAX } from '../domain/limits.ts';
import type { RetryPolicy } from '../domain/schema.ts';
import type { DurationMs } from '../domain/time.ts';
import { durationMs } from '../domain/time.ts';
import type { AttemptEnd } from '../partition/command.ts';
import type { AttemptFailure } from './failure.ts';
import { reportedError, terminalFailure } from './failure.ts';

/** Least jitter added to a policy delay. Unit: milliseconds. Source: seen on the reference. */
const RETRY_JITTER_MS_MIN = 3;

/** No deployment, or none that speaks the protocol version. Source: service protocol, Start fields. */
const HANDLER_NOT_REACHED: ReadonlySet<string> = new Set(['RT0011', 'RT0013', 'RT0015']);

/** Retries of one invocation since it was last invoked. Lives in memory, as on the reference. */
export interface RetryState {
  /** Failed attempts that count against the policy. */
  readonly failedAttemptsCount: number;
  /** Failed attempts since the last command entry was stored; told to the deployment. */
  readonly retryCountSinceLastStoredEntry: number;
}

export const NO_RETRIES: RetryState = { failedAttemptsCount: 0, retryCountSinceLastStoredEntry: 0 };

export interface RetryDecision {
  readonly end: AttemptEnd & { readonly kind: 'retry' | 'pause' | 'fail' };
  readonly retryState: RetryState;
}

/** What follows a failed attempt. `jitter` is uniform in [0, 1). */
export function decideRetry(
  state: RetryState,
  policy: RetryPolicy,
  failure: AttemptFailure,
  { storedCommand, jitter }: { readonly storedCommand: boolean; readonly jitter: number },
): RetryDecision {
  const usesAttempt = failure.retryAfterMs === undefined;
  const failedAttemptsCount = state.failedAttemptsCount + (usesAttempt ? 1 : 0);
  const retryState: RetryState = {
    failedAttemptsCount,
    retryCountSinceLastStoredEntry: countRetries(state, failure, storedCommand),
  };
  if (failure.behavior !== undefined) {
    return { end: endOf(failure.behavior, failure), retryState };
  }
  if (failure.retryAfterMs !== undefined) {
    const delayMs = failure.retryAfterMs;
    return { end: { kind: 'retry', delayMs, failure: reportedError(failure) }, retryState };
  }
  if (isExhausted(policy, failedAttemptsCount)) {
    const behavior = policy.onMaxAttempts === 'kill' ? 'fail' : 'pause';
    return { end: endOf(behavior, failure), retryState };
  }
  const delayMs = policyDelay(policy, failedAttemptsCount, jitter);
  return { end: { kind: 'retry', delayMs, failure: reportedError(failure) }, retryState };
}

function endOf(behavior: 'pause' | 'fail', failure: AttemptFailure): RetryDecision['end'] {
  return behavior === 'pause'
    ? { kind: 'pause', failure: reportedError(failure) }
    : { kind: 'fail', failure: terminalFailure(failure) };
}

// What the handler never saw does not count for it: the SDK bounds the retries of a step by this count.
function countRetries(
  { retryCountSinceLastStoredEntry }: RetryState,
  { documentationCode }: AttemptFailure,
  storedCommand: boolean,
): number {
  if (storedCommand) return 1;
  return retryCountSinceLastStoredEntry + (HANDLER_NOT_REACHED.has(documentationCode) ? 0 : 1);
}

function isExhausted({ maxAttempts }: RetryPolicy, failedAttemptsCount: number): boolean {
  return maxAttempts !== 'unlimited' && failedAttemptsCount >= Math.max(1, maxAttempts);
}

function policyDelay(policy: RetryPolicy, failedAttemptsCount: number, jitter: number): DurationMs {
  const { initialIntervalMs, exponentiationFactor, maxIntervalMs } = policy;
  // The first delay is not capped, as on the reference.
  const capMs = failedAttemptsCount === 1 ? initialIntervalMs : maxIntervalMs;
  const growth = Math.min(exponentiationFactor ** (failedAttemptsCount - 1), Number.MAX_VALUE);
  const capped = Math.min(initialIntervalMs * growth, capMs ?? Number.MAX_SAFE_INTEGER);
  const extra = Math.max(RETRY_JITTER_MS_MIN, capped * RETRY_JITTER_SHARE_MAX * jitter);
  return durationMs(Math.round(capped + extra));
}
