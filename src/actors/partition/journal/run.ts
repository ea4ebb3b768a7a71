import { NotificationType } from '../../attempt/service-message.ts';
import type { PartitionCommand } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import { currentInvocation } from '../lifecycle/attempt.ts';
import { notifyInvocation } from '../lifecycle/notify.ts';

/** Journals the result of a Run entry; the deployment goes on once it is flushed. */
export function proposeRunCompletion(
  context: ApplyContext,
  command: PartitionCommand & { kind: 'runCompletionProposed' },
): void {
  const invocation = currentInvocation(context, command);
  if (invocation === undefined) return;
  const { completionId, outcome, pin } = command;
  if (invocation.pin === undefined) context.state.putInvocation({ ...invocation, pin });
  notifyInvocation(context, invocation.id, {
    type: NotificationType.run,
    id: { kind: 'completion', completionId },
    result: outcome,
  });
}
