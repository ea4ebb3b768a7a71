// How an invocation becomes `invoked`, and what its attempt is given.
import type { Invocation } from '../../domain/invocation.ts';
import { isExclusive, targetKey } from '../../domain/invocation.ts';
import type { ApplyContext } from '../context.ts';
import type { AttemptInput } from '../effect.ts';
import type { ServiceKey } from '../state.ts';

/** Invokes a new or fired invocation, or queues it behind the one that holds its key. */
export function startInvocation(context: ApplyContext, invocation: Invocation): void {
  const { state } = context;
  const owner = lockOf(invocation);
  if (owner !== undefined) {
    if (state.getLock(owner) !== undefined) {
      const inboxSequence = state.pushInbox(owner, invocation.id);
      state.putInvocation({ ...invocation, status: { kind: 'inboxed', inboxSequence } });
      return;
    }
    state.setLock(owner, invocation.id);
  }
  resumeInvocation(context, invocation);
}

/** Makes the invocation `invoked` under a new epoch and asks for its attempt. */
export function resumeInvocation(context: ApplyContext, invocation: Invocation): void {
  const invoked: Invocation = {
    ...invocation,
    status: { kind: 'invoked' },
    epoch: invocation.epoch + 1,
    modifiedAtMs: context.nowMs,
  };
  context.state.putInvocation(invoked);
  context.effects.push({ kind: 'startAttempt', input: readAttemptInput(context, invoked) });
}

/** The key that the invocation holds while it is invoked, suspended or paused. */
export function lockOf({ target }: Invocation): ServiceKey | undefined {
  return isExclusive(target)
    ? { service: target.service, key: targetKey(target) ?? '' }
    : undefined;
}

/** Reads everything an attempt needs, as of this point of the command order. */
export function readAttemptInput(context: ApplyContext, invocation: Invocation): AttemptInput {
  const { state } = context;
  const { id, epoch, target, pin, number, journalLength, createdAtMs, modifiedAtMs } = invocation;
  const journal = state.readJournal(number, 0, journalLength);
  const eager = readEagerState(context, invocation);
  return { invocationId: id, epoch, target, pin, journal, ...eager, createdAtMs, modifiedAtMs };
}

function readEagerState(
  { state, rules }: ApplyContext,
  { target, pin }: Invocation,
): Pick<AttemptInput, 'state' | 'partialState'> {
  const key = targetKey(target);
  const bytesMax = rules.eagerStateBytesMax;
  if (key === undefined || bytesMax === 0 || rules.usesLazyState(target, pin)) {
    return { state: [], partialState: true };
  }
  const entries: Array<readonly [key: Uint8Array, value: Uint8Array]> = [];
  let bytes = 0;
  for (const entry of state.listUserState({ service: target.service, key })) {
    bytes += entry[0].length + entry[1].length;
    if (bytes > bytesMax) return { state: entries, partialState: true };
    entries.push(entry);
  }
  return { state: entries, partialState: false };
}
