// Options that have a meaning in the reference server only.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'smol-toml';
import { FOREIGN_OPTIONS } from '../../../src/io/config/foreign-options.ts';
import { KNOWN_KEYS } from '../../../src/io/config/known-keys.ts';
import { OPTION_LIST } from '../../../src/io/config/options.ts';
import { type Given, load, run, warningsOf } from './loading.ts';

/** What `restate-server --dump-config` of 1.7.12 printed. */
const DUMP = readFileSync(
  new URL('../../../../test/io/config/reference-dump.toml', import.meta.url),
  'utf8',
);

/** Their values depend on the machine, so nobody knows whether they were chosen. */
const OF_THE_MACHINE = /\.rocksdb-(?:memory-budget|max-background-(?:flushes|compactions))$/;

function keysOf(table: object, prefix = ''): readonly string[] {
  return Object.entries(table).flatMap(([name, value]) => {
    const key = prefix + name;
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isTable && !KNOWN_KEYS.has(key) ? keysOf(value, `${key}.`) : [key];
  });
}

function warnedKeys(given: Given): readonly string[] {
  return warningsOf(given).map((line) => /the option "(.*)" has no effect/.exec(line)?.[1] ?? line);
}

describe("the reference server's own dump", () => {
  test('is a configuration', () => {
    const config = run({ toml: DUMP });
    const { configFile: _, ...found } = config;
    const { configFile: __, ...defaults } = run({});
    assert.deepEqual(found, {
      ...defaults,
      logFormat: 'pretty',
      disableTelemetry: true,
      http2StreamsPerConnectionLimit: 128,
      additionalRequestHeaders: { 'x-restate-cluster-name': 'localcluster' },
    });
  });

  test('has keys that are all known', () => {
    const unknown = keysOf(parse(DUMP)).filter((key) => !KNOWN_KEYS.has(key));
    assert.deepEqual(unknown, []);
  });

  test('gets a warning only for what depends on the machine', () => {
    assert.deepEqual(
      warnedKeys({ toml: DUMP }).filter((key) => !OF_THE_MACHINE.test(key)),
      [],
    );
  });
});

describe('an option without a meaning here', () => {
  const rows: ReadonlyArray<readonly [given: Given, key: string]> = [
    [{ toml: 'roles = ["worker", "admin"]' }, 'roles'],
    [{ argv: ['--roles', 'worker', 'admin'] }, 'roles'],
    [{ argv: ['--roles=worker', '--roles=admin'] }, 'roles'],
    [{ env: { RESTATE_ROLES: '["worker"]' } }, 'roles'],
    [{ argv: ['--auto-provision', 'false'] }, 'auto-provision'],
    [{ argv: ['--location', 'eu.a'] }, 'location'],
    [{ argv: ['--force-node-id', '3'] }, 'force-node-id'],
    [{ argv: ['--metadata-store-address', 'http://a:1'] }, 'metadata-store-address'],
    [{ toml: 'default-replication = 2' }, 'default-replication'],
    [{ toml: 'default-replication = { node = 2, zone = 1 }' }, 'default-replication'],
    [{ env: { MEMORY_LIMIT: '3Gi' } }, 'rocksdb-total-memory-size'],
    [
      { env: { RESTATE_METADATA_CLIENT__ADDRESSES: '["http://a:5122"]' } },
      'metadata-client.addresses',
    ],
    [{ toml: '[metadata-client]\ntype = "etcd"' }, 'metadata-client.type'],
    [{ toml: '[bifrost]\ndefault-provider = "local"' }, 'bifrost.default-provider'],
    [
      { toml: '[worker.storage]\nrocksdb-memory-ratio = 0.2' },
      'worker.storage.rocksdb-memory-ratio',
    ],
    [
      { toml: '[network-error-retry-policy]\ntype = "fixed-delay"' },
      'network-error-retry-policy.type',
    ],
    [
      { toml: '[[ingress.kafka-clusters]]\nname = "k"\nbrokers = ["a:1"]' },
      'ingress.kafka-clusters',
    ],
    [{ toml: '[worker.snapshots]\ndestination = "s3://a/b"' }, 'worker.snapshots.destination'],
  ];
  for (const [given, key] of rows) {
    test(`set by ${JSON.stringify(given)} is told by one line that names ${key}`, () => {
      assert.deepEqual(warnedKeys(given), [key]);
    });
  }

  test('changes nothing', () => {
    assert.deepEqual(run({ env: { MEMORY_LIMIT: '3Gi' } }), run({}));
  });

  test('is taken in silence when it is set to its default, however that is written', () => {
    const toml = `
      auto-provision = true
      gossip-suspect-interval = "5000ms"
      roles = ["http-ingress", "admin", "worker", "log-server", "metadata-server"]
      rocksdb-total-memory-size = 2147483648
      [metadata-client]
      addresses = []
      [worker.invoker]
      memory-limit = "1536 MiB"`;
    assert.deepEqual(warningsOf({ toml }), []);
    assert.deepEqual(warningsOf({ argv: ['--production'] }), []);
  });

  test('with a wrong value is refused like any other', () => {
    const loaded = load({ toml: '[bifrost]\nseal-retry-interval = 5' });
    assert(loaded.kind === 'error', 'refused');
    assert.match(loaded.message, /"bifrost.seal-retry-interval" .*expected a duration/);
  });

  test('is no option that has a meaning', () => {
    const both = OPTION_LIST.filter(([, { key }]) => FOREIGN_OPTIONS.has(key));
    assert.deepEqual(both, []);
  });
});
