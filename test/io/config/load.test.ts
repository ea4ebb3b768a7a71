import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { HANDLER_DEFAULTS } from '../../../src/actors/domain/limits.ts';
import type { ServerConfig } from '../../../src/io/config/complete-config.ts';
import { handlerDefaultsOf } from '../../../src/io/config/handler-defaults.ts';
import { DEPRECATED_KEYS } from '../../../src/io/config/known-keys.ts';
import { logOptionsOf } from '../../../src/io/config/log-options.ts';
import { environmentName } from '../../../src/io/config/option.ts';
import { OPTION_LIST } from '../../../src/io/config/options.ts';
import { PRODUCT_VERSION } from '../../../src/io/config/product-version.ts';
import { configFile, directory, type Given, load, refusal, run, warningsOf } from './loading.ts';

describe('defaults', () => {
  test('are those of the reference server', () => {
    const { nodeName, baseDir, partitionThreads, configFile: file, ...config } = run({});
    assert.deepEqual(
      { nodeName, baseDir, partitionThreads, file },
      { nodeName: 'host-1', baseDir: '/srv/restate-data', partitionThreads: 3, file: undefined },
    );
    const set = Object.entries(config).filter(([, value]) => value !== undefined);
    assert.deepEqual(Object.fromEntries(set), {
      nodeNameIsDefault: true,
      clusterName: 'localcluster',
      defaultNumPartitions: 24,
      shutdownTimeoutMs: 60_000,
      paused: false,
      logFilter: 'warn,restate=info',
      logDisableAnsiCodes: false,
      listener: 'auto',
      listenMode: 'all',
      useRandomPorts: false,
      networkingMessageSizeLimit: 33_554_432,
      disableTelemetry: false,
      disablePrometheus: false,
      disableConfigSqlTable: false,
      tracingFilter: 'info',
      // Of Reprise only, but for the node port.
      tlsMode: 'off',
      tlsRefreshIntervalMs: 3_600_000,
      ingressTlsMode: 'off',
      adminTlsMode: 'off',
      httpHeaderTimeoutMs: 30_000,
      httpRequestTimeoutMs: 300_000,
      httpIdleTimeoutMs: 900_000,
      httpSendTimeoutMs: 60_000,
      httpHeaderSizeLimit: 1_048_576,
      ingressRequestSizeLimit: 33_554_432,
      ingressHttp2StreamsLimit: 200,
      adminDisableWebUi: false,
      queryEngineMemorySize: 1_073_741_824,
      queryEngineTimeoutMs: 60_000,
      hungThreadTimeoutMs: 30_000,
      cleanupIntervalMs: 3_600_000,
      inactivityTimeoutMs: 60_000,
      abortTimeoutMs: 600_000,
      eagerStateSizeLimit: 33_554_432,
      concurrentInvocationsLimit: 1000,
      messageSizeWarning: 10_485_760,
      messageSizeLimit: 33_554_432,
      connectTimeoutMs: 10_000,
      http2KeepAliveIntervalMs: 40_000,
      http2KeepAliveTimeoutMs: 20_000,
      http2KeepAliveJitter: 0.2,
      // The reference: 128.
      http2StreamsPerConnectionLimit: 1024,
      http2IdleConnectionTimeoutMs: 300_000,
      http2StreamWindowSize: 2_097_152,
      http2ConnectionWindowSize: 5_242_880,
      http2MaxFrameSize: 16_384,
      http2InitialMaxSendStreams: 100,
      allowedDestinations: [],
      deniedDestinations: [
        '169.254.0.0/16',
        'fe80::/10',
        'fd00:ec2::254',
        'fd20:ce::254',
        '100.100.100.200',
        '168.63.129.16',
        '192.0.0.192',
        'metadata.google.internal',
        'metadata.goog',
        'instance-data.ec2.internal',
      ],
      awaitedDepthMax: 1000,
      requestIdentityExpirationMs: 60_000,
      requestCompressionThreshold: 4_194_304,
      retryInitialIntervalMs: 500,
      retryExponentiationFactor: 2,
      retryMaxIntervalMs: 60_000,
      retryMaxAttempts: 70,
      retryOnMaxAttempts: 'pause',
      journalRetentionMs: 86_400_000,
      idempotencyRetentionMs: 86_400_000,
      workflowCompletionRetentionMs: 86_400_000,
      vqueues: false,
      scopedVirtualObjects: false,
      protocolV7: false,
    });
  });

  test('of handlers are the same as those of the domain, without bounds', () => {
    assert.deepEqual(handlerDefaultsOf(run({})), HANDLER_DEFAULTS);
  });

  test('leave one partition thread on one core', () => {
    assert.equal(run({ cores: 1 }).partitionThreads, 1);
  });
});

