// The port that Postgres clients connect to. Thread: main.
import { createServer, type Server, type Socket } from 'node:net';
import {
  POSTGRES_CONNECTIONS_MAX,
  POSTGRES_STARTUP_TIMEOUT_MS,
} from '../../actors/domain/limits.ts';
import type { QueryEngine } from '../../actors/ports.ts';
import type { Access } from '../http/access.ts';
import { type BindAddress, parseBindAddress } from '../http/bind-address.ts';
import { TlsAcceptor } from '../http/tls-acceptor.ts';
import type { TlsIdentity } from '../http/tls-identity.ts';
import type { Logger } from '../log.ts';
import { Connection } from './connection.ts';
import { SessionRegistry } from './session-registry.ts';
import type { Encryption } from './startup-phase.ts';

export interface PostgresServerOptions {
  /** `host:port`; port 0 lets the system choose. */
  readonly bindAddress: string;
  readonly engine: QueryEngine;
  readonly log: Logger;
  /** Sessions at once. Default: `POSTGRES_CONNECTIONS_MAX`. */
  readonly connectionsMax?: number | undefined;
  /** Unit: milliseconds. Default: `POSTGRES_STARTUP_TIMEOUT_MS`. */
  readonly startupTimeoutMs?: number | undefined;
  /** Default: clear text only. */
  readonly tls?: TlsIdentity | undefined;
  /** Default: everybody may begin a session. */
  readonly access?: Access | undefined;
}

/** As PostgreSQL and its clients call it in the handshake. */
const PROTOCOL = 'postgresql';

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
  readonly #options: PostgresServerOptions;
  readonly #registry: SessionRegistry;
  readonly #acceptor: TlsAcceptor | undefined;
  readonly #startupTimeoutMs: number;
  readonly #connections = new Map<Socket, Connection>();

  constructor(options: PostgresServerOptions) {
    const { connectionsMax = POSTGRES_CONNECTIONS_MAX, tls } = options;
    const { startupTimeoutMs = POSTGRES_STARTUP_TIMEOUT_MS } = options;
    this.#options = options;
    this.#registry = new SessionRegistry(connectionsMax);
    this.#startupTimeoutMs = startupTimeoutMs;
    this.#acceptor =
      tls &&
      new TlsAcceptor(tls, {
        protocols: [PROTOCOL],
        handshakeTimeoutMs: startupTimeoutMs,
        onSecure: (socket) => this.#serve(socket, 'present'),
      });
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      if (tls === undefined) this.#serve(socket, 'none');
      else this.#serve(socket, tls.mode === 'require' ? 'required' : 'offered');
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

  #serve(socket: Socket, encryption: Encryption): void {
    const { engine, log, access } = this.#options;
    const connection = new Connection(socket, {
      engine,
      registry: this.#registry,
      log,
      startupTimeoutMs: this.#startupTimeoutMs,
      encryption,
      encrypt: (plain) => this.#acceptor?.accept(plain),
      access,
    });
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#connections.delete(socket));
    // Its handshake ended while the others were told to go.
    if (!this.#server.listening) connection.shutDown();
  }

  async close(): Promise<void> {
    this.#acceptor?.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const connection of this.#connections.values()) connection.shutDown();
    await closed;
  }
}

function addressOf(host: string, port: number): string {
  if (host === '::' || host === '0.0.0.0') return `127.0.0.1:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
