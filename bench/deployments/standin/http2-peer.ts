// The server side of one HTTP/2 connection without TLS, as cheap as it can be: the framing is that of
// the deployment client, and what only a careless client would send ends the connection.
import type { Socket } from 'node:net';
import { ReceiveWindow, SendFlow, Backlog } from '../../../src/io/deployment/flow-control.ts';
import type { SendingStream } from '../../../src/io/deployment/flow-control.ts';
import { FrameWriter } from '../../../src/io/deployment/frame-writer.ts';
import { HpackDecoder } from '../../../src/io/deployment/hpack-decoder.ts';
import {
  CONNECTION_PREFACE,
  FrameFlag,
  FrameReader,
  FrameType,
  SettingId,
  WINDOW_BYTES_DEFAULT,
  WINDOW_BYTES_MAX,
} from '../../../src/io/deployment/http2-frames.ts';

const STATUS_200 = Buffer.from([0x88]);
const HEADER_BYTES_MAX = 65_536;

/** What the owner of a stream hears. */
export interface StreamListener {
  onData(chunk: Buffer): void;
  /** The request is complete. */
  onEnd(): void;
  /** The client gave the stream up. */
  onReset(): void;
}

export class PeerStream implements SendingStream {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly backlog = new Backlog();
  sendWindow: number;
  requestEnded = false;
  isReceiving = true;
  listener: StreamListener | undefined;
  readonly #peer: Http2Peer;

  constructor(peer: Http2Peer, id: number, headers: ReadonlyMap<string, string>, window: number) {
    this.#peer = peer;
    this.id = id;
    this.headers = headers;
    this.sendWindow = window;
  }

  respond(fields: ReadonlyArray<readonly [string, string]>): void {
    this.#peer.respond(this, fields);
  }

  write(bytes: Uint8Array): void {
    this.#peer.flow.send(this, bytes);
  }

  /** Ends the response. */
  end(): void {
    this.requestEnded = true;
    this.#peer.finish(this);
  }
}

export class Http2Peer {
  readonly flow: SendFlow;
  readonly #writer: FrameWriter;
  readonly #onRequest: (stream: PeerStream) => void;
  readonly #decoder = new HpackDecoder(HEADER_BYTES_MAX);
  readonly #window = new ReceiveWindow(WINDOW_BYTES_MAX);
  readonly #streams = new Map<number, PeerStream>();

  constructor(socket: Socket, onRequest: (stream: PeerStream) => void) {
    this.#onRequest = onRequest;
    this.#writer = new FrameWriter((bytes) => void socket.write(bytes));
    this.flow = new SendFlow(this.#writer);
    this.#writer.settings([[SettingId.initialWindowSize, WINDOW_BYTES_MAX]]);
    this.#writer.windowUpdate(0, WINDOW_BYTES_MAX - WINDOW_BYTES_DEFAULT);
    socket.setNoDelay(true);
    socket.on('data', this.#framesOf(socket));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close());
  }

  respond(stream: PeerStream, fields: ReadonlyArray<readonly [string, string]>): void {
    this.#writer.headers(stream.id, { pseudoFields: STATUS_200, fields }, false);
  }

  finish(stream: PeerStream): void {
    this.flow.end(stream);
    this.#forgetIfDone(stream);
  }

  #framesOf(socket: Socket): (chunk: Buffer) => void {
    let prefaceBytesDue = CONNECTION_PREFACE.length;
    const reader = new FrameReader({
      onFrame: (type, flags, streamId, bytes, start, end) => {
        this.#onFrame(type, flags, streamId, bytes.subarray(start, end));
        return !socket.destroyed;
      },
      onOversizedFrame: () => {
        socket.destroy();
        return false;
      },
    });
    return (chunk) => {
      const preface = Math.min(prefaceBytesDue, chunk.length);
      prefaceBytesDue -= preface;
      if (preface < chunk.length) reader.push(chunk.subarray(preface));
    };
  }

  #onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    switch (type) {
      case FrameType.data:
        return this.#onData(flags, streamId, payload);
      case FrameType.headers:
        return this.#onHeaders(flags, streamId, payload);
      case FrameType.windowUpdate:
        return this.#onWindowUpdate(streamId, payload.readUInt32BE(0));
      case FrameType.rstStream:
        return this.#onReset(streamId);
      case FrameType.settings:
        return this.#onSettings(flags, payload);
      case FrameType.ping:
        if ((flags & FrameFlag.ack) === 0) this.#writer.ping(payload, FrameFlag.ack);
        return;
      default:
        return;
    }
  }

  #onData(flags: number, streamId: number, payload: Buffer): void {
    const credit = this.#window.receive(payload.length);
    if (credit > 0) this.#writer.windowUpdate(0, credit);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    if (payload.length > 0) stream.listener?.onData(payload);
    if ((flags & FrameFlag.endStream) !== 0) this.#endRequest(stream);
  }

  #onHeaders(flags: number, streamId: number, payload: Buffer): void {
    if ((flags & FrameFlag.endHeaders) === 0) throw new Error('headers fit one frame');
    const skipped = (flags & FrameFlag.priority) === 0 ? 0 : 5;
    const fields = this.#decoder.decode(payload, skipped, payload.length);
    if (typeof fields === 'string') throw new Error(`request headers are ${fields}`);
    const headers = new Map<string, string>();
    for (let at = 0; at < fields.length; at += 2)
      headers.set(fields[at] ?? '', fields[at + 1] ?? '');
    const stream = new PeerStream(this, streamId, headers, this.flow.initialStreamWindow);
    this.#streams.set(streamId, stream);
    this.#onRequest(stream);
    if ((flags & FrameFlag.endStream) !== 0) this.#endRequest(stream);
  }

  #onWindowUpdate(streamId: number, bytes: number): void {
    if (streamId === 0) {
      this.flow.widenConnection(bytes);
      return;
    }
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.flow.widenStream(stream, bytes);
  }

  #onReset(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    this.flow.forget(stream);
    this.#streams.delete(streamId);
    stream.listener?.onReset();
  }

  #onSettings(flags: number, payload: Buffer): void {
    if ((flags & FrameFlag.ack) !== 0) return;
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== SettingId.initialWindowSize) continue;
      this.flow.changeInitialWindow(payload.readUInt32BE(at + 2), this.#streams.values());
    }
    this.#writer.settingsAck();
  }

  #endRequest(stream: PeerStream): void {
    stream.isReceiving = false;
    stream.listener?.onEnd();
    this.#forgetIfDone(stream);
  }

  #forgetIfDone(stream: PeerStream): void {
    const isSent = stream.requestEnded && stream.backlog.isEmpty;
    if (isSent && !stream.isReceiving) this.#streams.delete(stream.id);
  }

  #close(): void {
    this.#writer.close();
    for (const stream of this.#streams.values()) stream.listener?.onReset();
    this.#streams.clear();
  }
}
