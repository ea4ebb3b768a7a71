// One HTTP exchange as the ingress and the admin API see it, whichever server library carries it.
import type { Socket } from 'node:net';
import type { TlsIdentity } from './tls-identity.ts';

/** Header fields in the order received; names in lower case, repeated names kept. */
export type HeaderFields = ReadonlyArray<readonly [name: string, value: string]>;

export type BodyResult =
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  /** `declared` tells a Content-Length over the limit from a body that turned out too long. */
  | { readonly kind: 'tooLarge'; readonly declared: boolean }
  /** The client went away or sent an unreadable body. */
  | { readonly kind: 'failed'; readonly message: string };

/** The other end of a connection. */
export interface HttpClientAddress {
  readonly address: string;
  /** Not every server library tells it. */
  readonly port?: number | undefined;
}

export interface HttpRequest {
  readonly method: string;
  /** The raw path of the request target: not decoded, not normalised, without the query. */
  readonly path: string;
  /** The raw query without `?`; `undefined` when the target has no `?`. */
  readonly query: string | undefined;
  readonly headers: HeaderFields;
  /** First value of a header. `name` in lower case. */
  header(name: string): string | undefined;
  /** `undefined` once the client is gone, and on a unix socket. */
  client(): HttpClientAddress | undefined;
  /**
   * Reads the whole body. `bytesMax` is inclusive. Call at most once, and before the handler first
   * waits: uWebSockets.js drops body bytes that nobody listens for.
   */
  readBody(bytesMax: number): Promise<BodyResult>;
}

export interface HttpResponse {
  readonly status: number;
  /** Reason phrase; `undefined` sends the standard one. */
  readonly reason?: string | undefined;
  readonly headers: HeaderFields;
  readonly body: Uint8Array | string;
  /**
   * The body instead, sent chunk by chunk as the client takes it. Left early when the client goes away;
   * the connection breaks when it throws.
   */
  readonly stream?: AsyncIterable<Uint8Array> | undefined;
  /** Closes the connection after this response. */
  readonly close?: boolean | undefined;
}

export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

export interface HttpListener {
  /** `http://host:port/` with the port actually bound, or `unix:/path`. */
  readonly url: string;
  /** Stops accepting and closes idle connections; open exchanges go on. */
  drain(): void;
  /** Exchanges whose response has not been written yet. */
  openExchangesCount(): number;
  /** Closes everything, open exchanges included. */
  close(): Promise<void>;
}

/** How long a client may take, and how much it may send before its request is looked at. */
export interface ListenerLimits {
  /** From the connection, or the first byte of a request, to the end of its headers. 0: no limit. */
  readonly headerTimeoutMs: number;
  /** From the first byte of a request to its last. 0: no limit. */
  readonly requestTimeoutMs: number;
  /** Silence between requests. 0: no limit. */
  readonly idleTimeoutMs: number;
  /** Standstill of a response that the client does not read. 0: no limit. */
  readonly sendTimeoutMs: number;
  /** Request line and headers together. Unit: bytes. */
  readonly headBytesMax: number;
}

export interface HttpListenerOptions {
  /** `host:port`, `[v6]:port`; port 0 lets the system choose. Only node:http takes `unix:/path`. */
  readonly bindAddress: string;
  /** Requests at once on one HTTP/2 connection. Default: 200, seen on the reference. */
  readonly http2StreamsMax?: number | undefined;
  /** Default: `LISTENER_LIMITS`. uWebSockets.js has its own: 10 s for everything, 50 headers. */
  readonly limits?: ListenerLimits | undefined;
  /** Only node:http serves it. Default: clear text. */
  readonly tls?: TlsIdentity | undefined;
  readonly handler: HttpHandler;
  /** Gets the connections that begin with the preface of HTTP/2, instead of `handler`. node:http only. */
  readonly takeHttp2?: ((socket: Socket) => void) | undefined;
}
