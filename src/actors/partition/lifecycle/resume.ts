import type { DeploymentId, InvocationId } from '../../domain/ids.ts';
import type { Invocation } from '../../domain/invocation.ts';
import type { DeploymentChoice } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import type { OperationOutcome } from '../effect.ts';
import { resumeInvocation } from './start.ts';

/** Lets a suspended, paused or backing-off invocation go on at once, on another deployment if wanted. */
export function resumeByOperator(
  context: ApplyContext,
  invocationId: InvocationId,
  deployment: DeploymentChoice,
): OperationOutcome {
  const invocation = context.state.getInvocation(invocationId);
  if (invocation === undefined) return { kind: 'notFound' };
  switch (invocation.status.kind) {
    case 'scheduled':
    case 'inboxed':
      return { kind: 'notStarted' };
    case 'completed':
      return { kind: 'alreadyCompleted' };
    case 'invoked':
      if (deployment !== 'keep') return { kind: 'deploymentNotChangeable' };
      return hasten(context, invocation);
    case 'suspended':
    case 'paused': {
      // One that is not pinned yet goes to the latest deployment anyway.
      const isUnchanged =
        deployment === 'keep' || (deployment === 'latest' && invocation.pin === undefined);
      if (!isUnchanged) return resumeOn(context, invocation, deployment);
      resumeInvocation(context, invocation);
      return { kind: 'done' };
    }
  }
}

function hasten({ state, effects }: ApplyContext, invocation: Invocation): OperationOutcome {
  const { id: invocationId, epoch, status } = invocation;
  if (status.kind === 'invoked' && status.pauseRequested === true) {
    state.putInvocation({ ...invocation, status: { kind: 'invoked' } });
  }
  effects.push({ kind: 'hastenAttempt', invocationId, epoch });
  return { kind: 'done' };
}

function resumeOn(
  context: ApplyContext,
  invocation: Invocation,
  choice: 'latest' | DeploymentId,
): OperationOutcome {
  const { pin, target } = invocation;
  if (pin === undefined) return { kind: 'deploymentNotChangeable' };
  const offer = context.rules.findDeployment(target, choice);
  if (offer === undefined) return { kind: 'unknownDeployment' };
  const { protocolVersion } = pin;
  const { deploymentId, minProtocolVersion, maxProtocolVersion } = offer;
  if (protocolVersion < minProtocolVersion || protocolVersion > maxProtocolVersion) {
    return { kind: 'protocolUnsupported', protocolVersion, ...offer };
  }
  resumeInvocation(context, { ...invocation, pin: { deploymentId, protocolVersion } });
  return { kind: 'done' };
}
