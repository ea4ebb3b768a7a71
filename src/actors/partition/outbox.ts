// Messages between partitions. A message for another partition goes through the durable outbox and is
// numbered per receiver; one for the own partition is applied within the same batch.
import { partitionOf } from '../domain/ids.ts';
import type { InvocationId, PartitionNumber } from '../domain/ids.ts';
import type { PartitionMessage } from './command.ts';
import type { ApplyContext } from './context.ts';

/** Sends `message` to the partition of the invocation that it concerns. */
export function sendMessage(
  { state, effects, localMessages }: ApplyContext,
  concerns: InvocationId,
  message: PartitionMessage,
): void {
  const to = partitionOf(concerns, state.partitionsCount);
  if (to === state.partition) {
    localMessages.push(message);
    return;
  }
  const sequence = state.pushOutbox(to, message);
  effects.push({ kind: 'send', to, sequence, message });
}

/** Sends the messages for `to` that it has not acknowledged, in order. */
export function resendOutbox({ state, effects }: ApplyContext, to: PartitionNumber): void {
  for (const outgoing of state.outboxMessages()) {
    if (outgoing.to === to) effects.push({ kind: 'send', ...outgoing });
  }
}
