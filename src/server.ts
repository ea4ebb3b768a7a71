// Wiring of the main thread: data directory, schema, partitions, listeners. No logic of its own.
import { createHash, randomBytes } from 'node:crypto';
import { INGRESS_DRAIN_MS } from './actors/domain/limits.ts';
import type { PartitionThreadSettings } from './actors/partition-thread.ts';
import type { QueryEngine } from './actors/ports.ts';
import { QueryService } from './actors/query-service.ts';
import type { Router } from './actors/router.ts';
import { SchemaActor } from './actors/schema-actor.ts';
import type { SnapshotActor } from './actors/snapshot-actor.ts';
import type { Supervisor } from './actors/supervisor.ts';
import { createAdminHandler } from './io/admin/server.ts';
import { SERVER_COMPATIBILITY_VERSION } from './io/admin/version.ts';
import { requestHeadersOf, transportSettingsOf } from './io/config/deployment-settings.ts';
import {
  listenerSettings,
  postgresBindAddress,
  type ServerName,
} from './io/config/listener-settings.ts';
import { defaultServerConfig } from './io/config/load.ts';
import type { ServerConfig } from './io/config/load.ts';
import { logOptionsOf } from './io/config/log-options.ts';
import { PRODUCT_VERSION } from './io/config/product-version.ts';
import { listenForControl } from './io/control/listen.ts';
import { openDeploymentTransport } from './io/deployment/deployment-transport.ts';
import { createDiscovery } from './io/deployment/discovery.ts';
import { createSerdeClient } from './io/deployment/serde-client.ts';
import {
  loadIdentityKey,
  openRequestIdentity,
  type IdentitySettings,
} from './io/deployment/load-request-identity.ts';
import type { HttpHandler, HttpListener, HttpListenerOptions } from './io/http/exchange.ts';
import { advertisedAddress } from './io/http/advertised-address.ts';
import { startHttpListeners } from './io/http/listener.ts';
import { createIngressHandler } from './io/ingress/server.ts';
import { IngressStatistics } from './io/ingress/statistics.ts';
import { createLogger } from './io/log.ts';
import type { Logger } from './io/log.ts';
import { Metrics } from './io/metrics/metrics.ts';
import type { ListeningServer } from './io/node/context.ts';
import { createNodePort } from './io/node/server.ts';
import { type PostgresServer, startPostgresServer } from './io/postgres/server.ts';
import type { Tracing } from './io/tracing/tracing.ts';
import { openPartitions, openSnapshots, startTracing } from './partitions.ts';
import { closeAll, now, type Opened, type Parts } from './parts.ts';
import { adminOptions, ingressOptions } from './settings.ts';
import { openDataDirectory } from './storage/data-directory.ts';
import { prepareTables } from './storage/prepare-tables.ts';
import { openSchemaStore } from './storage/schema-store.ts';

export type { ServerConfig };

/** Any option of the configuration; those left out have the defaults of the command line. */
export interface ServerOptions extends Partial<ServerConfig> {
  /** Default: JSON lines or readable ones on standard output, as configured. */
  readonly log?: Logger | undefined;
  /** The partitions cannot be kept running. Default: logs the error and ends the process. */
  readonly onFatal?: ((error: Error) => void) | undefined;
}

export interface Server {
  /** `http://host:port/` of the bound ingress; `unix:/path` where it listens on a unix socket only. */
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
  /** Ends a partition thread as a crash would. For tests. */
  crashPartitionThread(thread: number): void;
  /** Blocks a partition thread, as a loop without end would. For tests. Unit: milliseconds. */
  stallPartitionThread(thread: number, forMs: number): void;
}

