// What the client is told came of an operation. Source: seen on the reference 1.7.12.
import type { InvocationId } from '../../actors/domain/ids.ts';
import type { InvocationOperation } from '../../actors/partition/command.ts';
import type { OperationOutcome, OperationRefusal } from '../../actors/partition/effect.ts';
import { AdminError, type AdminErrorKind } from './admin-error.ts';

type OperationKind = InvocationOperation['kind'];

export type OperationSuccess = Exclude<OperationOutcome, OperationRefusal>;

export function isSuccess(outcome: OperationOutcome): outcome is OperationSuccess {
  return outcome.kind === 'done' || outcome.kind === 'accepted' || outcome.kind === 'restarted';
}

/** The answer to a refused operation on one invocation. */
export function refusalOfOperation(
  id: InvocationId,
  operation: OperationKind,
  refusal: OperationRefusal,
): AdminError {
  const of = (kind: AdminErrorKind, text: string) =>
    new AdminError(kind, `The invocation '${id}' ${text}`);
  switch (refusal.kind) {
    case 'notFound':
      return new AdminError('notFound', `The requested invocation '${id}' does not exist`);
    case 'alreadyCompleted':
      if (operation === 'resume') return of('conflict', 'is completed, cannot be resumed.');
      return of('conflict', 'was already completed.');
    case 'notRunning':
      return of('conflict', 'is not running, cannot be paused.');
    case 'notCompleted':
      return of('conflict', 'is not yet completed.');
    case 'notStarted':
      if (operation === 'resume') {
        return of('tooEarly', 'is either inboxed or scheduled, cannot be resumed.');
      }
      return of('tooEarly', "cannot be restarted because it's not running yet.");
    case 'stillRunning':
      return of('conflict', 'is still running.');
    case 'deploymentNotChangeable':
      return of(
        'conflict',
        'is still running or the deployment id is not pinned yet, deployment id cannot be changed.',
      );
    case 'unknownDeployment': {
      const attempted = operation === 'resume' ? 'resume' : 'restart as new';
      const message = `The given deployment was not found when trying to ${attempted} the invocation '${id}'.`;
      return new AdminError('invalidField', message);
    }
    case 'protocolUnsupported': {
      const { protocolVersion, deploymentId, minProtocolVersion, maxProtocolVersion } = refusal;
      return of(
        'invalidField',
        `is running on protocol version '${protocolVersion}', while the chosen deployment '${deploymentId}' supports the range [${minProtocolVersion}, ${maxProtocolVersion}].`,
      );
    }
    case 'restartUnsupported':
      return new AdminError(
        'unsupported',
        `Restarting the invocation '${id}' is not supported. Restarting workflows is not supported, and restarting invocations created using the old service protocol.`,
      );
    case 'journalGone':
      return of(
        'gone',
        'cannot be restarted because the input is not available. This indicates that the journal was already purged, or not retained at all.',
      );
    case 'prefixIncomplete':
      return new AdminError(
        'invalidField',
        `The prefix of the journal '${id}' up to 'from' (included) contains some Commands without respective Completions.`,
      );
  }
}

/** The same in the answer to an operation on many invocations. */
export function batchRefusal(
  id: InvocationId,
  operation: OperationKind,
  refusal: OperationRefusal,
): string {
  const invocation = `Invocation '${id}'`;
  const isResume = operation === 'resume';
  switch (refusal.kind) {
    case 'notFound':
      return `${invocation} not found`;
    case 'alreadyCompleted':
      return `${invocation} ${isResume ? 'is completed, cannot be resumed' : 'was already completed'}`;
    case 'notRunning':
      return `${invocation} is not running, cannot be paused`;
    case 'notCompleted':
      return `${invocation} is not yet completed`;
    case 'notStarted':
      if (isResume) return `${invocation} is either inboxed or scheduled, cannot be resumed`;
      return `${invocation} cannot be restarted because it's not running yet`;
    case 'stillRunning':
      return `${invocation} is still running`;
    case 'deploymentNotChangeable':
      return `Cannot change deployment ID for invocation '${id}'`;
    case 'unknownDeployment':
      return `Deployment not found when ${isResume ? 'resuming' : 'restarting'} invocation '${id}'`;
    case 'protocolUnsupported': {
      const { protocolVersion, deploymentId } = refusal;
      return `${invocation} is running on protocol version ${protocolVersion}, which deployment '${deploymentId}' does not support`;
    }
    case 'restartUnsupported':
      return `Restarting invocation '${id}' is not supported`;
    case 'journalGone':
      return `${invocation} cannot be restarted because the input is not available`;
    case 'prefixIncomplete':
      return `The journal prefix of invocation '${id}' contains commands without completions`;
  }
}
