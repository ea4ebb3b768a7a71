import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Proxy } from '../../../src/io/deployment/proxy.ts';

describe('a proxy', () => {
  /** What the reference server 1.7.12 reaches without its proxy. */
  const rows: ReadonlyArray<readonly [rule: string, host: string, isDirect: boolean]> = [
    ['foo.local', 'foo.local', true],
    ['FOO.local', 'foo.local', true],
    ['local', 'foo.local', true],
    ['.local', 'foo.local', true],
    ['oo.local', 'foo.local', false],
    ['*.local', 'foo.local', false],
    ['foo.local:9', 'foo.local', false],
    ['*', 'foo.local', true],
    ['*', '127.0.0.2', false],
    ['127.0.0.2', '127.0.0.2', true],
    ['127.0.0.3', '127.0.0.2', false],
    ['127.0.0.0/8', '127.0.0.2', true],
    ['127.0.0.0/99', '127.0.0.2', false],
    ['fd00::/8', '[fd00::1]', true],
    ['fd00::/8', 'fd00::1', true],
    ['::1', 'fd00::1', false],
    ['', 'foo.local', false],
  ];
  for (const [rule, host, isDirect] of rows) {
    test(`with the exception "${rule}" is ${isDirect ? 'not ' : ''}asked for ${host}`, () => {
      const proxy = new Proxy({ uri: 'http://proxy:3128/', except: [rule] });
      const target = { host, port: 9080, secure: false };
      const place = proxy.placeFor(target);
      if (isDirect) assert.equal(place, target);
      else assert.deepEqual(place, { host: 'proxy', port: 3128, secure: false });
    });
  }

  test('has the port of its scheme when it names none', () => {
    const target = { host: 'a', port: 1, secure: false };
    const placeAt = (uri: string) => new Proxy({ uri, except: [] }).placeFor(target);
    assert.deepEqual(placeAt('http://[::1]/'), { host: '::1', port: 80, secure: false });
    assert.deepEqual(placeAt('https://p/'), { host: 'p', port: 443, secure: true });
  });

  test('is not asked for deployments with TLS', () => {
    const target = { host: 'a', port: 443, secure: true };
    assert.equal(new Proxy({ uri: 'http://p/', except: [] }).placeFor(target), target);
  });
});