describe('precedence', () => {
  const file = 'cluster-name = "file"';
  const env = { RESTATE_CLUSTER_NAME: 'environment' };
  const argv = ['--cluster-name', 'flag'];
  const rows: ReadonlyArray<readonly [given: Given, winner: string]> = [
    [{}, 'localcluster'],
    [{ toml: file }, 'file'],
    [{ toml: file, env }, 'environment'],
    [{ toml: file, env, argv }, 'flag'],
    [{ toml: file, argv }, 'flag'],
  ];
  for (const [given, winner] of rows) {
    test(`of ${Object.keys(given).join(', ') || 'nothing'} is won by ${winner}`, () => {
      assert.equal(run(given).clusterName, winner);
    });
  }

  test('lets a broken value be overridden', () => {
    const given = { toml: 'default-num-partitions = "x"', argv: ['--default-num-partitions=7'] };
    assert.equal(run(given).defaultNumPartitions, 7);
  });
});

describe('the file', () => {
  test('sets options in nested tables', () => {
    const config = run({
      toml: `
        node-name = "n1"
        base-dir = "data"
        default-num-partitions = 4
        default-journal-retention = "0s"
        [ingress]
        bind-address = "127.0.0.1:0"
        concurrent-api-requests-limit = 7
        [worker.invoker]
        inactivity-timeout = "2s"
        eager-state-size-limit = "1.5 MiB"
        [default-retry-policy]
        max-attempts = "unlimited"
        on-max-attempts = "kill"`,
    });
    assert.equal(config.nodeName, 'n1');
    assert.equal(config.nodeNameIsDefault, false);
    assert.equal(config.baseDir, '/srv/data');
    assert.equal(config.defaultNumPartitions, 4);
    assert.equal(config.journalRetentionMs, 0);
    assert.equal(config.ingressBindAddress, '127.0.0.1:0');
    assert.equal(config.ingressConcurrentRequestsLimit, 7);
    assert.equal(config.inactivityTimeoutMs, 2000);
    assert.equal(config.eagerStateSizeLimit, 1_572_864);
    assert.equal(config.retryMaxAttempts, 'unlimited');
    assert.equal(config.retryOnMaxAttempts, 'kill');
    assert.equal(config.retryInitialIntervalMs, 500);
  });

  test('may name what nobody knows, with one warning for each key or table', () => {
    const toml = `
      node-name = "n1"
      naem = 1
      [worker]
      unknown = 1
      [mystery]
      a = 1
      b = 2`;
    const warnings = warningsOf({ toml });
    assert.deepEqual(
      warnings.map((line) => /unknown option "(.*)" is ignored/.exec(line)?.[1]),
      ['naem', 'worker.unknown', 'mystery'],
    );
  });

  test('is found relative to the working directory', () => {
    const path = configFile('cluster-name = "here"');
    const config = run({
      cwd: directory,
      argv: ['--config-file', path.slice(directory.length + 1)],
    });
    assert.equal(config.clusterName, 'here');
    assert.equal(config.configFile, path);
  });

  test('is named by RESTATE_CONFIG too, after the flag', () => {
    const env = { RESTATE_CONFIG: configFile('cluster-name = "by-environment"') };
    assert.equal(run({ env }).clusterName, 'by-environment');
    assert.equal(run({ env, toml: 'cluster-name = "by-flag"' }).clusterName, 'by-flag');
  });

  const refused: ReadonlyArray<readonly [toml: string, message: RegExp]> = [
    ['a = \nb = 1', /TOML parse error at line 1, column 5/],
    ['default-num-partitions = "abc"', /"default-num-partitions" in .*toml: .*found "abc"/],
    ['default-num-partitions = 70000', /from 1 to 65535/],
    ['cluster-name = 5', /"cluster-name"/],
    ['[worker]\ncleanup-interval = "0s"', /duration cannot be zero/],
    ['[worker.invoker]\nabort-timeout = 10', /expected a duration/],
    ['[ingress]\nrequest-size-limit = "much"', /human-readable byte count/],
    ['[admin]\nbind-address = "nowhere"', /"admin.bind-address" .*IP address/],
    ['roles = ["king"]', /"roles" .*http-ingress, admin, worker/],
    ['rocksdb-total-memory-size = "much"', /"rocksdb-total-memory-size" .*byte count/],
    ['log-disable-ansi-codes = "true"', /"log-disable-ansi-codes" .*true or false/],
    ['http-proxy = "socks5://h"', /"worker.invoker.http-proxy" .*the URI of a proxy/],
    ['[worker.invoker]\nhttp2-max-frame-size = "100"', /at least 16384 bytes/],
    ['[network-error-retry-policy]\ntype = "nope"', /one of none, fixed-delay, exponential/],
    ['worker = 5', /"worker" is a table/],
    ['[node-name]\na = 1', /"node-name"/],
  ];
  for (const [toml, message] of refused) {
    test(`with ${JSON.stringify(toml)} ends the start with exit code 1`, () => {
      const { exitCode, message: found } = refusal({ toml });
      assert.equal(exitCode, 1);
      assert.match(found, /^\[RT0002\] configuration loading error: /);
      assert.match(found, message);
    });
  }

  test('that is missing ends the start with exit code 1', () => {
    const { exitCode, message } = refusal({ argv: ['-c', join(directory, 'missing.toml')] });
    assert.equal(exitCode, 1);
    assert.match(message, /missing\.toml.*ENOENT/);
  });
});

