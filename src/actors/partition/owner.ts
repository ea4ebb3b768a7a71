import type { InvocationTarget } from '../domain/invocation.ts';
import { isExclusive, targetKey } from '../domain/invocation.ts';
import type { ServiceKey } from './state.ts';

/** The key that a target names, `undefined` for a Service. */
export function ownerOf(target: InvocationTarget): ServiceKey | undefined {
  const key = targetKey(target);
  if (key === undefined) return undefined;
  const { service, scope } = target;
  return scope === undefined ? { service, key } : { service, key, scope };
}

/** The key that an invocation of the target holds while it is invoked, suspended or paused. */
export function lockOf(target: InvocationTarget): ServiceKey | undefined {
  return isExclusive(target) ? ownerOf(target) : undefined;
}
