// What operators read about attempts. Every line names its invocation, and none holds a payload.
import { formatDuration } from '../actors/domain/duration.ts';
import { targetKey } from '../actors/domain/invocation.ts';
import type { AttemptFailureReport, AttemptObserver, LargeMessageReport } from '../actors/ports.ts';
import type { LogFields, Logger } from './log.ts';

export function attemptObserver(log: Logger): AttemptObserver {
  return {
    attemptFailed: (report) => logAttemptFailure(log, report),
    largeMessageReceived: (report) => logLargeMessage(log, report),
  };
}

function logAttemptFailure(log: Logger, report: AttemptFailureReport): void {
  const { invocationId, target, deploymentId, failure, end } = report;
  const consequence =
    end.kind === 'retry' ? `retrying in ${formatDuration(end.delayMs)}` : `${end.kind} by policy`;
  log.warn(`an attempt failed, ${consequence}`, {
    error: failure.message,
    ...invocationFields({ invocationId, target, deploymentId }),
    'restate.error.code': failure.documentationCode,
    code: failure.code,
    relatedCommand: failure.relatedCommand,
    stacktrace: failure.stacktrace || undefined,
  });
}

function logLargeMessage(log: Logger, report: LargeMessageReport): void {
  const { message, bytes } = report;
  log.warn('a message of a deployment exceeds worker.invoker.message-size-warning', {
    type: message,
    bytes,
    ...invocationFields(report),
  });
}

/** Which invocation a line is about; named as on the reference server. */
function invocationFields({
  invocationId,
  target,
  deploymentId,
}: Pick<AttemptFailureReport, 'invocationId' | 'target' | 'deploymentId'>): LogFields {
  return {
    'restate.invocation.id': invocationId,
    'restate.invocation.target': [target.service, targetKey(target), target.handler]
      .filter(Boolean)
      .join('/'),
    'restate.deployment.id': deploymentId,
  };
}
