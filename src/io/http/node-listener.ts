// HTTP/1.1 over node:http and, on the same port, HTTP/2 over node:http2, both in clear text or in TLS.
import { rm } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import { type ListenOptions, Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LISTENER_LIMITS } from '../../actors/domain/limits.ts';
import { answerExchange, type ListenerLog } from './answer.ts';
import {
  listenerUrl,
  parseBindAddress,
  shortSocketPath,
  unixSocketAddress,
  unixSocketPath,
} from './bind-address.ts';
import { ConnectionSorter } from './connection-sorter.ts';
import type { HttpHandler, HttpListener, HttpListenerOptions, ListenerLimits } from './exchange.ts';
import { isFramingSound } from './framing.ts';
import { Http1Exchange, Http2Exchange } from './node-exchange.ts';
import { bareResponse } from './response-head.ts';

/** Source: seen on the reference. */
const HEADER_FIELDS_MAX = 100;

/** Unit: bytes, of the request target. Source: seen on the reference. */
const TARGET_BYTES_MAX = 65_533;

/** Source: seen on the reference. */
const HTTP2_STREAMS_MAX = 200;
const HTTP2_HEADERS_BYTES_MAX = 16_384;

/** Listens with node:http. Rejects when the address cannot be bound. */
export function startNodeListener(
  options: HttpListenerOptions & { readonly log: ListenerLog },
): Promise<HttpListener> {
  const listener = new NodeListener(options);
  return listener.listen(options.bindAddress).then(() => listener);
}

class NodeListener implements HttpListener {
  url = '';
  isDraining = false;
  readonly limits: ListenerLimits;
  readonly #handler: HttpHandler;
  readonly #takeHttp2: (socket: Socket) => void;
  readonly #log: ListenerLog;
  readonly #server: Server;
  readonly #http2: Http2Server;
  readonly #http2Sessions = new Set<ServerHttp2Session>();
  readonly #sorter: ConnectionSorter;
  readonly #isSecure: boolean;
  /** The latest exchange of each HTTP/1.1 connection. */
  readonly #latest = new WeakMap<Duplex, Http1Exchange>();
  readonly #closed: Promise<unknown>;
  #openCount = 0;

