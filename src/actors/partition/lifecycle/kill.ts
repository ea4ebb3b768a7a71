import type { InvocationId } from '../../domain/ids.ts';
import type { Invocation } from '../../domain/invocation.ts';
import { failure } from '../../domain/outcome.ts';
import type { ApplyContext } from '../context.ts';
import { sendMessage } from '../outbox.ts';
import { completeInvocation, discardInvocation } from './complete.ts';

/** Source: seen on the reference server. */
const KILLED = failure(409, 'killed');

/** Ends an invocation without asking its handler, and everything it has started. */
export function killInvocation(context: ApplyContext, invocationId: InvocationId): void {
  const invocation = context.state.getInvocation(invocationId);
  if (invocation === undefined) return;
  switch (invocation.status.kind) {
    case 'completed':
      return;
    case 'scheduled':
    case 'inboxed':
      return discardInvocation(context, invocation, KILLED);
    case 'invoked':
    case 'suspended':
    case 'paused':
      killChildren(context, invocation);
      return completeInvocation(context, invocation, KILLED);
  }
}

/** One-way calls too, as on the reference. */
function killChildren(context: ApplyContext, { number, journalLength }: Invocation): void {
  for (const entry of context.state.readJournal(number, 0, journalLength)) {
    const child = entry.kind === 'command' ? entry.child : undefined;
    if (child !== undefined) sendMessage(context, child, { kind: 'kill', invocationId: child });
  }
}
