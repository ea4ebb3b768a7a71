import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listenerUrl, parseBindAddress } from '../../../src/io/http/bind-address.ts';

describe('parseBindAddress', () => {
  const rows: ReadonlyArray<readonly [text: string, host: string, port: number, url: string]> = [
    ['127.0.0.1:8080', '127.0.0.1', 8080, 'http://127.0.0.1:8080/'],
    ['localhost:0', 'localhost', 0, 'http://localhost:0/'],
    ['[::]:65535', '::', 65_535, 'http://127.0.0.1:65535/'],
    ['[::1]:1', '::1', 1, 'http://[::1]:1/'],
    [':8080', '::', 8080, 'http://127.0.0.1:8080/'],
  ];
  for (const [text, host, port, url] of rows) {
    test(`reads ${text}`, () => {
      const address = parseBindAddress(text);
      assert.deepEqual(address, { host, port });
      assert.equal(listenerUrl(address), url);
    });
  }

  for (const text of [
    '',
    '8080',
    'host',
    'host:',
    'host:x',
    'host:65536',
    '::1:80',
    '[::1]',
    'a:1:2',
  ]) {
    test(`refuses '${text}'`, () => {
      assert.throws(() => parseBindAddress(text), /expected a bind address/);
    });
  }
});
