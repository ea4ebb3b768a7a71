import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  changeRules,
  concurrencyLimitOf,
  EMPTY_RULE_BOOK,
  parsePattern,
  removeRules,
  type RuleBook,
  type RuleChange,
  RULES_COUNT_MAX,
} from '../../../src/actors/domain/rule-book.ts';
import { levelsOf, parseLimitKey } from '../../../src/actors/domain/scope.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';

const T0 = unixMillis(1000);
const T1 = unixMillis(2000);

function change(pattern: string, fields: Partial<RuleChange> = {}): RuleChange {
  return { pattern, disabled: false, precondition: { kind: 'none' }, ...fields };
}

function changed(book: RuleBook, changes: readonly RuleChange[], nowMs = T0): RuleBook {
  const result = changeRules(book, changes, nowMs);
  assert.ok(result.kind === 'changed');
  return result.book;
}

/** The n-th pattern allows n. */
function bookOf(...patterns: readonly string[]): RuleBook {
  const changes = patterns.map((pattern, index) => change(pattern, { concurrency: index + 1 }));
  return changed(EMPTY_RULE_BOOK, changes);
}

describe('the limit of a level', () => {
  const all = ['w/a/b', 'w/a/*', 'w/*/b', 'w/*/*', '*/a/b', '*/a/*', '*/*/b', '*/*/*'];
  const narrow = bookOf(...all, 'w/a', 'w/*', '*/a', '*/*', 'w', '*');
  const rows: ReadonlyArray<readonly [level: string, pattern: string]> = [
    ['w', 'w'],
    ['v', '*'],
    ['w/a', 'w/a'],
    ['w/c', 'w/*'],
    ['v/a', '*/a'],
    ['v/c', '*/*'],
    ['w/a/b', 'w/a/b'],
    ['w/a/c', 'w/a/*'],
    ['w/c/b', 'w/*/b'],
    ['w/c/c', 'w/*/*'],
    ['v/a/b', '*/a/b'],
    ['v/a/c', '*/a/*'],
    ['v/c/b', '*/*/b'],
    ['v/c/c', '*/*/*'],
  ];
  for (const [level, pattern] of rows) {
    test(`${level} is that of ${pattern}`, () => {
      const rule = narrow.rules.get(pattern);
      assert.equal(concurrencyLimitOf(narrow, level), rule?.concurrency);
    });
  }

  test('is none without a rule, and with one that sets none', () => {
    assert.equal(concurrencyLimitOf(EMPTY_RULE_BOOK, 'w'), Infinity);
    const book = changed(bookOf('*'), [change('w')]);
    assert.deepEqual(
      ['w', 'v', 'w/a'].map((level) => concurrencyLimitOf(book, level)),
      [Infinity, 1, Infinity],
    );
  });

  test('is that of a less specific rule while the rule is disabled', () => {
    const book = changed(bookOf('*'), [change('w', { concurrency: 9, disabled: true })]);
    assert.equal(concurrencyLimitOf(book, 'w'), 1);
  });
});

describe('a change of rules', () => {
  test('of nothing leaves the very book', () => {
    const book = bookOf('a');
    assert.equal(changed(book, []), book);
    assert.equal(changed(book, [change('a', { concurrency: 1 })], T1), book);
    const removed = removeRules(book, [{ pattern: 'b', precondition: { kind: 'none' } }]);
    assert.ok(removed.kind === 'removed' && removed.book === book);
  });

  test('of a limit counts and dates the rule, one of a description does not', () => {
    const book = changed(bookOf('a'), [change('a', { concurrency: 1, description: 'd' })], T1);
    assert.deepEqual([book.version, book.rules.get('a')?.version], [2, 1]);
    assert.equal(book.rules.get('a')?.modifiedAtMs, T0);
    const next = changed(book, [change('a', { concurrency: 2 })], T1);
    assert.deepEqual([next.version, next.rules.get('a')?.version], [3, 2]);
    assert.equal(next.rules.get('a')?.modifiedAtMs, T1);
    assert.equal(next.rules.get('a')?.description, undefined);
  });

  test('leaves the book before it as it was', () => {
    const book = bookOf('a');
    changed(book, [change('b')]);
    removeRules(book, [{ pattern: 'a', precondition: { kind: 'none' } }]);
    assert.deepEqual([...book.rules.keys()], ['a']);
  });

  test('fits into the book or is refused', () => {
    const patterns = Array.from({ length: RULES_COUNT_MAX }, (_, index) => `p${index}`);
    const full = bookOf(...patterns);
    assert.deepEqual(changeRules(full, [change('one-more')], T1), { kind: 'bookFull' });
    assert.equal(changed(full, [change('p0')], T1).version, 2);
  });
});

describe('a pattern', () => {
  for (const [text, pattern] of [
    ['*', '*'],
    ['a/*/c/', 'a/*/c'],
    ['a'.repeat(36), 'a'.repeat(36)],
  ] as const) {
    test(`${text} is one`, () => assert.deepEqual(parsePattern(text), { ok: true, pattern }));
  }
  for (const text of ['', '/', 'a//b', '/a', 'a/b/c/d', 'a*', 'ä', 'a'.repeat(37)]) {
    test(`${text} is none`, () => assert.equal(parsePattern(text).ok, false));
  }
});

describe('a limit key', () => {
  test('counts for its scope and for each of its components', () => {
    assert.deepEqual(levelsOf('s', undefined), ['s']);
    assert.deepEqual(levelsOf('s', 'a'), ['s', 's/a']);
    assert.deepEqual(levelsOf('s', 'a/b'), ['s', 's/a', 's/a/b']);
  });

  test('may be empty, and end with a slash', () => {
    assert.deepEqual(parseLimitKey(''), { ok: true, limitKey: undefined });
    assert.deepEqual(parseLimitKey('a/b/'), { ok: true, limitKey: 'a/b' });
  });
});
