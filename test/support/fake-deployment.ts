// A deployment for tests that speaks HTTP/2 without TLS, frame by frame. By itself it does what a
// decent server does (SETTINGS, acknowledgements, PONG, windows); each of these can be switched off,
// and any bytes can be sent at any time.
import * as net from 'node:net';
import { HpackDecoder } from '../../src/io/deployment/hpack-decoder.ts';
import { fieldsBytesMax, writeFields } from '../../src/io/deployment/hpack-encoder.ts';
import {
  CONNECTION_PREFACE,
  FRAME_PAYLOAD_BYTES_DEFAULT,
  FrameFlag,
  FrameReader,
  FrameType,
} from '../../src/io/deployment/http2-frames.ts';
import { EventQueue } from './event-queue.ts';

export interface FakeDeploymentOptions {
  /** Sent when a client connects; `'withheld'` sends no SETTINGS at all. Default: empty SETTINGS. */
  readonly settings?: ReadonlyArray<readonly [id: number, value: number]> | 'withheld' | undefined;
  /** Default true. */
  readonly acknowledgesSettings?: boolean | undefined;
  /** Default true. */
  readonly answersPings?: boolean | undefined;
  /** Gives back what it received, on the stream and the connection. Default true. */
  readonly replenishesWindows?: boolean | undefined;
}

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

type Fields = ReadonlyArray<readonly [name: string, value: string]>;

export class FakeDeployment {
  readonly options: FakeDeploymentOptions;
  readonly connections: FakeConnection[] = [];
  readonly requests = new EventQueue<FakeRequest>();
  /** Called for each client that connects. */
  onConnection: (connection: FakeConnection) => void = () => {};
  readonly #server: net.Server;
  readonly #connected = new EventQueue<FakeConnection>();

