// User state of objects and workflow runs. Changes take effect when they are journaled.
import { must } from '../../domain/assert.ts';
import type { Invocation } from '../../domain/invocation.ts';
import type { CommandMessage } from '../../attempt/service-message.ts';
import { NotificationType } from '../../attempt/service-message.ts';
import type { ApplyContext } from '../context.ts';
import { notifyInvocation } from '../lifecycle/notify.ts';
import { ownerOf } from '../owner.ts';
import type { ServiceKey } from '../state.ts';

type Message<Kind extends CommandMessage['kind']> = CommandMessage & { readonly kind: Kind };

export function setState(
  { state }: ApplyContext,
  invocation: Invocation,
  { key, value }: Message<'setState'>,
): void {
  state.setUserState(stateOwner(invocation), key, value);
}

export function clearState(
  { state }: ApplyContext,
  invocation: Invocation,
  { key }: Message<'clearState'>,
): void {
  state.clearUserState(stateOwner(invocation), key);
}

export function clearAllState({ state }: ApplyContext, invocation: Invocation): void {
  state.clearAllUserState(stateOwner(invocation));
}

export function getLazyState(
  context: ApplyContext,
  invocation: Invocation,
  { key, completionId }: Message<'getLazyState'>,
): void {
  const value = context.state.getUserState(stateOwner(invocation), key);
  notifyInvocation(context, invocation.id, {
    type: NotificationType.getLazyState,
    id: { kind: 'completion', completionId },
    result: value === undefined ? { kind: 'void' } : { kind: 'success', value },
  });
}

export function getLazyStateKeys(
  context: ApplyContext,
  invocation: Invocation,
  { completionId }: Message<'getLazyStateKeys'>,
): void {
  const keys: Uint8Array[] = [];
  for (const [key] of context.state.listUserState(stateOwner(invocation))) keys.push(key);
  notifyInvocation(context, invocation.id, {
    type: NotificationType.getLazyStateKeys,
    id: { kind: 'completion', completionId },
    result: { kind: 'stateKeys', keys },
  });
}

function stateOwner({ target }: Invocation): ServiceKey {
  return must(ownerOf(target), 'only handlers of keyed services propose state entries');
}
