// Durable promises of a workflow: completed once, awaited by any number of its handlers.
import { must } from '../../domain/assert.ts';
import type { Invocation } from '../../domain/invocation.ts';
import { failure } from '../../domain/outcome.ts';
import type { NotificationResult, Outcome } from '../../domain/outcome.ts';
import type { CommandMessage } from '../../attempt/service-message.ts';
import { NotificationType } from '../../attempt/service-message.ts';
import type { ApplyContext } from '../context.ts';
import { notifyInvocation } from '../lifecycle/notify.ts';
import { ownerOf } from '../owner.ts';
import type { PromiseListener, ServiceKey } from '../state.ts';

/** Source: seen on the reference server, in the answer to the second resolver. */
const ALREADY_COMPLETED = failure(409, 'promise was already completed');

export function getPromise(
  context: ApplyContext,
  invocation: Invocation,
  { key, completionId }: CommandMessage & { kind: 'getPromise' },
): void {
  const owner = promiseOwner(invocation);
  const promise = context.state.getPromise(owner, key);
  const listener = { invocationId: invocation.id, completionId };
  if (promise?.kind === 'completed') return settle(context, listener, promise.outcome);
  const listeners = [...(promise?.listeners ?? []), listener];
  context.state.putPromise(owner, key, { kind: 'awaited', listeners });
}

export function peekPromise(
  context: ApplyContext,
  invocation: Invocation,
  { key, completionId }: CommandMessage & { kind: 'peekPromise' },
): void {
  const promise = context.state.getPromise(promiseOwner(invocation), key);
  notifyInvocation(context, invocation.id, {
    type: NotificationType.peekPromise,
    id: { kind: 'completion', completionId },
    result: promise?.kind === 'completed' ? promise.outcome : { kind: 'void' },
  });
}

export function completePromise(
  context: ApplyContext,
  invocation: Invocation,
  { key, outcome, completionId }: CommandMessage & { kind: 'completePromise' },
): void {
  const owner = promiseOwner(invocation);
  const promise = context.state.getPromise(owner, key);
  const isFirst = promise?.kind !== 'completed';
  const result: NotificationResult = isFirst ? { kind: 'void' } : ALREADY_COMPLETED;
  notifyInvocation(context, invocation.id, {
    type: NotificationType.completePromise,
    id: { kind: 'completion', completionId },
    result,
  });
  if (!isFirst) return;
  context.state.putPromise(owner, key, { kind: 'completed', outcome });
  for (const listener of promise?.listeners ?? []) settle(context, listener, outcome);
}

function settle(
  context: ApplyContext,
  { invocationId, completionId }: PromiseListener,
  result: Outcome,
): void {
  notifyInvocation(context, invocationId, {
    type: NotificationType.getPromise,
    id: { kind: 'completion', completionId },
    result,
  });
}

function promiseOwner({ target }: Invocation): ServiceKey {
  return must(ownerOf(target), 'only workflow handlers propose promise entries');
}
