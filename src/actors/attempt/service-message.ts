// Typed messages of the service protocol, versions 5 to 7, without bytes. The codec in
// io/service-protocol turns them into frames and back. Source: Restate service protocol.
import type { AwaitedFuture } from '../domain/awaited-future.ts';
import type { NotificationId } from '../domain/journal.ts';
import type { NotificationResult, Outcome } from '../domain/outcome.ts';

export interface Header {
  readonly key: string;
  readonly value: string;
}

/** First message of an attempt. */
export interface StartMessage {
  readonly kind: 'start';
  /** 24 bytes: partition key and uuid, both big-endian. */
  readonly id: Uint8Array;
  readonly debugId: string;
  /** Journal entries that follow, commands and notifications alike. */
  readonly knownEntries: number;
  readonly stateMap: ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]>;
  /** The state map may lack keys; the deployment must ask for those. */
  readonly partialState: boolean;
  readonly key: string;
  readonly retryCountSinceLastStoredEntry: number;
  readonly durationSinceLastStoredEntryMs: number;
  readonly randomSeed: bigint;
  /** Since version 7, like the next two. */
  readonly scope?: string | undefined;
  readonly limitKey?: string | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** A message that only the server sends. */
export type ServerMessage =
  | StartMessage
  | { readonly kind: 'commandAck'; readonly commandIndex: number }
  /** Instead of the Run completion, whose value the deployment kept. Since version 7. */
  | { readonly kind: 'proposeRunCompletionAck'; readonly completionId: number }
  | {
      readonly kind: 'notification';
      /** Message type, 0x8000 and above. */
      readonly type: number;
      readonly id: NotificationId;
      readonly result: NotificationResult;
    };

/** A message that only a deployment sends and that is no journal entry. */
export type ControlMessage =
  | { readonly kind: 'suspension'; readonly awaiting: AwaitedFuture }
  /** What the handler waits for while the attempt goes on; only told. Since version 7. */
  | { readonly kind: 'awaitingOn'; readonly awaiting: AwaitedFuture }
  | ErrorMessage
  | { readonly kind: 'end' }
  | {
      readonly kind: 'proposeRunCompletion';
      readonly completionId: number;
      readonly outcome: Outcome;
    };

export interface ErrorMessage {
  readonly kind: 'error';
  readonly code: number;
  readonly message: string;
  readonly stacktrace: string;
  readonly relatedCommandIndex?: number | undefined;
  readonly relatedCommandName?: string | undefined;
  readonly relatedCommandType?: number | undefined;
  readonly nextRetryDelayMs?: number | undefined;
  readonly behavior: 'retry' | 'pause' | 'fail';
}

/** The target of AttachInvocation and GetInvocationOutput. */
export type AttachTarget =
  | { readonly kind: 'invocationId'; readonly invocationId: string }
  | {
      readonly kind: 'idempotentRequest';
      readonly service: string;
      readonly key?: string | undefined;
      readonly handler: string;
      readonly idempotencyKey: string;
      readonly scope?: string | undefined;
    }
  | {
      readonly kind: 'workflow';
      readonly workflow: string;
      readonly key: string;
      readonly scope?: string | undefined;
    };

export interface CallParameters {
  readonly service: string;
  readonly handler: string;
  readonly parameter: Uint8Array;
  readonly headers: readonly Header[];
  /** Empty for a Service; a keyed service takes the empty string as a key. */
  readonly key: string;
  readonly idempotencyKey?: string | undefined;
  /** Of version 7, but read whatever the version, as on the reference; like the limit key. */
  readonly scope?: string | undefined;
  readonly limitKey?: string | undefined;
  /** Completion id of the invocation-id notification. */
  readonly invocationIdNotificationIdx: number;
  readonly name: string;
}

