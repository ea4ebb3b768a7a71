// HTTP/1.1 over uWebSockets.js. What its releases of mid-2023 do differently from node:http, and
// cannot be changed from here: unreadable requests, HTTP/1.0 and requests without Host get no answer,
// a request pipelined behind one still unanswered ends the connection, header values lose bytes above
// 0x7f at their ends, and a connection idle for 10 s (waiting for an answer is not idle) is closed.
import { answerExchange, type ListenerLog } from './answer.ts';
import { type BindAddress, listenerUrl, parseBindAddress } from './bind-address.ts';
import type { HttpHandler, HttpListener, HttpListenerOptions } from './exchange.ts';
import { isFramingSound } from './framing.ts';
import { bareResponse } from './response-head.ts';
import type {
  UwsApp,
  UwsBinding,
  UwsListenSocket,
  UwsRequest,
  UwsResponse,
} from './uws-binding.ts';
import { UwsExchange } from './uws-exchange.ts';

const METHODS: ReadonlySet<string> = new Set(
  'GET POST PUT DELETE HEAD OPTIONS PATCH TRACE CONNECT'.split(' '),
);

/** Listens with uWebSockets.js. Rejects when the address cannot be bound. */
export function startUwsListener(
  binding: UwsBinding,
  options: HttpListenerOptions & { readonly log: ListenerLog },
): Promise<HttpListener> {
  const address = parseBindAddress(options.bindAddress);
  // Leaves out the `uwebsockets` response header.
  binding._cfg('silent');
  return new Promise((resolve, reject) => {
    const app = binding.App();
    // Without the exclusive option a second process could bind the same port and take half the clients.
    const exclusive = binding.LIBUS_LISTEN_EXCLUSIVE_PORT;
    app.listen(address.host, address.port, exclusive, (socket) => {
      if (socket === false) reject(new Error(`cannot listen on ${options.bindAddress}`));
      else resolve(new UwsListener(binding, app, socket, address, options));
    });
  });
}

class UwsListener implements HttpListener {
  readonly url: string;
  isDraining = false;
  readonly #binding: UwsBinding;
  readonly #app: UwsApp;
  readonly #socket: UwsListenSocket;
  readonly #handler: HttpHandler;
  readonly #log: ListenerLog;
  readonly #open = new Set<UwsExchange>();

  constructor(
    binding: UwsBinding,
    app: UwsApp,
    socket: UwsListenSocket,
    address: BindAddress,
    options: HttpListenerOptions & { readonly log: ListenerLog },
  ) {
    this.#binding = binding;
    this.#app = app;
    this.#socket = socket;
    this.#handler = options.handler;
    this.#log = options.log;
    this.url = listenerUrl({ host: address.host, port: binding.us_socket_local_port(socket) });
    app.any('/*', (response, request) => this.#serve(response, request));
  }

  #serve(response: UwsResponse, request: UwsRequest): void {
    const exchange = new UwsExchange(response, request, this);
    this.#open.add(exchange);
    if (isSound(exchange)) {
      answerExchange(exchange, this.#handler, this.#log);
      exchange.closeBody();
    } else {
      // The library takes the first of several lengths and any transfer coding for chunked, so it may
      // see the rest of such a request as another one. While an answer is pending it ends the
      // connection rather than to run that one; so the answer waits until the library has read on.
      exchange.closeBody();
      setImmediate(() => refuse(exchange));
    }
  }

  exchangeEnded(exchange: UwsExchange): void {
    this.#open.delete(exchange);
  }

  openExchangesCount(): number {
    return this.#open.size;
  }

  drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    this.#binding.us_listen_socket_close(this.#socket);
  }

  close(): Promise<void> {
    this.drain();
    for (const exchange of this.#open) exchange.destroy();
    this.#app.close();
    return Promise.resolve();
  }
}

/** A HEAD whose body may be followed by anything could not end its connection. */
function isSound({ method, headers, isChunked }: UwsExchange): boolean {
  return METHODS.has(method) && isFramingSound(headers) && !(isChunked && method === 'HEAD');
}

/** The library cannot close after the answer to a HEAD. */
function refuse(exchange: UwsExchange): void {
  if (exchange.method === 'HEAD') exchange.destroy();
  else exchange.respond(bareResponse(400));
}
