import { Readable } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import type {
  DeploymentRequest,
  DeploymentStream,
  DeploymentStreamListener,
} from '../../actors/ports.ts';
import type { DeploymentTarget } from './deployment-target.ts';
import { DestinationDeniedError } from './destinations.ts';
import type { ConnectorOptions } from './http11-agent.ts';
import { connectionLost, describeSocketError, failureOf, type FailureReason } from './failures.ts';

/** Deployments that speak only HTTP/1.1: one request at a time on each kept-alive connection. */
export class Http11Client {
  readonly #options: ConnectorOptions;
  #agent: Promise<Agent> | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  open(
    target: DeploymentTarget,
    request: DeploymentRequest,
    listener: DeploymentStreamListener,
  ): DeploymentStream {
    const exchange = new Http11Exchange(target.uri, request.method !== 'GET', listener);
    const options = {
      origin: target.origin,
      path: target.pathOf(request.path),
      method: request.method,
      headers: request.headers.flat(),
    };
    // In a turn of its own: the connection of an exchange that has just ended is free by then.
    void this.#openAgent().then((agent) => setImmediate(() => exchange.begin(agent, options)));
    return exchange;
  }

  /** Open exchanges fail. */
  async close(): Promise<void> {
    const agent = await this.#agent;
    await agent?.destroy(new Error('the server is shutting down'));
  }

  #openAgent(): Promise<Agent> {
    this.#agent ??= import('./http11-agent.ts').then(({ createAgent }) =>
      createAgent(this.#options),
    );
    return this.#agent;
  }
}

/** Names of undici's errors about what the other side sent, or what cannot be sent. */
const PROTOCOL_ERRORS: ReadonlySet<string> = new Set([
  'HTTPParserError',
  'HeadersOverflowError',
  'InvalidArgumentError',
  'ResponseContentLengthMismatchError',
]);

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
    if (PROTOCOL_ERRORS.has(error.name)) {
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
