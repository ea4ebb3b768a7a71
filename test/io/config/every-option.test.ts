// Every option is read from the file, the environment and, where it has one, its flag.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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
const pem = sample('a.pem', 'a.pem', '/srv/a.pem');
const pems = sample('[a.pem]', ['a.pem'], ['/srv/a.pem']);
const list = sample('[a, b]', ['a', 'b']);
/** Of `secret`. */
const DIGEST = 'sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';
const tokens = sample('[secret]', ['secret'], [DIGEST]);

/** A value other than the default for each option. */
const SAMPLES: Readonly<Record<OptionName, Sample>> = {
  nodeName: sample('n7'),
  clusterName: sample('c7'),
  baseDir: sample('data', 'data', '/srv/data'),
  defaultNumPartitions: count,
  shutdownTimeoutMs: duration,
  paused: yes,
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
  pgsqlBindAddress: address,
  tlsMode: sample('prefer'),
  tlsCertFile: pem,
  tlsKeyFile: pem,
  tlsCaFiles: pems,
  tlsRequireClientAuth: yes,
  tlsAllowedSubjectNames: list,
  tlsRefreshIntervalMs: duration,
  authTokens: tokens,
  authTokenFile: pem,
  ingressTlsMode: sample('prefer'),
  ingressTlsCertFile: pem,
  ingressTlsKeyFile: pem,
  ingressTlsCaFiles: pems,
  ingressTlsRequireClientAuth: yes,
  ingressTlsAllowedSubjectNames: list,
  ingressAuthTokens: tokens,
  ingressAuthTokenFile: pem,
  adminTlsMode: sample('prefer'),
  adminTlsCertFile: pem,
  adminTlsKeyFile: pem,
  adminTlsCaFiles: pems,
  adminTlsRequireClientAuth: yes,
  adminTlsAllowedSubjectNames: list,
  adminAuthTokens: tokens,
  adminAuthTokenFile: pem,
  httpHeaderTimeoutMs: duration,
  httpRequestTimeoutMs: duration,
  httpIdleTimeoutMs: duration,
  httpSendTimeoutMs: duration,
  httpHeaderSizeLimit: bytes,
  ingressRequestSizeLimit: bytes,
  ingressConcurrentRequestsLimit: count,
  ingressHttp2StreamsLimit: count,
  adminConcurrentRequestsLimit: count,
  adminDisableWebUi: yes,
  queryEngineMemorySize: bytes,
  queryEngineTimeoutMs: duration,
  queryEngineParallelism: count,
  queryEngineTmpDir: sample('/tmp/spill'),
  disableConfigSqlTable: yes,
  partitionThreads: count,
  hungThreadTimeoutMs: duration,
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
  noProxy: list,
  allowedDestinations: list,
  deniedDestinations: list,
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
  awaitedDepthMax: count,
  vqueues: yes,
  scopedVirtualObjects: yes,
  protocolV7: yes,
};

