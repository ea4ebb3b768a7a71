// Entry of a partition thread, and its wiring. Runs as a piscina task that ends when it is told to.
import type { MessagePort } from 'node:worker_threads';
import {
  openDeploymentTransport,
  type TransportSettings,
} from '../io/deployment/deployment-transport.ts';
import {
  openRequestIdentity,
  type IdentitySettings,
} from '../io/deployment/load-request-identity.ts';
import { attemptObserver } from '../io/attempt-log.ts';
import { createLogger } from '../io/log.ts';
import type { Logger, LoggerOptions } from '../io/log.ts';
import { type EventLoopMonitor, monitorEventLoop } from '../io/metrics/event-loop.ts';
import { partitionThreadSamples } from '../io/metrics/partition-thread-samples.ts';
import { createRandom } from '../io/random.ts';
import { createServiceProtocol } from '../io/service-protocol/service-protocol.ts';
import type { ServiceProtocolSettings } from '../io/service-protocol/service-protocol.ts';
import { openTracing } from '../io/tracing/open-tracing.ts';
import type { Tracing } from '../io/tracing/tracing.ts';
import { DataDirectoryError } from '../storage/data-directory-error.ts';
import { openPartitionStorage, type PartitionStorage } from '../storage/partition-storage.ts';
import type { PartitionNumber } from './domain/ids.ts';
import { ID_RANDOM_BYTES } from './domain/make-invocation-id.ts';
import type { HandlerDefaults, Schema } from './domain/schema.ts';
import { EMPTY_SCHEMA } from './domain/schema.ts';
import type { ScopeFeatures } from './domain/scope.ts';
import {
  AttemptStatistics,
  ConnectionStatistics,
  LogStatistics,
  PartitionStatistics,
} from './domain/statistics.ts';
import { type DurationMs, unixMillis } from './domain/time.ts';
import { largeBodyOf } from './messages.ts';
import type { StorageFailure, ToMainThread, ToPartitionThread } from './messages.ts';
import { PartitionHost } from './partition-host.ts';
import type { DeploymentTransport, SchemaReader, ThreadReport } from './ports.ts';
import { SnapshotSteps } from './snapshot-steps.ts';
import { ThreadChannel } from './thread-channel.ts';

/** What every partition thread of a server is given. Plain data. */
export interface PartitionThreadSettings {
  readonly transports: TransportSettings;
  /** Headers of every request to a deployment. */
  readonly commonHeaders: ReadonlyArray<readonly [name: string, value: string]>;
  readonly partitionsCount: number;
  /** One LMDB environment per path; partition p lives in environment p modulo their number. */
  readonly environmentPaths: readonly string[];
  readonly defaults: HandlerDefaults;
  readonly scopeFeatures: ScopeFeatures;
  readonly identity: IdentitySettings | undefined;
  /** Attempts connected to one deployment from one thread at once. */
  readonly attemptsPerDeploymentMax: number;
  readonly eagerStateBytesMax: number;
  readonly cleanupIntervalMs: DurationMs;
  readonly protocol: ServiceProtocolSettings;
  /** Messages of a deployment from this size on are reported. Unit: bytes, inclusive. */
  readonly messageBytesWarning: number;
  readonly logOptions: Omit<LoggerOptions, 'sinks'>;
}

export interface PartitionThreadTask {
  readonly port: MessagePort;
  /** To the thread that exports traces, if tracing is on. */
  readonly tracePort: MessagePort | undefined;
  /** Names the thread's logs. */
  readonly thread: number;
  readonly partitions: readonly PartitionNumber[];
  /** Invokes nothing before it is told to. */
  readonly isPaused: boolean;
  readonly settings: PartitionThreadSettings;
}

type Channel = ThreadChannel<ToPartitionThread, ToMainThread>;

/** Serves the partitions until the main thread asks to close. Ends the thread when a flush fails. */
export default async function runPartitionThread(task: PartitionThreadTask): Promise<void> {
  let schema: Schema = EMPTY_SCHEMA;
  let { isPaused } = task;
  let running: RunningThread | undefined;
  const [schemaGiven, giveSchema] = signal();
  const [closeAsked, askToClose] = signal();

  const channel: Channel = new ThreadChannel<ToPartitionThread, ToMainThread>({
    port: task.port,
    largeBodyOf,
    onMessage: (message) => {
      switch (message.kind) {
        case 'schema': {
          const { ruleBook } = schema;
          schema = message.schema;
          giveSchema();
          if (schema.ruleBook.version !== ruleBook.version) running?.host.scopeRulesChanged();
          return;
        }
        case 'snapshotStep':
          return running?.snapshotSteps.receive(message);
        case 'startInvoking':
          isPaused = false;
          return running?.host.startInvoking();
        case 'close':
          return askToClose();
        case 'crash':
          // Ends this thread, not the process.
          return process.exit(1);
        case 'stall':
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, message.forMs);
          return;
        case 'ping':
          return channel.post({ kind: 'pong' });
        case 'report': {
          const report = running?.report();
          const { requestId } = message;
          if (report !== undefined) channel.postAlone({ kind: 'report', requestId, report });
          return;
        }
        case 'command':
        case 'deliver':
        case 'ackDelivery':
        case 'resendOutbox':
        case 'settle':
          return running?.host.receive(message);
      }
    },
  });

  const log = createLogger(task.settings.logOptions).of('reprise::partition');
  const statistics = createStatistics();
  const storage = await openStorage(task, statistics).catch((error: unknown) =>
    endUnstored(channel, error),
  );
  const tracing = await openTracing(task.tracePort, log.of('reprise::tracing'));
  const schemaReader = { current: () => schema };
  const context = { channel, log, statistics, storage, tracing, schema: schemaReader, isPaused };
  running = openThread(task, context);
  // Under no rules at all, what waits for a slot would start.
  await schemaGiven;
  running.host.recover();
  channel.post({ kind: 'ready' });

  await closeAsked;
  await running.close();
  channel.close();
}

