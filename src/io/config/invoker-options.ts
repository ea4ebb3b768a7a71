// How deployments are reached and called: the table worker.invoker.
import {
  AWAITED_DEPTH_MAX,
  EAGER_STATE_BYTES_MAX,
  HANDLER_DEFAULTS,
} from '../../actors/domain/limits.ts';
import { durationMs } from '../../actors/domain/time.ts';
import { isAddressRule } from '../http/address-rules.ts';
import { PROXY_URI } from './address-type.ts';
import { HEADERS, listType } from './collection-type.ts';
import {
  ANY_BYTES,
  ANY_DURATION,
  ANY_TIMER_DURATION,
  COUNT,
  MEBIBYTE,
  MINUTE_MS,
  NON_ZERO_BYTES,
  NON_ZERO_DURATION,
  SECOND_MS,
  TIMER_DURATION,
} from './common-types.ts';
import { option, optional } from './option.ts';
import { byteCountType, integerType, numberType, textType } from './value-type.ts';

/** Far fewer connections keep the SDKs' servers faster, so this is not the reference's 128. */
const STREAMS_PER_CONNECTION = 1024;

/** Source: RFC 9113, 6.5.2. */
const PEER_STREAMS_ASSUMED = 100;

/** Source: RFC 9113, 6.5.2. */
const FRAME_BYTES = byteCountType(16_384, 2 ** 24 - 1);
const WINDOW_BYTES = byteCountType(1, 2 ** 31 - 1);

const DESTINATIONS = listType('IP addresses, subnets and host names', isAddressRule);
const DESTINATION_FORMS =
  'IP addresses, subnets, host names, "*.domain" for the names below a domain.';

/**
 * Addresses of this link and of the metadata services of clouds, which give credentials to whoever on the
 * machine asks: those of AWS, Google, Azure, Oracle and most others; of AWS and Google by IPv6; of Alibaba,
 * of Azure's host, of Oracle's older one.
 */
const DENIED_DESTINATIONS = [
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
];

export const INVOKER_OPTIONS = {
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
    ANY_BYTES,
    EAGER_STATE_BYTES_MAX,
    {
      doc: 'State sent along when an attempt starts; 0 sends none; at most networking.message-size-limit.',
    },
  ),
  concurrentInvocationsLimit: option('worker.invoker.concurrent-invocations-limit', COUNT, 1000, {
    doc: 'Invocations with an open attempt at once at one deployment; more wait. Each partition thread has its share, at least 1.',
  }),
  messageSizeWarning: option('worker.invoker.message-size-warning', NON_ZERO_BYTES, 10 * MEBIBYTE, {
    doc: 'Size from which a message of a deployment is reported in the log.',
  }),
  messageSizeLimit: option('worker.invoker.message-size-limit', NON_ZERO_BYTES, 32 * MEBIBYTE, {
    doc: 'Largest message taken from a deployment; at most networking.message-size-limit.',
  }),
  awaitedDepthMax: option(
    'worker.invoker.max-awaited-future-depth',
    integerType(0, Number.MAX_SAFE_INTEGER),
    AWAITED_DEPTH_MAX,
    { doc: 'Deepest tree of futures that a handler may await; one that awaits more is paused.' },
  ),
  connectTimeoutMs: option(
    'worker.invoker.connect-timeout',
    TIMER_DURATION,
    durationMs(10 * SECOND_MS),
    { doc: 'How long connecting to a deployment may take.' },
  ),
  http2KeepAliveIntervalMs: option(
    'worker.invoker.http2-keep-alive-interval',
    ANY_TIMER_DURATION,
    durationMs(40 * SECOND_MS),
    { doc: 'How often an HTTP/2 connection is pinged; 0s never.' },
  ),
  http2KeepAliveTimeoutMs: option(
    'worker.invoker.http2-keep-alive-timeout',
    TIMER_DURATION,
    durationMs(20 * SECOND_MS),
    { doc: 'Silence after a ping after which the connection is given up.' },
  ),
  http2KeepAliveJitter: option('worker.invoker.http2-keep-alive-jitter', numberType(0, 1), 0.2, {
    doc: 'Share by which each interval between pings varies, so that connections do not ping together.',
  }),
  http2StreamsPerConnectionLimit: option(
    'worker.invoker.http2-streams-per-connection-limit',
    COUNT,
    STREAMS_PER_CONNECTION,
    {
      doc: 'Attempts on one HTTP/2 connection, as far as the deployment allows; then another one is opened.',
    },
  ),
  http2IdleConnectionTimeoutMs: option(
    'worker.invoker.http2-idle-connection-timeout',
    ANY_TIMER_DURATION,
    durationMs(5 * MINUTE_MS),
    { doc: 'How long an HTTP/2 connection without attempts stays open.' },
  ),
  http2StreamWindowSize: option(
    'worker.invoker.http2-initial-stream-window-size',
    WINDOW_BYTES,
    2 * MEBIBYTE,
    { doc: 'What a deployment may send on one stream before it must wait.' },
  ),
  http2ConnectionWindowSize: option(
    'worker.invoker.http2-initial-connection-window-size',
    WINDOW_BYTES,
    5 * MEBIBYTE,
    {
      doc: 'What a deployment may send on one connection before it must wait; less than 65535 bytes count as those.',
    },
  ),
  http2MaxFrameSize: option('worker.invoker.http2-max-frame-size', FRAME_BYTES, 16_384, {
    doc: 'Largest HTTP/2 frame taken from a deployment.',
  }),
  http2InitialMaxSendStreams: option(
    'worker.invoker.http2-initial-max-send-streams',
    COUNT,
    PEER_STREAMS_ASSUMED,
    {
      doc: 'Attempts that a new connection carries before the deployment has said how many it takes.',
    },
  ),
  httpProxy: optional('worker.invoker.http-proxy', PROXY_URI, {
    doc: 'Proxy for deployments with http: URIs; requests go to it as they would to the deployment.',
  }),
  noProxy: optional(
    'worker.invoker.no-proxy',
    listType('host names, domains, IP addresses or subnets'),
    {
      doc: 'Host names with their subdomains, IP addresses and subnets that are reached without the proxy; "*" is every host name.',
    },
  ),
  /** Of Reprise only. */
  allowedDestinations: option('worker.invoker.allowed-destinations', DESTINATIONS, [], {
    doc: `Where deployments may be; empty: everywhere. ${DESTINATION_FORMS}`,
  }),
  /** Of Reprise only. */
  deniedDestinations: option(
    'worker.invoker.denied-destinations',
    DESTINATIONS,
    DENIED_DESTINATIONS,
    {
      doc: `Where deployments must not be, whatever is allowed. Addresses are checked when they are connected to. ${DESTINATION_FORMS}`,
    },
  ),
  additionalRequestHeaders: optional('worker.invoker.additional-request-headers', HEADERS, {
    doc: 'Headers of every request to a deployment.',
    unset: '{"x-restate-cluster-name" = cluster-name}',
  }),
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
    ANY_BYTES,
    4 * MEBIBYTE,
    {
      doc: 'Request body from which on it is compressed, for Lambda deployments that can read it.',
    },
  ),
} as const;