/** Where it is shown what the option changes; `undefined` for those that change nothing. */
const EFFECTS: Readonly<Record<OptionName, string | undefined>> = {
  nodeName: 'e2e/process.e2e.test.ts',
  clusterName: 'e2e/configuration.e2e.test.ts',
  baseDir: 'e2e/listening.e2e.test.ts',
  defaultNumPartitions: 'e2e/thread-crash.e2e.test.ts',
  shutdownTimeoutMs: 'e2e/option-effects.e2e.test.ts',
  paused: 'e2e/paused-start.e2e.test.ts',
  logFilter: 'e2e/configuration.e2e.test.ts',
  logFormat: 'e2e/configuration.e2e.test.ts',
  logDisableAnsiCodes: 'io/config/load.test.ts',
  listener: 'e2e/process.e2e.test.ts',
  networkingMessageSizeLimit: 'e2e/configuration.e2e.test.ts',
  disableTelemetry: undefined,
  disablePrometheus: 'e2e/metrics.e2e.test.ts',
  tracingEndpoint: 'e2e/tracing.e2e.test.ts',
  tracingRuntimeEndpoint: undefined,
  tracingServicesEndpoint: 'e2e/tracing.e2e.test.ts',
  tracingJsonPath: undefined,
  tracingFilter: undefined,
  tracingHeaders: 'e2e/tracing.e2e.test.ts',
  listenMode: 'e2e/listening.e2e.test.ts',
  useRandomPorts: 'e2e/listening.e2e.test.ts',
  bindIp: 'e2e/listening.e2e.test.ts',
  bindPort: 'io/config/listener-settings.test.ts',
  bindAddress: 'io/config/listener-settings.test.ts',
  advertisedHost: 'e2e/listening.e2e.test.ts',
  advertisedAddress: 'io/config/listener-settings.test.ts',
  ingressListenMode: 'e2e/listening.e2e.test.ts',
  ingressUseRandomPorts: 'io/config/listener-settings.test.ts',
  ingressBindIp: 'e2e/listening.e2e.test.ts',
  ingressBindPort: 'io/config/listener-settings.test.ts',
  ingressBindAddress: 'e2e/process.e2e.test.ts',
  ingressAdvertisedHost: 'e2e/listening.e2e.test.ts',
  ingressAdvertisedAddress: 'e2e/listening.e2e.test.ts',
  adminListenMode: 'io/config/listener-settings.test.ts',
  adminUseRandomPorts: 'io/config/listener-settings.test.ts',
  adminBindIp: 'io/config/listener-settings.test.ts',
  adminBindPort: 'io/config/listener-settings.test.ts',
  adminBindAddress: 'io/config/listener-settings.test.ts',
  adminAdvertisedHost: 'io/config/listener-settings.test.ts',
  adminAdvertisedAddress: 'io/config/listener-settings.test.ts',
  pgsqlBindAddress: 'io/config/listener-settings.test.ts',
  tlsMode: 'e2e/security.e2e.test.ts',
  tlsCertFile: 'e2e/security.e2e.test.ts',
  tlsKeyFile: 'e2e/security.e2e.test.ts',
  tlsCaFiles: 'io/config/security-settings.test.ts',
  tlsRequireClientAuth: 'io/config/security-settings.test.ts',
  tlsAllowedSubjectNames: 'io/config/security-settings.test.ts',
  tlsRefreshIntervalMs: 'io/config/security-settings.test.ts',
  authTokens: 'e2e/security.e2e.test.ts',
  authTokenFile: 'io/config/security-settings.test.ts',
  ingressTlsMode: 'e2e/security.e2e.test.ts',
  ingressTlsCertFile: 'io/config/security-settings.test.ts',
  ingressTlsKeyFile: 'io/config/security-settings.test.ts',
  ingressTlsCaFiles: 'io/config/security-settings.test.ts',
  ingressTlsRequireClientAuth: 'io/config/security-settings.test.ts',
  ingressTlsAllowedSubjectNames: 'io/config/security-settings.test.ts',
  ingressAuthTokens: 'io/config/security-settings.test.ts',
  ingressAuthTokenFile: 'e2e/security.e2e.test.ts',
  adminTlsMode: 'e2e/security.e2e.test.ts',
  adminTlsCertFile: 'io/config/security-settings.test.ts',
  adminTlsKeyFile: 'io/config/security-settings.test.ts',
  adminTlsCaFiles: 'io/config/security-settings.test.ts',
  adminTlsRequireClientAuth: 'io/config/security-settings.test.ts',
  adminTlsAllowedSubjectNames: 'io/config/security-settings.test.ts',
  adminAuthTokens: 'io/config/security-settings.test.ts',
  adminAuthTokenFile: 'io/config/security-settings.test.ts',
  httpHeaderTimeoutMs: 'io/config/security-settings.test.ts',
  httpRequestTimeoutMs: 'io/config/security-settings.test.ts',
  httpIdleTimeoutMs: 'io/config/security-settings.test.ts',
  httpSendTimeoutMs: 'io/config/security-settings.test.ts',
  httpHeaderSizeLimit: 'io/config/security-settings.test.ts',
  ingressRequestSizeLimit: 'e2e/configuration.e2e.test.ts',
  ingressConcurrentRequestsLimit: 'e2e/configuration.e2e.test.ts',
  ingressHttp2StreamsLimit: 'e2e/option-effects.e2e.test.ts',
  adminConcurrentRequestsLimit: 'e2e/admin-options.e2e.test.ts',
  adminDisableWebUi: 'e2e/admin-options.e2e.test.ts',
  queryEngineMemorySize: 'e2e/sql-options.e2e.test.ts',
  queryEngineTimeoutMs: 'e2e/sql-options.e2e.test.ts',
  queryEngineParallelism: undefined,
  queryEngineTmpDir: undefined,
  disableConfigSqlTable: undefined,
  partitionThreads: 'e2e/thread-crash.e2e.test.ts',
  hungThreadTimeoutMs: 'e2e/hung-thread.e2e.test.ts',
  cleanupIntervalMs: 'e2e/retention.e2e.test.ts',
  inactivityTimeoutMs: 'e2e/option-effects.e2e.test.ts',
  abortTimeoutMs: 'e2e/option-effects.e2e.test.ts',
  eagerStateSizeLimit: 'e2e/option-effects.e2e.test.ts',
  concurrentInvocationsLimit: 'e2e/option-effects.e2e.test.ts',
  messageSizeWarning: 'e2e/configuration.e2e.test.ts',
  messageSizeLimit: 'e2e/option-effects.e2e.test.ts',
  connectTimeoutMs: 'io/deployment/transport-options.test.ts',
  http2KeepAliveIntervalMs: 'io/deployment/transport-options.test.ts',
  http2KeepAliveTimeoutMs: 'io/deployment/transport-options.test.ts',
  http2KeepAliveJitter: 'io/deployment/transport-options.test.ts',
  http2StreamsPerConnectionLimit: 'io/deployment/transport-options.test.ts',
  http2IdleConnectionTimeoutMs: 'io/deployment/transport-options.test.ts',
  http2StreamWindowSize: 'io/deployment/transport-options.test.ts',
  http2ConnectionWindowSize: 'io/deployment/transport-options.test.ts',
  http2MaxFrameSize: 'io/deployment/transport-options.test.ts',
  http2InitialMaxSendStreams: 'io/deployment/transport-options.test.ts',
  httpProxy: 'e2e/configuration.e2e.test.ts',
  noProxy: 'e2e/configuration.e2e.test.ts',
  allowedDestinations: 'e2e/security.e2e.test.ts',
  deniedDestinations: 'e2e/security.e2e.test.ts',
  additionalRequestHeaders: 'e2e/configuration.e2e.test.ts',
  requestIdentityKeyFile: 'e2e/request-identity.e2e.test.ts',
  requestIdentityExpirationMs: 'e2e/request-identity.e2e.test.ts',
  awsProfile: 'io/config/deployment-settings.test.ts',
  awsAssumeRoleExternalId: 'io/config/deployment-settings.test.ts',
  requestCompressionThreshold: 'e2e/lambda.e2e.test.ts',
  retryInitialIntervalMs: 'e2e/option-effects.e2e.test.ts',
  retryExponentiationFactor: 'e2e/option-effects.e2e.test.ts',
  retryMaxIntervalMs: 'e2e/option-effects.e2e.test.ts',
  retryMaxAttempts: 'e2e/option-effects.e2e.test.ts',
  retryOnMaxAttempts: 'e2e/option-effects.e2e.test.ts',
  maxRetryMaxAttempts: 'e2e/configuration.e2e.test.ts',
  journalRetentionMs: 'e2e/option-effects.e2e.test.ts',
  idempotencyRetentionMs: 'e2e/option-effects.e2e.test.ts',
  workflowCompletionRetentionMs: 'e2e/option-effects.e2e.test.ts',
  maxJournalRetentionMs: 'e2e/configuration.e2e.test.ts',
  maxIdempotencyRetentionMs: 'e2e/configuration.e2e.test.ts',
  maxWorkflowCompletionRetentionMs: 'e2e/configuration.e2e.test.ts',
  awaitedDepthMax: 'io/service-protocol/future-decoder.test.ts',
  vqueues: 'support/scopes.ts',
  scopedVirtualObjects: 'support/scopes.ts',
  protocolV7: 'e2e/protocol-v7.e2e.test.ts',
};

function tomlOf(key: string, value: unknown): string {
  const [name = '', ...path] = key.split('.').toReversed();
  return stringify(path.reduce((inner, table) => ({ [table]: inner }), { [name]: value }));
}

function sourcesOf({ key, hasFlag, isSwitch }: Option<unknown>, { text, toml }: Sample) {
  const sources: Array<readonly [from: string, given: Given]> = [
    ['the file', { toml: tomlOf(key, toml) }],
    ['the environment', { env: { [environmentName(key)]: text } }],
  ];
  if (hasFlag) {
    sources.push(['its flag', { argv: isSwitch ? [`--${key}`] : [`--${key}`, text] }]);
  }
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

    const path = EFFECTS[name];
    test(path === undefined ? 'changes nothing' : `has its effects tested in ${path}`, () => {
      if (path === undefined) {
        assert.ok(option.isUnused || name === 'disableTelemetry');
        return;
      }
      const text = readFileSync(new URL(`../../../../test/${path}`, import.meta.url), 'utf8');
      const names = [name, environmentName(option.key), `--${option.key}`];
      assert.ok(names.some((spelling) => text.includes(spelling)));
    });
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
