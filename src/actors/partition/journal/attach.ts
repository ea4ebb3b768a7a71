import { must } from '../../domain/assert.ts';
import type { Invocation } from '../../domain/invocation.ts';
import type { CommandMessage } from '../../attempt/service-message.ts';
import type { ProposedEntry } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import { sendMessage } from '../outbox.ts';

export function attachInvocation(
  context: ApplyContext,
  invocation: Invocation,
  { completionId }: CommandMessage & { kind: 'attachInvocation' },
  entry: ProposedEntry,
): void {
  const invocationId = must(entry.targetId, 'an attach entry comes with its target');
  sendMessage(context, invocationId, {
    kind: 'attach',
    invocationId,
    waiter: { invocationId: invocation.id, completionId, entry: 'attach' },
  });
}

export function getInvocationOutput(
  context: ApplyContext,
  invocation: Invocation,
  { completionId }: CommandMessage & { kind: 'getInvocationOutput' },
  entry: ProposedEntry,
): void {
  const invocationId = must(entry.targetId, 'an output entry comes with its target');
  sendMessage(context, invocationId, {
    kind: 'getOutput',
    invocationId,
    askerId: invocation.id,
    completionId,
  });
}
