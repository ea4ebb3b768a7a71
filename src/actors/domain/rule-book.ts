// Rules that limit how many invocations of a scope, or of one of its limit keys, run at once.
// Source: seen on the reference 1.7.12, whose rule book this is.
import { objectToScope, splitPath } from './scope.ts';
import type { UnixMillis } from './time.ts';

/** Components of a pattern: the scope and the two of a limit key. */
const PATTERN_COMPONENTS_MAX = 3;

/** Rules that a book holds at most. */
export const RULES_COUNT_MAX = 10_000;

const ANY = '*';

export interface LimitRule {
  /** One to three components, each of them `*` or a value, for example `tenant/*`. */
  readonly pattern: string;
  /** How many may run at once; absent: any number. */
  readonly concurrency?: number | undefined;
  readonly description?: string | undefined;
  /** A disabled rule is as good as none. */
  readonly disabled: boolean;
  /** That of the book when the rule was made; counts up with each change of the limit since then. */
  readonly version: number;
  /** When the limit was last changed. */
  readonly modifiedAtMs: UnixMillis;
}

/** Replaced as a whole on every change, never modified. */
export interface RuleBook {
  /** Counts changes. */
  readonly version: number;
  /** By pattern. */
  readonly rules: ReadonlyMap<string, LimitRule>;
}

export const EMPTY_RULE_BOOK: RuleBook = { version: 0, rules: new Map() };

export type PatternParse =
  { readonly ok: true; readonly pattern: string } | { readonly ok: false; readonly reason: string };

export function parsePattern(text: string): PatternParse {
  if (text === '') return { ok: false, reason: 'pattern cannot be empty' };
  const components = splitPath(text);
  if (components.length > PATTERN_COMPONENTS_MAX) {
    return { ok: false, reason: `too many path components (max ${PATTERN_COMPONENTS_MAX})` };
  }
  for (const component of components) {
    const objection = component === ANY ? undefined : objectToScope(component);
    if (objection !== undefined) return { ok: false, reason: `invalid component: ${objection}` };
  }
  return { ok: true, pattern: components.join('/') };
}

/**
 * How many invocations of a level (see `levelsOf`) may run at once. Of the patterns that match all its
 * components the most specific one counts, where an earlier component weighs more than a later one.
 */
export function concurrencyLimitOf(book: RuleBook, level: string): number {
  return ruleOf(book, level)?.concurrency ?? Infinity;
}

/** The rule that counts for a level. */
export function ruleOf({ rules }: RuleBook, level: string): LimitRule | undefined {
  return rules.size === 0 ? undefined : mostSpecific(rules, '', level.split('/'));
}

function mostSpecific(
  rules: RuleBook['rules'],
  prefix: string,
  [first, ...rest]: readonly string[],
): LimitRule | undefined {
  if (first === undefined) {
    const rule = rules.get(prefix);
    return rule?.disabled === false ? rule : undefined;
  }
  const separator = prefix === '' ? '' : '/';
  return (
    mostSpecific(rules, prefix + separator + first, rest) ??
    mostSpecific(rules, prefix + separator + ANY, rest)
  );
}

/** What a change of a rule depends on. */
export type RulePrecondition =
  | { readonly kind: 'none' }
  | { readonly kind: 'doesNotExist' }
  | { readonly kind: 'matches'; readonly version: number };

/** A rule as it is to be. What is left out is not kept but gone. */
export interface RuleChange extends Pick<
  LimitRule,
  'pattern' | 'concurrency' | 'description' | 'disabled'
> {
  readonly precondition: RulePrecondition;
}

export interface RuleRemoval {
  readonly pattern: string;
  readonly precondition: RulePrecondition;
}

export type RuleRefusal =
  | {
      readonly kind: 'preconditionFailed';
      readonly pattern: string;
      readonly precondition: RulePrecondition;
      readonly actualVersion: number | undefined;
    }
  | { readonly kind: 'bookFull' };

export type RuleChangeResult =
  | {
      readonly kind: 'changed';
      /** The same book when nothing changed. */
      readonly book: RuleBook;
      /** One per change, as they are afterwards. */
      readonly rules: readonly LimitRule[];
    }
  | RuleRefusal;

export type RuleRemovalResult =
  | {
      readonly kind: 'removed';
      readonly book: RuleBook;
      /** Those that existed, as often as they were named. */
      readonly patterns: readonly string[];
    }
  | RuleRefusal;

/** Makes or replaces rules, all of them or none. */
export function changeRules(
  book: RuleBook,
  changes: readonly RuleChange[],
  nowMs: UnixMillis,
): RuleChangeResult {
  const rules = new Map(book.rules);
  let isChanged = false;
  for (const change of changes) {
    const before = rules.get(change.pattern);
    const refusal = checkPrecondition(change, before);
    if (refusal !== undefined) return refusal;
    const after = changedRule(before, change, { newVersion: book.version + 1, nowMs });
    if (after === before) continue;
    rules.set(change.pattern, after);
    isChanged = true;
  }
  if (rules.size > RULES_COUNT_MAX) return { kind: 'bookFull' };
  return {
    kind: 'changed',
    book: isChanged ? { version: book.version + 1, rules } : book,
    rules: changes.flatMap(({ pattern }) => rules.get(pattern) ?? []),
  };
}

function changedRule(
  before: LimitRule | undefined,
  { pattern, concurrency, description, disabled }: RuleChange,
  { newVersion, nowMs }: { readonly newVersion: number; readonly nowMs: UnixMillis },
): LimitRule {
  const wanted = { pattern, concurrency, description, disabled };
  if (before === undefined) return { ...wanted, version: newVersion, modifiedAtMs: nowMs };
  const keepsLimit = before.concurrency === concurrency && before.disabled === disabled;
  if (keepsLimit && before.description === description) return before;
  // A description says nothing about what the rule does.
  if (keepsLimit) return { ...before, description };
  return { ...wanted, version: before.version + 1, modifiedAtMs: nowMs };
}

/** Removes the rules that exist, or none if one of them is not the expected one. */
export function removeRules(book: RuleBook, removals: readonly RuleRemoval[]): RuleRemovalResult {
  const rules = new Map(book.rules);
  for (const removal of removals) {
    const refusal = checkPrecondition(removal, rules.get(removal.pattern));
    if (refusal !== undefined) return refusal;
    rules.delete(removal.pattern);
  }
  return {
    kind: 'removed',
    book: rules.size < book.rules.size ? { version: book.version + 1, rules } : book,
    patterns: removals.map(({ pattern }) => pattern).filter((pattern) => book.rules.has(pattern)),
  };
}

function checkPrecondition(
  { pattern, precondition }: RuleRemoval,
  rule: LimitRule | undefined,
): RuleRefusal | undefined {
  const actualVersion = rule?.version;
  const isMet =
    precondition.kind === 'none' ||
    (precondition.kind === 'matches' && precondition.version === actualVersion) ||
    (precondition.kind === 'doesNotExist' && rule === undefined);
  return isMet ? undefined : { kind: 'preconditionFailed', pattern, precondition, actualVersion };
}
