import { unreachable } from '../../domain/assert.ts';
import type { InvocationId } from '../../domain/ids.ts';
import type { InvocationOperation, PartitionCommand } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import type { OperationOutcome } from '../effect.ts';
import { cancelInvocation } from './cancel.ts';
import { killInvocation } from './kill.ts';
import { pauseInvocation } from './pause.ts';
import { purgeInvocation, purgeJournal } from './purge.ts';
import { restartInvocation } from './restart.ts';
import { resumeByOperator } from './resume.ts';

/** An operator does something to one invocation, and is told what came of it. */
export function operate(
  context: ApplyContext,
  { requestId, invocationId, operation }: PartitionCommand & { kind: 'operate' },
): void {
  const outcome = perform(context, invocationId, operation);
  context.effects.push({ kind: 'reply', requestId, reply: { kind: 'operated', outcome } });
}

function perform(
  context: ApplyContext,
  invocationId: InvocationId,
  operation: InvocationOperation,
): OperationOutcome {
  switch (operation.kind) {
    case 'cancel':
      return cancelInvocation(context, invocationId);
    case 'kill':
      return killInvocation(context, invocationId);
    case 'pause':
      return pauseInvocation(context, invocationId);
    case 'resume':
      return resumeByOperator(context, invocationId, operation.deployment);
    case 'purge':
      return purgeInvocation(context, invocationId);
    case 'purgeJournal':
      return purgeJournal(context, invocationId);
    case 'restartAsNew':
      return restartInvocation(context, invocationId, operation);
    default:
      return unreachable(operation);
  }
}
