import type { DeploymentId } from '../domain/ids.ts';
import type { InvocationTarget, Pin } from '../domain/invocation.ts';
import type { UnixMillis } from '../domain/time.ts';
import type { PartitionMessage } from './command.ts';
import type { PartitionEffect } from './effect.ts';
import type { PartitionState } from './state.ts';

/** What a partition must be told about the world; constant while a command is applied. */
export interface PartitionRules {
  /** State sent along with Start. Unit: bytes of keys plus values. */
  readonly eagerStateBytesMax: number;
  /** The handler reads state on demand, so that none is sent with Start. */
  /** The deployment an operator chose; `undefined` when there is none. */
  findDeployment(
    choice: 'latest' | DeploymentId,
    target: InvocationTarget,
  ): DeploymentChoice | undefined;
  usesLazyState(target: InvocationTarget, pin: Pin | undefined): boolean;
}

/** A deployment an invocation may be moved to. */
export interface DeploymentChoice {
  readonly id: DeploymentId;
  readonly minProtocolVersion: number;
  readonly maxProtocolVersion: number;
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
