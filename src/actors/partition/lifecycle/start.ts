// How an invocation becomes `invoked`: once it has its key and a slot in its scope.
import type { Invocation } from '../../domain/invocation.ts';
import type { ApplyContext } from '../context.ts';
import { lockOf } from '../owner.ts';
import { takeSlotOrLineUp } from '../slots.ts';
import { becomeInvoked } from './become-invoked.ts';

/** Invokes a new or fired invocation, or queues it behind the one that holds its key. */
export function startInvocation(context: ApplyContext, invocation: Invocation): void {
  const { state, nowMs } = context;
  const owner = lockOf(invocation.target);
  if (owner !== undefined) {
    if (state.getLock(owner) !== undefined) {
      const inboxSequence = state.pushInbox(owner, invocation.id);
      const status = { kind: 'inboxed', inboxSequence } as const;
      state.putInvocation({ ...invocation, status, inboxedAtMs: nowMs, modifiedAtMs: nowMs });
      return;
    }
    state.setLock(owner, invocation.id);
  }
  resumeInvocation(context, invocation);
}

/** Makes the invocation `invoked` as soon as its scope, if it has one, has a slot for it. */
export function resumeInvocation(context: ApplyContext, invocation: Invocation): void {
  if (takeSlotOrLineUp(context, invocation)) becomeInvoked(context, invocation);
}
