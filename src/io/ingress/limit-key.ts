import { objectToScope, parseLimitKey, type ScopeFeatures } from '../../actors/domain/scope.ts';
import { refusals } from './errors.ts';

/** Refuses what is no scope. */
export function checkScopeValue(scope: string): void {
  const objection = objectToScope(scope);
  if (objection !== undefined) throw refusals.badScope(objection);
}

/** Refuses a scope for the target's kind of service: the syntax first, and then the feature itself. */
export function checkScope(scope: string, isObject: boolean, features: ScopeFeatures): void {
  checkScopeValue(scope);
  if (!features.scopes) throw refusals.scopesDisabled();
  if (isObject && !features.scopedObjects) throw refusals.scopedObjectsDisabled();
}

/** The limit key, which needs a scope; `undefined` when the text is empty. */
export function readLimitKey(text: string, scope: string | undefined): string | undefined {
  const parsed = parseLimitKey(text);
  if (!parsed.ok) throw refusals.badLimitKey(parsed.reason);
  if (parsed.limitKey !== undefined && scope === undefined) throw refusals.limitKeyWithoutScope();
  return parsed.limitKey;
}
