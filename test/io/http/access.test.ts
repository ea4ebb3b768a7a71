import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { Access, concealCredential, readCredentials } from '../../../src/io/http/access.ts';

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

describe('an authorization field', () => {
  const access = new Access(['first', 'ann:pass:word', digestOf('second'), digestOf('bob:hidden')]);
  const rows: ReadonlyArray<readonly [field: string | undefined, isAllowed: boolean]> = [
    ['Bearer first', true],
    ['bearer first', true],
    ['BEARER   second', true],
    ['Bearer first ', true],
    [undefined, false],
    ['', false],
    ['first', false],
    ['Bearer', false],
    ['Bearer ', false],
    ['Bearer firs', false],
    ['Bearer firstt', false],
    ['Bearer First', false],
    ['Bearer first second', false],
    ['Bearer first, Bearer second', false],
    ['Token first', false],
    // A pair is no token, and a digest does not stand for what it was made of.
    ['Bearer ann:pass:word', false],
    [`Bearer ${digestOf('first')}`, false],
    [`Bearer ${digestOf('first').slice('sha256:'.length)}`, false],
    [basic('anybody:first'), true],
    [basic(':second'), true],
    [basic('ann:pass:word'), true],
    [basic('bob:hidden'), true],
    [basic('eve:hidden'), false],
    [basic('x:ann:pass:word'), false],
    [basic('x:bob:hidden'), false],
    [basic('first'), false],
    [basic('first:'), false],
    [basic('anybody:wrong'), false],
    ['Basic %%%', false],
    ['Basic ', false],
  ];
  for (const [field, isAllowed] of rows) {
    test(`of ${JSON.stringify(field)} is ${isAllowed ? 'enough' : 'not enough'}`, () => {
      assert.equal(access.allows(field), isAllowed);
    });
  }
});

test('a password counts as in Basic', () => {
  const access = new Access(['token', 'ann:secret']);
  assert.equal(access.allowsPassword('anybody', 'token'), true);
  assert.equal(access.allowsPassword('ann', 'secret'), true);
  assert.equal(access.allowsPassword('bob', 'secret'), false);
  assert.equal(access.allowsPassword('', 'ann:secret'), false);
});

test('without credentials nobody gets in', () => {
  const access = new Access([]);
  for (const field of [undefined, '', 'Bearer ', 'Bearer x', basic(':')]) {
    assert.equal(access.allows(field), false);
  }
});

test('replaced credentials count at once, the earlier ones no more', () => {
  const access = new Access(['old']);
  access.replace(['new']);
  assert.equal(access.allows('Bearer old'), false);
  assert.equal(access.allows('Bearer new'), true);
});

describe('a concealed credential', () => {
  test('is its digest, and the digest of a digest is the same', () => {
    assert.equal(concealCredential('secret'), digestOf('secret'));
    assert.equal(concealCredential(digestOf('secret')), digestOf('secret'));
    assert.equal(
      concealCredential(digestOf('secret').replace(/[a-f]/g, (x) => x.toUpperCase())),
      digestOf('secret'),
    );
  });

  test('of something that only looks like a digest is the digest of that', () => {
    assert.equal(concealCredential('sha256:abc'), digestOf('sha256:abc'));
  });
});

test('a file has a credential in each line, but for comments and empty lines', () => {
  const text = `# tokens\r\nfirst\r\n\r\n  ann:secret \n${digestOf('x')}\n#last`;
  const expected = [digestOf('first'), digestOf('ann:secret'), digestOf('x')];
  assert.deepEqual(readCredentials(text), expected);
});
