import { must } from '../../domain/assert.ts';
import type { CommandMessage } from '../../attempt/service-message.ts';
import type { ProposedEntry } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import { sendMessage } from '../outbox.ts';

export function sendSignal(
  context: ApplyContext,
  { signal, result }: CommandMessage & { kind: 'sendSignal' },
  entry: ProposedEntry,
): void {
  const invocationId = must(entry.targetId, 'a signal entry comes with its target');
  sendMessage(context, invocationId, { kind: 'signal', invocationId, signal, result });
}

/** Awakeables are signals of the invocation that made them. */
export function completeAwakeable(
  context: ApplyContext,
  { outcome }: CommandMessage & { kind: 'completeAwakeable' },
  { targetId, awakeableSignalIndex }: ProposedEntry,
): void {
  // A legacy awakeable id names no signal; completing it has no effect, as on the reference.
  if (targetId === undefined) return;
  const index = must(awakeableSignalIndex, 'an awakeable target comes with its signal index');
  sendMessage(context, targetId, {
    kind: 'signal',
    invocationId: targetId,
    signal: { kind: 'signal', index },
    result: outcome,
  });
}
