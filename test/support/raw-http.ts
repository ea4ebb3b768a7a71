// An HTTP/1.1 client that shows the bytes as they are.
import { connect, type Socket } from 'node:net';

export interface RawResponse {
  readonly statusLine: string;
  readonly status: number;
  /** Names as sent. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a connection brought: a response, or its end. */
export type RawResult = RawResponse | 'closed';

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>;
  readonly body?: Uint8Array | string;
  readonly chunked?: boolean;
}

export class RawConnection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket));
      });
    });
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The next response; `hasBody: false` for answers to HEAD. */
  async next(hasBody = true): Promise<RawResult> {
    const headEnd = await this.#find('\r\n\r\n');
    if (headEnd < 0) return 'closed';
    const head = this.#received.toString('latin1', 0, headEnd).split('\r\n');
    const statusLine = head[0] ?? '';
    const fields = head.slice(1).map((line): readonly [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const headers = Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]));
    const bodyStart = headEnd + 4;
    const bodyEnd = bodyStart + (hasBody ? Number(headers['content-length'] ?? 0) : 0);
    while (this.#received.length < bodyEnd && !this.#isClosed) await this.#more();
    const body = this.#received.subarray(bodyStart, bodyEnd);
    this.#received = this.#received.subarray(bodyEnd);
    return { statusLine, status: Number(statusLine.split(' ')[1]), fields, headers, body };
  }

  /** Bytes that no response accounts for, once the connection has ended. */
  async untilClosed(): Promise<string> {
    while (!this.#isClosed) await this.#more();
    return this.#received.toString('latin1');
  }

  async #find(text: string): Promise<number> {
    for (;;) {
      const at = this.#received.indexOf(text);
      if (at >= 0 || this.#isClosed) return at;
      await this.#more();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** The bytes of a request. Texts are UTF-8. */
export function requestBytes(request: RawRequest): Buffer {
  const { method = 'GET', path = '/', headers = [], body, chunked = false } = request;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const lines = [`${method} ${path} HTTP/1.1`, 'host: test'];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (chunked) lines.push('transfer-encoding: chunked');
  else if (bytes !== undefined) lines.push(`content-length: ${bytes.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  if (bytes === undefined) return head;
  return Buffer.concat(chunked ? [head, ...chunksOf(bytes)] : [head, bytes]);
}

function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const size = 50_000;
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  parts.push(Buffer.from('0\r\n\r\n'));
  return parts;
}

/** Sends one request over a connection of its own; throws if no response comes. */
export async function sendRequest(url: string, request: RawRequest): Promise<RawResponse> {
  const connection = await RawConnection.open(url);
  try {
    connection.write(requestBytes(request));
    const result = await connection.next(request.method !== 'HEAD');
    if (result === 'closed') throw new Error('the connection ended without a response');
    return result;
  } finally {
    connection.destroy();
  }
}
