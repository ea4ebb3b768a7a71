// The options of the reference server 1.7.12 that have no meaning here, with its defaults.
import { ANYTHING, listType } from './collection-type.ts';
import { FOREIGN_STORAGE_OPTIONS } from './foreign-storage-options.ts';
import {
  foreign,
  FOREIGN_TYPES,
  type ForeignOption,
  foreignRetryPolicy,
  foreignTable,
} from './foreign-option.ts';

const ROLES = ['http-ingress', 'admin', 'worker', 'log-server', 'metadata-server'];
const ROLE_LIST = listType(`roles (${ROLES.join(', ')})`, (role) =>
  [...ROLES, 'metadata-store'].includes(role),
);
const TEXTS = listType('texts');
const FLAG = { flag: true };

const NODE = [
  foreign('roles', ROLE_LIST, ROLES, FLAG),
  foreign('auto-provision', FOREIGN_TYPES.boolean, true, FLAG),
  foreign('location', FOREIGN_TYPES.text, undefined, FLAG),
  foreign('force-node-id', FOREIGN_TYPES.count, undefined, FLAG),
  foreign('metadata-store-address', FOREIGN_TYPES.text, undefined, FLAG),
  foreign('default-replication', ANYTHING, 1),
  ...foreignTable('', [
    ['initialization-timeout', 'duration', '5m'],
    ['default-thread-pool-size', 'count'],
    ['default-thread-stack-size', 'bytes'],
    ['storage-high-priority-bg-threads', 'count'],
    ['storage-low-priority-bg-threads', 'count'],
    ['metadata-update-interval', 'duration', '10s'],
    ['metadata-fetch-from-peer-timeout', 'duration', '3s'],
    ['gossip-tick-interval', 'duration', '100ms'],
    ['gossip-failure-threshold', 'whole', 10],
    ['gossip-num-peers', 'whole', 2],
    ['gossip-fd-stability-threshold', 'whole', 3],
    ['gossip-suspect-interval', 'duration', '5s'],
    ['gossip-loneliness-threshold', 'whole', 30],
    ['gossip-extras-exchange-frequency', 'whole', 10],
    ['gossip-time-skew-threshold', 'duration', '1s'],
    ['hlc-max-drift', 'duration', '5s'],
  ]),
  ...foreignRetryPolicy('network-error-retry-policy', {
    initialInterval: '10ms',
    factor: 2,
    maxAttempts: 15,
    maxInterval: '5s',
  }),
];

const METADATA = [
  ...foreignTable('metadata-client', [
    ['type', 'any', 'replicated'],
    ['path', 'text'],
    ['connect-timeout', 'duration', '3s'],
    ['keep-alive-interval', 'duration', '5s'],
    ['keep-alive-timeout', 'duration', '5s'],
    ['message-size-limit', 'bytes', '32 MiB'],
    ['object-store-retry-policy', 'any'],
    ...awsKeys(),
  ]),
  foreign('metadata-client.addresses', TEXTS, []),
  ...foreignRetryPolicy('metadata-client.backoff-policy', {
    initialInterval: '100ms',
    factor: 1.4,
    maxAttempts: 10,
    maxInterval: '1s',
  }),
  ...foreignTable('metadata-server', [
    ['request-queue-length', 'count', 32],
    ['auto-join', 'boolean', true],
    ['log-trim-threshold', 'whole', 1000],
    ['status-update-interval', 'duration', '5s'],
    ['raft-tick-interval', 'duration', '100ms'],
    ['raft-heartbeat-tick', 'count', 2],
    ['raft-election-tick', 'count', 10],
  ]),
];

const NETWORKING = [
  ...foreignTable('networking', [
    ['connect-timeout', 'duration', '3s'],
    ['handshake-timeout', 'duration', '3s'],
    ['http2-keep-alive-interval', 'duration', '1s'],
    ['http2-keep-alive-timeout', 'duration', '3s'],
    ['http2-adaptive-window', 'boolean', true],
    ['disable-compression', 'boolean', false],
    ['data-stream-window-size', 'bytes', '2 MiB'],
    ['fabric-memory-limit', 'bytes', '64 MiB'],
  ]),
  ...foreignRetryPolicy('networking.connect-retry-policy', {
    initialInterval: '250ms',
    factor: 2,
    maxAttempts: 10,
    maxInterval: '3s',
  }),
];

