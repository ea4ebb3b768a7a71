// Where connections to deployments may go, with real sockets.
import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { TransportFailure } from '../../../src/actors/ports.ts';
import { defaultServerConfig } from '../../../src/io/config/load.ts';
import { transportSettingsOf } from '../../../src/io/config/deployment-settings.ts';
import {
  DestinationDeniedError,
  Destinations,
  type DestinationSettings,
  type Resolve,
} from '../../../src/io/deployment/destinations.ts';
import { HttpDeploymentTransport } from '../../../src/io/deployment/transport.ts';
import { FakeEndpoint } from '../../support/fake-endpoint.ts';
import { RecordedExchange } from '../../support/recorded-exchange.ts';

const VERSIONS = ['HTTP/2.0', 'HTTP/1.1'] as const;
type Version = (typeof VERSIONS)[number];

const endpoints = new Map<Version, FakeEndpoint>();
before(async () => {
  for (const version of VERSIONS) endpoints.set(version, await FakeEndpoint.start(version));
});
after(async () => {
  for (const endpoint of endpoints.values()) await endpoint.close();
});
beforeEach(() => {
  for (const endpoint of endpoints.values()) {
    endpoint.requests.length = 0;
    endpoint.behaviour = { status: 200, body: 'ok' };
  }
});

function endpointOf(version: Version): FakeEndpoint {
  const endpoint = endpoints.get(version);
  assert(endpoint !== undefined, 'started');
  return endpoint;
}

function uriOf(version: Version, host: string): string {
  return `http://${host}:${new URL(endpointOf(version).origin).port}/`;
}

async function outcomeAt(
  uri: string,
  httpVersion: Version,
  destinations: DestinationSettings,
  proxy?: string,
): Promise<'end' | TransportFailure> {
  const transport = new HttpDeploymentTransport({
    destinations,
    connectTimeoutMs: 2000,
    ...(proxy !== undefined && { proxy: { uri: proxy, except: [] } }),
  });
  const exchange = new RecordedExchange(transport, uri, { httpVersion, method: 'GET' });
  exchange.stream.end();
  const outcome = await exchange.outcome();
  await transport.close();
  return outcome;
}

async function isReached(...args: Parameters<typeof outcomeAt>): Promise<boolean> {
  const outcome = await outcomeAt(...args);
  if (outcome === 'end') return true;
  assert.equal(outcome.kind, 'denied', outcome.message);
  assert.match(outcome.message, /^error when calling 'http:.*': connections to .* are denied by/);
  return false;
}

const DEFAULT = transportSettingsOf(defaultServerConfig()).http.destinations;

describe('by default', () => {
  const forbidden = [
    'http://169.254.169.254/latest/meta-data/',
    'http://169.254.170.2/',
    // The same address as the URL standard has it.
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://169.254.169.254./',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fd20:ce::254]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://192.0.0.192/',
    'http://metadata.google.internal/',
    'http://METADATA.google.internal./',
    'https://169.254.169.254/',
  ];
  for (const uri of forbidden) {
    for (const version of VERSIONS) {
      test(`${uri} is not reached over ${version}`, async () => {
        const outcome = await outcomeAt(uri, version, DEFAULT);
        assert.ok(outcome !== 'end');
        assert.equal(outcome.kind, 'denied', outcome.message);
      });
    }
  }

  for (const version of VERSIONS) {
    for (const host of ['127.0.0.1', 'localhost']) {
      test(`${host} is reached over ${version}`, async () => {
        assert.equal(await isReached(uriOf(version, host), version, DEFAULT), true);
      });
    }
  }
});

describe('with lists', () => {
  const LOOPBACK = ['127.0.0.0/8', '::1'];
  type Row = readonly [host: string, allowed: string[], denied: string[], isReached: boolean];
  const rows: readonly Row[] = [
    ['127.0.0.1', [], LOOPBACK, false],
    ['localhost', [], LOOPBACK, false],
    ['localhost', [], ['localhost'], false],
    ['127.0.0.1', [], ['localhost'], true],
    ['localhost', [], ['*'], false],
    ['127.0.0.1', ['10.0.0.0/8'], [], false],
    ['localhost', ['10.0.0.0/8', 'example.com'], [], false],
    ['localhost', ['localhost'], [], true],
    ['127.0.0.1', ['localhost'], [], false],
    ['127.0.0.1', LOOPBACK, [], true],
    ['localhost', LOOPBACK, [], true],
    // Denied wins.
    ['localhost', ['localhost'], LOOPBACK, false],
    ['localhost', LOOPBACK, ['localhost'], false],
  ];
  for (const [host, allowed, denied, expected] of rows) {
    for (const version of VERSIONS) {
      const lists = `${JSON.stringify(allowed)} allowed and ${JSON.stringify(denied)} denied`;
      const how = expected ? 'reached' : 'not reached';
      test(`${lists}, ${host} is ${how} over ${version}`, async () => {
        assert.equal(await isReached(uriOf(version, host), version, { allowed, denied }), expected);
        assert.equal(endpointOf(version).requests.length, expected ? 1 : 0);
      });
    }
  }
});

