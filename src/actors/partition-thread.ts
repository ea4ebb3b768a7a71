// Entry of a partition thread, and its wiring. Runs as a piscina task that ends when it is told to.
import { randomFillSync } from 'node:crypto';
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
import { createServiceProtocol } from '../io/service-protocol/service-protocol.ts';
import type { ServiceProtocolSettings } from '../io/service-protocol/service-protocol.ts';
import { openTracing } from '../io/tracing/open-tracing.ts';
import { type LmdbBackend, openTables } from '../storage/lmdb-backend.ts';
import { type LoggedBackend, openLoggedBackend } from '../storage/log/logged-backend.ts';
import { openPartitionStore } from '../storage/partition-store.ts';
import { must } from './domain/assert.ts';
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
import type { ToMainThread, ToPartitionThread } from './messages.ts';
import { PartitionHost } from './partition-host.ts';
import type { DeploymentTransport, PartitionStore, SchemaReader, ThreadReport } from './ports.ts';
import type { InvocationTracer } from './tracer.ts';
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
  readonly settings: PartitionThreadSettings;
}

/** Serves the partitions until the main thread asks to close. Ends the thread when a flush fails. */
export default async function runPartitionThread(task: PartitionThreadTask): Promise<void> {
  const { port, settings } = task;
  const log = createLogger(settings.logOptions).of('reprise::partition');
  const figures = await openFigures(task);
  const tracing = await openTracing(task.tracePort, log.of('reprise::tracing'));
  let schema: Schema = EMPTY_SCHEMA;
  let host: PartitionHost | undefined;
  const [schemaGiven, giveSchema] = signal();
  const [closeAsked, askToClose] = signal();

  const channel = new ThreadChannel<ToPartitionThread, ToMainThread>({
    port,
    largeBodyOf,
    onMessage: (message) => {
      switch (message.kind) {
        case 'schema': {
          const { ruleBook } = schema;
          schema = message.schema;
          giveSchema();
          if (schema.ruleBook.version !== ruleBook.version) host?.scopeRulesChanged();
          return;
        }
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
          const { requestId } = message;
          if (host === undefined) return;
          const report = makeReport(task.thread, { figures, host, transport, schema });
          return channel.postAlone({ kind: 'report', requestId, report });
        }
        case 'command':
        case 'deliver':
        case 'ackDelivery':
        case 'resendOutbox':
        case 'settle':
          return host?.receive(message);
      }
    },
  });

  const transport = openDeploymentTransport(settings.transports, figures.statistics.connections);
  host = openHost(task, {
    figures,
    log,
    transport,
    schema: { current: () => schema },
    tracer: tracing?.invocations,
    toMain: (message) => channel.post(message),
  });
  // Under no rules at all, what waits for a slot would start.
  await schemaGiven;
  host.recover();
  channel.post({ kind: 'ready' });

  await closeAsked;
  // In this order attempts are let go, and do not fail.
  await host.close();
  await transport.close();
  await closeFigures(figures);
  await tracing?.close();
  channel.close();
}

/** What a thread has that counts. */
interface Figures {
  readonly statistics: {
    readonly partitions: PartitionStatistics;
    readonly attempts: AttemptStatistics;
    readonly connections: ConnectionStatistics;
    readonly log: LogStatistics;
  };
  readonly eventLoop: EventLoopMonitor;
  readonly environments: ReadonlyArray<{
    readonly tables: LmdbBackend;
    readonly backend: LoggedBackend;
  }>;
}

async function openFigures({ thread, settings }: PartitionThreadTask): Promise<Figures> {
  const statistics = {
    partitions: new PartitionStatistics(),
    attempts: new AttemptStatistics(),
    connections: new ConnectionStatistics(),
    log: new LogStatistics(),
  };
  const environments = await Promise.all(
    settings.environmentPaths.map(async (path) => {
      const tables = openTables(path);
      const options = { tables, path, name: `${thread}`, statistics: statistics.log };
      return { tables, backend: await openLoggedBackend(options) };
    }),
  );
  return { statistics, eventLoop: monitorEventLoop(), environments };
}