const LOGS = [
  ...foreignTable('bifrost', [
    ['default-provider', 'text', 'replicated'],
    ['seal-retry-interval', 'duration', '2s'],
    ['auto-recovery-interval', 'duration', '15s'],
    ['append-retry-min-interval', 'duration', '10ms'],
    ['append-retry-max-interval', 'duration', '1s'],
    ['record-cache-memory-size', 'bytes', '250 MiB'],
    ['disable-auto-improvement', 'boolean', false],
    ['record-size-limit', 'bytes', '32 MiB'],
    ['local.writer-batch-commit-count', 'count', 5000],
    ['local.writer-batch-commit-duration', 'duration', '0s'],
    ['replicated-loglet.default-log-replication', 'any'],
    ['replicated-loglet.maximum-inflight-records', 'count', 1000],
    ['replicated-loglet.rpc-timeout', 'text', '250ms..1m'],
    ['replicated-loglet.store-timeout', 'text', '2s..1m'],
    ['replicated-loglet.sequencer-inactivity-timeout', 'duration', '15s'],
    ['replicated-loglet.readahead-records', 'count', 20],
    ['replicated-loglet.read-batch-size', 'bytes', '32 KiB'],
    ['replicated-loglet.readahead-trigger-ratio', 'ratio', 0.5],
  ]),
  ...foreignRetryPolicy('bifrost.read-retry-policy', {
    initialInterval: '50ms',
    factor: 2,
    maxAttempts: 50,
    maxInterval: '1s',
  }),
  ...foreignTable('log-server', [
    ['write-batch-commit-bytes', 'bytes'],
    ['write-batch-commit-count', 'count'],
  ]),
];

const SHUFFLE_RETRIES = { initialInterval: '250ms', factor: 2, maxInterval: '3s' } as const;

const SERVERS = [
  ...foreignTable('ingress', [
    ['kafka-clusters', 'any', []],
    ['ingestion.inflight-memory-budget', 'bytes', '1 MiB'],
    ['ingestion.request-batch-size', 'bytes', '50 KiB'],
  ]),
  ...foreignRetryPolicy('ingress.ingestion.connection-retry-policy', SHUFFLE_RETRIES),
  foreign('admin.deployment-routing-headers', TEXTS, []),
  ...foreignTable('admin', [
    ['heartbeat-interval', 'duration', '1s 500ms'],
    ['query-engine.rate-limiting.rate', 'text'],
    ['query-engine.rate-limiting.capacity', 'count'],
  ]),
];

const WORKER = [
  ...foreignTable('worker', [
    ['internal-queue-length', 'count', 1000],
    ['max-command-batch-size', 'count', 32],
    ['max-command-batch-bytes', 'bytes', '1 MiB'],
    ['num-timers-in-memory-limit', 'whole'],
    ['self-proposal-queue-memory-limit', 'bytes', '64 MiB'],
    ['data-service-memory-limit', 'bytes', '256 MiB'],
    ['durability-mode', 'text'],
    ['trim-delay-interval', 'duration', '10m'],
    ['rule-book-poll-interval', 'duration', '30s'],
    ['invoker.in-memory-queue-length-limit', 'count', 66_049],
    ['invoker.tmp-dir', 'text'],
    ['invoker.memory-limit', 'bytes', '1.5 GiB'],
    ['invoker.per-invocation-memory-limit', 'bytes', '32 MiB'],
    ['invoker.per-invocation-initial-memory', 'bytes', '32 KiB'],
    ['invoker.invocation-throttling.rate', 'text'],
    ['invoker.invocation-throttling.capacity', 'count'],
    ['invoker.action-throttling.rate', 'text'],
    ['invoker.action-throttling.capacity', 'count'],
    ['shuffle.inflight-memory-budget', 'bytes', '10 MiB'],
    ['shuffle.request-batch-size', 'bytes', '50 KiB'],
  ]),
  ...foreignRetryPolicy('worker.shuffle.connection-retry-policy', SHUFFLE_RETRIES),
  ...foreignTable('worker.snapshots', [
    ['destination', 'text'],
    ['snapshot-interval', 'duration'],
    ['snapshot-interval-num-records', 'count'],
    ['num-retained', 'count', 1],
    ['enable-cleanup', 'boolean', true],
    ['export-concurrency-limit', 'count'],
    ...awsKeys(),
  ]),
  ...foreignRetryPolicy('worker.snapshots.object-store-retry-policy', {
    initialInterval: '100ms',
    factor: 2,
    maxAttempts: 10,
    maxInterval: '10s',
  }),
];

/** Credentials for an object store. */
function awsKeys() {
  return [
    ['aws-profile', 'text'],
    ['aws-region', 'text'],
    ['aws-access-key-id', 'text'],
    ['aws-secret-access-key', 'text'],
    ['aws-session-token', 'text'],
    ['aws-endpoint-url', 'text'],
    ['aws-allow-http', 'boolean'],
  ] as const;
}

export const FOREIGN_OPTIONS: ReadonlyMap<string, ForeignOption> = new Map(
  [
    ...NODE,
    ...METADATA,
    ...NETWORKING,
    ...LOGS,
    ...SERVERS,
    ...WORKER,
    ...FOREIGN_STORAGE_OPTIONS,
  ].map((option) => [option.key, option]),
);
