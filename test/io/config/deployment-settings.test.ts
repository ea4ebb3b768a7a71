import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  requestHeadersOf,
  transportSettingsOf,
} from '../../../src/io/config/deployment-settings.ts';
import { defaultServerConfig } from '../../../src/io/config/load.ts';

describe('how deployments are reached', () => {
  test('follows the options for Lambda', () => {
    const { lambda } = transportSettingsOf(
      defaultServerConfig({
        awsProfile: 'profile',
        awsAssumeRoleExternalId: 'id',
        requestCompressionThreshold: 7,
        messageSizeLimit: 1000,
      }),
    );
    assert.deepEqual(lambda, {
      profile: 'profile',
      externalId: 'id',
      compressionThresholdBytes: 7,
      answerBytesMax: 2000,
    });
  });

  test('has a proxy only if there is one, with its exceptions', () => {
    const proxyOf = (config: Parameters<typeof defaultServerConfig>[0]) =>
      transportSettingsOf(defaultServerConfig(config)).http.proxy;
    assert.equal(proxyOf({ noProxy: ['a'] }), undefined);
    assert.deepEqual(proxyOf({ httpProxy: 'http://p/' }), { uri: 'http://p/', except: [] });
    const all = { httpProxy: 'http://p/', noProxy: ['a'] };
    assert.deepEqual(proxyOf(all), { uri: 'http://p/', except: ['a'] });
  });
});

describe('the headers of requests', () => {
  test('name the cluster, unless others are configured', () => {
    const clusterName = 'c';
    assert.deepEqual(requestHeadersOf({ clusterName, additionalRequestHeaders: undefined }), [
      ['x-restate-cluster-name', 'c'],
    ]);
    const additionalRequestHeaders = { a: 'b', c: 'd' };
    const expected = Object.entries(additionalRequestHeaders);
    assert.deepEqual(requestHeadersOf({ clusterName, additionalRequestHeaders }), expected);
  });
});