/** A command entry. Each is journaled in the order it arrives. */
export type CommandMessage =
  | {
      readonly kind: 'input';
      readonly headers: readonly Header[];
      readonly value: Uint8Array;
      readonly name: string;
    }
  | { readonly kind: 'output'; readonly outcome: Outcome; readonly name: string }
  | {
      readonly kind: 'getLazyState';
      readonly key: Uint8Array;
      readonly completionId: number;
      readonly name: string;
    }
  | {
      readonly kind: 'setState';
      readonly key: Uint8Array;
      readonly value: Uint8Array;
      readonly name: string;
    }
  | { readonly kind: 'clearState'; readonly key: Uint8Array; readonly name: string }
  | { readonly kind: 'clearAllState'; readonly name: string }
  | { readonly kind: 'getLazyStateKeys'; readonly completionId: number; readonly name: string }
  /** Answered by the deployment from the state map; only journaled. */
  | { readonly kind: 'getEagerState'; readonly key: Uint8Array; readonly name: string }
  | { readonly kind: 'getEagerStateKeys'; readonly name: string }
  | {
      readonly kind: 'getPromise';
      readonly key: string;
      readonly completionId: number;
      readonly name: string;
    }
  | {
      readonly kind: 'peekPromise';
      readonly key: string;
      readonly completionId: number;
      readonly name: string;
    }
  | {
      readonly kind: 'completePromise';
      readonly key: string;
      readonly outcome: Outcome;
      readonly completionId: number;
      readonly name: string;
    }
  | {
      readonly kind: 'sleep';
      /** Milliseconds since the Unix epoch. */
      readonly wakeUpTimeMs: number;
      readonly completionId: number;
      readonly name: string;
    }
  | ({ readonly kind: 'call'; readonly completionId: number } & CallParameters)
  | ({
      readonly kind: 'oneWayCall';
      /** Milliseconds since the Unix epoch; 0 and past times mean now. */
      readonly invokeTimeMs: number;
    } & CallParameters)
  | {
      readonly kind: 'sendSignal';
      readonly targetInvocationId: string;
      readonly signal: NotificationId & { readonly kind: 'signal' | 'namedSignal' };
      readonly result: NotificationResult & { readonly kind: 'void' | 'success' | 'failure' };
      readonly name: string;
    }
  | { readonly kind: 'run'; readonly completionId: number; readonly name: string }
  | {
      readonly kind: 'attachInvocation';
      readonly target: AttachTarget;
      readonly completionId: number;
      readonly name: string;
    }
  | {
      readonly kind: 'getInvocationOutput';
      readonly target: AttachTarget;
      readonly completionId: number;
      readonly name: string;
    }
  | {
      readonly kind: 'completeAwakeable';
      readonly awakeableId: string;
      readonly outcome: Outcome;
      readonly name: string;
    };

/** Everything the server accepts from a deployment. */
export type DeploymentMessage = ControlMessage | CommandMessage;

/** Message types with their numbers. */
export const MessageType = {
  start: 0x0000,
  suspension: 0x0001,
  error: 0x0002,
  end: 0x0003,
  commandAck: 0x0004,
  proposeRunCompletion: 0x0005,
  awaitingOn: 0x0006,
  proposeRunCompletionAck: 0x0007,
  input: 0x0400,
  output: 0x0401,
  getLazyState: 0x0402,
  setState: 0x0403,
  clearState: 0x0404,
  clearAllState: 0x0405,
  getLazyStateKeys: 0x0406,
  getEagerState: 0x0407,
  getEagerStateKeys: 0x0408,
  getPromise: 0x0409,
  peekPromise: 0x040a,
  completePromise: 0x040b,
  sleep: 0x040c,
  call: 0x040d,
  oneWayCall: 0x040e,
  sendSignal: 0x0410,
  run: 0x0411,
  attachInvocation: 0x0412,
  getInvocationOutput: 0x0413,
  completeAwakeable: 0x0414,
} as const;

/** Notification types: a completion is its command's type with the top bit set. */
export const NotificationType = {
  getLazyState: 0x8002,
  getLazyStateKeys: 0x8006,
  getPromise: 0x8009,
  peekPromise: 0x800a,
  completePromise: 0x800b,
  sleep: 0x800c,
  call: 0x800d,
  callInvocationId: 0x800e,
  run: 0x8011,
  attachInvocation: 0x8012,
  getInvocationOutput: 0x8013,
  signal: 0xfbff,
} as const;