/** Starts a server in this process. Port 0 in a bind address lets the system choose. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { log: givenLog, onFatal: givenOnFatal, ...overrides } = options;
  const config = defaultServerConfig(overrides);
  const logOptions = logOptionsOf(config, process.stdout.isTTY);
  const log = givenLog ?? createLogger(logOptions);
  const identity = loadIdentity(config, log);
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
    return await startParts(opened, { config, identity, log, logOptions, onFatal });
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function startParts(opened: Opened, parts: Parts): Promise<Server> {
  const { directory, closers } = opened;
  const { schema, store, serdes } = openSchema(opened, parts);
  const { traceExport, tracing } = await startTracing(opened, parts);
  const foundations = { schema, traceExport };
  const { router, supervisor, settings } = openPartitions(opened, parts, foundations);
  const snapshots = openSnapshots(opened, parts, { router, supervisor, schema, store });
  const statistics = new IngressStatistics();

  const ingress = await openIngress(opened, parts, { schema, router, tracing, statistics });
  const servers: ListeningServer[] = [];
  const state = { isStopping: false };
  const shown = { supervisor, router, settings, schema, statistics, servers, state };
  const node = await startNodePort(opened, parts, shown);
  await openControl(opened, parts, snapshots);
  const queries = openQueries(opened, parts, { schema, router });
  const admin = await listen('admin', {
    parts,
    directory,
    handler: createAdminHandler({
      ...{ schema, queries, serdes, operator: router, invoking: supervisor },
      ...adminSurroundings(parts, ingress.advertised),
    }),
  });
  closers.push(() => admin.listener.close());
  servers.push(
    listeningServer('http-ingress-server', ingress),
    listeningServer('admin-api-server', admin),
    listeningServer('message-fabric-server', node),
  );
  const postgres = await openPostgres(opened, parts, queries);
  supervisor.start();
  closers.push(() => supervisor.close());

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

async function openControl(
  { directory, closers }: Opened,
  { config, log }: Parts,
  snapshots: SnapshotActor,
): Promise<void> {
  const takeSnapshot = (parent: string) => snapshots.take(parent);
  const listener = await listenForControl(
    directory.path,
    { takeSnapshot },
    log.of('reprise::http'),
  );
  closers.push(async () => listener?.close());
  if (config.paused) log.warn(PAUSED);
}

const PAUSED =
  'started paused: what is submitted is stored, nothing is invoked and no timer fires before POST /internal/resume on the admin port';

type Listening = Awaited<ReturnType<typeof listen>>;

interface IngressParts {
  readonly schema: SchemaActor;
  readonly router: Router;
  readonly tracing: Tracing | undefined;
  readonly statistics: IngressStatistics;
}

async function openIngress(
  { directory, closers }: Opened,
  parts: Parts,
  { schema, router, tracing, statistics }: IngressParts,
): Promise<Listening> {
  const ingress = await listen('ingress', {
    parts,
    directory,
    http2StreamsMax: parts.config.ingressHttp2StreamsLimit,
    handler: createIngressHandler({
      schema,
      gateway: router,
      tracer: tracing?.requests,
      options: ingressOptions(parts.config),
      clock: now,
      random: (bytesCount) => randomBytes(bytesCount),
      statistics,
    }),
  });
  closers.push(() => ingress.listener.close());
  return ingress;
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
  { directory, closers }: Opened,
  parts: Parts,
  { supervisor: threads, router, schema, statistics, settings, servers, state }: NodePortParts,
): Promise<Listening> {
  const { config, log } = parts;
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
    messageBytesMax: config.networkingMessageSizeLimit,
    log: log.of('reprise::node'),
  });
  const node = await listen('node', { parts, directory, ...port });
  closers.push(async () => {
    node.listener.drain();
    await port.close();
    await node.listener.close();
  });
  return node;
}

function listeningServer(
  name: ListeningServer['name'],
  { listener, advertised }: Listening,
): ListeningServer {
  return { name, boundUrls: listener.urls, advertised };
}

/** 64 bits that are the same whenever this data directory is opened. */
function fingerprintOf(text: string): bigint {
  return createHash('sha256').update(text).digest().readBigUInt64BE();
}

interface ListenOptions {
  readonly parts: Parts;
  readonly directory: Opened['directory'];
  readonly handler: HttpHandler;
  readonly takeHttp2?: HttpListenerOptions['takeHttp2'];
  readonly http2StreamsMax?: number | undefined;
}

async function listen(server: ServerName, options: ListenOptions) {
  const { parts, directory, handler, takeHttp2, http2StreamsMax } = options;
  const { bindAddresses, advertised } = listenerSettings(parts.config, server, directory.path);
  const listener = await startHttpListeners({
    bindAddresses,
    prefer: parts.config.listener,
    log: parts.log.of('reprise::http'),
    handler,
    takeHttp2,
    http2StreamsMax,
  });
  const bound = { bindAddress: bindAddresses[0] ?? '', url: listener.url };
  return { listener, advertised: advertisedAddress(advertised, bound) };
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

/** Starts nothing before the first query. */
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

async function openPostgres(
  { closers }: Opened,
  { config, log }: Parts,
  engine: QueryEngine,
): Promise<PostgresServer | undefined> {
  const bindAddress = postgresBindAddress(config);
  if (bindAddress === undefined) return undefined;
  const ownLog = log.of('reprise::postgres');
  try {
    const server = await startPostgresServer({ bindAddress, engine, log: ownLog });
    closers.push(() => server.close());
    return server;
  } catch (error) {
    if (config.pgsqlBindAddress !== undefined) throw error;
    // Nobody asked for this port: another server on the host may have it.
    ownLog.warn('there is no port for PostgreSQL clients', { bindAddress, error });
    return undefined;
  }
}

function adminSurroundings({ config, log }: Parts, ingressUrl: string) {
  return {
    clock: now,
    random: (bytesCount: number) => randomBytes(bytesCount),
    options: adminOptions(config, ingressUrl),
    log: log.of('reprise::admin'),
  };
}

/** How often a draining listener is looked at. Unit: milliseconds. */
const DRAIN_CHECK_MS = 20;

async function drain(listener: HttpListener): Promise<void> {
  listener.drain();
  const deadlineMs = performance.now() + INGRESS_DRAIN_MS;
  while (listener.openExchangesCount() > 0 && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK_MS));
  }
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
