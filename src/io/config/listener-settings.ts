// Where one of the servers listens, from the options in all the places that may say it.
import { join } from 'node:path';
import type { ServerConfig } from './complete-config.ts';
import { PORTS } from './listener-options.ts';

export type ServerName = Exclude<keyof typeof PORTS, 'sql'>;

export interface ListenerSettings {
  /** `ip:port` and `unix:/path`, the first one to be shown. */
  readonly bindAddresses: readonly string[];
  /** What the advertised address is to be. */
  readonly advertised: {
    readonly address?: string | undefined;
    readonly host?: string | undefined;
  };
}

/** Names of the unix sockets in the directory of a node. Source: seen on the reference. */
const SOCKETS: Readonly<Record<ServerName, string>> = {
  node: 'fabric.sock',
  ingress: 'ingress.sock',
  admin: 'admin.sock',
};

/** `directory` is the absolute path of the node's data directory. */
export function listenerSettings(
  config: ServerConfig,
  server: ServerName,
  directory: string,
): ListenerSettings {
  const own = ownOptions(config, server);
  const listenMode = own.listenMode ?? config.listenMode;
  const socket = `unix:${join(directory, SOCKETS[server])}`;
  const addresses = { tcp: [tcpAddress(config, server)], unix: [socket] };
  return {
    bindAddresses:
      listenMode === 'all' ? [...addresses.tcp, ...addresses.unix] : addresses[listenMode],
    advertised: {
      address: own.advertisedAddress,
      host: own.advertisedHost ?? config.advertisedHost,
    },
  };
}

/** Where PostgreSQL clients connect: beside the admin API, and not over TCP unless that is. */
export function postgresBindAddress(config: ServerConfig): string | undefined {
  if (config.pgsqlBindAddress !== undefined) return config.pgsqlBindAddress;
  if ((config.adminListenMode ?? config.listenMode) === 'unix') return undefined;
  const own = ownOptions(config, 'admin');
  if (own.bindAddress === undefined) return openAddress(config, own, { port: PORTS.sql });
  const [, host = '', port] = /^(.*):(\d+)$/.exec(own.bindAddress) ?? [];
  return `${host}:${port === '0' ? 0 : PORTS.sql}`;
}

function tcpAddress(config: ServerConfig, server: ServerName): string {
  const own = ownOptions(config, server);
  if (own.bindAddress !== undefined) return own.bindAddress;
  return openAddress(config, own, { ownPort: own.bindPort, port: PORTS[server] });
}

/** The address of a server that has none of its own. */
function openAddress(
  config: ServerConfig,
  own: Pick<ReturnType<typeof ownOptions>, 'bindIp' | 'useRandomPorts'>,
  { ownPort, port: defaultPort }: { readonly ownPort?: number | undefined; readonly port: number },
): string {
  const ip = own.bindIp ?? config.bindIp ?? '::';
  const usesRandomPort = own.useRandomPorts ?? config.useRandomPorts;
  const port = ownPort ?? (usesRandomPort ? 0 : defaultPort);
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function ownOptions(config: ServerConfig, server: ServerName) {
  switch (server) {
    case 'node':
      return config;
    case 'ingress':
      return {
        listenMode: config.ingressListenMode,
        useRandomPorts: config.ingressUseRandomPorts,
        bindIp: config.ingressBindIp,
        bindPort: config.ingressBindPort,
        bindAddress: config.ingressBindAddress,
        advertisedHost: config.ingressAdvertisedHost,
        advertisedAddress: config.ingressAdvertisedAddress,
      };
    case 'admin':
      return {
        listenMode: config.adminListenMode,
        useRandomPorts: config.adminUseRandomPorts,
        bindIp: config.adminBindIp,
        bindPort: config.adminBindPort,
        bindAddress: config.adminBindAddress,
        advertisedHost: config.adminAdvertisedHost,
        advertisedAddress: config.adminAdvertisedAddress,
      };
  }
}
