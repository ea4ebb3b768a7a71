import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { assert } from '../../actors/domain/assert.ts';
import { EMPTY_BYTES } from '../../actors/domain/outcome.ts';
import type { HttpExchange } from './answer.ts';
import { BodyCollector } from './body-collector.ts';
import type {
  BodyResult,
  HeaderFields,
  HttpClientAddress,
  HttpResponse,
  ListenerLimits,
} from './exchange.ts';
import {
  bareResponse,
  bodyBytesCount,
  httpDate,
  mayHaveBody,
  reasonPhrase,
} from './response-head.ts';
import { leaveBody, streamBody, type ChunkSink } from './stream-body.ts';

/** What an exchange tells its listener. */
export interface NodeExchangeOwner {
  /** Every response closes its connection from now on. */
  readonly isDraining: boolean;
  readonly limits: ListenerLimits;
  exchangeEnded(): void;
}

type NodeRequest = IncomingMessage | Http2ServerRequest;
type NodeResponse = ServerResponse | Http2ServerResponse;

/** One request of node:http or node:http2. */
export abstract class NodeExchange<Response extends NodeResponse> implements HttpExchange {
  readonly path: string;
  readonly query: string | undefined;
  readonly headers: HeaderFields;
  protected readonly request: NodeRequest;
  protected readonly response: Response;
  protected readonly owner: NodeExchangeOwner;
  #isOpen = true;
  #mayReadBody = true;
  #failBody: ((message: string) => void) | undefined;

  constructor(request: NodeRequest, response: Response, owner: NodeExchangeOwner) {
    this.request = request;
    this.response = response;
    this.owner = owner;
    this.headers = headerFields(request.rawHeaders);
    const target = originForm(request.url ?? '');
    const queryAt = target.indexOf('?');
    this.path = queryAt < 0 ? target : target.slice(0, queryAt);
    this.query = queryAt < 0 ? undefined : target.slice(queryAt + 1);
    response.once('close', () => {
      this.failBody('the client went away');
      this.#end();
    });
  }

  get method(): string {
    return this.request.method ?? '';
  }

  /** The handler has not answered yet, and the client is still there. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The request is here to its end. */
  get isReceived(): boolean {
    return this.request.complete;
  }

  header(name: string): string | undefined {
    for (const field of this.headers) if (field[0] === name) return field[1];
    return undefined;
  }

