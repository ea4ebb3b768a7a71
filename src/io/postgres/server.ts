// The port that Postgres clients connect to. Thread: main.
import { createServer, type Server, type Socket } from 'node:net';
import {
  POSTGRES_CONNECTIONS_MAX,
  POSTGRES_STARTUP_TIMEOUT_MS,
} from '../../actors/domain/limits.ts';
import type { QueryEngine } from '../../actors/ports.ts';
import { type BindAddress, parseBindAddress } from '../http/bind-address.ts';
import type { Logger } from '../log.ts';
import { Connection } from './connection.ts';
import { SessionRegistry } from './session-registry.ts';

export interface PostgresServerOptions {
  /** `host:port`; port 0 lets the system choose. */
  readonly bindAddress: string;
  readonly engine: QueryEngine;
  readonly log: Logger;
  /** Sessions at once. Default: `POSTGRES_CONNECTIONS_MAX`. */
  readonly connectionsMax?: number | undefined;
  /** Unit: milliseconds. Default: `POSTGRES_STARTUP_TIMEOUT_MS`. */
  readonly startupTimeoutMs?: number | undefined;
}

export interface PostgresServer {
  /** `host:port`; a server on every interface is named by the loopback address. */
  readonly address: string;
  readonly port: number;
  /** Ends every session; queries that run are ended with them. */
  close(): Promise<void>;
}

/** Listens for Postgres clients. Rejects when the address cannot be bound. */
export async function startPostgresServer(options: PostgresServerOptions): Promise<PostgresServer> {
  const server = new PostgresListener(options);
  await server.listen(parseBindAddress(options.bindAddress));
  return server;
}

class PostgresListener implements PostgresServer {
  address = '';
  port = 0;
  readonly #server: Server;
  readonly #connections = new Map<Socket, Connection>();

  constructor({ engine, log, ...options }: PostgresServerOptions) {
    const { connectionsMax = POSTGRES_CONNECTIONS_MAX } = options;
    const { startupTimeoutMs = POSTGRES_STARTUP_TIMEOUT_MS } = options;
    const registry = new SessionRegistry(connectionsMax);
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const connection = new Connection(socket, { engine, registry, log, startupTimeoutMs });
      this.#connections.set(socket, connection);
      socket.once('close', () => this.#connections.delete(socket));
    });
    // Those that have no session yet may be asking to cancel a query, so they are not counted as such.
    this.#server.maxConnections = 2 * connectionsMax;
  }

  listen({ host, port }: BindAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        const bound = this.#server.address();
        this.port = typeof bound === 'object' && bound !== null ? bound.port : port;
        this.address = addressOf(host, this.port);
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const connection of this.#connections.values()) connection.shutDown();
    await closed;
  }
}

function addressOf(host: string, port: number): string {
  if (host === '::' || host === '0.0.0.0') return `127.0.0.1:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
