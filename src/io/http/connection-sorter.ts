// Gives each new connection, once its first bytes are there, to the server that speaks its protocol:
// TLS and what is inside of it, HTTP/2 with prior knowledge, HTTP/1.1.
import type { Socket } from 'node:net';
import { beginsTls, TlsAcceptor } from './tls-acceptor.ts';
import type { TlsIdentity } from './tls-identity.ts';

export interface ConnectionSorterOptions {
  /** Default: clear text only. */
  readonly tls: TlsIdentity | undefined;
  /** How long a connection may stay silent, and how long a TLS handshake may take. 0: no limit. */
  readonly timeoutMs: number;
  readonly onHttp1: (socket: Socket) => void;
  readonly onHttp2: (socket: Socket) => void;
}

export class ConnectionSorter {
  readonly #options: ConnectionSorterOptions;
  readonly #acceptor: TlsAcceptor | undefined;
  /** Connections that have sent nothing yet. */
  readonly #silent = new Set<Socket>();
  /** The TCP connections below TLS. */
  readonly #carriers = new Set<Socket>();
  #isDraining = false;

  constructor(options: ConnectionSorterOptions) {
    this.#options = options;
    const { tls, timeoutMs } = options;
    this.#acceptor =
      tls &&
      new TlsAcceptor(tls, {
        protocols: ['h2', 'http/1.1'],
        handshakeTimeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
        onSecure: (socket) => {
          if (this.#isDraining) socket.destroy();
          else this.#awaitBytes(socket, (bytes) => this.#serve(socket, bytes));
        },
      });
  }

  take(socket: Socket): void {
    const acceptor = this.#acceptor;
    if (acceptor === undefined) {
      this.#awaitBytes(socket, (bytes) => this.#serve(socket, bytes));
      return;
    }
    this.#awaitBytes(socket, (bytes) => {
      if (beginsTls(bytes)) {
        this.#carriers.add(socket);
        socket.once('close', () => this.#carriers.delete(socket));
        acceptor.accept(socket);
      } else if (this.#options.tls?.mode === 'require') {
        socket.destroy();
      } else {
        this.#serve(socket, bytes);
      }
    });
  }

  /** Ends the connections that nobody serves yet, now and from now on. */
  drain(): void {
    this.#isDraining = true;
    for (const socket of this.#silent) socket.destroy();
  }

  /** Ends every TLS connection; the others belong to the servers. */
  close(): void {
    this.#acceptor?.close();
    for (const socket of this.#carriers) socket.destroy();
  }

  #awaitBytes(socket: Socket, onBytes: (bytes: Uint8Array) => void): void {
    const giveUp = (): void => void socket.destroy();
    this.#silent.add(socket);
    socket.setTimeout(this.#options.timeoutMs, giveUp);
    socket.once('close', () => this.#silent.delete(socket));
    // The servers hear later errors themselves; here the close event says enough.
    socket.on('error', () => {});
    // Not the data event: it would leave the socket flowing or paused, and no server undoes that.
    socket.once('readable', () => {
      this.#silent.delete(socket);
      socket.setTimeout(0, giveUp);
      const chunk: Buffer | null = socket.read();
      if (chunk === null) {
        socket.destroy();
        return;
      }
      socket.unshift(chunk);
      onBytes(chunk);
    });
  }

  /** `PRI` begins the connection preface of HTTP/2 and no method of HTTP/1.1. */
  #serve(socket: Socket, bytes: Uint8Array): void {
    if (Buffer.from(bytes.subarray(0, 3)).toString('latin1') !== 'PRI') {
      this.#options.onHttp1(socket);
      return;
    }
    // node:http accepts half-open sockets; a session would not notice that its client has left.
    socket.allowHalfOpen = false;
    this.#options.onHttp2(socket);
  }
}