describe('the environment', () => {
  test('names every option', () => {
    assert.equal(
      environmentName('worker.invoker.inactivity-timeout'),
      'RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT',
    );
    const env = { RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '5s' };
    assert.equal(run({ env }).inactivityTimeoutMs, 5000);
  });

  test('is read whatever the case of the names', () => {
    assert.equal(run({ env: { restate_cluster_name: 'low' } }).clusterName, 'low');
  });

  test('has texts that look like numbers taken as texts where texts are expected', () => {
    assert.equal(run({ env: { RESTATE_CLUSTER_NAME: '123' } }).clusterName, '123');
  });

  test('may quote a value as the file does', () => {
    assert.equal(run({ env: { RESTATE_CLUSTER_NAME: '"a b"' } }).clusterName, 'a b');
  });

  test('may hold unknown names, without a warning', () => {
    const env = { RESTATE_NOPE__X: '1', RESTATE_BOOTSTRAP_NUM_PARTITIONS: '7' };
    const loaded = load({ env });
    assert(loaded.kind === 'run', 'accepted');
    assert.deepEqual(loaded.warnings, []);
  });

  test('sets the log filter by RUST_LOG too, which wins over its own name', () => {
    assert.equal(run({ env: { RUST_LOG: 'debug' } }).logFilter, 'debug');
    const env = { RUST_LOG: 'debug', RESTATE_LOG_FILTER: 'error' };
    assert.equal(run({ env }).logFilter, 'debug');
    assert.equal(run({ env, argv: ['--log-filter=off'] }).logFilter, 'off');
  });

  test('says with DO_NOT_TRACK that no telemetry is wanted', () => {
    const rows = { '1': true, true: true, yes: true, '0': false, no: false } as const;
    for (const [DO_NOT_TRACK, expected] of Object.entries(rows)) {
      assert.equal(run({ env: { DO_NOT_TRACK } }).disableTelemetry, expected, DO_NOT_TRACK);
    }
    assert.deepEqual(warningsOf({ env: { DO_NOT_TRACK: '1' } }), []);
  });

  test('sets entries of a table one by one', () => {
    const env = { RESTATE_WORKER__INVOKER__ADDITIONAL_REQUEST_HEADERS__X_A: 'b' };
    assert.deepEqual(run({ env }).additionalRequestHeaders, { 'x-a': 'b' });
  });

  test('adds its entries of a table to those of the file', () => {
    const toml = '[worker.invoker.additional-request-headers]\nx-a = "file"\nx-b = "file"';
    const env = { RESTATE_WORKER__INVOKER__ADDITIONAL_REQUEST_HEADERS__X_A: 'environment' };
    const expected = { 'x-a': 'environment', 'x-b': 'file' };
    assert.deepEqual(run({ toml, env }).additionalRequestHeaders, expected);
  });

  test('with a bad value ends the start with exit code 1 and names the variable', () => {
    const { exitCode, message } = refusal({ env: { RESTATE_DEFAULT_NUM_PARTITIONS: '70000' } });
    assert.equal(exitCode, 1);
    assert.match(message, /RESTATE_DEFAULT_NUM_PARTITIONS: .*from 1 to 65535, found "70000"/);
  });
});