  constructor(options: HttpListenerOptions & { readonly log: ListenerLog }) {
    this.#handler = options.handler;
    this.#takeHttp2 =
      options.takeHttp2 ?? ((socket) => void this.#http2.emit('connection', socket));
    this.#log = options.log;
    const { limits = LISTENER_LIMITS, tls } = options;
    this.limits = limits;
    this.#isSecure = tls !== undefined && tls.mode !== 'allow';
    this.#server = createServer(http1Options(limits));
    this.#server.timeout = 0;
    this.#http2 = createHttp2Server({
      settings: {
        maxConcurrentStreams: options.http2StreamsMax ?? HTTP2_STREAMS_MAX,
        maxHeaderListSize: HTTP2_HEADERS_BYTES_MAX,
      },
    });
    this.#closed = new Promise((resolve) => this.#server.once('close', resolve));
    this.#server.on('request', (request, response) => this.#serve1(request, response, false));
    this.#server.on('checkContinue', (request, response) => this.#serve1(request, response, true));
    this.#server.on('clientError', (error, socket) => this.#refuseBytes(error, socket));
    this.#serveHttp2();
    this.#sorter = this.#sortConnections(tls);
  }

  async listen(address: string): Promise<void> {
    const path = unixSocketPath(address);
    if (path === undefined) {
      const { host, port } = parseBindAddress(address);
      await this.#bind({ host, port });
      const bound = this.#server.address();
      const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
      const url = listenerUrl({ host, port: boundPort });
      this.url = this.#isSecure ? url.replace('http:', 'https:') : url;
    } else {
      // A process that was killed leaves its socket behind.
      await rm(path, { force: true });
      await this.#bind({ path: shortSocketPath(path) });
      this.url = unixSocketAddress(path);
    }
  }

  #bind(place: ListenOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(place, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  #sortConnections(tls: HttpListenerOptions['tls']): ConnectionSorter {
    const http1Listeners = this.#server.listeners('connection');
    const sorter = new ConnectionSorter({
      tls,
      timeoutMs: this.limits.headerTimeoutMs,
      onHttp1: (socket) => {
        for (const serve of http1Listeners) serve.call(this.#server, socket);
      },
      onHttp2: this.#takeHttp2,
    });
    this.#server.removeAllListeners('connection');
    this.#server.on('connection', (socket: Socket) => sorter.take(socket));
    return sorter;
  }

  #serveHttp2(): void {
    this.#http2.on('session', (session) => {
      this.#http2Sessions.add(session);
      session.once('close', () => this.#http2Sessions.delete(session));
      // Open streams go on; their client opens another connection for later ones.
      session.setTimeout(this.limits.idleTimeoutMs, () => session.close());
    });
    // A broken session ends with its streams; the exchanges hear of it by their close events.
    this.#http2.on('sessionError', () => {});
    this.#http2.on('request', (request, response) => {
      this.#answer(new Http2Exchange(request, response, this));
    });
  }

  #serve1(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    // node:http has read on behind a request that was to be the last.
    if (this.#latest.get(request.socket)?.isLast === true) return;
    const exchange = new Http1Exchange(request, response, this, expectsContinue);
    this.#latest.set(request.socket, exchange);
    this.#answer(exchange);
  }

  #answer(exchange: Http1Exchange | Http2Exchange): void {
    this.#openCount += 1;
    const targetBytes = Buffer.byteLength(exchange.path) + Buffer.byteLength(exchange.query ?? '');
    if (exchange.headers.length > HEADER_FIELDS_MAX) exchange.respond(bareResponse(431));
    else if (targetBytes > TARGET_BYTES_MAX) exchange.respond(bareResponse(414));
    else if (!isFramingSound(exchange.headers)) exchange.respond(bareResponse(400));
    else answerExchange(exchange, this.#handler, this.#log);
    exchange.closeBody();
  }

  /** Hears of bytes that are no HTTP/1.1 request, and of connections that broke. */
  #refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
    const latest = this.#latest.get(socket);
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      // Whoever sends slowly gets no answer to what came before either, if that is still pending.
      const isPending = latest?.isOpen === true && latest.isReceived;
      if (isPending || !socket.writable) socket.destroy();
      else socket.end(refusalBytes('408 Request Timeout'), () => socket.destroy());
      return;
    }
    if (latest?.isOpen === true && latest.failBody(error.message)) return;
    if (!socket.writable || latest?.isOpen === true) {
      // An answer still to come must not be mistaken for an answer to these bytes, nor these for it.
      socket.destroy();
      return;
    }
    // Bytes of a body whose request is already answered get no answer of their own.
    const isInsideBody = latest?.isReceived === false;
    const status =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? '431 Request Header Fields Too Large'
        : '400 Bad Request';
    socket.end(isInsideBody ? '' : refusalBytes(status), () => socket.destroy());
  }

  exchangeEnded(): void {
    this.#openCount -= 1;
  }

  openExchangesCount(): number {
    return this.#openCount;
  }

  drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    // The server's own `close` ends idle connections before it stops to accept, so that a client could
    // come back in between.
    NetServer.prototype.close.call(this.#server);
    this.#server.closeIdleConnections();
    this.#sorter.drain();
    for (const session of this.#http2Sessions) session.close();
  }

  async close(): Promise<void> {
    this.drain();
    for (const session of this.#http2Sessions) session.destroy();
    this.#server.closeAllConnections();
    this.#sorter.close();
    await this.#closed;
  }
}

/** How often slow clients are looked for, at least and at most. Unit: milliseconds. */
const SWEEP_MS_MIN = 20;
const SWEEP_MS_MAX = 5000;

function http1Options(limits: ListenerLimits): ServerOptions {
  const { headerTimeoutMs, requestTimeoutMs, idleTimeoutMs, headBytesMax } = limits;
  const timeouts = [headerTimeoutMs, requestTimeoutMs].filter((ms) => ms > 0);
  const shortestMs = Math.min(...timeouts, SWEEP_MS_MAX * 4);
  return {
    maxHeaderSize: headBytesMax,
    requireHostHeader: false,
    keepAliveTimeout: idleTimeoutMs,
    // Node takes no longer time for a part than for the whole.
    headersTimeout: timeouts.length === 2 ? shortestMs : headerTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.max(SWEEP_MS_MIN, Math.floor(shortestMs / 4)),
    // Tells of clients that have gone without a word while they waited for an answer.
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  };
}

/** After how much silence the system asks whether a client is still there. Unit: milliseconds. */
const KEEP_ALIVE_MS = 60_000;

function refusalBytes(status: string): string {
  return `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
}
