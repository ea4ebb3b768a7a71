// Every option there is, once. Flags, environment names, file keys, the help text and the type
// `ServerConfig` all follow from this table. Keys and defaults are those of the reference server,
// unless an entry says otherwise.
import { join } from 'node:path';
import {
  AWAITED_DEPTH_MAX,
  EAGER_STATE_BYTES_MAX,
  HANDLER_DEFAULTS,
  PARTITIONS_COUNT_DEFAULT,
  REQUEST_BODY_BYTES_MAX,
} from '../../actors/domain/limits.ts';
import { durationMs } from '../../actors/domain/time.ts';
import { LOG_FILTER } from './log-filter.ts';
import {
  ATTEMPTS,
  BOOLEAN,
  bindAddressType,
  byteCountType,
  choiceType,
  durationType,
  FACTOR,
  integerType,
  textType,
  type ValueType,
} from './value-type.ts';

/** What defaults may depend on. */
export interface OptionContext {
  /** Working directory, absolute. */
  readonly cwd: string;
  readonly hostname: string;
  /** Processor cores that the process may use. */
  readonly cores: number;
}

export interface Option<T> {
  /** Key in the file, with dots between tables. */
  readonly key: string;
  readonly type: ValueType<NonNullable<T>>;
  readonly defaultOf: (context: OptionContext) => T;
  /** The default as the help text shows it. */
  readonly defaultText: string;
  /** One sentence. */
  readonly doc: string;
  /** A flag `--<key>` exists. */
  readonly hasFlag: boolean;
}

interface OptionText {
  readonly doc: string;
  readonly flag?: boolean | undefined;
}

/** An option whose default is the same everywhere. */
function option<T extends NonNullable<unknown>>(
  key: string,
  type: ValueType<T>,
  value: T,
  { doc, flag = false }: OptionText,
): Option<T> {
  return { key, type, defaultOf: () => value, defaultText: type.show(value), doc, hasFlag: flag };
}

/** An option without a default. */
function optional<T extends NonNullable<unknown>>(
  key: string,
  type: ValueType<T>,
  { doc, flag = false, unset = 'unset' }: OptionText & { readonly unset?: string },
): Option<T | undefined> {
  return {
    key,
    type: type as ValueType<NonNullable<T | undefined>>,
    defaultOf: () => undefined,
    defaultText: unset,
    doc,
    hasFlag: flag,
  };
}

const U16_MAX = 65_535;
const MEBIBYTE = 1024 * 1024;
const MINUTE_MS = 60_000;

/** Longest delay that Node's timers take; they run a longer one at once. Unit: milliseconds. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const ANY_DURATION = durationType({ mayBeZero: true });
const NON_ZERO_DURATION = durationType({ mayBeZero: false });
/** For options that go straight into a timer. */
const TIMER_DURATION = durationType({ mayBeZero: false, cappedAtMs: TIMER_MS_MAX });
const COUNT = integerType(1, Number.MAX_SAFE_INTEGER);
const NODE_NAME = textType('name', 'a name without "." or ".." as a path segment', (text) =>
  text.split('/').every((segment) => !['', '.', '..'].includes(segment)),
);
const { retryPolicy } = HANDLER_DEFAULTS;

