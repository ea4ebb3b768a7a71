import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AddressRules, isAddressRule } from '../../../src/io/http/address-rules.ts';

describe('a rule', () => {
  const rows: ReadonlyArray<readonly [text: string, isRule: boolean]> = [
    ['10.0.0.0/8', true],
    ['10.0.0.1', true],
    ['fe80::/10', true],
    ['::1', true],
    ['0.0.0.0/0', true],
    ['example.com', true],
    ['my_service', true],
    ['*.example.com', true],
    ['*', true],
    ['', false],
    ['10.0.0.0/33', false],
    ['10.0.0.0/', false],
    ['10.0.0.0/8/8', false],
    ['10.0.0.0/-1', false],
    ['10.0.0.256', false],
    ['fe80::/129', false],
    ['[::1]', false],
    ['example.com/8', false],
    ['http://example.com', false],
    ['example.com:80', false],
    ['a.*.com', false],
    ['*example.com', false],
  ];
  for (const [text, isRule] of rows) {
    test(`${JSON.stringify(text)} is ${isRule ? 'one' : 'none'}`, () => {
      assert.equal(isAddressRule(text), isRule);
    });
  }
});

describe('names', () => {
  const rules = new AddressRules(['Example.com', '*.internal', '10.0.0.0/8']);
  const rows: ReadonlyArray<readonly [name: string, matches: boolean]> = [
    ['example.com', true],
    ['EXAMPLE.COM', true],
    ['example.com.', true],
    ['a.example.com', false],
    ['notexample.com', false],
    ['a.internal', true],
    ['a.b.internal.', true],
    ['internal', false],
    ['10.0.0.1', false],
  ];
  for (const [name, matches] of rows) {
    test(`${name} ${matches ? 'matches' : 'does not match'}`, () => {
      assert.equal(rules.matchesName(name), matches);
    });
  }

  test('all match *', () => {
    assert.equal(new AddressRules(['*']).matchesName('localhost'), true);
  });
});

describe('addresses', () => {
  const rules = new AddressRules(['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254', '127.0.0.1']);
  const rows: ReadonlyArray<readonly [address: string, matches: boolean]> = [
    ['169.254.169.254', true],
    ['169.255.0.0', false],
    ['fe80::1', true],
    ['fe80::1%eth0', true],
    ['febf:ffff::', true],
    ['fec0::', false],
    ['fd00:ec2::254', true],
    ['fd00:0ec2:0:0:0:0:0:0254', true],
    ['fd00:ec2::255', false],
    ['::1', false],
    ['::', false],
    // One IPv4 address in every guise.
    ['::ffff:169.254.169.254', true],
    ['::ffff:a9fe:a9fe', true],
    ['0:0:0:0:0:ffff:a9fe:a9fe', true],
    ['::169.254.169.254', true],
    ['64:ff9b::a9fe:a9fe', true],
    ['64:ff9b::169.254.169.254', true],
    ['2002:a9fe:a9fe::1', true],
    ['::ffff:8.8.8.8', false],
    ['64:ff9b::8.8.8.8', false],
    ['64:ff9b:1::a9fe:a9fe', false],
    ['2002:808:808::1', false],
    ['::ffff:127.0.0.1', true],
    ['::ffff:127.0.0.2', false],
  ];
  for (const [address, matches] of rows) {
    test(`${address} ${matches ? 'matches' : 'does not match'}`, () => {
      assert.equal(rules.matchesAddress(address), matches);
    });
  }
});