  private constructor(options: FakeDeploymentOptions) {
    this.options = options;
    this.#server = net.createServer((socket) => {
      const connection = new FakeConnection(this, socket);
      this.connections.push(connection);
      this.#connected.push(connection);
      this.onConnection(connection);
    });
  }

  static async start(options: FakeDeploymentOptions = {}): Promise<FakeDeployment> {
    const deployment = new FakeDeployment(options);
    await new Promise<void>((resolve) => {
      deployment.#server.listen(0, '127.0.0.1', resolve);
    });
    return deployment;
  }

  get uri(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${address.port}/`;
  }

  nextConnection(): Promise<FakeConnection> {
    return this.#connected.next('connection');
  }

  nextRequest(): Promise<FakeRequest> {
    return this.requests.next('request');
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const connection of this.connections) connection.destroy();
    await closed;
  }
}

/** One client connection: the frames it received, and whatever the test sends. */
export class FakeConnection {
  readonly #deployment: FakeDeployment;
  readonly #socket: net.Socket;
  readonly #reader: FrameReader;
  readonly #decoder = new HpackDecoder(2 ** 20);
  readonly #frames = new EventQueue<ReceivedFrame>();
  readonly #requests = new Map<number, FakeRequest>();
  /** Resolves when the socket is closed, by whichever side. */
  readonly closed: Promise<void>;
  #prefaceBytesDue = CONNECTION_PREFACE.length;
  #block: Buffer[] = [];

  constructor(deployment: FakeDeployment, socket: net.Socket) {
    this.#deployment = deployment;
    this.#socket = socket.setNoDelay(true);
    this.#reader = new FrameReader({
      onFrame: (type, flags, streamId, bytes, start, end) => {
        this.#onFrame({ type, flags, streamId, payload: bytes.subarray(start, end) });
        return true;
      },
      onOversizedFrame: () => false,
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.#onChunk(chunk));
    const { settings = [] } = deployment.options;
    if (settings !== 'withheld') this.sendSettings(settings);
  }

  /** The next frame of this type that no test has seen yet. */
  nextFrame(type: keyof typeof FrameType, streamId?: number): Promise<ReceivedFrame> {
    return this.#frames.next(
      `${type} frame`,
      (frame) =>
        frame.type === FrameType[type] && (streamId === undefined || frame.streamId === streamId),
    );
  }

  /** Frames that no test has seen yet. */
  get unseenFrames(): readonly ReceivedFrame[] {
    return this.#frames.pending;
  }

  sendBytes(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** Sends piece by piece, each in a turn of its own. */
  async sendInPieces(bytes: Uint8Array, pieceBytes: number): Promise<void> {
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      this.sendBytes(bytes.subarray(start, start + pieceBytes));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  sendFrame(
    type: keyof typeof FrameType | number,
    flags: number,
    streamId: number,
    payload: Uint8Array = new Uint8Array(0),
  ): void {
    this.sendBytes(encodeFrame(type, flags, streamId, payload));
  }

  sendSettings(values: ReadonlyArray<readonly [id: number, value: number]>): void {
    this.sendFrame('settings', 0, 0, encodeSettings(values));
  }

  sendGoaway(lastStreamId: number, code: number): void {
    this.sendFrame('goaway', 0, 0, uint32s(lastStreamId, code));
  }

  sendReset(streamId: number, code: number): void {
    this.sendFrame('rstStream', 0, streamId, uint32s(code));
  }

  sendWindowUpdate(streamId: number, bytes: number): void {
    this.sendFrame('windowUpdate', 0, streamId, uint32s(bytes));
  }

  /** Stops taking bytes from the socket. */
  stall(): void {
    this.#socket.pause();
  }

  /** Takes bytes from the socket again. */
  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection with FIN. */
  end(): void {
    this.#socket.end();
  }

  /** Ends the connection with RST. */
  resetConnection(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onChunk(chunk: Buffer): void {
    const preface = Math.min(this.#prefaceBytesDue, chunk.length);
    this.#prefaceBytesDue -= preface;
    if (preface < chunk.length) this.#reader.push(chunk.subarray(preface));
  }

  #onFrame(frame: ReceivedFrame): void {
    const { options } = this.#deployment;
    const acknowledges = (frame.flags & FrameFlag.ack) === 0;
    switch (frame.type) {
      case FrameType.settings:
        if (acknowledges && options.acknowledgesSettings !== false) {
          this.sendFrame('settings', FrameFlag.ack, 0);
        }
        break;
      case FrameType.ping:
        if (acknowledges && options.answersPings !== false) {
          this.sendFrame('ping', FrameFlag.ack, 0, frame.payload);
        }
        break;
      case FrameType.headers:
      case FrameType.continuation:
        this.#onHeaders(frame);
        break;
      case FrameType.data:
        this.#onData(frame);
        break;
      case FrameType.rstStream:
        this.#requests.get(frame.streamId)?.onReset(frame.payload.readUInt32BE(0));
        break;
      default:
    }
    this.#frames.push(frame);
  }

  #onHeaders(frame: ReceivedFrame): void {
    this.#block.push(frame.payload);
    let request = this.#requests.get(frame.streamId);
    if (frame.type === FrameType.headers) {
      const bodiless = (frame.flags & FrameFlag.endStream) !== 0;
      request = new FakeRequest(this, frame.streamId, bodiless);
      this.#requests.set(frame.streamId, request);
    }
    if ((frame.flags & FrameFlag.endHeaders) === 0 || request === undefined) return;
    const block = Buffer.concat(this.#block);
    this.#block = [];
    const fields = this.#decoder.decode(block, 0, block.length);
    if (typeof fields === 'string') throw new Error(`request headers are ${fields}`);
    for (let index = 0; index < fields.length; index += 2) {
      request.headers.push([fields[index] ?? '', fields[index + 1] ?? '']);
    }
    this.#deployment.requests.push(request);
  }

  #onData(frame: ReceivedFrame): void {
    const bytes = frame.payload.length;
    if (this.#deployment.options.replenishesWindows !== false && bytes > 0) {
      this.sendWindowUpdate(0, bytes);
      this.sendWindowUpdate(frame.streamId, bytes);
    }
    const ended = (frame.flags & FrameFlag.endStream) !== 0;
    this.#requests.get(frame.streamId)?.onBody(frame.payload, ended);
  }
}

/** One request, and the response to it. */
export class FakeRequest {
  readonly connection: FakeConnection;
  readonly streamId: number;
  /** In the order received, pseudo-header fields included. */
  readonly headers: Array<readonly [name: string, value: string]> = [];
  /** The whole body, once the client ended it. */
  readonly body: Promise<Buffer>;
  /** The code of the client's RST_STREAM. */
  readonly resetCode: Promise<number>;
  readonly #parts = new EventQueue<Buffer>();
  readonly #received: Buffer[] = [];
  #resolveBody: (body: Buffer) => void = () => {};
  #resolveReset: (code: number) => void = () => {};
  #ended: boolean;

  constructor(connection: FakeConnection, streamId: number, bodiless: boolean) {
    this.connection = connection;
    this.streamId = streamId;
    this.#ended = bodiless;
    this.body = new Promise((resolve) => {
      this.#resolveBody = resolve;
    });
    this.resetCode = new Promise((resolve) => {
      this.#resolveReset = resolve;
    });
    if (bodiless) this.#resolveBody(Buffer.alloc(0));
  }

  /** The client ended the body so far received. */
  get ended(): boolean {
    return this.#ended;
  }

  header(name: string): string | undefined {
    return this.headers.find(([candidate]) => candidate === name)?.[1];
  }

  /** The content of the next DATA frame. */
  nextData(): Promise<Buffer> {
    return this.#parts.next('DATA');
  }

  respond(status = 200, fields: Fields = [], { end = false } = {}): void {
    const flags = FrameFlag.endHeaders | (end ? FrameFlag.endStream : 0);
    const block = encodeFields([[':status', String(status)], ...fields]);
    this.connection.sendFrame('headers', flags, this.streamId, block);
  }

  /** Sends bytes without a look at the client's windows. */
  write(bytes: Uint8Array | string, { end = false } = {}): void {
    const all = Buffer.from(bytes);
    let start = 0;
    do {
      const piece = all.subarray(start, start + FRAME_PAYLOAD_BYTES_DEFAULT);
      start += piece.length;
      const flags = end && start === all.length ? FrameFlag.endStream : 0;
      this.connection.sendFrame('data', flags, this.streamId, piece);
    } while (start < all.length);
  }

  end(): void {
    this.connection.sendFrame('data', FrameFlag.endStream, this.streamId);
  }

  sendTrailers(fields: Fields): void {
    const flags = FrameFlag.endHeaders | FrameFlag.endStream;
    this.connection.sendFrame('headers', flags, this.streamId, encodeFields(fields));
  }

  reset(code: number): void {
    this.connection.sendReset(this.streamId, code);
  }

  /** Called by the connection. */
  onBody(bytes: Buffer, ended: boolean): void {
    this.#received.push(bytes);
    this.#parts.push(bytes);
    if (!ended) return;
    this.#ended = true;
    this.#resolveBody(Buffer.concat(this.#received));
  }

  /** Called by the connection. */
  onReset(code: number): void {
    this.#resolveReset(code);
  }
}

export function encodeFrame(
  type: keyof typeof FrameType | number,
  flags: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = typeof type === 'number' ? type : FrameType[type];
  head[4] = flags;
  head.writeUInt32BE(streamId >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** A header block without dynamic-table entries; names and values are not checked by the protocol. */
export function encodeFields(fields: Fields): Buffer {
  const block = Buffer.alloc(fieldsBytesMax(fields));
  const end = writeFields(block, 0, fields);
  if (end < 0) throw new Error('fields cannot be encoded');
  return block.subarray(0, end);
}

export function encodeSettings(
  values: ReadonlyArray<readonly [id: number, value: number]>,
): Buffer {
  const payload = Buffer.alloc(values.length * 6);
  for (const [index, [id, value]] of values.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return payload;
}

export function uint32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
  return bytes;
}
