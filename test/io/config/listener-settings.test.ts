import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  listenerSettings,
  postgresBindAddress,
  type ServerName,
} from '../../../src/io/config/listener-settings.ts';
import { defaultServerConfig, type ServerConfig } from '../../../src/io/config/load.ts';

function settings(config: Partial<ServerConfig>, server: ServerName) {
  return listenerSettings(defaultServerConfig(config), server, '/data/n1');
}

describe('a server listens', () => {
  const rows: ReadonlyArray<
    readonly [config: Partial<ServerConfig>, server: ServerName, addresses: readonly string[]]
  > = [
    [{}, 'ingress', ['[::]:8080', 'unix:/data/n1/ingress.sock']],
    [{}, 'admin', ['[::]:9070', 'unix:/data/n1/admin.sock']],
    [{}, 'node', ['[::]:5122', 'unix:/data/n1/fabric.sock']],
    [{ listenMode: 'tcp' }, 'ingress', ['[::]:8080']],
    [{ listenMode: 'unix' }, 'admin', ['unix:/data/n1/admin.sock']],
    [{ listenMode: 'unix', ingressListenMode: 'tcp' }, 'ingress', ['[::]:8080']],
    [{ listenMode: 'tcp', adminListenMode: 'unix' }, 'admin', ['unix:/data/n1/admin.sock']],
    [{ listenMode: 'tcp', bindIp: '127.0.0.1' }, 'ingress', ['127.0.0.1:8080']],
    [{ listenMode: 'tcp', bindIp: '127.0.0.1', bindPort: 1 }, 'ingress', ['127.0.0.1:8080']],
    [{ listenMode: 'tcp', bindIp: '127.0.0.1', bindPort: 1 }, 'node', ['127.0.0.1:1']],
    [{ listenMode: 'tcp', bindIp: '::1', adminBindIp: '10.0.0.1' }, 'admin', ['10.0.0.1:9070']],
    [{ listenMode: 'tcp', ingressBindPort: 7 }, 'ingress', ['[::]:7']],
    [{ listenMode: 'tcp', adminBindPort: 7 }, 'admin', ['[::]:7']],
    [{ listenMode: 'tcp', ingressBindIp: '::1' }, 'ingress', ['[::1]:8080']],
    [{ listenMode: 'tcp', useRandomPorts: true }, 'admin', ['[::]:0']],
    [{ listenMode: 'tcp', useRandomPorts: true, adminBindPort: 7 }, 'admin', ['[::]:7']],
    [
      { listenMode: 'tcp', useRandomPorts: true, ingressUseRandomPorts: false },
      'ingress',
      ['[::]:8080'],
    ],
    [{ listenMode: 'tcp', adminUseRandomPorts: true }, 'admin', ['[::]:0']],
    [{ listenMode: 'tcp', bindIp: '::1', bindAddress: '1.2.3.4:5' }, 'node', ['1.2.3.4:5']],
    [{ listenMode: 'tcp', bindAddress: '1.2.3.4:5' }, 'ingress', ['[::]:8080']],
    [
      { listenMode: 'tcp', ingressBindAddress: '1.2.3.4:5', useRandomPorts: true },
      'ingress',
      ['1.2.3.4:5'],
    ],
    [{ listenMode: 'tcp', adminBindAddress: '[::1]:5' }, 'admin', ['[::1]:5']],
  ];
  for (const [config, server, addresses] of rows) {
    test(`as ${server} with ${JSON.stringify(config)} on ${addresses.join(' and ')}`, () => {
      assert.deepEqual(settings(config, server).bindAddresses, addresses);
    });
  }
});

describe('PostgreSQL clients connect', () => {
  const rows: ReadonlyArray<readonly [config: Partial<ServerConfig>, address: string | undefined]> =
    [
      [{}, '[::]:9071'],
      [{ pgsqlBindAddress: '1.2.3.4:5', listenMode: 'unix' }, '1.2.3.4:5'],
      [{ bindIp: '127.0.0.1', bindPort: 1, adminBindPort: 2 }, '127.0.0.1:9071'],
      [{ bindIp: '127.0.0.1', adminBindIp: '::1' }, '[::1]:9071'],
      [{ adminBindAddress: '127.0.0.1:7' }, '127.0.0.1:9071'],
      [{ adminBindAddress: '[::1]:0' }, '[::1]:0'],
      [{ useRandomPorts: true }, '[::]:0'],
      [{ useRandomPorts: true, adminUseRandomPorts: false }, '[::]:9071'],
      [{ listenMode: 'unix' }, undefined],
      [{ adminListenMode: 'unix' }, undefined],
      [{ listenMode: 'unix', adminListenMode: 'tcp' }, '[::]:9071'],
    ];
  for (const [config, address] of rows) {
    test(`with ${JSON.stringify(config)} to ${address}`, () => {
      assert.equal(postgresBindAddress(defaultServerConfig(config)), address);
    });
  }
});

describe('what a server is advertised with', () => {
  test('is its own host and address, else the host of the root', () => {
    const config = {
      advertisedHost: 'root',
      advertisedAddress: 'http://root:1/',
      ingressAdvertisedHost: 'ingress',
      ingressAdvertisedAddress: 'http://ingress:1/',
      adminAdvertisedAddress: 'http://admin:1/',
      adminAdvertisedHost: 'admin',
    };
    assert.deepEqual(settings(config, 'node').advertised, {
      host: 'root',
      address: 'http://root:1/',
    });
    assert.deepEqual(settings(config, 'ingress').advertised, {
      host: 'ingress',
      address: 'http://ingress:1/',
    });
    assert.deepEqual(settings(config, 'admin').advertised, {
      host: 'admin',
      address: 'http://admin:1/',
    });
    assert.deepEqual(settings({ advertisedHost: 'root' }, 'admin').advertised, {
      host: 'root',
      address: undefined,
    });
  });
});