describe('flags', () => {
  test('set the options that have one', () => {
    const argv =
      '--node-name n1 --cluster-name c --base-dir /data --default-num-partitions 3 --bind-address 127.0.0.1:1 --log-filter off --log-format json --shutdown-timeout 5s --production';
    const config = run({ argv: argv.split(' ') });
    assert.equal(config.nodeName, 'n1');
    assert.equal(config.nodeNameIsDefault, false);
    assert.equal(config.clusterName, 'c');
    assert.equal(config.baseDir, '/data');
    assert.equal(config.defaultNumPartitions, 3);
    assert.equal(config.bindAddress, '127.0.0.1:1');
    assert.equal(config.logFilter, 'off');
    assert.equal(config.logFormat, 'json');
    assert.equal(config.shutdownTimeoutMs, 5000);
  });

  const refused: ReadonlyArray<readonly [argv: string, message: RegExp]> = [
    ['--nope', /--nope/],
    ['stray', /stray/],
    ['--node-name', /--node-name/],
    ['--help=yes', /--help/],
    ['--log-format xml', /--log-format: expected one of pretty, compact, json, found "xml"/],
    ['--default-num-partitions abc', /--default-num-partitions: .*found "abc"/],
    ['--shutdown-timeout 0s', /duration cannot be zero/],
    ['--node-name ..', /--node-name/],
    ['--node-name a//b', /--node-name/],
    ['--use-random-ports yes', /--use-random-ports: expected true or false, found "yes"/],
    ['--log-disable-ansi-codes', /--log-disable-ansi-codes/],
    ['--bind-ip localhost', /--bind-ip: expected an IP address/],
    ['--listen-mode udp', /--listen-mode: expected one of unix, tcp, all/],
    ['--force-node-id 0', /--force-node-id: expected a whole number, at least 1/],
    ['--roles king', /--roles: expected a list of roles/],
  ];
  for (const [argv, message] of refused) {
    test(`like "${argv}" end the start with exit code 2`, () => {
      const { exitCode, message: found } = refusal({ argv: argv.split(' ') });
      assert.equal(exitCode, 2);
      assert.match(found, message);
    });
  }

  for (const flag of ['--version', '-V']) {
    test(`like ${flag} print the version`, () => {
      assert.match(PRODUCT_VERSION, /^\d+\.\d+\.\d+/);
      const text = `reprise ${PRODUCT_VERSION}`;
      assert.deepEqual(load({ argv: [flag] }), { kind: 'print', text, warnings: [] });
    });
  }
});

describe('the help text', () => {
  const help = load({ argv: ['-h'] });
  assert(help.kind === 'print', 'printed');
  const { text } = help;

  test('names every option with its environment variable and default', () => {
    for (const [, { key, type, doc, defaultText, hasFlag, isSwitch }] of OPTION_LIST) {
      const entry = [
        `  ${key} <${type.placeholder}>`,
        `          ${doc}`,
        `          Default: ${defaultText}. Environment: ${environmentName(key)}`,
      ];
      assert(text.includes(entry.join('\n')), key);
      assert.equal(text.includes(`--${key}${isSwitch ? '\n' : ' <'}`), hasFlag, `flag of ${key}`);
    }
  });

  test('promises only flags that exist', () => {
    const flags = [...text.matchAll(/^ {2}(?:-\w,| {3}) --([\w-]+)( <)?/gm)];
    assert.equal(flags.length, 27);
    for (const [, flag, takesValue] of flags) {
      const loaded = load({ argv: takesValue === undefined ? [`--${flag}`] : [`--${flag}=`] });
      const message = loaded.kind === 'error' ? loaded.message : '';
      assert.doesNotMatch(message, /Unknown option|does not take/);
    }
  });

  test('shows defaults as they may be written, unless they depend on something or are unset', () => {
    const sources = { cwd: '/srv', hostname: 'host-1', cores: 4 };
    const inWords = OPTION_LIST.filter(([, { type, defaultText, defaultOf }]) => {
      const value = defaultOf(sources);
      const parsed = type.parse({ kind: 'text', text: defaultText });
      return value !== undefined && (!parsed.ok || !isDeepStrictEqual(parsed.value, value));
    });
    assert.deepEqual(
      inWords.map(([name]) => name),
      ['nodeName', 'baseDir', 'partitionThreads'],
    );
  });
});