export const OPTIONS = {
  nodeName: {
    key: 'node-name',
    type: NODE_NAME,
    defaultOf: ({ hostname }: OptionContext) => hostname,
    defaultText: 'the host name',
    doc: 'Name of this server; its data lies in the directory of that name below base-dir.',
    hasFlag: true,
  },
  clusterName: option('cluster-name', textType('name'), 'localcluster', {
    doc: 'Name of the cluster; a data directory of another cluster is refused.',
    flag: true,
  }),
  baseDir: {
    key: 'base-dir',
    type: textType('path'),
    defaultOf: ({ cwd }: OptionContext) => join(cwd, 'restate-data'),
    defaultText: './restate-data',
    doc: 'Directory that holds the data of every node.',
    hasFlag: true,
  },
  defaultNumPartitions: option(
    'default-num-partitions',
    integerType(1, U16_MAX),
    PARTITIONS_COUNT_DEFAULT,
    { doc: 'Number of partitions; fixed when the data directory is made.', flag: true },
  ),
  bindAddress: option('bind-address', bindAddressType(5122), '[::]:5122', {
    doc: 'Address of the node port; accepted, but nothing listens there yet.',
    flag: true,
  }),
  shutdownTimeoutMs: option('shutdown-timeout', TIMER_DURATION, durationMs(MINUTE_MS), {
    doc: 'Longest time that a graceful shutdown may take, at most 24 days.',
    flag: true,
  }),
  logFilter: option('log-filter', LOG_FILTER, 'warn,restate=info', {
    doc: 'Which log lines are written; the environment variable RUST_LOG sets it too.',
    flag: true,
  }),
  logFormat: optional('log-format', choiceType('pretty', 'compact', 'json'), {
    doc: 'Form of the log lines; pretty and compact both mean one readable line.',
    flag: true,
    unset: 'pretty on a terminal, else json',
  }),
  /** Of Reprise only. */
  listener: option('listener', choiceType('auto', 'uws', 'node'), 'auto', {
    doc: 'HTTP server library; auto takes uWebSockets.js where its binary loads, else node:http.',
  }),
  ingressBindAddress: option('ingress.bind-address', bindAddressType(8080), '[::]:8080', {
    doc: 'Address of the ingress.',
  }),
  ingressRequestSizeLimit: option(
    'ingress.request-size-limit',
    byteCountType(1),
    REQUEST_BODY_BYTES_MAX,
    { doc: 'Largest request body that the ingress takes.' },
  ),
  ingressConcurrentRequestsLimit: optional('ingress.concurrent-api-requests-limit', COUNT, {
    doc: 'Requests that the ingress serves at once; more are refused with status 429.',
    unset: 'unlimited',
  }),
  adminBindAddress: option('admin.bind-address', bindAddressType(9070), '[::]:9070', {
    doc: 'Address of the admin API.',
  }),
  adminConcurrentRequestsLimit: optional('admin.concurrent-api-requests-limit', COUNT, {
    doc: 'Requests that the admin API serves at once; more are refused with status 429.',
    unset: 'unlimited',
  }),
  adminDisableWebUi: option('admin.disable-web-ui', BOOLEAN, false, {
    doc: 'Leaves out the page for browsers.',
  }),
  /** Of Reprise only. */
  partitionThreads: {
    key: 'worker.partition-threads',
    type: integerType(1, 1024),
    defaultOf: ({ cores }: OptionContext) => Math.max(1, cores - 1),
    defaultText: 'cores - 1, at least 1',
    doc: 'Threads that the partitions are spread over.',
    hasFlag: false,
  },
  cleanupIntervalMs: option('worker.cleanup-interval', TIMER_DURATION, durationMs(60 * MINUTE_MS), {
    doc: 'How often completed invocations past their retention are deleted; at most 24 days.',
  }),
  inactivityTimeoutMs: option(
    'worker.invoker.inactivity-timeout',
    ANY_DURATION,
    HANDLER_DEFAULTS.inactivityTimeoutMs,
    { doc: 'Silence of a handler after which it is asked to suspend.' },
  ),
  abortTimeoutMs: option(
    'worker.invoker.abort-timeout',
    ANY_DURATION,
    HANDLER_DEFAULTS.abortTimeoutMs,
    { doc: 'Time after the inactivity timeout at which the attempt is aborted.' },
  ),
  eagerStateSizeLimit: option(
    'worker.invoker.eager-state-size-limit',
    byteCountType(0),
    EAGER_STATE_BYTES_MAX,
    { doc: 'State sent along when an attempt starts; 0 sends none.' },
  ),
  concurrentInvocationsLimit: option('worker.invoker.concurrent-invocations-limit', COUNT, 1000, {
    doc: 'Invocations with an open attempt at once on this node; more are queued.',
  }),
  messageSizeLimit: option('worker.invoker.message-size-limit', byteCountType(1), 32 * MEBIBYTE, {
    doc: 'Largest message taken from a deployment.',
  }),
  awaitedDepthMax: option(
    'worker.invoker.max-awaited-future-depth',
    integerType(0, Number.MAX_SAFE_INTEGER),
    AWAITED_DEPTH_MAX,
    { doc: 'Deepest tree of futures that a handler may await; one that awaits more is paused.' },
  ),
  requestIdentityKeyFile: optional(
    'worker.invoker.request-identity-private-key-pem-file',
    textType('path'),
    { doc: 'PEM file with the ed25519 private key that signs requests to deployments.' },
  ),
  requestIdentityExpirationMs: option(
    'worker.invoker.request-identity-expiration',
    NON_ZERO_DURATION,
    durationMs(MINUTE_MS),
    { doc: 'How long the signature of a request is valid; less than 1s counts as 1s.' },
  ),
  awsProfile: optional('worker.invoker.aws-profile', textType('name'), {
    doc: 'Profile of the AWS configuration files that is used to call Lambda functions.',
    unset: 'as the AWS environment says',
  }),
  awsAssumeRoleExternalId: optional('worker.invoker.aws-assume-role-external-id', textType('id'), {
    doc: 'External id that is sent when the role of a Lambda deployment is assumed.',
  }),
  requestCompressionThreshold: option(
    'worker.invoker.request-compression-threshold',
    byteCountType(0),
    4 * MEBIBYTE,
    {
      doc: 'Request body from which on it is compressed, for Lambda deployments that can read it.',
    },
  ),
  retryInitialIntervalMs: option(
    'default-retry-policy.initial-interval',
    NON_ZERO_DURATION,
    retryPolicy.initialIntervalMs,
    { doc: 'Delay before the first retry of a failed attempt.' },
  ),
  retryExponentiationFactor: option(
    'default-retry-policy.exponentiation-factor',
    FACTOR,
    retryPolicy.exponentiationFactor,
    { doc: 'By what each further delay is longer than the last.' },
  ),
  retryMaxIntervalMs: option(
    'default-retry-policy.max-interval',
    NON_ZERO_DURATION,
    retryPolicy.maxIntervalMs ?? durationMs(MINUTE_MS),
    { doc: 'Longest delay between two retries, before jitter.' },
  ),
  retryMaxAttempts: option('default-retry-policy.max-attempts', ATTEMPTS, retryPolicy.maxAttempts, {
    doc: 'Attempts, the first included, before an invocation is given up.',
  }),
  retryOnMaxAttempts: option(
    'default-retry-policy.on-max-attempts',
    choiceType('pause', 'kill'),
    retryPolicy.onMaxAttempts,
    { doc: 'What happens to an invocation that is given up.' },
  ),
  journalRetentionMs: option(
    'default-journal-retention',
    ANY_DURATION,
    HANDLER_DEFAULTS.journalRetentionMs,
    { doc: 'How long the journal of a completed invocation is kept.' },
  ),
  idempotencyRetentionMs: option(
    'default-idempotency-retention',
    ANY_DURATION,
    HANDLER_DEFAULTS.idempotencyRetentionMs,
    { doc: 'How long the outcome of an invocation with an idempotency key is kept.' },
  ),
  workflowCompletionRetentionMs: option(
    'default-workflow-completion-retention',
    ANY_DURATION,
    HANDLER_DEFAULTS.workflowCompletionRetentionMs,
    { doc: 'How long the outcome of a workflow is kept.' },
  ),
  vqueues: option('experimental-enable-vqueues', BOOLEAN, false, {
    doc: 'Invocations can be put into scopes, where rules limit how many run at once.',
  }),
  scopedVirtualObjects: option('experimental-enable-scoped-virtual-objects', BOOLEAN, false, {
    doc: 'Invocations of virtual objects can be put into scopes, too.',
  }),
  protocolV7: option('experimental-enable-protocol-v7', BOOLEAN, false, {
    doc: 'New invocations use version 7 of the service protocol where their deployment does.',
  }),
  maxRetryMaxAttempts: optional('max-retry-policy-max-attempts', COUNT, {
    doc: 'Most attempts, whatever a handler, a service or the default retry policy says.',
    unset: 'unlimited',
  }),
  maxJournalRetentionMs: optional('max-journal-retention', ANY_DURATION, {
    doc: 'Longest time that the journal of a completed invocation is kept.',
    unset: 'unlimited',
  }),
  maxIdempotencyRetentionMs: optional('max-idempotency-retention', ANY_DURATION, {
    doc: 'Longest time that the outcome of an invocation with an idempotency key is kept.',
    unset: 'unlimited',
  }),
  maxWorkflowCompletionRetentionMs: optional('max-workflow-completion-retention', ANY_DURATION, {
    doc: 'Longest time that the outcome of a workflow is kept.',
    unset: 'unlimited',
  }),
} as const;

type OptionName = keyof typeof OPTIONS;
type OptionValue<N extends OptionName> = ReturnType<(typeof OPTIONS)[N]['defaultOf']>;

/** The effective value of every option. Paths are absolute, bind addresses have a port. */
export type OptionValues = { readonly [N in OptionName]: OptionValue<N> };

/** The table without the types of its values, for code that treats all options alike. */
export const OPTION_LIST: ReadonlyArray<readonly [name: OptionName, option: Option<unknown>]> =
  Object.entries(OPTIONS) as ReadonlyArray<readonly [OptionName, Option<unknown>]>;

/** `RESTATE_WORKER__INVOKER__ABORT_TIMEOUT` for `worker.invoker.abort-timeout`. */
export function environmentName(key: string): string {
  return `RESTATE_${key.replaceAll('-', '_').replaceAll('.', '__').toUpperCase()}`;
}
