// Wiring of the main thread: data directory, schema, partitions, listeners. No logic of its own.
import { createHash } from 'node:crypto';
import type { PartitionThreadSettings } from './actors/partition-thread.ts';
import type { PartitionPool } from './actors/partition-pool.ts';
import { QueryService } from './actors/query-service.ts';
import type { Router } from './actors/router.ts';
import { SchemaActor } from './actors/schema-actor.ts';
import type { Supervisor } from './actors/supervisor.ts';
import { SERVER_COMPATIBILITY_VERSION } from './io/admin/version.ts';
import { requestHeadersOf, transportSettingsOf } from './io/config/deployment-settings.ts';
import { defaultServerConfig } from './io/config/load.ts';
import type { ServerConfig } from './io/config/load.ts';
import { logOptionsOf } from './io/config/log-options.ts';
import { PRODUCT_VERSION } from './io/config/product-version.ts';
import { openDeploymentTransport } from './io/deployment/deployment-transport.ts';
import { createDiscovery } from './io/deployment/discovery.ts';
import { createSerdeClient } from './io/deployment/serde-client.ts';
import {
  loadIdentityKey,
  openRequestIdentity,
  type IdentitySettings,
} from './io/deployment/load-request-identity.ts';
import { IngressStatistics } from './io/ingress/statistics.ts';
import { createLogger } from './io/log.ts';
import type { Logger } from './io/log.ts';
import { Metrics } from './io/metrics/metrics.ts';
import type { ListeningServer } from './io/node/context.ts';
import { createNodePort } from './io/node/server.ts';
import {
  drain,
  listeningServer,
  loadSecurity,
  openAdmin,
  openControl,
  openIngress,
  openNodePort,
  openPostgres,
  refreshCredentials,
  type Listening,
} from './listeners.ts';
import { openPartitions, openSnapshots, startThreads, startTracing } from './partitions.ts';
import { closeAll, SURROUNDINGS, type Opened, type Parts } from './parts.ts';
import { adminOptions, ingressOptions } from './settings.ts';
import { openDataDirectory } from './storage/data-directory.ts';
import { prepareTables } from './storage/prepare-tables.ts';
import { openSchemaStore } from './storage/schema-store.ts';

export type { ServerConfig };

/** Any option of the configuration; those left out have the defaults of the command line. */
export interface ServerOptions extends Partial<ServerConfig> {
  /** Default: JSON lines or readable ones on standard output, as configured. */
  readonly log?: Logger | undefined;
  /** Threads started ahead, for at least `partitionThreads` tasks. Default: they are started when needed. */
  readonly pool?: PartitionPool | undefined;
  /** The partitions cannot be kept running. Default: logs the error and ends the process. */
  readonly onFatal?: ((error: Error) => void) | undefined;
}

export interface Server {
  /** `http://host:port/` of the bound ingress, `https:` with TLS; `unix:/path` where it listens on a unix socket only. */
  readonly ingressUrl: string;
  /** The same of the admin API. */
  readonly adminUrl: string;
  /** The same of the node port. */
  readonly nodeUrl: string;
  /** Where others reach the three, as far as the options or the network interfaces tell. */
  readonly advertised: { readonly ingress: string; readonly admin: string; readonly node: string };
  /** `host:port` of the bound port for PostgreSQL clients, unless there is none. */
  readonly postgresAddress: string | undefined;
  /** Absolute path of the data directory. */
  readonly dataDirectory: string;
  /**
   * Stops gracefully: no new connections, up to five seconds for open requests, then partitions and
   * stores are closed. Running handlers are not waited for; they go on after the next start.
   */
  close(): Promise<void>;
  /** Reads the files with certificates and tokens again; what is wrong with them goes to the log. */
  reloadCredentials(): void;
  /** Ends a partition thread as a crash would. For tests. */
  crashPartitionThread(thread: number): void;
  /** Blocks a partition thread, as a loop without end would. For tests. Unit: milliseconds. */
  stallPartitionThread(thread: number, forMs: number): void;
}

