// HTTP/1.1 as a client that changes nothing: raw paths, raw header values, raw bodies.
import * as http from 'node:http';

export interface HttpCall {
  /** Default: POST when there is a body, else GET. */
  readonly method?: string | undefined;
  /** Sent as it is, query included. */
  readonly path: string;
  readonly headers?: http.OutgoingHttpHeaders | undefined;
  readonly body?: string | Uint8Array | undefined;
  /** Sends the body in chunks of unknown total length. */
  readonly chunked?: boolean | undefined;
  /** Unit: milliseconds. Default: 60 s. */
  readonly timeoutMs?: number | undefined;
}

export interface HttpReply {
  readonly status: number;
  readonly statusText: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  text(): string;
  json(): unknown;
}

/** Keep-alive connections to one server. */
export class HttpClient {
  readonly #agent: http.Agent;
  readonly #base: URL;

  constructor(baseUrl: string, connectionsCountMax = 256) {
    this.#base = new URL(baseUrl);
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: connectionsCountMax });
  }

  request(call: HttpCall): Promise<HttpReply> {
    const method = call.method ?? (call.body === undefined ? 'GET' : 'POST');
    const signal = AbortSignal.timeout(call.timeoutMs ?? 60_000);
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          agent: this.#agent,
          host: this.#base.hostname,
          port: this.#base.port,
          method,
          path: call.path,
          headers: { ...lengthHeader(method, call), ...call.headers },
          signal,
        },
        (response) => {
          readReply(response).then(resolve, reject);
        },
      );
      request.once('error', (cause) => {
        reject(new Error(`${method} ${call.path}: ${cause.message}`, { cause }));
      });
      if (call.chunked === true && call.body !== undefined) writeInChunks(request, call.body);
      else request.end(call.body);
    });
  }

  get(path: string, headers?: http.OutgoingHttpHeaders): Promise<HttpReply> {
    return this.request({ path, headers });
  }

  /** Posts a value as JSON; without a value the request has neither body nor content type. */
  post(path: string, value?: unknown, headers?: http.OutgoingHttpHeaders): Promise<HttpReply> {
    if (value === undefined) return this.request({ method: 'POST', path, headers });
    return this.request({
      path,
      body: JSON.stringify(value),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function lengthHeader(method: string, call: HttpCall): http.OutgoingHttpHeaders {
  if (call.chunked === true) return { 'transfer-encoding': 'chunked' };
  if (call.body !== undefined) return { 'content-length': Buffer.byteLength(call.body) };
  return method === 'POST' || method === 'PUT' ? { 'content-length': 0 } : {};
}

function writeInChunks(request: http.ClientRequest, body: string | Uint8Array): void {
  const bytes = Buffer.from(body);
  const chunkBytes = 64 * 1024;
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    request.write(bytes.subarray(at, at + chunkBytes));
  }
  request.end();
}

async function readReply(response: http.IncomingMessage): Promise<HttpReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? '',
    headers: response.headers,
    body,
    text: () => body.toString('utf8'),
    json: (): unknown => JSON.parse(body.toString('utf8')),
  };
}
