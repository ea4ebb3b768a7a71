// Every bound in one place: unit, default, source. "Reference" is restate-server 1.7.12.
import type { HandlerDefaults } from './schema.ts';
import { durationMs } from './time.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const MEBIBYTE = 1024 * 1024;

/** What handlers get that set nothing themselves. Source: the reference's dumped defaults. */
export const HANDLER_DEFAULTS: HandlerDefaults = {
  inactivityTimeoutMs: durationMs(MINUTE_MS),
  abortTimeoutMs: durationMs(10 * MINUTE_MS),
  journalRetentionMs: durationMs(DAY_MS),
  idempotencyRetentionMs: durationMs(DAY_MS),
  workflowCompletionRetentionMs: durationMs(DAY_MS),
  retryPolicy: {
    initialIntervalMs: durationMs(500),
    exponentiationFactor: 2,
    maxIntervalMs: durationMs(MINUTE_MS),
    maxAttempts: 70,
    onMaxAttempts: 'pause',
  },
  maxima: {
    journalRetentionMs: undefined,
    idempotencyRetentionMs: undefined,
    workflowCompletionRetentionMs: undefined,
    retryAttempts: undefined,
  },
};

/** Longest delay that Node's timers take; a longer one would fire at once. Unit: milliseconds. */
export const TIMER_MS_MAX = durationMs(2 ** 31 - 1);

/** Share of a retry delay that jitter may add on top. Source: seen on the reference, uniform 0..30 %. */
export const RETRY_JITTER_SHARE_MAX = 0.3;

/** Partitions of a new data directory. Source: reference option `default-num-partitions`. */
export const PARTITIONS_COUNT_DEFAULT = 24;

/** Largest request body the ingress takes. Unit: bytes, inclusive. Source: `ingress.request-size-limit`. */
export const REQUEST_BODY_BYTES_MAX = 32 * MEBIBYTE;

/** By how much a deployment's message may exceed `message-size-limit`. Unit: bytes. Source: seen on the reference. */
export const SERVICE_MESSAGE_ALLOWANCE_BYTES = 256 * 1024;

/** Largest message body taken from a deployment by default. Unit: bytes, exclusive. */
export const SERVICE_MESSAGE_BYTES_MAX = 32 * MEBIBYTE + SERVICE_MESSAGE_ALLOWANCE_BYTES;

/**
 * Most fields, nested ones and packed elements included, that a message of a deployment may have,
 * inclusive. Bounds the objects that decoding makes; a header takes three, an awaited id one.
 * Source: ours.
 */
export const SERVICE_MESSAGE_FIELDS_MAX = 1_000_000;

/**
 * Deepest tree of futures that a handler may await by default, inclusive; one without nested futures
 * has depth 0. Source: `max-awaited-future-depth`, seen on the reference.
 */
export const AWAITED_DEPTH_MAX = 1000;

/** State sent along with Start. Unit: bytes of keys plus values. Source: `eager-state-size-limit`. */
export const EAGER_STATE_BYTES_MAX = 32 * MEBIBYTE;

/** How long a response stream may stay open after its terminal message. Source: seen on the reference. */
export const ATTEMPT_DRAIN_MS = durationMs(5 * SECOND_MS);

/** How long open ingress requests may go on after SIGTERM. Source: seen on the reference. */
export const INGRESS_DRAIN_MS = durationMs(5 * SECOND_MS);

/** Postgres sessions at once. Source: PostgreSQL's `max_connections`. */
export const POSTGRES_CONNECTIONS_MAX = 100;

/** Longest message of a Postgres client, inclusive. Unit: bytes. Source: ours. */
export const POSTGRES_MESSAGE_BYTES_MAX = 4 * MEBIBYTE;

/** Longest first packet of a Postgres client. Unit: bytes. Source: PostgreSQL 17. */
export const POSTGRES_STARTUP_BYTES_MAX = 10_000;

/** How long a Postgres client may take to begin its session. Source: ours; PostgreSQL waits a minute. */
export const POSTGRES_STARTUP_TIMEOUT_MS = durationMs(10 * SECOND_MS);

/** Handlers that metrics tell apart, on each thread; the rest are counted as `other`. Source: ours. */
export const METRIC_HANDLERS_MAX = 500;

/** Label sets of one metric; what is beyond is summed up as `other`. Source: ours. */
export const METRIC_LABEL_SETS_MAX = 2000;

/**
 * What the HTTP servers allow a client, unless options say otherwise. The reference has no such limits;
 * 15 minutes outlast the idle connections of common load balancers, which keep them up to ten.
 */
export const LISTENER_LIMITS = {
  headerTimeoutMs: durationMs(30 * SECOND_MS),
  requestTimeoutMs: durationMs(5 * MINUTE_MS),
  idleTimeoutMs: durationMs(15 * MINUTE_MS),
  sendTimeoutMs: durationMs(MINUTE_MS),
  /** Unit: bytes. The reference took a header of 500,000 bytes. */
  headBytesMax: MEBIBYTE,
} as const;