/** Starts a server in this process. Port 0 in a bind address lets the system choose. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { log: givenLog, onFatal: givenOnFatal, pool, ...overrides } = options;
  const config = defaultServerConfig(overrides);
  const logOptions = logOptionsOf(config, process.stdout.isTTY);
  const log = givenLog ?? createLogger(logOptions);
  const identity = loadIdentity(config, log);
  const security = loadSecurity(config);
  const directory = openDataDirectory({
    ...config,
    partitionsCount: config.defaultNumPartitions,
    environmentsCount: config.partitionThreads,
    now: new Date(),
  });
  const onFatal = givenOnFatal ?? ((error: Error) => endProcess(log, error));
  const closers: Opened['closers'] = [() => Promise.resolve(directory.release())];
  try {
    const opened = { directory: await prepareTables(directory), closers };
    return await startParts(opened, {
      ...{ config, identity, security, pool, log, logOptions, onFatal },
    });
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function startParts(opened: Opened, parts: Parts): Promise<Server> {
  const { config, log } = parts;
  const { directory, closers } = opened;
  const { schema, store, serdes } = openSchema(opened, parts);
  const { traceExport, tracing } = await startTracing(opened, parts);
  const foundations = { schema, traceExport };
  const { router, supervisor, settings } = openPartitions(opened, parts, foundations);
  const snapshots = openSnapshots(opened, parts, { router, supervisor, schema, store });
  const statistics = new IngressStatistics();

  const ingress = await openIngress(opened, parts, {
    ...SURROUNDINGS,
    ...{ schema, statistics, gateway: router, tracer: tracing?.requests },
    options: ingressOptions(config),
  });
  const servers: ListeningServer[] = [];
  const state = { isStopping: false };
  const shown = { supervisor, router, settings, schema, statistics, servers, state };
  const node = await startNodePort(opened, parts, shown);
  await openControl(opened, parts, { takeSnapshot: (parent) => snapshots.take(parent) });
  const queries = openQueries(opened, parts, { schema, router });
  const admin = await openAdmin(opened, parts, {
    ...SURROUNDINGS,
    ...{ schema, queries, serdes, operator: router, invoking: supervisor },
    options: adminOptions(config, ingress.advertised),
    log: log.of('reprise::admin'),
  });
  servers.push(
    listeningServer('http-ingress-server', ingress),
    listeningServer('admin-api-server', admin),
    listeningServer('message-fabric-server', node),
  );
  const postgres = await openPostgres(opened, parts, queries);
  const credentials = refreshCredentials(opened, parts);
  startThreads(opened, parts, supervisor);

  return {
    ingressUrl: ingress.listener.url,
    adminUrl: admin.listener.url,
    nodeUrl: node.listener.url,
    advertised: {
      ingress: ingress.advertised,
      admin: admin.advertised,
      node: node.advertised,
    },
    postgresAddress: postgres?.address,
    dataDirectory: directory.path,
    reloadCredentials: () => credentials.reload(),
    crashPartitionThread: (thread) => supervisor.crashThread(thread),
    stallPartitionThread: (thread, forMs) => supervisor.stallThread(thread, forMs),
    close: once(async () => {
      state.isStopping = true;
      await drain(ingress.listener);
      router.close();
      await ingress.listener.close();
      await closeAll(closers);
    }),
  };
}

interface NodePortParts {
  readonly supervisor: Supervisor;
  readonly router: Router;
  readonly schema: SchemaActor;
  readonly statistics: IngressStatistics;
  readonly settings: PartitionThreadSettings;
  readonly servers: readonly ListeningServer[];
  readonly state: { readonly isStopping: boolean };
}

async function startNodePort(
  opened: Opened,
  parts: Parts,
  { supervisor: threads, router, schema, statistics, settings, servers, state }: NodePortParts,
): Promise<Listening> {
  const { config, log } = parts;
  const { directory, closers } = opened;
  const { clusterName, createdAt, partitionsCount } = directory.marker;
  const { attemptsPerDeploymentMax } = settings;
  const metrics = new Metrics({
    ...config,
    version: PRODUCT_VERSION,
    dataDirectory: directory.path,
    attemptsPerDeploymentMax,
    threads,
    schema,
    ingress: statistics,
    requests: () => router.statistics,
  });
  closers.push(() => Promise.resolve(metrics.close()));
  const port = createNodePort({
    clusterName,
    nodeName: config.nodeName,
    clusterFingerprint: fingerprintOf(`${clusterName} ${createdAt}`),
    compatibilityVersion: SERVER_COMPATIBILITY_VERSION,
    partitionsCount,
    startedAtMs: performance.now(),
    threads,
    schema,
    servers: () => servers,
    isStopping: () => state.isStopping,
    renderMetrics: config.disablePrometheus ? undefined : () => metrics.render(),
    access: parts.security.node.access,
    messageBytesMax: config.networkingMessageSizeLimit,
    log: log.of('reprise::node'),
  });
  return openNodePort(opened, parts, port);
}

/** 64 bits that are the same whenever this data directory is opened. */
function fingerprintOf(text: string): bigint {
  return createHash('sha256').update(text).digest().readBigUInt64BE();
}

function loadIdentity(config: ServerConfig, log: Logger): IdentitySettings | undefined {
  if (config.requestIdentityKeyFile === undefined) return undefined;
  const { pem, key } = loadIdentityKey(config.requestIdentityKeyFile);
  log.info(`Loaded request identity key kid: ${key.keyId}`);
  return { privateKeyPem: pem, expirationMs: config.requestIdentityExpirationMs };
}

function openSchema({ directory, closers }: Opened, { config, identity }: Parts) {
  const store = openSchemaStore(directory.schemaPath);
  closers.push(() => store.close());
  const transport = openDeploymentTransport(transportSettingsOf(config));
  closers.push(() => transport.close());
  const commonHeaders = requestHeadersOf(config);
  const caller = { transport, identity: openRequestIdentity(identity), commonHeaders };
  const schema = new SchemaActor({ store, discovery: createDiscovery(caller) });
  return { schema, store, serdes: createSerdeClient(caller) };
}

/** Starts nothing before a query comes, or is to come. */
function openQueries(
  { directory, closers }: Opened,
  { config, log }: Parts,
  { schema, router }: Pick<NodePortParts, 'schema' | 'router'>,
): QueryService {
  const queries = new QueryService({
    settings: {
      partitionsCount: directory.marker.partitionsCount,
      environmentPaths: directory.partitionPaths,
      memoryBytesMax: config.queryEngineMemorySize,
      timeoutMs: config.queryEngineTimeoutMs,
      serverVersion: SERVER_COMPATIBILITY_VERSION,
    },
    schema: () => schema.current(),
    settle: (needs) => router.settle(needs),
    onThreadLost: (error) =>
      log.of('reprise::admin').error('the query thread died; a query starts it again', { error }),
  });
  schema.subscribe((changed) => queries.publishSchema(changed));
  closers.push(() => queries.close());
  return queries;
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => (closing ??= close());
}

/** By a signal, because leaving while another thread writes can block inside LMDB's native code. */
function endProcess(log: Logger, error: Error): void {
  log.error('the server cannot go on', { error });
  process.kill(process.pid, 'SIGKILL');
}
