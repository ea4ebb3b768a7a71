// What a handler of the stand-in does: steps, each of which sends journal entries and waits for one
// notification. An attempt that is replayed goes on at the first step without its notification.
import type {
  CommandMessage,
  DeploymentMessage,
} from '../../../src/actors/attempt/service-message.ts';
import { invocationIdFromBytes, type InvocationId } from '../../../src/actors/domain/ids.ts';
import type { NotificationId } from '../../../src/actors/domain/journal.ts';
import { encodeDeploymentMessage } from '../../../test/support/deployment-messages.ts';

/** What an attempt was started with. */
export interface AttemptStart {
  /** 24 bytes. */
  readonly idBytes: Uint8Array;
  /** Value of the state entry `count`. */
  readonly count: Uint8Array | undefined;
  readonly key: string;
  readonly input: Uint8Array;
}

export interface Step {
  /** Frames of the journal entries, in the order they are sent. */
  readonly commands: (start: AttemptStart) => Uint8Array;
  readonly commandsCount: number;
  /** Sent after the commands, and again by every attempt that still waits: a run's outcome. */
  readonly proposal?: Uint8Array | undefined;
  readonly awaited: NotificationId;
  /** Suspends at once instead of waiting connected. */
  readonly suspends?: boolean | undefined;
}

export interface Script {
  readonly stepsOf: (start: AttemptStart) => readonly Step[];
  /** Output and End. */
  readonly finish: (start: AttemptStart) => Uint8Array;
}

export const NO_BYTES = Buffer.alloc(0);

const END = encodeDeploymentMessage({ kind: 'end' });

/** The frames of messages, in one piece. */
export function frames(...messages: readonly DeploymentMessage[]): Uint8Array {
  return Buffer.concat(messages.map((message) => encodeDeploymentMessage(message)));
}

export function finishWith(value: Uint8Array): Uint8Array {
  const output = { kind: 'output', name: '', outcome: { kind: 'success', value } } as const;
  return Buffer.concat([encodeDeploymentMessage(output), END]);
}

/** A finish that is the same for every invocation. */
export function constantFinish(value: string): Script['finish'] {
  const bytes = finishWith(Buffer.from(value));
  return () => bytes;
}

/** A step whose entries are the same for every invocation; it waits for completion `completionId`. */
export function constantStep(completionId: number, ...commands: readonly CommandMessage[]): Step {
  const bytes = frames(...commands);
  return {
    commands: () => bytes,
    commandsCount: commands.length,
    awaited: { kind: 'completion', completionId },
  };
}

export function invocationIdOf({ idBytes }: AttemptStart): InvocationId {
  return invocationIdFromBytes(idBytes);
}

/** Steps that are the same for every invocation. */
export function always(...steps: readonly Step[]): Script['stepsOf'] {
  return () => steps;
}