async function closeFigures({ eventLoop, environments }: Figures): Promise<void> {
  eventLoop.close();
  for (const { backend } of environments) await backend.close();
}

interface HostParts {
  readonly figures: Figures;
  readonly log: Logger;
  readonly transport: DeploymentTransport;
  readonly schema: SchemaReader;
  readonly tracer: InvocationTracer | undefined;
  readonly toMain: (message: ToMainThread) => void;
}

function openHost(task: PartitionThreadTask, parts: HostParts): PartitionHost {
  const { settings, partitions } = task;
  const { figures, log, transport, schema, tracer, toMain } = parts;
  const backends = figures.environments.map(({ backend }) => backend);
  return new PartitionHost({
    partitionsCount: settings.partitionsCount,
    stores: openStores(backends, settings.partitionsCount, partitions),
    attempts: {
      transport,
      schema,
      observer: attemptObserver(log.of('reprise::attempt')),
      tracer,
      ...attemptSettings(settings),
    },
    attemptsPerDeploymentMax: settings.attemptsPerDeploymentMax,
    eagerStateBytesMax: settings.eagerStateBytesMax,
    cleanupIntervalMs: settings.cleanupIntervalMs,
    toMain,
    statistics: figures.statistics,
    onFlushFailed: (error) => {
      log.error('a batch could not be made durable; the partition thread ends', { error });
      process.exit(1);
    },
  });
}

function makeReport(
  thread: number,
  parts: {
    readonly figures: Figures;
    readonly host: PartitionHost;
    readonly transport: { readonly openStreamsCount: number };
    readonly schema: Schema;
  },
): ThreadReport {
  const { figures, host, transport, schema } = parts;
  const { statistics, environments, eventLoop } = figures;
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
    backlogs: environments.map(({ backend }) => backend.backlog),
    // Every thread has every environment open; the first one tells of them.
    tables:
      thread === 0 ? environments.map(({ tables }, index) => tableFigures(tables, index)) : [],
  });
  return {
    samples: [...samples, ...eventLoop.samples(`${thread}`)],
    partitions: partitionReports,
    schemaVersion: schema.version,
    ruleBookVersion: schema.ruleBook.version,
  };
}

function tableFigures({ use }: LmdbBackend, index: number) {
  return { environment: `${index}`, ...use };
}

function attemptSettings(settings: PartitionThreadSettings) {
  return {
    protocol: createServiceProtocol(settings.protocol),
    defaults: settings.defaults,
    scopeFeatures: settings.scopeFeatures,
    identity: openRequestIdentity(settings.identity),
    messageBytesWarning: settings.messageBytesWarning,
    commonHeaders: settings.commonHeaders,
    now: () => unixMillis(Date.now()),
    randomBytes: createRandomBytes(),
  };
}

function signal(): readonly [given: Promise<void>, give: () => void] {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return [given, () => give()];
}

function openStores(
  backends: readonly LoggedBackend[],
  partitionsCount: number,
  partitions: readonly PartitionNumber[],
): Map<PartitionNumber, PartitionStore> {
  const stores = new Map<PartitionNumber, PartitionStore>();
  for (const partition of partitions) {
    const backend = must(backends[partition % backends.length], 'there is an environment');
    stores.set(partition, openPartitionStore({ backend, partition, partitionsCount }));
  }
  return stores;
}

/** Random bytes for ids, drawn from the system in blocks because a draw costs more than the bytes. */
function createRandomBytes(): () => Uint8Array {
  const block = Buffer.alloc(ID_RANDOM_BYTES * 256);
  let position = block.length;
  return () => {
    if (position === block.length) {
      randomFillSync(block);
      position = 0;
    }
    position += ID_RANDOM_BYTES;
    return block.subarray(position - ID_RANDOM_BYTES, position);
  };
}
