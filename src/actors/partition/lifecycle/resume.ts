import type { DeploymentId } from '../../domain/ids.ts';
import type { Invocation } from '../../domain/invocation.ts';
import type { OperationOutcome } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import { resumeInvocation } from './start.ts';

/** Lets an invocation go on at once, on its deployment or on another that speaks its protocol version. */
export function resume(
  context: ApplyContext,
  invocation: Invocation,
  deployment: 'keep' | 'latest' | DeploymentId,
): OperationOutcome {
  const { id, epoch, status } = invocation;
  switch (status.kind) {
    case 'scheduled':
    case 'inboxed':
      return 'notStarted';
    case 'completed':
      return 'notResumable';
    case 'invoked':
      if (deployment !== 'keep') return 'deploymentFixed';
      context.effects.push({ kind: 'retryAtOnce', invocationId: id, epoch });
      return 'done';
    case 'suspended':
    case 'paused':
      return deployment === 'keep'
        ? resumeOn(context, invocation, invocation.pin)
        : move(context, invocation, deployment);
  }
}

function move(
  context: ApplyContext,
  invocation: Invocation,
  choice: 'latest' | DeploymentId,
): OperationOutcome {
  const { pin, target } = invocation;
  if (pin === undefined) return 'deploymentFixed';
  const deployment = context.rules.findDeployment(choice, target);
  if (deployment === undefined) return 'deploymentNotFound';
  const { id, minProtocolVersion, maxProtocolVersion } = deployment;
  const { protocolVersion } = pin;
  if (protocolVersion < minProtocolVersion || protocolVersion > maxProtocolVersion) {
    return 'protocolMismatch';
  }
  return resumeOn(context, invocation, { deploymentId: id, protocolVersion });
}

function resumeOn(
  context: ApplyContext,
  invocation: Invocation,
  pin: Invocation['pin'],
): OperationOutcome {
  resumeInvocation(context, { ...invocation, pin });
  return 'done';
}