  client(): HttpClientAddress | undefined {
    // The socket of a closed HTTP/2 session throws.
    if (!this.#isOpen) return undefined;
    const { remoteAddress, remotePort } = this.request.socket;
    return remoteAddress === undefined ? undefined : { address: remoteAddress, port: remotePort };
  }

  readBody(bytesMax: number): Promise<BodyResult> {
    assert(this.#mayReadBody, 'a body is read once, before its handler first waits');
    this.#mayReadBody = false;
    const declared = this.header('content-length');
    if (declared !== undefined) {
      if (Number(declared) > bytesMax) return Promise.resolve({ kind: 'tooLarge', declared: true });
      if (Number(declared) === 0) return Promise.resolve({ kind: 'body', bytes: EMPTY_BYTES });
    }
    this.inviteBody();
    return this.#collectBody(bytesMax);
  }

  #collectBody(bytesMax: number): Promise<BodyResult> {
    return new Promise((resolve) => {
      const settle = (result: BodyResult): void => {
        this.#failBody = undefined;
        resolve(result);
      };
      const collector = new BodyCollector(bytesMax);
      this.#failBody = (message) => settle({ kind: 'failed', message });
      this.request.on('data', (chunk: Uint8Array) => {
        if (!collector.add(chunk)) settle({ kind: 'tooLarge', declared: false });
      });
      this.request.on('end', () => settle({ kind: 'body', bytes: collector.join() }));
      this.request.on('error', (error: Error) =>
        settle({ kind: 'failed', message: error.message }),
      );
    });
  }

  /** Sends `100 Continue` where the client waits for it. */
  protected inviteBody(): void {}

  /** Ends a body that is still being read; `false` when none is. */
  failBody(message: string): boolean {
    if (this.#failBody === undefined) return false;
    this.#failBody(message);
    return true;
  }

  /** The handler has returned. */
  closeBody(): void {
    this.#mayReadBody = false;
  }

  respond(answer: HttpResponse): void {
    if (!this.#isOpen) return void leaveBody(answer.stream);
    if (answer.stream === undefined || !mayHaveBody(answer.status)) {
      this.#end();
      return this.writeResponse(answer);
    }
    this.writeHead(answer);
    void streamBody(answer.stream, this.#chunkSink(), () => {}).then(() => this.#end());
  }

  destroy(): void {
    this.response.destroy();
  }

  protected abstract writeResponse(answer: HttpResponse): void;

  /** Begins a response whose body follows in chunks. */
  protected abstract writeHead(answer: HttpResponse): void;

  /** Ends a response that was begun so. */
  protected abstract endResponse(): void;

  /** Cuts the client off when it takes nothing for so long. 0: no limit. */
  protected abstract limitSending(timeoutMs: number): void;

  #chunkSink(): ChunkSink {
    const { response } = this;
    const isOpen = () => this.#isOpen && !response.destroyed;
    return {
      get isOpen() {
        return isOpen();
      },
      write: (chunk) => writeChunk(response, chunk),
      drained: () =>
        new Promise((resolve) => {
          const go = () => {
            response.off('drain', go).off('close', go);
            this.limitSending(0);
            resolve();
          };
          response.on('drain', go).on('close', go);
          if (isOpen()) this.limitSending(this.owner.limits.sendTimeoutMs);
          else go();
        }),
      end: () => this.endResponse(),
      destroy: () => void response.destroy(),
    };
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.owner.exchangeEnded();
  }
}

export class Http1Exchange extends NodeExchange<ServerResponse> {
  readonly #expectsContinue: boolean;
  #isLast = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    owner: NodeExchangeOwner,
    expectsContinue: boolean,
  ) {
    super(request, response, owner);
    this.#expectsContinue = expectsContinue;
  }

  /** Its response has ended the connection, so that nothing behind it counts. */
  get isLast(): boolean {
    return this.#isLast;
  }

  protected override inviteBody(): void {
    if (this.#expectsContinue) this.response.writeContinue();
  }

  protected writeResponse(answer: HttpResponse): void {
    const length = mayHaveBody(answer.status)
      ? [['content-length', String(bodyBytesCount(answer.body))] as const]
      : [];
    this.#writeHead(answer, length);
    this.endResponse(answer.body);
  }

  protected writeHead(answer: HttpResponse): void {
    this.#writeHead(answer, [['transfer-encoding', 'chunked']]);
  }

  protected endResponse(rest: HttpResponse['body'] = ''): void {
    const { response } = this;
    response.end(rest);
    const { sendTimeoutMs, idleTimeoutMs } = this.owner.limits;
    // What the system has not taken yet waits for the client. The idle timeout takes over once everything
    // is sent.
    if ((response.socket?.writableLength ?? 0) === 0) return;
    this.limitSending(sendTimeoutMs);
    if (idleTimeoutMs === 0) response.once('finish', () => this.limitSending(0));
  }

  protected limitSending(timeoutMs: number): void {
    this.response.socket?.setTimeout(timeoutMs);
  }

  #writeHead(answer: HttpResponse, framing: HeaderFields): void {
    const { response } = this;
    const fields: string[] = [];
    for (const [name, value] of answer.headers) fields.push(name, value);
    if (answer.close === true || this.owner.isDraining || !response.shouldKeepAlive) {
      this.#isLast = true;
      fields.push('connection', 'close');
    }
    for (const [name, value] of framing) fields.push(name, value);
    fields.push('date', httpDate());
    response.sendDate = false;
    // Keeps node:http from adding a `connection: keep-alive` of its own.
    response.removeHeader('connection');
    response.writeHead(answer.status, reasonPhrase(answer), fields);
  }
}

export class Http2Exchange extends NodeExchange<Http2ServerResponse> {
  /** node:http limits the time of a request itself, node:http2 does not. */
  protected override inviteBody(): void {
    const { requestTimeoutMs } = this.owner.limits;
    if (requestTimeoutMs === 0 || this.isReceived) return;
    const timer = setTimeout(() => {
      this.respond(bareResponse(408));
      this.failBody('the client is too slow');
    }, requestTimeoutMs).unref();
    const stopTimer = (): void => clearTimeout(timer);
    this.request.once('end', stopTimer);
    this.response.once('close', stopTimer);
  }

  protected writeResponse(answer: HttpResponse): void {
    const { response } = this;
    const fields: Record<string, string> = Object.fromEntries(answer.headers);
    if (mayHaveBody(answer.status)) fields['content-length'] = String(bodyBytesCount(answer.body));
    response.writeHead(answer.status, fields);
    this.endResponse(mayHaveBody(answer.status) ? answer.body : '');
  }

  protected writeHead(answer: HttpResponse): void {
    this.response.writeHead(answer.status, Object.fromEntries(answer.headers));
  }

  protected endResponse(rest: HttpResponse['body'] = ''): void {
    const { stream } = this.response;
    this.response.end(rest, () => {
      // The rest of the request is not waited for. Source: RFC 9113, 8.1.
      if (!this.isReceived) stream.close(constants.NGHTTP2_NO_ERROR);
    });
    this.limitSending(this.owner.limits.sendTimeoutMs);
  }

  protected limitSending(timeoutMs: number): void {
    this.response.stream.setTimeout(timeoutMs, this.#cutOff);
  }

  // Always the same function, which the stream takes off again when there is no limit.
  readonly #cutOff = (): void => this.response.stream.close(constants.NGHTTP2_CANCEL);
}

/** Both kinds of response have the method, with overloads that do not unite. */
function writeChunk(response: ServerResponse | Http2ServerResponse, chunk: Uint8Array): boolean {
  return 'shouldKeepAlive' in response ? response.write(chunk) : response.write(chunk);
}

/** Flat names and values as received → pairs with lower-case names, without HTTP/2's pseudo headers. */
function headerFields(raw: readonly string[]): HeaderFields {
  const fields: Array<readonly [string, string]> = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    if (!name.startsWith(':')) fields.push([name.toLowerCase(), raw[at + 1] ?? '']);
  }
  return fields;
}

/** The target without scheme and authority. */
function originForm(target: string): string {
  if (target.startsWith('/') || target === '*') return target;
  const [, rest] = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*(.*)$/is.exec(target) ?? [];
  if (rest === undefined) return target;
  return rest.startsWith('/') ? rest : `/${rest}`;
}
