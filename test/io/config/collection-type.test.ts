import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ANYTHING, HEADERS, listType } from '../../../src/io/config/collection-type.ts';
import { checkRows, text, toml } from './value-rows.ts';

describe('a list', () => {
  const type = listType('letters', (element) => /^[a-z]$/.test(element));
  checkRows(type, [
    [toml(['a', 'b']), ['a', 'b']],
    [text('["a", "b"]'), ['a', 'b']],
    [text('[a,b]'), ['a', 'b']],
    [text('a, b'), ['a', 'b']],
    [toml('a,b'), ['a', 'b']],
    [text('[]'), []],
    [text(''), []],
    [toml([1]), /a list of letters, such as \["a", "b"\], found \[1\]/],
    [toml(1), /a list of letters/],
    [text('["a", "bb"]'), /a list of letters/],
  ]);

  test('is shown as it is written', () => {
    assert.equal(type.show(['a', 'b']), '["a", "b"]');
  });
});

describe('a table of headers', () => {
  checkRows(HEADERS, [
    [toml({ 'X-A': 'b' }), { 'x-a': 'b' }],
    [text('{x-a = "b", c = "d e"}'), { 'x-a': 'b', c: 'd e' }],
    [text('{x-a=b, c=d}'), { 'x-a': 'b', c: 'd' }],
    [toml({}), {}],
    [toml({ 'a b': 'c' }), /a table of HTTP headers/],
    [toml({ a: 'line\nbreak' }), /a table of HTTP headers/],
    [toml({ a: 1 }), /a table of HTTP headers/],
    [toml(['a']), /a table of HTTP headers/],
    [text('a=b'), /a table of HTTP headers/],
  ]);

  test('is shown as it is written', () => {
    assert.equal(HEADERS.show({ a: 'b"c' }), '{"a" = "b\\"c"}');
  });
});

describe('anything', () => {
  checkRows(ANYTHING, [
    [text('x'), 'x'],
    [toml({ a: 1 }), { a: 1 }],
  ]);
});
