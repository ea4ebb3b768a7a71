import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { describe, test } from 'node:test';
import { advertisedAddress } from '../../../src/io/http/advertised-address.ts';

const EVERYWHERE = { bindAddress: '[::]:0', url: 'http://127.0.0.1:77/' };

describe('the advertised address', () => {
  const rows: ReadonlyArray<
    readonly [
      parts: Parameters<typeof advertisedAddress>[0],
      bound: Parameters<typeof advertisedAddress>[1],
      advertised: string,
    ]
  > = [
    [{ address: 'https://a/', host: 'b' }, EVERYWHERE, 'https://a/'],
    [{ host: 'b' }, EVERYWHERE, 'http://b:77/'],
    [{ host: 'fd00::7' }, EVERYWHERE, 'http://[fd00::7]:77/'],
    [{}, { bindAddress: '127.0.0.1:0', url: 'http://127.0.0.1:77/' }, 'http://127.0.0.1:77/'],
    [{}, { bindAddress: '[::1]:0', url: 'http://[::1]:77/' }, 'http://[::1]:77/'],
    [{}, { bindAddress: '127.0.0.1:80', url: 'http://127.0.0.1:80/' }, 'http://127.0.0.1/'],
    [{ host: 'b' }, { bindAddress: 'unix:/a.sock', url: 'unix:/a.sock' }, 'unix:/a.sock'],
  ];
  for (const [parts, bound, advertised] of rows) {
    test(`of ${bound.bindAddress} with ${JSON.stringify(parts)} is ${advertised}`, () => {
      assert.equal(advertisedAddress(parts, bound), advertised);
    });
  }

  for (const bindAddress of ['[::]:0', '0.0.0.0:0']) {
    test(`of ${bindAddress} is one of this machine`, () => {
      const { hostname } = new URL(advertisedAddress({}, { ...EVERYWHERE, bindAddress }));
      const host = hostname.replace(/^\[|\]$/g, '');
      const known = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
      const found = known.find(({ address }) => address === host);
      assert.ok(found, host);
      if (bindAddress.startsWith('0')) assert.equal(found.family, 'IPv4');
    });
  }
});
