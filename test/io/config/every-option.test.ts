// Every option is read from the file, the environment and, where it has one, its flag.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stringify } from 'smol-toml';
import type { ServerConfig } from '../../../src/io/config/complete-config.ts';
import { environmentName, type Option } from '../../../src/io/config/option.ts';
import { OPTION_LIST, type OptionName } from '../../../src/io/config/options.ts';
import { type Given, load, run, warningsOf } from './loading.ts';

interface Sample {
  /** As the environment and the flag write it. */
  readonly text: string;
  /** As the file has it. Default: the text. */
  readonly toml?: unknown;
  /** The effective value. Default: that of the file. */
  readonly value?: unknown;
}

function sample(text: string, toml: unknown = text, value = toml): Sample {
  return { text, toml, value };
}

const duration = sample('90s', '90s', 90_000);
const bytes = sample('20 KiB', '20 KiB', 20_480);
const count = sample('7', 7);
const yes = sample('true', true);
const address = sample('127.0.0.1:7', '127.0.0.1:7');
const ip = sample('127.0.0.2');
const url = sample('http://host:7/');
const headers = sample('{x-a = "b"}', { 'x-a': 'b' });

/** A value other than the default for each option. */
const SAMPLES: Readonly<Record<OptionName, Sample>> = {
  nodeName: sample('n7'),
  clusterName: sample('c7'),
  baseDir: sample('data', 'data', '/srv/data'),
  defaultNumPartitions: count,
  shutdownTimeoutMs: duration,
  logFilter: sample('debug'),
  logFormat: sample('compact'),
  logDisableAnsiCodes: yes,
  listener: sample('node'),
  networkingMessageSizeLimit: bytes,
  disableTelemetry: yes,
  disablePrometheus: yes,
  tracingEndpoint: url,
  tracingRuntimeEndpoint: url,
  tracingServicesEndpoint: url,
  tracingJsonPath: sample('/tmp/traces'),
  tracingFilter: sample('debug'),
  tracingHeaders: headers,
  listenMode: sample('tcp'),
  useRandomPorts: yes,
  bindIp: ip,
  bindPort: count,
  bindAddress: address,
  advertisedHost: sample('host'),
  advertisedAddress: url,
  ingressListenMode: sample('unix'),
  ingressUseRandomPorts: yes,
  ingressBindIp: ip,
  ingressBindPort: count,
  ingressBindAddress: address,
  ingressAdvertisedHost: sample('host'),
  ingressAdvertisedAddress: url,
  adminListenMode: sample('tcp'),
  adminUseRandomPorts: yes,
  adminBindIp: ip,
  adminBindPort: count,
  adminBindAddress: address,
  adminAdvertisedHost: sample('host'),
  adminAdvertisedAddress: url,
  ingressRequestSizeLimit: bytes,
  ingressConcurrentRequestsLimit: count,
  ingressHttp2StreamsLimit: count,
  adminConcurrentRequestsLimit: count,
  adminDisableWebUi: yes,
  queryEngineMemorySize: bytes,
  queryEngineParallelism: count,
  queryEngineTmpDir: sample('/tmp/spill'),
  disableConfigSqlTable: yes,
  partitionThreads: count,
  cleanupIntervalMs: duration,
  inactivityTimeoutMs: duration,
  abortTimeoutMs: duration,
  eagerStateSizeLimit: bytes,
  concurrentInvocationsLimit: count,
  messageSizeWarning: bytes,
  messageSizeLimit: bytes,
  connectTimeoutMs: duration,
  http2KeepAliveIntervalMs: duration,
  http2KeepAliveTimeoutMs: duration,
  http2KeepAliveJitter: sample('0.5', 0.5),
  http2StreamsPerConnectionLimit: count,
  http2IdleConnectionTimeoutMs: duration,
  http2StreamWindowSize: bytes,
  http2ConnectionWindowSize: bytes,
  http2MaxFrameSize: bytes,
  http2InitialMaxSendStreams: count,
  httpProxy: url,
  noProxy: sample('[a, b]', ['a', 'b']),
  additionalRequestHeaders: headers,
  requestIdentityKeyFile: sample('key.pem', 'key.pem', '/srv/key.pem'),
  requestIdentityExpirationMs: duration,
  awsProfile: sample('profile'),
  awsAssumeRoleExternalId: sample('id'),
  requestCompressionThreshold: bytes,
  retryInitialIntervalMs: duration,
  retryExponentiationFactor: sample('1.5', 1.5),
  retryMaxIntervalMs: duration,
  retryMaxAttempts: sample('unlimited'),
  retryOnMaxAttempts: sample('kill'),
  maxRetryMaxAttempts: count,
  journalRetentionMs: duration,
  idempotencyRetentionMs: duration,
  workflowCompletionRetentionMs: duration,
  maxJournalRetentionMs: duration,
  maxIdempotencyRetentionMs: duration,
  maxWorkflowCompletionRetentionMs: duration,
};

function tomlOf(key: string, value: unknown): string {
  const [name = '', ...path] = key.split('.').toReversed();
  return stringify(path.reduce((inner, table) => ({ [table]: inner }), { [name]: value }));
}

function sourcesOf({ key, hasFlag }: Option<unknown>, { text, toml }: Sample) {
  const sources: Array<readonly [from: string, given: Given]> = [
    ['the file', { toml: tomlOf(key, toml) }],
    ['the environment', { env: { [environmentName(key)]: text } }],
  ];
  if (hasFlag) sources.push(['its flag', { argv: [`--${key}`, text] }]);
  return sources;
}

for (const [name, option] of OPTION_LIST) {
  const given = SAMPLES[name];
  describe(`the option ${option.key}`, () => {
    for (const [from, source] of sourcesOf(option, given)) {
      test(`is read from ${from}`, () => {
        assert.deepEqual(run(source)[name], given.value);
        assert.notDeepEqual(run({})[name], given.value);
        const said = warningsOf(source).some((line) => line.includes('has no effect'));
        assert.equal(said, option.isUnused);
      });
    }
  });
}

test('a dumped configuration is read as the same configuration', () => {
  const { nodeNameIsDefault: _, configFile: __, ...expected } = all();
  const dumped = dump({ env: environment() });
  const { nodeNameIsDefault, configFile: ___, ...config } = run({ toml: dumped });
  assert.deepEqual(config, expected);
  assert.equal(nodeNameIsDefault, false);
  assert.equal(dump({ toml: dumped }), dumped);
});

test('a dump of the defaults names no host and sets nothing', () => {
  const dumped = dump({});
  assert.doesNotMatch(dumped, /host-1/);
  assert.deepEqual(warningsOf({ toml: dumped }), []);
  const { configFile: _, ...config } = run({ toml: dumped });
  const { configFile: __, ...defaults } = run({});
  assert.deepEqual(config, defaults);
});

/** All samples at once. */
function environment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    OPTION_LIST.map(([name, { key }]) => [environmentName(key), SAMPLES[name].text]),
  );
}

function all(): ServerConfig {
  return run({ env: environment() });
}

function dump(given: Given): string {
  const loaded = load({ ...given, argv: ['--dump-config'] });
  assert(loaded.kind === 'print', 'printed');
  return loaded.text;
}
