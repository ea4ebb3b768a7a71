// What the main thread and the partition threads tell each other. Plain, cloneable data.
import type { AttemptStatus } from './domain/attempt-status.ts';
import type { InvocationId, PartitionNumber } from './domain/ids.ts';
import type { Schema } from './domain/schema.ts';
import type { PartitionCommand, PartitionMessage } from './partition/command.ts';
import type { RequestReply } from './partition/effect.ts';
import type { ThreadReport } from './ports.ts';
import type { TablesPin } from './snapshot-ports.ts';

/** What a partition thread does for a snapshot. Every step is answered. */
export type SnapshotStep =
  /** Brings everything committed to the tables. */
  | { readonly name: 'settle' }
  /** Applies no command from now on, and settles. */
  | { readonly name: 'stop' }
  /** Pins the tables of these environments; every thread has stopped. */
  | { readonly name: 'pin'; readonly environments: readonly number[] }
  | { readonly name: 'goOn' }
  /** The copies are made, or given up. */
  | { readonly name: 'release' };

export interface SnapshotStepResult {
  /** Held by the thread now. */
  readonly pins: readonly TablesPin[];
}

/** What a query is about to read. */
export interface SnapshotNeeds {
  /** Only these invocations; absent: any rows. */
  readonly ids?: readonly InvocationId[] | undefined;
  /** What is known of attempts is shown. */
  readonly showsAttempts: boolean;
}

export type ToPartitionThread =
  | {
      readonly kind: 'command';
      readonly partition: PartitionNumber;
      readonly command: PartitionCommand;
    }
  | {
      /** A message from another thread's outbox; its time is set on arrival. */
      readonly kind: 'deliver';
      readonly from: PartitionNumber;
      readonly to: PartitionNumber;
      readonly sequence: number;
      readonly message: PartitionMessage;
    }
  | {
      readonly kind: 'ackDelivery';
      readonly from: PartitionNumber;
      readonly to: PartitionNumber;
      readonly sequence: number;
    }
  /** Messages for these partitions may have been lost with their thread. */
  | { readonly kind: 'resendOutbox'; readonly to: readonly PartitionNumber[] }
  | { readonly kind: 'schema'; readonly schema: Schema }
  /** Whatever is flushed is to be seen by snapshots, too. */
  | ({ readonly kind: 'settle'; readonly requestId: number } & SnapshotNeeds)
  | { readonly kind: 'snapshotStep'; readonly stepId: number; readonly step: SnapshotStep }
  /** For a thread that began paused: attempts may start, timers may fire. */
  | { readonly kind: 'startInvoking' }
  /** Asks for a `report`. */
  | { readonly kind: 'report'; readonly requestId: number }
  /** Asks for a `pong`, which shows that the thread's event loop turns. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'close' }
  /** Ends the thread at once, writes in flight or not. Only tests send it. */
  | { readonly kind: 'crash' }
  /** Blocks the thread. Only tests send it. */
  | { readonly kind: 'stall'; readonly forMs: number };

export type ToMainThread =
  /** The thread has recovered its partitions and takes commands. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'reply'; readonly requestId: string; readonly reply: RequestReply }
  | {
      readonly kind: 'settled';
      readonly requestId: number;
      /** Of those that were asked for. */
      readonly statuses: readonly AttemptStatus[];
    }
  | SnapshotStepAnswer
  /** The thread ends, because nothing it is given can be stored. */
  | { readonly kind: 'storageFailed'; readonly failure: StorageFailure }
  | { readonly kind: 'pong' }
  | { readonly kind: 'report'; readonly requestId: number; readonly report: ThreadReport }
  | (ToPartitionThread & { readonly kind: 'deliver' | 'ackDelivery' });

export interface SnapshotStepAnswer {
  readonly kind: 'snapshotStepDone';
  readonly stepId: number;
  /** A text says why the step failed. */
  readonly result: SnapshotStepResult | string;
}

export interface StorageFailure {
  /** With the system's reason, for example `ENOSPC: no space left on device, write`. */
  readonly message: string;
  /** Trying again does not help: what is stored is damaged. */
  readonly isLasting: boolean;
}

/** The one large byte array a message may hold; it is transferred instead of copied. */
export function largeBodyOf(message: ToPartitionThread | ToMainThread): Uint8Array | undefined {
  switch (message.kind) {
    case 'command':
      return message.command.kind === 'submit' ? message.command.submission.input : undefined;
    case 'reply':
      if (message.reply.kind !== 'completed' || message.reply.outcome.kind !== 'success') return;
      return message.reply.outcome.value;
    case 'deliver':
      return message.message.kind === 'invoke' ? message.message.submission.input : undefined;
    case 'ackDelivery':
    case 'resendOutbox':
    case 'schema':
    case 'settle':
    case 'settled':
    case 'snapshotStep':
    case 'snapshotStepDone':
    case 'startInvoking':
    case 'storageFailed':
    case 'report':
    case 'ping':
    case 'pong':
    case 'close':
    case 'crash':
    case 'stall':
    case 'ready':
      return undefined;
  }
}
