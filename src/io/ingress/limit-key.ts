import { refusals } from './errors.ts';

/** Unit: bytes, of a scope and of each component of a limit key. Source: seen on the reference. */
const COMPONENT_BYTES_MAX = 36;
const LIMIT_KEY_COMPONENTS_MAX = 2;

/**
 * Refuses a scope: the syntax first, and then the feature itself, which the reference has off
 * unless its experimental vqueues are enabled.
 */
export function refuseScope(scope: string): never {
  const objection = objectToComponent(scope);
  throw objection === undefined ? refusals.scopesDisabled() : refusals.badScope(objection);
}

/** Refuses every limit key but the empty one, since a limit key needs a scope. */
export function checkLimitKey(text: string): void {
  if (text === '') return;
  const components = text.split('/');
  // One trailing slash is ignored.
  if (components.length > 1 && components.at(-1) === '') components.pop();
  for (const component of components.slice(0, LIMIT_KEY_COMPONENTS_MAX)) {
    const objection = objectToComponent(component);
    if (objection !== undefined) {
      throw refusals.badLimitKey(`invalid limit-key component: ${objection}`);
    }
  }
  if (components.length > LIMIT_KEY_COMPONENTS_MAX) {
    throw refusals.badLimitKey('too many path components in the given limit-key (max 2)');
  }
  throw refusals.limitKeyWithoutScope();
}

function objectToComponent(text: string): string | undefined {
  const bytesCount = Buffer.byteLength(text);
  if (bytesCount === 0) return 'value cannot be empty';
  if (bytesCount > COMPONENT_BYTES_MAX) {
    return `value too long: ${bytesCount} bytes (max ${COMPONENT_BYTES_MAX})`;
  }
  if (/^[a-zA-Z0-9_.-]+$/.test(text)) return undefined;
  return 'value contains characters outside the allowed set [a-zA-Z0-9_.-]';
}
