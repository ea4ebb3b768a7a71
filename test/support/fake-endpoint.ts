// An endpoint that answers discovery as a test says: over HTTP/2 in clear text, or over HTTP/1.1.
import assert from 'node:assert/strict';
import http from 'node:http';
import http2 from 'node:http2';
import type net from 'node:net';

export interface EndpointAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface EndpointRequest {
  readonly method: string;
  readonly path: string;
  /** Names and values in the order received, without pseudo-header fields and Host. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
}

/** An answer, or `'hang'` for none, `'drop'` for a closed connection, `'echo'` for the body again. */
export type EndpointBehaviour = EndpointAnswer | 'hang' | 'drop' | 'echo';

export const MANIFEST_V4 = 'application/vnd.restate.endpointmanifest.v4+json';

/** The manifest of one service in its form on the wire. */
export function manifestJson(fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    protocolMode: 'BIDI_STREAM',
    minProtocolVersion: 5,
    maxProtocolVersion: 7,
    services: [{ name: 'Greeter', ty: 'SERVICE', handlers: [{ name: 'greet' }] }],
    ...fields,
  });
}

export function manifestAnswer(fields: Readonly<Record<string, unknown>> = {}): EndpointAnswer {
  return {
    headers: { 'content-type': MANIFEST_V4, 'x-restate-server': 'fake/1.0' },
    body: manifestJson(fields),
  };
}

/** Listens on a free port of the loopback interface. */
export class FakeEndpoint {
  /** What later requests get. */
  behaviour: EndpointBehaviour | ((requestsCount: number) => EndpointBehaviour);
  readonly requests: EndpointRequest[] = [];
  readonly #server: http.Server | http2.Http2Server;
  readonly #sockets = new Set<net.Socket>();

  constructor(version: 'HTTP/1.1' | 'HTTP/2.0') {
    this.behaviour = manifestAnswer();
    const listener = (
      request: http.IncomingMessage | http2.Http2ServerRequest,
      response: http.ServerResponse | http2.Http2ServerResponse,
    ): void => this.#answer(request, response);
    this.#server =
      version === 'HTTP/1.1' ? http.createServer(listener) : http2.createServer(listener);
    this.#server.on('connection', (socket: net.Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(version: 'HTTP/1.1' | 'HTTP/2.0' = 'HTTP/2.0'): Promise<FakeEndpoint> {
    const endpoint = new FakeEndpoint(version);
    await new Promise<void>((resolve) => endpoint.#server.listen(0, '127.0.0.1', resolve));
    return endpoint;
  }

  /** Without a path. */
  get origin(): string {
    const address = this.#server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(
    request: http.IncomingMessage | http2.Http2ServerRequest,
    response: http.ServerResponse | http2.Http2ServerResponse,
  ): void {
    const { rawHeaders, method = '', url = '' } = request;
    const headers = rawHeaders.flatMap((name, index): Array<readonly [string, string]> =>
      index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? '']] : [],
    );
    this.requests.push({
      method,
      path: url,
      headers: headers.filter(([name]) => !/^(:.*|host|connection)$/.test(name)),
    });
    const behaviour =
      typeof this.behaviour === 'function' ? this.behaviour(this.requests.length) : this.behaviour;
    if (behaviour === 'hang') return;
    if (behaviour === 'drop') {
      for (const socket of this.#sockets) socket.destroy();
      return;
    }
    if (behaviour === 'echo') {
      request.pipe(response);
      return;
    }
    response.writeHead(behaviour.status ?? 200, { ...behaviour.headers });
    response.end(behaviour.body ?? '');
  }
}