describe('an option that goes into a timer', () => {
  const longest = 2 ** 31 - 1;
  const rows: ReadonlyArray<readonly [value: string, ms: number]> = [
    ['24d', 24 * 86_400_000],
    ['25d', longest],
    ['7304484 days', longest],
  ];
  for (const [value, ms] of rows) {
    test(`of ${value} is ${ms} ms, which a timer does not run at once`, () => {
      const toml = `[worker]\ncleanup-interval = "${value}"`;
      const config = run({ argv: ['--shutdown-timeout', value], toml });
      assert.equal(config.shutdownTimeoutMs, ms);
      assert.equal(config.cleanupIntervalMs, ms);
    });
  }
});

describe('log options', () => {
  const logFilter = 'warn,restate=debug';
  const config = { logFilter, logFormat: undefined, logDisableAnsiCodes: false } as const;

  test('follow the filter and the format, else the terminal', () => {
    assert.deepEqual(logOptionsOf(config, true), {
      directives: [
        { target: '', level: 'warn' },
        { target: 'reprise', level: 'debug' },
      ],
      format: 'pretty',
      colours: true,
    });
    assert.equal(logOptionsOf(config, false).format, 'json');
    assert.equal(logOptionsOf({ ...config, logFormat: 'compact' }, false).format, 'compact');
    assert.equal(logOptionsOf({ ...config, logFormat: 'json' }, true).format, 'json');
  });

  test('have colours on a terminal only, and only if nobody objects', () => {
    assert.equal(logOptionsOf(config, false).colours, false);
    assert.equal(logOptionsOf({ ...config, logDisableAnsiCodes: true }, true).colours, false);
  });
});

describe('deprecated keys', () => {
  for (const [old, current] of DEPRECATED_KEYS) {
    test(`like ${old} are moved to ${current}, with a notice`, () => {
      const [name, option] = OPTION_LIST.find(([, { key }]) => key === current) ?? [];
      assert(name !== undefined && option !== undefined, 'the new key is an option');
      const values = { duration: '3s', number: '5', bytes: '5', table: '{x-a = "b"}' };
      const value = new Map(Object.entries(values)).get(option.type.placeholder);
      const text = value ?? 'http://a:1/';
      const env = { [environmentName(old)]: text };
      const expected = run({ env: { [environmentName(current)]: text } })[name];
      assert.notEqual(expected, undefined);
      assert.deepEqual(run({ env })[name], expected);
      const notices = warningsOf({ env }).filter((line) => line.includes('deprecated'));
      assert.deepEqual(notices, [
        `${environmentName(old)}: the option "${old}" is deprecated, use "${current}" instead`,
      ]);
    });
  }

  test('win over the new ones, wherever they are', () => {
    const toml = 'http-proxy = "http://old:1"\n[worker.invoker]\nhttp-proxy = "http://new:1"';
    const env = { RESTATE_WORKER__INVOKER__HTTP_PROXY: 'http://new:2' };
    assert.equal(run({ toml, env }).httpProxy, 'http://old:1/');
  });

  const variables: ReadonlyArray<
    readonly [name: string, value: string, read: Partial<ServerConfig>]
  > = [
    ['HTTP_PROXY', 'http://a:1', { httpProxy: 'http://a:1/' }],
    ['http_proxy', 'a:1', { httpProxy: 'http://a:1/' }],
    ['NO_PROXY', 'a, b', { noProxy: ['a', 'b'] }],
    ['AWS_EXTERNAL_ID', 'x', { awsAssumeRoleExternalId: 'x' }],
  ];
  for (const [name, value, read] of variables) {
    test(`are set by the variable ${name}`, () => {
      const config = run({ env: { [name]: value } });
      assert.deepEqual({ ...config, ...read }, config);
    });
  }
});

describe('the size of messages in general', () => {
  const sizes = (toml: string): readonly number[] => {
    const { messageSizeLimit, eagerStateSizeLimit, ingressRequestSizeLimit } = run({ toml });
    return [messageSizeLimit, eagerStateSizeLimit, ingressRequestSizeLimit];
  };
  const others = `
    [worker.invoker]
    message-size-limit = 2000
    eager-state-size-limit = 3000
    [ingress]
    request-size-limit = 4000`;

  test('is what the other sizes are that nobody set', () => {
    assert.deepEqual(sizes('networking.message-size-limit = "64 MiB"'), Array(3).fill(2 ** 26));
    assert.deepEqual(sizes('networking.message-size-limit = 1000'), [1000, 1000, 1000]);
  });

  test('bounds those that somebody set', () => {
    assert.deepEqual(sizes(`networking.message-size-limit = 2500${others}`), [2000, 2500, 2500]);
    assert.deepEqual(sizes(others), [2000, 3000, 4000]);
  });
});
