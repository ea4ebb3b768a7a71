// Options of the process as a whole.
import { join } from 'node:path';
import { PARTITIONS_COUNT_DEFAULT } from '../../actors/domain/limits.ts';
import { durationMs } from '../../actors/domain/time.ts';
import { MEBIBYTE, MINUTE_MS, NON_ZERO_BYTES, TIMER_DURATION } from './common-types.ts';
import { LOG_FILTER } from './log-filter.ts';
import { derivedOption, option, optional } from './option.ts';
import { BOOLEAN, choiceType, integerType, textType } from './value-type.ts';

const U16_MAX = 65_535;

const NAME = textType('name');
const PATH = textType('path');
const NODE_NAME = textType('name', 'a name without "." or ".." as a path segment', (text) =>
  text.split('/').every((segment) => !['', '.', '..'].includes(segment)),
);

export const NODE_OPTIONS = {
  nodeName: derivedOption('node-name', NODE_NAME, ({ hostname }) => hostname, {
    defaultText: 'the host name',
    doc: 'Name of this node, and of its directory in the base directory.',
    flag: true,
  }),
  clusterName: option('cluster-name', NAME, 'localcluster', {
    doc: 'Name of the cluster; a data directory belongs to one cluster.',
    flag: true,
  }),
  baseDir: derivedOption('base-dir', PATH, ({ cwd }) => join(cwd, 'restate-data'), {
    defaultText: './restate-data',
    doc: 'Directory that holds the data of every node.',
    flag: true,
  }),
  defaultNumPartitions: option(
    'default-num-partitions',
    integerType(1, U16_MAX),
    PARTITIONS_COUNT_DEFAULT,
    { doc: 'Number of partitions; fixed when the data directory is made.', flag: true },
  ),
  shutdownTimeoutMs: option('shutdown-timeout', TIMER_DURATION, durationMs(MINUTE_MS), {
    doc: 'Longest time that a graceful shutdown may take, at most 24 days.',
    flag: true,
  }),
  /** Of Reprise only. */
  paused: option('paused', BOOLEAN, false, {
    doc: 'Stores what is submitted, but invokes nothing and fires no timer before POST /internal/resume on the admin port.',
    flag: 'switch',
  }),
  logFilter: option('log-filter', LOG_FILTER, 'warn,restate=info', {
    doc: 'Which log lines are written; the environment variable RUST_LOG sets it too, and wins over RESTATE_LOG_FILTER.',
    flag: true,
  }),
  logFormat: optional('log-format', choiceType('pretty', 'compact', 'json'), {
    doc: 'Form of the log lines: pretty takes several lines for each, compact one, json writes objects.',
    flag: true,
    unset: 'pretty on a terminal, else json',
  }),
  logDisableAnsiCodes: option('log-disable-ansi-codes', BOOLEAN, false, {
    doc: 'Leaves colours out of the log; they are only written to a terminal, and never in json.',
    flag: true,
  }),
  /** Of Reprise only. */
  listener: option('listener', choiceType('auto', 'uws', 'node'), 'auto', {
    doc: 'HTTP server library; auto takes uWebSockets.js where its binary loads, else node:http.',
  }),
  networkingMessageSizeLimit: option(
    'networking.message-size-limit',
    NON_ZERO_BYTES,
    32 * MEBIBYTE,
    { doc: 'Default and upper bound of the other limits on the size of messages and requests.' },
  ),
  disableTelemetry: option('disable-telemetry', BOOLEAN, false, {
    doc: 'Reprise sends no telemetry, whatever this says; the environment variable DO_NOT_TRACK sets it too.',
  }),
  disablePrometheus: option('disable-prometheus', BOOLEAN, false, {
    doc: 'GET /metrics of the node port answers with nothing.',
  }),
} as const;
