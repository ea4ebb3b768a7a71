import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { HANDLER_DEFAULTS } from '../../../src/actors/domain/limits.ts';
import { handlerDefaultsOf } from '../../../src/io/config/handler-defaults.ts';
import {
  type ConfigSources,
  type LoadedConfig,
  loadConfig,
  type ServerConfig,
} from '../../../src/io/config/load.ts';
import { logOptionsOf } from '../../../src/io/config/log-options.ts';
import { environmentName, OPTION_LIST } from '../../../src/io/config/options.ts';
import { PRODUCT_VERSION } from '../../../src/io/config/product-version.ts';

const directory = mkdtempSync(join(tmpdir(), 'reprise-config-'));
after(() => rmSync(directory, { recursive: true }));

let filesCount = 0;

function configFile(toml: string): string {
  filesCount += 1;
  const path = join(directory, `${filesCount}.toml`);
  writeFileSync(path, toml);
  return path;
}

interface Given extends Partial<Omit<ConfigSources, 'argv'>> {
  readonly argv?: readonly string[];
  readonly toml?: string;
}

function load({ argv = [], env = {}, toml, ...context }: Given): LoadedConfig {
  const file = toml === undefined ? [] : ['-c', configFile(toml)];
  const sources = { cwd: '/srv', hostname: 'host-1', cores: 4, ...context };
  return loadConfig({ argv: [...file, ...argv], env, ...sources });
}

function run(given: Given): ServerConfig {
  const loaded = load(given);
  assert(loaded.kind === 'run', loaded.kind === 'error' ? loaded.message : loaded.kind);
  return loaded.config;
}

function refusal(given: Given): LoadedConfig & { readonly kind: 'error' } {
  const loaded = load(given);
  assert(loaded.kind === 'error', 'refused');
  return loaded;
}

describe('defaults', () => {
  test('are those of the reference server', () => {
    assert.deepEqual(run({}), {
      nodeName: 'host-1',
      nodeNameIsDefault: true,
      clusterName: 'localcluster',
      baseDir: '/srv/restate-data',
      configFile: undefined,
      defaultNumPartitions: 24,
      bindAddress: '[::]:5122',
      shutdownTimeoutMs: 60_000,
      logFilter: 'warn,restate=info',
      logFormat: undefined,
      listener: 'auto',
      ingressBindAddress: '[::]:8080',
      ingressRequestSizeLimit: 33_554_432,
      ingressConcurrentRequestsLimit: undefined,
      adminBindAddress: '[::]:9070',
      adminConcurrentRequestsLimit: undefined,
      adminDisableWebUi: false,
      partitionThreads: 3,
      cleanupIntervalMs: 3_600_000,
      inactivityTimeoutMs: 60_000,
      abortTimeoutMs: 600_000,
      eagerStateSizeLimit: 33_554_432,
      concurrentInvocationsLimit: 1000,
      messageSizeLimit: 33_554_432,
      awaitedDepthMax: 1000,
      requestIdentityKeyFile: undefined,
      requestIdentityExpirationMs: 60_000,
      awsProfile: undefined,
      awsAssumeRoleExternalId: undefined,
      requestCompressionThreshold: 4 * 1024 * 1024,
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
      maxRetryMaxAttempts: undefined,
      maxJournalRetentionMs: undefined,
      maxIdempotencyRetentionMs: undefined,
      maxWorkflowCompletionRetentionMs: undefined,
    });
  });

  test('of handlers are the same as those of the domain', () => {
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

  test('may name what Reprise does not know, with one warning for each key or table', () => {
    const toml = `
      roles = ["worker", "admin"]
      node-name = "n1"
      [worker]
      unknown = 1
      [worker.storage]
      rocksdb-memory-ratio = 0.5
      rocksdb-log-level = "error"
      [metadata-server]
      auto-join = true`;
    const loaded = load({ toml });
    assert(loaded.kind === 'run', 'accepted');
    assert.deepEqual(
      loaded.warnings.map((line) => /"(.*)"/.exec(line)?.[1]),
      ['roles', 'worker.unknown', 'worker.storage', 'metadata-server'],
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

  test('sets the log filter by RUST_LOG too, after its own name', () => {
    assert.equal(run({ env: { RUST_LOG: 'debug' } }).logFilter, 'debug');
    const env = { RUST_LOG: 'debug', RESTATE_LOG_FILTER: 'error' };
    assert.equal(run({ env }).logFilter, 'error');
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
      '--node-name n1 --cluster-name c --base-dir /data --default-num-partitions 3 --bind-address 127.0.0.1:1 --log-filter off --log-format json --shutdown-timeout 5s';
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
      assert.deepEqual(load({ argv: [flag] }), {
        kind: 'print',
        text: `reprise ${PRODUCT_VERSION}`,
      });
    });
  }
});

describe('the help text', () => {
  const help = load({ argv: ['-h'] });
  assert(help.kind === 'print', 'printed');
  const { text } = help;

  test('names every option with its environment variable and default', () => {
    for (const [, { key, type, doc, defaultText, hasFlag }] of OPTION_LIST) {
      const entry = [
        `  ${key} <${type.placeholder}>`,
        `          ${doc}`,
        `          Default: ${defaultText}. Environment: ${environmentName(key)}`,
      ];
      assert(text.includes(entry.join('\n')), key);
      assert.equal(text.includes(`--${key} <`), hasFlag, `flag of ${key}`);
    }
  });

  test('promises only flags that exist', () => {
    const flags = [...text.matchAll(/^ {2}(?:-\w,| {3}) --([\w-]+)( <)?/gm)];
    assert.equal(flags.length, 11);
    for (const [, flag, takesValue] of flags) {
      const loaded = load({ argv: takesValue === undefined ? [`--${flag}`] : [`--${flag}=`] });
      const message = loaded.kind === 'error' ? loaded.message : '';
      assert.doesNotMatch(message, /Unknown option|does not take/);
    }
  });

  test('shows defaults as they may be written, unless they depend on something or are unset', () => {
    const sources = { cwd: '/srv', hostname: 'host-1', cores: 4 };
    const inWords = OPTION_LIST.filter(([, { type, defaultText, defaultOf }]) => {
      const parsed = type.parse({ kind: 'text', text: defaultText });
      return !parsed.ok || parsed.value !== defaultOf(sources);
    });
    assert.deepEqual(
      inWords.map(([name]) => name),
      [
        'nodeName',
        'baseDir',
        'logFormat',
        'ingressConcurrentRequestsLimit',
        'adminConcurrentRequestsLimit',
        'partitionThreads',
        'requestIdentityKeyFile',
        'awsProfile',
        'awsAssumeRoleExternalId',
        'maxRetryMaxAttempts',
        'maxJournalRetentionMs',
        'maxIdempotencyRetentionMs',
        'maxWorkflowCompletionRetentionMs',
      ],
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
  test('follow the filter and the format, else the terminal', () => {
    const logFilter = 'warn,restate=debug';
    assert.deepEqual(logOptionsOf({ logFilter, logFormat: undefined }, true), {
      level: 'debug',
      format: 'text',
    });
    assert.equal(logOptionsOf({ logFilter, logFormat: undefined }, false).format, 'json');
    assert.equal(logOptionsOf({ logFilter, logFormat: 'compact' }, false).format, 'text');
    assert.equal(logOptionsOf({ logFilter, logFormat: 'json' }, true).format, 'json');
  });
});
