// Options of the ingress, the admin API and the partitions.
import { REQUEST_BODY_BYTES_MAX } from '../../actors/domain/limits.ts';
import { durationMs } from '../../actors/domain/time.ts';
import { COUNT, MINUTE_MS, NON_ZERO_BYTES, TIMER_DURATION } from './common-types.ts';
import { derivedOption, option, optional } from './option.ts';
import { BOOLEAN, byteCountType, integerType, textType } from './value-type.ts';

const GIBIBYTE = 1024 ** 3;

/** Streams per connection that the ingress takes. Source: seen on the reference. */
const HTTP2_STREAMS_MAX = 200;

export const SERVICE_OPTIONS = {
  ingressRequestSizeLimit: option(
    'ingress.request-size-limit',
    NON_ZERO_BYTES,
    REQUEST_BODY_BYTES_MAX,
    { doc: 'Largest request body that the ingress takes; at most networking.message-size-limit.' },
  ),
  ingressConcurrentRequestsLimit: optional('ingress.concurrent-api-requests-limit', COUNT, {
    doc: 'Requests that the ingress serves at once; more are refused with status 429.',
    unset: 'unlimited',
  }),
  ingressHttp2StreamsLimit: option(
    'ingress.http2-max-concurrent-streams',
    integerType(1, 2 ** 32 - 1),
    HTTP2_STREAMS_MAX,
    { doc: 'Requests at once on one HTTP/2 connection to the ingress.' },
  ),
  adminConcurrentRequestsLimit: optional('admin.concurrent-api-requests-limit', COUNT, {
    doc: 'Requests that the admin API serves at once; more are refused with status 429.',
    unset: 'unlimited',
  }),
  adminDisableWebUi: option('admin.disable-web-ui', BOOLEAN, false, {
    doc: 'Leaves out the page for browsers.',
  }),
  queryEngineMemorySize: option('admin.query-engine.memory-size', byteCountType(1), GIBIBYTE, {
    doc: 'Memory that SQL queries may use together, at least 16 MiB; one that needs more fails.',
  }),
  /** Of Reprise only. */
  queryEngineTimeoutMs: option(
    'admin.query-engine.timeout',
    TIMER_DURATION,
    durationMs(MINUTE_MS),
    { doc: 'Longest life of a SQL query, from its start to its last row.' },
  ),
  queryEngineParallelism: optional('admin.query-engine.query-parallelism', COUNT, {
    doc: 'Threads that one SQL query may use.',
    unset: 'cores',
    unused: true,
  }),
  queryEngineTmpDir: optional('admin.query-engine.tmp-dir', textType('path'), {
    doc: 'Directory that SQL queries spill to.',
    unset: 'that of the system',
    unused: true,
  }),
  disableConfigSqlTable: option('disable-config-sql-table', BOOLEAN, false, {
    doc: 'Leaves the table config out of SQL.',
    unused: true,
  }),
  /** Of Reprise only. */
  partitionThreads: derivedOption(
    'worker.partition-threads',
    integerType(1, 1024),
    ({ cores }) => Math.max(1, cores - 1),
    {
      defaultText: 'cores - 1, at least 1',
      doc: 'Threads that the partitions are spread over.',
    },
  ),
  /** Of Reprise only. */
  hungThreadTimeoutMs: option(
    'worker.hung-thread-timeout',
    TIMER_DURATION,
    durationMs(MINUTE_MS / 2),
    { doc: 'Silence after which a partition thread is reported as hung; at most 24 days.' },
  ),
  cleanupIntervalMs: option('worker.cleanup-interval', TIMER_DURATION, durationMs(60 * MINUTE_MS), {
    doc: 'How often completed invocations past their retention are deleted; at most 24 days.',
  }),
} as const;
