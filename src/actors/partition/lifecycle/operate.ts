// What an operator asks of an invocation. Source: reference contract, "Invocation operations".
import type { Invocation } from '../../domain/invocation.ts';
import { CANCEL_SIGNAL_INDEX } from '../../domain/journal.ts';
import { unreachable } from '../../domain/assert.ts';
import type { InvocationOperation, OperationOutcome, PartitionCommand } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import { killInvocation } from './kill.ts';
import { purgeInvocation } from './purge.ts';
import { resume } from './resume.ts';
import { signalInvocation } from './signal.ts';

export function operate(
  context: ApplyContext,
  { requestId, invocationId, operation }: PartitionCommand & { kind: 'operate' },
): void {
  const invocation = context.state.getInvocation(invocationId);
  const outcome = invocation === undefined ? 'notFound' : perform(context, invocation, operation);
  context.effects.push({ kind: 'reply', requestId, reply: { kind: 'operated', outcome } });
}

function perform(
  context: ApplyContext,
  invocation: Invocation,
  operation: InvocationOperation,
): OperationOutcome {
  switch (operation.kind) {
    case 'cancel':
      return cancel(context, invocation);
    case 'kill':
      if (invocation.status.kind === 'completed') return 'alreadyCompleted';
      killInvocation(context, invocation.id);
      return 'done';
    case 'pause':
      return pause(context, invocation);
    case 'resume':
      return resume(context, invocation, operation.deployment);
    case 'purge':
      if (invocation.status.kind !== 'completed') return 'notCompleted';
      purgeInvocation(context, invocation);
      return 'done';
    case 'purgeJournal':
      return purgeJournal(context, invocation);
    default:
      return unreachable(operation);
  }
}

function cancel(context: ApplyContext, { id, epoch, status }: Invocation): OperationOutcome {
  if (status.kind === 'completed') return 'alreadyCompleted';
  const signal = { kind: 'signal', index: CANCEL_SIGNAL_INDEX } as const;
  signalInvocation(context, id, signal, { kind: 'void' });
  if (status.kind === 'scheduled' || status.kind === 'inboxed') return 'done';
  if (status.kind === 'invoked') {
    context.effects.push({ kind: 'retryAtOnce', invocationId: id, epoch });
  }
  return 'accepted';
}

function pause({ effects }: ApplyContext, { id, epoch, status }: Invocation): OperationOutcome {
  switch (status.kind) {
    case 'invoked':
      effects.push({ kind: 'pauseAttempt', invocationId: id, epoch });
      return 'accepted';
    case 'suspended':
    case 'paused':
      return 'done';
    case 'scheduled':
    case 'inboxed':
    case 'completed':
      return 'notRunning';
  }
}

function purgeJournal({ state }: ApplyContext, invocation: Invocation): OperationOutcome {
  if (invocation.status.kind !== 'completed') return 'notCompleted';
  state.deleteJournal(invocation.number, invocation.journalLength);
  state.putInvocation({ ...invocation, journalLength: 0 });
  return 'done';
}
