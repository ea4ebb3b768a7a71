import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultServerConfig } from '../../../src/io/config/load.ts';
import { parseOtlpEndpoint } from '../../../src/io/config/tracing-options.ts';
import { tracingSettingsOf } from '../../../src/io/config/tracing-settings.ts';
import { load } from './loading.ts';

const endpoints: ReadonlyArray<readonly [text: string, transport: string, url: string]> = [
  ['http://host:4317', 'grpc', 'http://host:4317'],
  ['https://host:4317/ignored', 'grpc', 'https://host:4317/ignored'],
  ['grpc://host:4317', 'grpc', 'http://host:4317'],
  ['otlp+grpc://[::1]:4317', 'grpc', 'http://[::1]:4317'],
  ['otlp+http://host:4318/v1/traces?a=b', 'http', 'http://host:4318/v1/traces?a=b'],
  ['otlp+https://host/v1/traces', 'http', 'https://host/v1/traces'],
];

const refused = [
  '',
  'host',
  '127.0.0.1:4317',
  'http://',
  'otlp+http://',
  'OTLP+HTTP://host/x',
  'otlp://host',
  'grpcs://host',
  'ftp://host',
  'http+json://host/x',
  'unix:/tmp/x',
];

describe('the endpoint of traces', () => {
  for (const [text, transport, url] of endpoints) {
    test(`${text} is reached by ${transport} at ${url}`, () => {
      assert.deepEqual(parseOtlpEndpoint(text), { transport, url });
    });
  }

  for (const text of refused) {
    test(`'${text}' is refused with the forms that there are`, () => {
      const loaded = load({ env: { RESTATE_TRACING_ENDPOINT: text } });
      assert.equal(loaded.kind, 'error');
      assert.match(loaded.kind === 'error' ? loaded.message : '', /tracing-endpoint.*otlp\+http:/s);
    });
  }
});

describe('the settings of tracing', () => {
  test('are none without an endpoint', () => {
    assert.equal(tracingSettingsOf(defaultServerConfig({})), undefined);
    const others = { tracingRuntimeEndpoint: 'http://host:1', tracingJsonPath: '/tmp' };
    assert.equal(tracingSettingsOf(defaultServerConfig(others)), undefined);
  });

  test('name the node, and prefer the endpoint of services', () => {
    const config = defaultServerConfig({
      tracingEndpoint: 'http://all:1',
      tracingServicesEndpoint: 'otlp+http://services:1/x',
      tracingHeaders: { authorization: 'Bearer x' },
      clusterName: 'c',
      nodeName: 'n',
    });
    const { productVersion, ...settings } = tracingSettingsOf(config) ?? assert.fail('they exist');
    assert.match(productVersion, /^\d+\./);
    assert.deepEqual(settings, {
      transport: 'http',
      url: 'http://services:1/x',
      headers: { authorization: 'Bearer x' },
      instanceId: 'c/n',
    });
  });
});
