// One HTTP/1.1 connection with one request in flight, on a plain socket: an HTTP library would cost
// more than the server that is measured.
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: string;
  /** Head and body as received. */
  readonly bytes: Buffer;
}

/** Asked for the next request, told what came of each. */
export interface ConnectionOwner {
  /** The bytes of the next request; `undefined` ends the connection. */
  next(): Buffer | string | undefined;
  answered(answer: Answer, latencyMs: number): void;
  failed(reason: string): void;
  closed(): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const RECONNECT_MS = 5;

export class Connection {
  readonly #url: URL;
  readonly #owner: ConnectionOwner;
  #socket: Socket;
  #received: Buffer | undefined;
  #sentAtMs = 0;
  #isWaiting = false;

  constructor(url: URL, owner: ConnectionOwner) {
    this.#url = url;
    this.#owner = owner;
    this.#socket = this.#connect();
  }

  /** Gives up what is in flight. */
  destroy(): void {
    this.#isWaiting = false;
    this.#socket.removeAllListeners('close').destroy();
  }

  #connect(): Socket {
    const socket = connect(Number(this.#url.port), this.#url.hostname);
    socket.setNoDelay(true);
    socket.on('connect', () => this.#send());
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#onClose());
    return socket;
  }

  #send(): void {
    const request = this.#owner.next();
    if (request === undefined) {
      this.#socket.removeAllListeners('close').end();
      this.#owner.closed();
      return;
    }
    this.#isWaiting = true;
    this.#sentAtMs = performance.now();
    this.#socket.write(request);
  }

  #onData(chunk: Buffer): void {
    const bytes = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk]);
    const end = answerEnd(bytes);
    if (end < 0) {
      this.#received = bytes;
      return;
    }
    this.#received = undefined;
    this.#isWaiting = false;
    const latencyMs = performance.now() - this.#sentAtMs;
    this.#owner.answered({ status: bytes.toString('latin1', 9, 12), bytes }, latencyMs);
    this.#send();
  }

  #onClose(): void {
    if (this.#isWaiting) this.#fail('the connection was closed');
    setTimeout(() => (this.#socket = this.#connect()), RECONNECT_MS);
  }

  #fail(reason: string): void {
    this.#isWaiting = false;
    this.#received = undefined;
    this.#owner.failed(reason);
  }
}

/** Where the first answer in `bytes` ends; -1 while it is incomplete. */
function answerEnd(bytes: Buffer): number {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return -1;
  const bodyStart = headEnd + HEAD_END.length;
  const head = bytes.toString('latin1', 0, headEnd).toLowerCase();
  const lengthAt = head.indexOf('content-length:');
  if (lengthAt >= 0) {
    const end = bodyStart + Number.parseInt(head.slice(lengthAt + 'content-length:'.length), 10);
    return end <= bytes.length ? end : -1;
  }
  if (!head.includes('transfer-encoding: chunked')) return bodyStart;
  const lastChunk = bytes.indexOf(LAST_CHUNK, headEnd + 2);
  return lastChunk < 0 ? -1 : lastChunk + LAST_CHUNK.length;
}
