import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsIdentity } from './tls-identity.ts';

export interface TlsAcceptorOptions {
  /** Protocols to choose from, the preferred one first. Default: none is negotiated. */
  readonly protocols?: readonly string[] | undefined;
  /** Unit: milliseconds. Default: 120 s, Node's. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Hears of every connection whose client may connect. */
  readonly onSecure: (socket: TLSSocket) => void;
}

/** Makes TLS connections out of TCP connections that somebody else has accepted. */
export class TlsAcceptor {
  readonly #server: Server;
  readonly #unsubscribe: () => void;

  constructor(identity: TlsIdentity, options: TlsAcceptorOptions) {
    const { protocols, handshakeTimeoutMs, onSecure } = options;
    this.#server = createServer({
      ...identity.contextOptions,
      requestCert: identity.needsClientCertificate,
      rejectUnauthorized: true,
      ...(protocols !== undefined && { ALPNProtocols: [...protocols] }),
      ...(handshakeTimeoutMs !== undefined && { handshakeTimeout: handshakeTimeoutMs }),
    });
    this.#unsubscribe = identity.subscribe(() => {
      this.#server.setSecureContext(identity.contextOptions);
    });
    this.#server.on('secureConnection', (socket) => {
      if (identity.admits(socket)) onSecure(socket);
      else socket.destroy();
    });
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** Bytes that were read from the connection already are to be put back before. */
  accept(socket: Socket): void {
    // Otherwise a client that leaves during the handshake is noticed at its timeout only.
    socket.allowHalfOpen = false;
    this.#server.emit('connection', socket);
  }

  /** Open connections go on. */
  close(): void {
    this.#unsubscribe();
  }
}

/** Whether the first bytes of a connection begin a TLS handshake, and no method of HTTP. */
export function beginsTls(bytes: Uint8Array): boolean {
  return bytes[0] === 0x16;
}
