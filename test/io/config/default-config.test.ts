import assert from 'node:assert/strict';
import { availableParallelism, hostname } from 'node:os';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { defaultServerConfig, loadConfig } from '../../../src/io/config/load.ts';

describe('the configuration inside another program', () => {
  test('without overrides is what the command line gives without flags', () => {
    const loaded = loadConfig({
      argv: [],
      env: {},
      cwd: process.cwd(),
      hostname: hostname(),
      cores: availableParallelism(),
    });
    assert(loaded.kind === 'run', 'accepted');
    assert.deepEqual(defaultServerConfig(), loaded.config);
    assert.equal(defaultServerConfig().nodeNameIsDefault, true);
  });

  test('takes overrides and leaves the rest alone', () => {
    const { clusterName, partitionThreads, ...rest } = defaultServerConfig({
      clusterName: 'c',
      partitionThreads: 7,
    });
    const { clusterName: _name, partitionThreads: _threads, ...defaults } = defaultServerConfig();
    assert.deepEqual({ clusterName, partitionThreads }, { clusterName: 'c', partitionThreads: 7 });
    assert.deepEqual(rest, defaults);
  });

  test('has a chosen node name when one is given', () => {
    const config = defaultServerConfig({ nodeName: 'n1' });
    assert.equal(config.nodeName, 'n1');
    assert.equal(config.nodeNameIsDefault, false);
  });

  test('of a loaded configuration is that configuration', () => {
    const argv = ['--base-dir', 'data'];
    const loaded = loadConfig({ argv, env: {}, cwd: '/srv', hostname: 'host-1', cores: 4 });
    assert(loaded.kind === 'run', 'accepted');
    assert.equal(loaded.config.nodeNameIsDefault, true);
    assert.deepEqual(defaultServerConfig(loaded.config), loaded.config);
  });

  test('has absolute paths', () => {
    const config = defaultServerConfig({ baseDir: 'data', requestIdentityKeyFile: 'key.pem' });
    assert.equal(config.baseDir, resolve('data'));
    assert.equal(config.requestIdentityKeyFile, resolve('key.pem'));
    assert.equal(defaultServerConfig({ baseDir: '/data' }).baseDir, '/data');
  });

  test('is not changed by an override of undefined', () => {
    // As a caller without type checks may write it.
    const overrides = Object.fromEntries(['nodeName', 'baseDir'].map((name) => [name, undefined]));
    assert.deepEqual(defaultServerConfig(overrides), defaultServerConfig());
  });
});
