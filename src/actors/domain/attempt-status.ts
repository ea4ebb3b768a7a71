import type { AwaitedFuture } from './awaited-future.ts';
import type { DeploymentId, InvocationId } from './ids.ts';
import type { AttemptError } from './journal-event.ts';
import type { UnixMillis } from './time.ts';

/** What is known of the attempts of an invocation while it is invoked. Lives in memory only. */
export interface AttemptStatus {
  readonly invocationId: InvocationId;
  /** An attempt is connected now. */
  readonly isInFlight: boolean;
  /** Attempts since the invocation was invoked, the running one included. */
  readonly attemptsCount: number;
  readonly lastStartAtMs: UnixMillis;
  readonly deploymentId?: DeploymentId | undefined;
  /** What the deployment calls itself, for example `restate-sdk-typescript/1.17.2`. */
  readonly server?: string | undefined;
  /** Of an invocation that was paused meanwhile, when it would have been. */
  readonly nextRetryAtMs?: UnixMillis | undefined;
  readonly lastError?: AttemptError | undefined;
  /** What the running attempt waits for, as far as the deployment has told. */
  readonly awaitingOn?: AwaitedFuture | undefined;
}
