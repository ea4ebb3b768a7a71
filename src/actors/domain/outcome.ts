/** How an invocation, a step or a durable promise ended unsuccessfully. */
export interface Failure {
  /** Terminal error code; 500 when the service names none. */
  readonly code: number;
  readonly message: string;
  readonly metadata?: ReadonlyArray<readonly [key: string, value: string]> | undefined;
  /** Stack trace of the last retryable error, present when the retry policy ended the invocation. */
  readonly stacktrace?: string | undefined;
}

export type Outcome =
  | { readonly kind: 'success'; readonly value: Uint8Array }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** What a notification carries. `void` is a completion without a value (a fired timer, an absent state key). */
export type NotificationResult =
  | { readonly kind: 'void' }
  | Outcome
  | { readonly kind: 'invocationId'; readonly invocationId: string }
  | { readonly kind: 'stateKeys'; readonly keys: readonly Uint8Array[] };

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

export function failure(code: number, message: string): Outcome {
  return { kind: 'failure', failure: { code, message } };
}
