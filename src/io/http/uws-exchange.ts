import { assert } from '../../actors/domain/assert.ts';
import { EMPTY_BYTES } from '../../actors/domain/outcome.ts';
import type { HttpExchange } from './answer.ts';
import { BodyCollector } from './body-collector.ts';
import type { BodyResult, HeaderFields, HttpClientAddress, HttpResponse } from './exchange.ts';
import { leaveBody, streamBody, type ChunkSink } from './stream-body.ts';
import { bodyBytesCount, mayHaveBody, reasonPhrase } from './response-head.ts';
import type { UwsRequest, UwsResponse } from './uws-binding.ts';

/** What an exchange tells its listener. */
export interface UwsExchangeOwner {
  /** Every response closes its connection from now on. */
  readonly isDraining: boolean;
  exchangeEnded(exchange: UwsExchange): void;
}

/** One request of uWebSockets.js, copied out while its route handler runs. */
export class UwsExchange implements HttpExchange {
  readonly method: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly headers: HeaderFields;
  /**
   * The library checks neither what follows a chunk nor trailers, and would take some of them for another
   * request. So this one is the last of its connection.
   */
  readonly isChunked: boolean;
  readonly #owner: UwsExchangeOwner;
  /** `undefined` once answered or aborted: the library throws on any later use. */
  #response: UwsResponse | undefined;
  #mayReadBody = true;
  #failBody: ((message: string) => void) | undefined;
  #onGone: (() => void) | undefined;

  constructor(response: UwsResponse, request: UwsRequest, owner: UwsExchangeOwner) {
    const headers: Array<readonly [string, string]> = [];
    let isChunked = false;
    request.forEach((name, value) => {
      headers.push([name, value]);
      if (name === 'transfer-encoding') isChunked = true;
    });
    this.method = request.getCaseSensitiveMethod();
    this.path = request.getUrl();
    this.query = request.getQuery();
    this.headers = headers;
    this.isChunked = isChunked;
    this.#owner = owner;
    this.#response = response;
    response.onAborted(() => this.#abort());
  }

  header(name: string): string | undefined {
    for (const field of this.headers) if (field[0] === name) return field[1];
    return undefined;
  }

  client(): HttpClientAddress | undefined {
    if (this.#response === undefined) return undefined;
    return { address: Buffer.from(this.#response.getRemoteAddressAsText()).toString('latin1') };
  }

  readBody(bytesMax: number): Promise<BodyResult> {
    assert(this.#mayReadBody, 'a body is read once, before its handler first waits');
    this.#mayReadBody = false;
    const response = this.#response;
    if (response === undefined) return Promise.resolve(bodyFailed('the client went away'));
    const declared = this.header('content-length');
    if (declared === undefined && !this.isChunked) {
      return Promise.resolve({ kind: 'body', bytes: EMPTY_BYTES });
    }
    if (Number(declared) > bytesMax) return Promise.resolve({ kind: 'tooLarge', declared: true });
    return this.#collectBody(response, bytesMax);
  }

  #collectBody(response: UwsResponse, bytesMax: number): Promise<BodyResult> {
    return new Promise((resolve) => {
      const collector = new BodyCollector(bytesMax);
      this.#failBody = (message) => resolve(bodyFailed(message));
      response.onData((chunk, isLast) => {
        // The library takes the memory of the chunk back when this listener returns.
        if (!collector.add(Buffer.from(new Uint8Array(chunk)))) {
          resolve({ kind: 'tooLarge', declared: false });
        } else if (isLast) {
          resolve({ kind: 'body', bytes: collector.join() });
        }
      });
    });
  }

  /** The route handler has returned: a body nobody listens for is dropped from here on. */
  closeBody(): void {
    this.#mayReadBody = false;
  }

  respond(answer: HttpResponse): void {
    if (this.#response === undefined) return void leaveBody(answer.stream);
    for (const [name, value] of answer.headers) assertOneLine(name, value);
    // Not before the library has read on, which then ends the connection if more comes.
    if (this.isChunked) setImmediate(() => this.#write(answer));
    else this.#write(answer);
  }

  #write(answer: HttpResponse): void {
    const response = this.#response;
    if (response === undefined) return void leaveBody(answer.stream);
    if (answer.stream !== undefined && mayHaveBody(answer.status)) {
      return this.#respondWithStream(response, answer, answer.stream);
    }
    this.#response = undefined;
    const close = this.#isLast(answer);
    const hasBody = this.method !== 'HEAD' && (mayHaveBody(answer.status) || this.isChunked);
    response.cork(() => writeResponse(response, answer, hasBody, close));
    this.#owner.exchangeEnded(this);
  }

  #respondWithStream(
    response: UwsResponse,
    answer: HttpResponse,
    stream: AsyncIterable<Uint8Array>,
  ): void {
    response.cork(() => writeHead(response, answer));
    let resume: (() => void) | undefined;
    this.#onGone = () => resume?.();
    // Once, since a listener that is replaced while it runs comes back.
    response.onWritable(() => {
      resume?.();
      return true;
    });
    const isOpen = () => this.#response !== undefined;
    const sink: ChunkSink = {
      get isOpen() {
        return isOpen();
      },
      write: (chunk) => {
        let isTaken = false;
        response.cork(() => (isTaken = response.write(chunk)));
        return isTaken;
      },
      drained: () => new Promise((resolve) => (resume = resolve)),
      end: () => {
        this.#response = undefined;
        response.cork(() => response.end('', this.#isLast(answer)));
      },
      destroy: () => this.destroy(),
    };
    void streamBody(stream, sink, () => {}).then(() => this.#owner.exchangeEnded(this));
  }

  /** The connection ends with the response. */
  #isLast({ close }: HttpResponse): boolean {
    return close === true || this.#owner.isDraining || this.isChunked;
  }

  destroy(): void {
    this.#response?.close();
  }

  #abort(): void {
    this.#failBody?.('the client went away');
    if (this.#response === undefined) return;
    this.#response = undefined;
    this.#onGone?.();
    this.#owner.exchangeEnded(this);
  }
}

function bodyFailed(message: string): BodyResult {
  return { kind: 'failed', message };
}

/** The library checks nothing; a line break would forge headers. */
function assertOneLine(name: string, value: string): void {
  assert(!/[\r\n\0]/.test(value), `the value of the header ${name} is one line`);
}

function writeHead(response: UwsResponse, answer: HttpResponse): void {
  response.writeStatus(`${answer.status} ${reasonPhrase(answer)}`);
  for (const [name, value] of answer.headers) response.writeHeader(name, value);
}

function writeResponse(
  response: UwsResponse,
  answer: HttpResponse,
  hasBody: boolean,
  close: boolean,
): void {
  writeHead(response, answer);
  if (hasBody) {
    response.end(answer.body, close);
    return;
  }
  // The library cannot close after a response without body. Nor does it keep the connection usable
  // after writing the length of a body that it does not get, so that is written as a header.
  if (mayHaveBody(answer.status))
    response.writeHeader('content-length', String(bodyBytesCount(answer.body)));
  response.endWithoutBody();
}
