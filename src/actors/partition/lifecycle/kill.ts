import type { InvocationId } from '../../domain/ids.ts';
import type { Invocation } from '../../domain/invocation.ts';
import { failure } from '../../domain/outcome.ts';
import type { ApplyContext } from '../context.ts';
import type { OperationOutcome } from '../effect.ts';
import { sendMessage } from '../outbox.ts';
import { completeInvocation, discardInvocation } from './complete.ts';

/** Source: seen on the reference server. */
const KILLED = failure(409, 'killed');

/** Ends an invocation at once, and everything that it called or sent. */
export function killInvocation(
  context: ApplyContext,
  invocationId: InvocationId,
): OperationOutcome {
  const invocation = context.state.getInvocation(invocationId);
  if (invocation === undefined) return { kind: 'notFound' };
  switch (invocation.status.kind) {
    case 'completed':
      return { kind: 'alreadyCompleted' };
    case 'scheduled':
    case 'inboxed':
      discardInvocation(context, invocation, KILLED);
      return { kind: 'done' };
    case 'invoked':
    case 'suspended':
    case 'paused':
      killChildren(context, invocation);
      completeInvocation(context, invocation, KILLED);
      return { kind: 'done' };
  }
}

function killChildren(context: ApplyContext, { number, journalLength }: Invocation): void {
  for (const entry of context.state.readJournal(number, 0, journalLength)) {
    if (entry.kind !== 'command' || entry.child === undefined) continue;
    sendMessage(context, entry.child, { kind: 'kill', invocationId: entry.child });
  }
}