interface RunningThread {
  readonly host: PartitionHost;
  readonly snapshotSteps: SnapshotSteps;
  report(): ThreadReport;
  close(): Promise<void>;
}

interface ThreadContext {
  readonly channel: Channel;
  readonly log: Logger;
  readonly statistics: ThreadStatistics;
  readonly storage: PartitionStorage;
  readonly tracing: Tracing | undefined;
  readonly schema: SchemaReader;
  readonly isPaused: boolean;
}

function openThread(task: PartitionThreadTask, context: ThreadContext): RunningThread {
  const { channel, statistics, storage, tracing } = context;
  const transport = openDeploymentTransport(task.settings.transports, statistics.connections);
  const host = openHost(task, { ...context, transport });
  const answer = (message: ToMainThread): void => channel.post(message);
  const snapshotSteps = new SnapshotSteps({ host, storage, answer });
  const eventLoop = monitorEventLoop();
  return {
    host,
    snapshotSteps,
    report: () => makeReport(task.thread, { ...context, eventLoop, host, transport }),
    close: async () => {
      eventLoop.close();
      // In this order attempts are let go, and do not fail.
      await host.close();
      await transport.close();
      snapshotSteps.release();
      await storage.close();
      await tracing?.close();
    },
  };
}

/** What a thread counts. */
interface ThreadStatistics {
  readonly partitions: PartitionStatistics;
  readonly attempts: AttemptStatistics;
  readonly connections: ConnectionStatistics;
  readonly log: LogStatistics;
}

function createStatistics(): ThreadStatistics {
  return {
    partitions: new PartitionStatistics(),
    attempts: new AttemptStatistics(),
    connections: new ConnectionStatistics(),
    log: new LogStatistics(),
  };
}

function openStorage(
  { thread, partitions, settings }: PartitionThreadTask,
  statistics: ThreadStatistics,
): Promise<PartitionStorage> {
  const names = { name: `${thread}`, partitions, statistics: statistics.log };
  return openPartitionStorage({ ...settings, ...names });
}

function openHost(
  { settings }: PartitionThreadTask,
  parts: ThreadContext & { readonly transport: DeploymentTransport },
): PartitionHost {
  const { channel, log, statistics, storage, tracing, transport, schema, isPaused } = parts;
  return new PartitionHost({
    partitionsCount: settings.partitionsCount,
    stores: storage.stores,
    attempts: {
      transport,
      schema,
      observer: attemptObserver(log.of('reprise::attempt')),
      tracer: tracing?.invocations,
      ...attemptSettings(settings),
    },
    attemptsPerDeploymentMax: settings.attemptsPerDeploymentMax,
    eagerStateBytesMax: settings.eagerStateBytesMax,
    cleanupIntervalMs: settings.cleanupIntervalMs,
    isPaused,
    toMain: (message) => channel.post(message),
    statistics,
    onFlushFailed: (error) => {
      log.error('a batch could not be made durable; the partition thread ends', { error });
      endUnstored(channel, error);
    },
  });
}

function makeReport(
  thread: number,
  parts: ThreadContext & {
    readonly eventLoop: EventLoopMonitor;
    readonly host: PartitionHost;
    readonly transport: { readonly openStreamsCount: number };
  },
): ThreadReport {
  const { statistics, eventLoop, storage, host, transport } = parts;
  const schema = parts.schema.current();
  const partitionReports = host.partitionReports();
  const samples = partitionThreadSamples({
    thread: `${thread}`,
    partitions: statistics.partitions,
    partitionReports,
    attempts: statistics.attempts,
    attemptCounts: host.attemptCounts,
    connections: statistics.connections,
    openStreamsCount: transport.openStreamsCount,
    log: statistics.log,
    backlogs: storage.backlogs,
    // Every thread has every environment open; the first one tells of them.
    tables: thread === 0 ? storage.tableUses.map(tableFigures) : [],
  });
  return {
    samples: [...samples, ...eventLoop.samples(`${thread}`)],
    partitions: partitionReports,
    schemaVersion: schema.version,
    ruleBookVersion: schema.ruleBook.version,
  };
}

function tableFigures(use: PartitionStorage['tableUses'][number], index: number) {
  return { environment: `${index}`, ...use };
}

function attemptSettings(settings: PartitionThreadSettings) {
  const random = createRandom();
  return {
    protocol: createServiceProtocol(settings.protocol),
    defaults: settings.defaults,
    scopeFeatures: settings.scopeFeatures,
    identity: openRequestIdentity(settings.identity),
    messageBytesWarning: settings.messageBytesWarning,
    commonHeaders: settings.commonHeaders,
    now: () => unixMillis(Date.now()),
    randomBytes: () => random(ID_RANDOM_BYTES),
  };
}

function signal(): readonly [given: Promise<void>, give: () => void] {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return [given, () => give()];
}

/** Ends the thread, and lets the main thread know that its successor will have the same trouble. */
function endUnstored(channel: Channel, error: unknown): never {
  channel.postAlone({ kind: 'storageFailed', failure: describeFailure(error) });
  process.exit(1);
}

/** LMDB adds addresses of its memory. */
const LMDB_DETAILS = /: Attempting to write page .*/s;

/** The innermost reason is the system's. */
function describeFailure(error: unknown): StorageFailure {
  let reason = error;
  while (reason instanceof Error && reason.cause !== undefined) reason = reason.cause;
  const text = reason instanceof Error ? reason.message : String(reason);
  const message = text.replace(LMDB_DETAILS, '');
  return { message, isLasting: error instanceof DataDirectoryError };
}
