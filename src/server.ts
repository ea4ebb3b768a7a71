// Wiring of the main thread: data directory, schema, partitions, listeners. No logic of its own.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { INGRESS_DRAIN_MS } from './actors/domain/limits.ts';
import { unixMillis } from './actors/domain/time.ts';
import type { PartitionThreadSettings } from './actors/partition-thread.ts';
import type { QueryEngine } from './actors/ports.ts';
import { QueryService } from './actors/query-service.ts';
import { Router } from './actors/router.ts';
import { SchemaActor } from './actors/schema-actor.ts';
import { Supervisor } from './actors/supervisor.ts';
import { createAdminHandler } from './io/admin/server.ts';
import { requestHeadersOf, transportSettingsOf } from './io/config/deployment-settings.ts';
import { SERVER_COMPATIBILITY_VERSION } from './io/admin/version.ts';
import {
  listenerSettings,
  postgresBindAddress,
  type ServerName,
} from './io/config/listener-settings.ts';
import { defaultServerConfig } from './io/config/load.ts';
import type { ServerConfig } from './io/config/load.ts';
import { logOptionsOf } from './io/config/log-options.ts';
import { PRODUCT_VERSION } from './io/config/product-version.ts';
import { tracingSettingsOf } from './io/config/tracing-settings.ts';
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
import { openTraceExport, openTracing } from './io/tracing/open-tracing.ts';
import type { TraceExport } from './io/tracing/trace-export.ts';
import type { Tracing } from './io/tracing/tracing.ts';
import { openDataDirectory } from './storage/data-directory.ts';
import type { DataDirectory } from './storage/data-directory.ts';
import { adminOptions, ingressOptions, threadSettings } from './settings.ts';
import { openTables } from './storage/lmdb-backend.ts';
import { upgradeFormat } from './storage/upgrade-format.ts';
import { recoverLogs } from './storage/log/recover-log.ts';
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
  const opened: Opened = { directory, closers: [() => Promise.resolve(directory.release())] };
  try {
    return await startParts(opened, { config, identity, log, logOptions, onFatal });
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** Leaves every environment with its logs in its tables, and those in the present format. */
async function openData(directory: DataDirectory): Promise<void> {
  const paths = environmentPaths(directory);
  for (const path of paths) await recoverLogs(path, () => openTables(path));
  await upgradeFormat(
    directory,
    paths.map((path) => () => openTables(path)),
  );
}

const now = () => unixMillis(Date.now());

interface Opened {
  readonly directory: DataDirectory;
  /** In the order of opening; closed in reverse. */
  readonly closers: Array<() => Promise<void>>;
}

interface Parts {
  readonly config: ServerConfig;
  readonly identity: IdentitySettings | undefined;
  readonly log: Logger;
  readonly logOptions: ReturnType<typeof logOptionsOf>;
  readonly onFatal: (error: Error) => void;
}

async function startParts(opened: Opened, parts: Parts): Promise<Server> {
  const { log } = parts;
  const { directory, closers } = opened;

  await openData(directory);
  const { schema, serdes } = openSchema(opened, parts);
  const { traceExport, tracing } = await startTracing(opened, parts);
  const foundations = { schema, traceExport };
  const { router, supervisor, settings } = openPartitions(directory, parts, foundations);
  const statistics = new IngressStatistics();

  const ingress = await openIngress(opened, parts, { schema, router, tracing, statistics });
  const servers: ListeningServer[] = [];
  const state = { isStopping: false };
  const shown = { supervisor, router, settings, schema, statistics, servers, state };
  const node = await startNodePort(opened, parts, shown);
  const queries = openQueries(opened, parts, { schema, router });
  const admin = await listen('admin', {
    parts,
    directory,
    handler: createAdminHandler({
      schema,
      operator: router,
      queries,
      serdes,
      clock: now,
      random: (bytesCount) => randomBytes(bytesCount),
      options: adminOptions(parts.config, ingress.advertised),
      log: log.of('reprise::admin'),
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
      await closeAll(opened);
    }),
  };
}

interface PartitionParts {
  readonly schema: SchemaActor;
  readonly traceExport: TraceExport | undefined;
}

function openPartitions(
  directory: DataDirectory,
  parts: Parts,
  { schema, traceExport }: PartitionParts,
) {
  const { config, log, onFatal } = parts;
  const { partitionsCount } = directory.marker;
  const threadsCount = Math.min(config.partitionThreads, partitionsCount);
  const router = new Router({
    partitionsCount,
    threadsCount,
    now,
    bootId: `${randomBytes(6).toString('base64url')}-`,
    schema: () => schema.current(),
  });
  schema.subscribe((changed) => router.publishSchema(changed));
  const settings = threadSettings(parts, {
    partitionsCount,
    environmentPaths: environmentPaths(directory),
    threadsCount,
  });
  const supervisor = new Supervisor({
    threadsCount,
    router,
    settings,
    openTracePort: () => traceExport?.openPort(),
    silenceMsMax: config.hungThreadTimeoutMs,
    onFatal,
    ...threadReporter(log),
  });
  return { router, supervisor, settings };
}

function threadReporter(log: Logger) {
  return {
    onThreadLost: (thread: number, error: unknown) =>
      log.error('a partition thread died and is replaced', { thread, error }),
    onThreadHung: (thread: number, silentMs: number) =>
      log.error(
        `a partition thread has not answered for ${silentMs} ms, and its partitions stand still. It cannot be ended safely from outside: restart the process if it does not come back`,
        { thread },
      ),
    onThreadAnswered: (thread: number, silentMs: number) =>
      log.warn(`a partition thread that hung answers again, after ${silentMs} ms`, { thread }),
  };
}

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
  readonly directory: DataDirectory;
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
  const store = openSchemaStore(makeDirectory(directory.path, 'schema'));
  closers.push(() => store.close());
  const transport = openDeploymentTransport(transportSettingsOf(config));
  closers.push(() => transport.close());
  const commonHeaders = requestHeadersOf(config);
  const caller = { transport, identity: openRequestIdentity(identity), commonHeaders };
  const schema = new SchemaActor({ store, discovery: createDiscovery(caller) });
  return { schema, serdes: createSerdeClient(caller) };
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
      environmentPaths: environmentPaths(directory),
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

async function startTracing({ closers }: Opened, { config, log: serverLog }: Parts) {
  const log = serverLog.of('reprise::tracing');
  const traceExport = await openTraceExport(tracingSettingsOf(config), log);
  const tracing = await openTracing(traceExport?.openPort(), log);
  closers.push(async () => {
    await tracing?.close();
    await traceExport?.close();
  });
  return { traceExport, tracing };
}

function environmentPaths({ path, marker }: DataDirectory): string[] {
  return Array.from({ length: marker.environmentsCount }, (_, index) =>
    makeDirectory(path, `partitions-${index}`),
  );
}

function makeDirectory(parent: string, name: string): string {
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  return path;
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

async function closeAll({ closers }: Opened): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
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
