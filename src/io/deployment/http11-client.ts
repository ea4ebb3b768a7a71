import { Readable } from 'node:stream';
import { Agent, buildConnector, errors, type Dispatcher } from 'undici';
import type {
  DeploymentRequest,
  DeploymentStream,
  DeploymentStreamListener,
} from '../../actors/ports.ts';
import type { DeploymentTarget } from './deployment-target.ts';
import { DestinationDeniedError } from './destinations.ts';
import type { ConnectionOptions } from './http2-connection.ts';
import { connectionLost, describeSocketError, failureOf, type FailureReason } from './failures.ts';
import { routeTo } from './open-socket.ts';
import { withoutBrackets } from './proxy.ts';

type ConnectorOptions = Pick<
  ConnectionOptions,
  'trust' | 'connectTimeoutMs' | 'proxy' | 'destinations'
>;

/** Deployments that speak only HTTP/1.1: one request at a time on each kept-alive connection. */
export class Http11Client {
  readonly #agent: Agent;

  constructor(options: ConnectorOptions) {
    this.#agent = new Agent({
      pipelining: 1,
      // Attempts have timeouts of their own.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: createConnector(options),
    });
  }

  open(
    target: DeploymentTarget,
    request: DeploymentRequest,
    listener: DeploymentStreamListener,
  ): DeploymentStream {
    const exchange = new Http11Exchange(target.uri, request.method !== 'GET', listener);
    // Not at once, so that no failure is heard before the caller has the stream.
    setImmediate(() => {
      exchange.begin(this.#agent, {
        origin: target.origin,
        path: target.pathOf(request.path),
        method: request.method,
        headers: request.headers.flat(),
      });
    });
    return exchange;
  }

  /** Open exchanges fail. */
  async close(): Promise<void> {
    await this.#agent.destroy(new Error('the server is shutting down'));
  }
}

function createConnector(options: ConnectorOptions): buildConnector.connector {
  const { trust, connectTimeoutMs, destinations } = options;
  const connector = { timeout: connectTimeoutMs, secureContext: trust };
  const connectToProxy = buildConnector(connector);
  const connect = buildConnector({ ...connector, lookup: destinations.lookup });
  return (request, callback) => {
    const { protocol, hostname, port } = request;
    const secure = protocol === 'https:';
    const host = withoutBrackets(hostname);
    const target = { host, port: Number(port) || (secure ? 443 : 80), secure };
    const route = routeTo(target, options);
    if (route instanceof DestinationDeniedError) {
      callback(route, null);
    } else if (route.place === target) {
      connect(request, callback);
    } else {
      const { place } = route;
      connectToProxy(
        {
          ...request,
          protocol: place.secure ? 'https:' : 'http:',
          hostname: place.host,
          port: String(place.port),
        },
        callback,
      );
    }
  };
}

const PROTOCOL_ERRORS = [
  errors.HTTPParserError,
  errors.HeadersOverflowError,
  errors.InvalidArgumentError,
  errors.ResponseContentLengthMismatchError,
];

class Http11Exchange implements DeploymentStream, Dispatcher.DispatchHandler {
  readonly #uri: string;
  readonly #listener: DeploymentStreamListener;
  readonly #body: Readable | null;
  #controller: Dispatcher.DispatchController | undefined;
  #connected = false;
  #requestEnded = false;
  #closed = false;

  constructor(uri: string, hasBody: boolean, listener: DeploymentStreamListener) {
    this.#uri = uri;
    this.#listener = listener;
    // In object mode its length is unknown, so undici sends chunks and no content-length.
    this.#body = hasBody ? new Readable({ objectMode: true, read() {} }) : null;
    // undici reports it; without a listener it would be thrown.
    this.#body?.on('error', () => {});
  }

  begin(agent: Agent, options: Omit<Dispatcher.DispatchOptions, 'body'>): void {
    if (this.#closed) return;
    try {
      agent.dispatch({ ...options, body: this.#body }, this);
    } catch (error) {
      // undici throws for what it cannot send, for example control characters in a header.
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || this.#requestEnded || bytes.length === 0) return;
    this.#body?.push(bytes);
  }

  end(): void {
    if (this.#closed || this.#requestEnded) return;
    this.#requestEnded = true;
    this.#body?.push(null);
  }

  reset(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#controller?.abort(new Error('abandoned'));
    this.#body?.destroy();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#connected = true;
    this.#controller = controller;
    if (this.#closed) controller.abort(new Error('abandoned'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (this.#closed || status < 200) return;
    this.#listener.onResponse(status, joinRepeated(headers));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#closed) this.#listener.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#body?.destroy();
    this.#listener.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#body?.destroy();
    this.#listener.onFailure(failureOf(this.#uri, this.#reasonOf(error)));
  }

  #reasonOf(error: Error): FailureReason {
    if (error instanceof DestinationDeniedError) return { kind: 'denied', text: error.message };
    const detail = describeSocketError(error);
    if (PROTOCOL_ERRORS.some((type) => error instanceof type)) {
      return { kind: 'protocol', text: `HTTP/1.1 protocol error: ${detail}` };
    }
    if (this.#connected) return connectionLost(detail);
    // Source: seen on the reference for clients other than its HTTP/2 pool.
    const text = `unable to reach the remote endpoint.\nReason: client error (Connect) caused by: ${detail}`;
    return { kind: 'connect', text };
  }
}

function joinRepeated(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string>> {
  const joined: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return joined;
}
