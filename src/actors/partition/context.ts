import type { DeploymentId } from '../domain/ids.ts';
import type { InvocationTarget, Pin } from '../domain/invocation.ts';
import type { CommandEntry } from '../domain/journal.ts';
import type { UnixMillis } from '../domain/time.ts';
import type { PartitionMessage } from './command.ts';
import type { PartitionEffect } from './effect.ts';
import type { PartitionState } from './state.ts';

/** What a partition must be told about the world; constant while a command is applied. */
export interface PartitionRules {
  /** State sent along with Start. Unit: bytes of keys plus values. */
  readonly eagerStateBytesMax: number;
  /** A pause takes effect at once, and on suspended invocations too. Source: the reference with vqueues. */
  readonly pausesAtOnce: boolean;
  /** Restarts begin traces. */
  readonly isTracing: boolean;
  /** How many invocations of a level (see `levelsOf`) may have a slot at once. */
  concurrencyLimitOf(level: string): number;
  /** The handler reads state on demand, so that none is sent with Start. */
  usesLazyState(target: InvocationTarget, pin: Pin | undefined): boolean;
  /** A registered deployment: the given one, or the latest of the target's service. */
  findDeployment(
    target: InvocationTarget,
    choice: 'latest' | DeploymentId,
  ): DeploymentOffer | undefined;
  /** Ids of the completions that a journaled command entry is answered with. */
  completionIdsOf(entry: CommandEntry): readonly number[];
}

/** What a deployment can be asked to continue. */
export interface DeploymentOffer {
  readonly deploymentId: DeploymentId;
  readonly minProtocolVersion: number;
  readonly maxProtocolVersion: number;
  /** The version new invocations get; absent when none is supported. */
  readonly negotiatedVersion?: number | undefined;
}

/** One command being applied: the state it changes, the effects it asks for, its time. */
export interface ApplyContext {
  readonly state: PartitionState;
  readonly rules: PartitionRules;
  readonly effects: PartitionEffect[];
  /** Messages to the own partition, applied within the same command once it is done. */
  readonly localMessages: PartitionMessage[];
  readonly nowMs: UnixMillis;
}
