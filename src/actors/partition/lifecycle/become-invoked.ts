import { draftOf, type Invocation } from '../../domain/invocation.ts';
import type { ApplyContext } from '../context.ts';
import type { AttemptInput } from '../effect.ts';
import { ownerOf } from '../owner.ts';

/** Makes the invocation `invoked` under a new epoch and asks for its attempt. */
export function becomeInvoked(context: ApplyContext, invocation: Invocation): void {
  const invoked = draftOf(invocation);
  invoked.status = { kind: 'invoked' };
  invoked.epoch += 1;
  invoked.modifiedAtMs = context.nowMs;
  invoked.runningAtMs ??= context.nowMs;
  context.state.putInvocation(invoked);
  const { id: invocationId, target, createdAtMs } = invocation;
  const { trace } = invocation.source;
  if (trace !== undefined && invocation.epoch === 0) {
    const event = { kind: 'started', invocationId, target, trace, createdAtMs } as const;
    context.effects.push({ kind: 'trace', event });
  }
  context.effects.push({ kind: 'startAttempt', input: readAttemptInput(context, invoked) });
}

/** Reads everything an attempt needs, as of this point of the command order. */
export function readAttemptInput(context: ApplyContext, invocation: Invocation): AttemptInput {
  const { state } = context;
  const { id, epoch, target, limitKey, idempotencyKey, pin } = invocation;
  const { createdAtMs, modifiedAtMs } = invocation;
  const { trace } = invocation.source;
  const input = {
    invocationId: id,
    epoch,
    target,
    limitKey,
    idempotencyKey,
    pin,
    journal: state.readJournal(invocation.number, 0, invocation.journalLength),
    ...readEagerState(context, invocation),
    createdAtMs,
    modifiedAtMs,
  };
  return trace === undefined ? input : { ...input, trace };
}

function readEagerState(
  { state, rules }: ApplyContext,
  { target, pin }: Invocation,
): Pick<AttemptInput, 'state' | 'partialState'> {
  const owner = ownerOf(target);
  const bytesMax = rules.eagerStateBytesMax;
  if (owner === undefined || bytesMax === 0 || rules.usesLazyState(target, pin)) {
    return { state: [], partialState: true };
  }
  const entries: Array<readonly [key: Uint8Array, value: Uint8Array]> = [];
  let bytes = 0;
  for (const entry of state.listUserState(owner)) {
    bytes += entry[0].length + entry[1].length;
    if (bytes > bytesMax) return { state: entries, partialState: true };
    entries.push(entry);
  }
  return { state: entries, partialState: false };
}
