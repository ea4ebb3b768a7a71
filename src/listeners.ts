// Where the main thread listens, and whom it lets in there: addresses, certificates, credentials.
import { INGRESS_DRAIN_MS } from './actors/domain/limits.ts';
import type { QueryEngine } from './actors/ports.ts';
import type { AdminContext } from './io/admin/context.ts';
import { guardAdmin, warnIfOpen } from './io/admin/guard.ts';
import { createAdminHandler } from './io/admin/server.ts';
import {
  listenerSettings,
  postgresBindAddress,
  type ServerName,
} from './io/config/listener-settings.ts';
import type { ServerConfig } from './io/config/load.ts';
import { listenerLimitsOf, securitySettings } from './io/config/security-settings.ts';
import { listenForControl } from './io/control/listen.ts';
import type { ControlContext } from './io/control/server.ts';
import { advertisedAddress } from './io/http/advertised-address.ts';
import type { HttpListener } from './io/http/exchange.ts';
import {
  startHttpListeners,
  type ListenerGroup,
  type StartHttpListenersOptions,
} from './io/http/listener.ts';
import { keepCredentialsFresh, loadServerSecurity } from './io/http/server-security.ts';
import type { IngressContext } from './io/ingress/context.ts';
import { guardIngress } from './io/ingress/guard.ts';
import { createIngressHandler } from './io/ingress/server.ts';
import type { ListeningServer } from './io/node/context.ts';
import type { NodePort } from './io/node/server.ts';
import { startPostgresServer, type PostgresServer } from './io/postgres/server.ts';
import type { Opened, Parts, SecurityByServer } from './parts.ts';

export interface Listening {
  readonly listener: ListenerGroup;
  /** The address by which others reach it. */
  readonly advertised: string;
}

type Served = Pick<
  StartHttpListenersOptions,
  'handler' | 'takeHttp2' | 'onSockets' | 'http2StreamsMax'
>;

/** Reads certificates and tokens. Throws when a file cannot be read or used. */
export function loadSecurity(config: ServerConfig): SecurityByServer {
  return {
    node: loadServerSecurity(securitySettings(config, 'node')),
    ingress: loadServerSecurity(securitySettings(config, 'ingress')),
    admin: loadServerSecurity(securitySettings(config, 'admin')),
  };
}

export async function openIngress(
  opened: Opened,
  parts: Parts,
  context: IngressContext,
): Promise<Listening> {
  const guarded = guardIngress(createIngressHandler(context), parts.security.ingress.access);
  const http2StreamsMax = parts.config.ingressHttp2StreamsLimit;
  const ingress = await listen('ingress', opened, parts, { http2StreamsMax, ...guarded });
  opened.closers.push(() => ingress.listener.close());
  return ingress;
}

export async function openAdmin(
  opened: Opened,
  parts: Parts,
  context: AdminContext,
): Promise<Listening> {
  const { config, log } = parts;
  const security = parts.security.admin;
  const guarded = guardAdmin(createAdminHandler(context), security.access);
  const admin = await listen('admin', opened, parts, guarded);
  opened.closers.push(() => admin.listener.close());
  const { bindAddresses } = listenerSettings(config, 'admin', opened.directory.path);
  const sqlAddress = postgresBindAddress(config);
  warnIfOpen({ bindAddresses, sqlAddress }, security, log.of('reprise::admin'));
  return admin;
}

export async function openNodePort(
  opened: Opened,
  parts: Parts,
  port: NodePort,
): Promise<Listening> {
  const { handler, takeHttp2, onSockets } = port;
  const node = await listen('node', opened, parts, { handler, takeHttp2, onSockets });
  opened.closers.push(async () => {
    node.listener.drain();
    await port.close();
    await node.listener.close();
  });
  return node;
}

/** The port shows what the admin API shows, to those whom the admin API lets in. */
export async function openPostgres(
  { closers }: Opened,
  { config, security, log }: Parts,
  engine: QueryEngine,
): Promise<PostgresServer | undefined> {
  const bindAddress = postgresBindAddress(config);
  if (bindAddress === undefined) return undefined;
  const ownLog = log.of('reprise::postgres');
  const { tls, access } = security.admin;
  try {
    const server = await startPostgresServer({ bindAddress, engine, tls, access, log: ownLog });
    closers.push(() => server.close());
    return server;
  } catch (error) {
    if (config.pgsqlBindAddress !== undefined) throw error;
    // Nobody asked for this port: another server on the host may have it.
    ownLog.warn('there is no port for PostgreSQL clients', { bindAddress, error });
    return undefined;
  }
}

/** Nobody is asked for a credential there: the file system lets in only the user that the server runs as. */
export async function openControl(
  { directory, closers }: Opened,
  { log }: Parts,
  context: ControlContext,
): Promise<void> {
  const listener = await listenForControl(directory.path, context, log.of('reprise::http'));
  closers.push(async () => listener?.close());
}

/** Has certificates and tokens read again, now and then and when asked to. */
export function refreshCredentials({ closers }: Opened, { config, security, log }: Parts) {
  const credentials = keepCredentialsFresh({
    servers: Object.values(security),
    intervalMs: config.tlsRefreshIntervalMs,
    log: log.of('reprise::http'),
  });
  closers.push(() => Promise.resolve(credentials.stop()));
  return credentials;
}

async function listen(
  server: ServerName,
  { directory }: Opened,
  { config, security, log }: Parts,
  served: Served,
): Promise<Listening> {
  const { bindAddresses, advertised } = listenerSettings(config, server, directory.path);
  const listener = await startHttpListeners({
    ...served,
    bindAddresses,
    prefer: config.listener,
    log: log.of('reprise::http'),
    limits: listenerLimitsOf(config),
    tls: security[server].tls,
  });
  const bound = { bindAddress: bindAddresses[0] ?? '', url: listener.url };
  return { listener, advertised: advertisedAddress(advertised, bound) };
}

/** As it is shown to operators. */
export function listeningServer(
  name: ListeningServer['name'],
  { listener, advertised }: Listening,
): ListeningServer {
  return { name, boundUrls: listener.urls, advertised };
}

/** How often a draining listener is looked at. Unit: milliseconds. */
const DRAIN_CHECK_MS = 20;

/** Takes no new connections, and waits for open requests, but not for long. */
export async function drain(listener: HttpListener): Promise<void> {
  listener.drain();
  const deadlineMs = performance.now() + INGRESS_DRAIN_MS;
  while (listener.openExchangesCount() > 0 && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK_MS));
  }
}