describe('behind a proxy', () => {
  type Row = readonly [host: string, allowed: string[], denied: string[], isReached: boolean];
  const rows: readonly Row[] = [
    // Names are the proxy's to look up, and its own address is the operator's choice.
    ['nowhere.invalid', [], ['127.0.0.0/8'], true],
    ['nowhere.invalid', ['*.invalid'], [], true],
    ['nowhere.invalid', ['10.0.0.0/8'], [], false],
    ['nowhere.invalid', [], ['nowhere.invalid'], false],
    ['169.254.169.254', [], ['169.254.0.0/16'], false],
    ['10.1.1.1', ['10.0.0.0/8'], [], true],
  ];
  for (const [host, allowed, denied, expected] of rows) {
    for (const version of VERSIONS) {
      const lists = `${JSON.stringify(allowed)} allowed and ${JSON.stringify(denied)} denied`;
      test(`${lists}, ${host} is ${expected ? 'asked for' : 'not asked for'} over ${version}`, async () => {
        const { origin } = endpointOf(version);
        const settings = { allowed, denied };
        assert.equal(await isReached(`http://${host}/`, version, settings, origin), expected);
      });
    }
  }
});

describe('the addresses of a name', () => {
  const addresses = (...list: string[]): LookupAddress[] =>
    list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const denied = ['169.254.0.0/16', 'fe80::/10'];

  function find(found: Resolve, all: boolean): Promise<unknown> {
    const destinations = new Destinations({ allowed: [], denied }, found);
    return new Promise((resolve, reject) => {
      destinations.lookup('name.test', { all }, (error, address) => {
        if (error === null) resolve(address);
        else reject(error);
      });
    });
  }

  test('that are denied are left out', async () => {
    const resolve: Resolve = (_name, _options, callback) =>
      callback(null, addresses('169.254.1.1', '192.0.2.1', 'fe80::1', '2001:db8::1'));
    assert.deepEqual(await find(resolve, true), addresses('192.0.2.1', '2001:db8::1'));
    assert.equal(await find(resolve, false), '192.0.2.1');
  });

  test('that are all denied are none', async () => {
    const resolve: Resolve = (_name, _options, callback) =>
      callback(null, addresses('169.254.1.1', '::ffff:169.254.1.1'));
    for (const all of [true, false])
      await assert.rejects(find(resolve, all), DestinationDeniedError);
  });

  test('are judged anew by every connection', async () => {
    let isFirst = true;
    const resolve: Resolve = (_name, _options, callback) => {
      callback(null, addresses(isFirst ? '192.0.2.1' : '169.254.169.254'));
      isFirst = false;
    };
    const destinations = new Destinations({ allowed: [], denied }, resolve);
    const ask = (): Promise<string> =>
      new Promise((settle) => {
        destinations.lookup('name.test', {}, (error, address) => {
          settle(error === null ? JSON.stringify(address) : error.name);
        });
      });
    assert.equal(await ask(), JSON.stringify('192.0.2.1'));
    assert.equal(await ask(), 'DestinationDeniedError');
  });

  test('that cannot be found are an error of their own', async () => {
    const failure = Object.assign(new Error('nothing'), { code: 'ENOTFOUND' });
    const resolve: Resolve = (_name, _options, callback) => callback(failure, []);
    await assert.rejects(find(resolve, true), { code: 'ENOTFOUND' });
  });
});

for (const version of VERSIONS) {
  test(`a redirect over ${version} is an answer, and nobody follows it`, async () => {
    const other = await FakeEndpoint.start(version);
    const endpoint = endpointOf(version);
    endpoint.behaviour = { status: 307, headers: { location: `${other.origin}/` } };
    const transport = new HttpDeploymentTransport();
    const exchange = new RecordedExchange(transport, `${endpoint.origin}/`, {
      httpVersion: version,
    });
    exchange.stream.end();
    assert.equal((await exchange.response()).status, 307);
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(other.requests.length, 0);
    await transport.close();
    await other.close();
  });
}
