import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findJsonSchemaFault } from '../../../src/actors/schema/json-schema.ts';

describe('findJsonSchemaFault', () => {
  const accepted: readonly unknown[] = [
    true,
    false,
    {},
    { type: 'number' },
    { type: ['number', 'null'] },
    { title: 'T', type: 'object', required: ['a'] },
    { $ref: '#' },
    { $ref: '#/$defs/a', $defs: { a: { type: 'string' } } },
    { $ref: '#/$defs/a~1b%20c', $defs: { 'a/b c': {} } },
    { $ref: '#x', $defs: { a: { $anchor: 'x' } } },
    { $id: 'http://foo/y', $ref: 'http://foo/y' },
    { $id: 'http://foo/y', $ref: '#/$defs/a', $defs: { a: {} } },
    { $ref: 'https://json-schema.org/draft/2020-12/schema' },
    { $schema: 'http://json-schema.org/draft-07/schema#', items: [{}, { type: 'null' }] },
    { $defs: { b: { $id: 'other.json' } }, properties: { a: { $ref: 'other.json' } } },
    { const: { $ref: 'http://foo/x' } },
    { enum: [{ $ref: 'http://foo/x' }], default: { $ref: 'http://foo/x' } },
    { unknown: { $ref: 'http://foo/x' } },
    { properties: { $ref: { type: 'string' } } },
  ];
  for (const schema of accepted) {
    test(`finds none in ${JSON.stringify(schema)}`, () => {
      assert.equal(findJsonSchemaFault(schema), undefined);
    });
  }

  const faulty: ReadonlyArray<readonly [schema: unknown, fault: RegExp]> = [
    [5, /^5 is not of types "boolean", "object"$/],
    ['x', /^"x" is not of types/],
    [null, /^null is not of types/],
    [[], /^\[\] is not of types/],
    [{ type: 'foo' }, /^"foo" is not/],
    [{ type: [] }, /^\[\] is not/],
    [{ type: null }, /^null is not/],
    [{ title: 5 }, /^5 is not of type "string"$/],
    [{ $ref: 5 }, /^5 is not of type "string"$/],
    [{ $id: 5 }, /^5 is not of type "string"$/],
    [{ required: 'a' }, /^"a" is not of type "array"$/],
    [{ properties: 5 }, /^5 is not of type "object"$/],
    [{ properties: { a: { type: 'bar' } } }, /^"bar" is not/],
    [{ anyOf: [{ not: { items: 7 } }] }, /^7 is not of types/],
    [{ $schema: 'http://unknown/x' }, /^Unknown meta-schema: 'http:\/\/unknown\/x'/],
    [{ $ref: 'http://foo/x' }, /external reference http:\/\/foo\/x\./],
    [{ properties: { a: { $ref: 'other.json' } } }, /external reference other\.json\./],
    [{ $ref: '#/$defs/b' }, /^Pointer '\/\$defs\/b' does not exist$/],
    [{ $ref: '#/toString' }, /^Pointer '\/toString' does not exist$/],
    [{ $ref: '#x' }, /^Anchor 'x' does not exist$/],
  ];
  for (const [schema, fault] of faulty) {
    test(`finds ${String(fault)} in ${JSON.stringify(schema)}`, () => {
      assert.match(findJsonSchemaFault(schema) ?? 'none', fault);
    });
  }
});
