// Edits of user state by an operator, in turn with the invocations of the key.
import { stateVersionOf } from '../../domain/state-version.ts';
import type { PartitionCommand } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import type { ServiceKey, StateEdit } from '../state.ts';

export function editState(
  context: ApplyContext,
  { requestId, owner, edit }: PartitionCommand & { kind: 'editState' },
): void {
  const { state, effects } = context;
  if (state.getLock(owner) === undefined) applyStateEdit(context, owner, edit);
  else state.pushInbox(owner, edit);
  effects.push({ kind: 'reply', requestId, reply: { kind: 'stateEditAccepted' } });
}

/** Replaces the state, unless it is no longer the one that the edit was made for. */
export function applyStateEdit(
  { state }: ApplyContext,
  owner: ServiceKey,
  { expectedVersion, entries }: StateEdit,
): void {
  if (expectedVersion !== undefined) {
    if (stateVersionOf(state.listUserState(owner)) !== expectedVersion) return;
  }
  state.clearAllUserState(owner);
  for (const [key, value] of entries) state.setUserState(owner, key, value);
}
