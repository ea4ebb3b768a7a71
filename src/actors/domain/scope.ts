// Scopes and limit keys: what they may be made of. A scope is a namespace of its own for idempotency
// keys, objects and workflows; a limit key names one or two levels below it, which rules can limit.
// Source: seen on the reference 1.7.12.

/** Unit: bytes, of a scope and of each component of a limit key. */
const COMPONENT_BYTES_MAX = 36;

/** Components of a limit key. */
const LIMIT_KEY_COMPONENTS_MAX = 2;

/** What of scopes may be used. Source: experimental options of the reference, all off by default. */
export interface ScopeFeatures {
  /** Invocations may be put into scopes. */
  readonly scopes: boolean;
  /** Those of Virtual Objects, too. */
  readonly scopedObjects: boolean;
}

export const NO_SCOPE_FEATURES: ScopeFeatures = { scopes: false, scopedObjects: false };

/** Why the text is no scope, `undefined` if it is one. */
export function objectToScope(text: string): string | undefined {
  const bytesCount = utf8BytesOf(text);
  if (bytesCount === 0) return 'value cannot be empty';
  if (bytesCount > COMPONENT_BYTES_MAX) {
    return `value too long: ${bytesCount} bytes (max ${COMPONENT_BYTES_MAX})`;
  }
  if (/^[a-zA-Z0-9_.-]+$/.test(text)) return undefined;
  return 'value contains characters outside the allowed set [a-zA-Z0-9_.-]';
}

export type LimitKeyParse =
  /** `undefined` for the empty text: no limit key. */
  | { readonly ok: true; readonly limitKey: string | undefined }
  | { readonly ok: false; readonly reason: string };

/** A limit key has one or two components, separated by a slash. */
export function parseLimitKey(text: string): LimitKeyParse {
  if (text === '') return { ok: true, limitKey: undefined };
  const components = splitPath(text);
  for (const component of components.slice(0, LIMIT_KEY_COMPONENTS_MAX)) {
    const objection = objectToScope(component);
    if (objection !== undefined) {
      return { ok: false, reason: `invalid limit-key component: ${objection}` };
    }
  }
  if (components.length > LIMIT_KEY_COMPONENTS_MAX) {
    const reason = `too many path components in the given limit-key (max ${LIMIT_KEY_COMPONENTS_MAX})`;
    return { ok: false, reason };
  }
  return { ok: true, limitKey: components.join('/') };
}

/** The components between slashes, of which one at the end is ignored. */
export function splitPath(text: string): readonly string[] {
  const components = text.split('/');
  if (components.length > 1 && components.at(-1) === '') components.pop();
  return components;
}

/**
 * The levels that an invocation counts for, the scope first: `['s', 's/a', 's/a/b']` for the scope `s`
 * and the limit key `a/b`.
 */
export function levelsOf(scope: string, limitKey: string | undefined): readonly string[] {
  if (limitKey === undefined) return [scope];
  const whole = `${scope}/${limitKey}`;
  const slash = limitKey.indexOf('/');
  return slash < 0 ? [scope, whole] : [scope, `${scope}/${limitKey.slice(0, slash)}`, whole];
}

function utf8BytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
