import {
  WINDOW_BYTES_DEFAULT,
  WINDOW_BYTES_MAX,
  FRAME_PAYLOAD_BYTES_DEFAULT,
} from './http2-frames.ts';
import type { FrameWriter } from './frame-writer.ts';

/**
 * Gives back to the peer what it sent, on a stream or on the connection. Listeners take every chunk
 * at once, so all that arrived is consumed and no legal peer can meet a closed window.
 */
export class ReceiveWindow {
  readonly #bytesMax: number;
  #received = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Counts received bytes; returns the credit that is due now, 0 until half the window is used. */
  receive(bytes: number): number {
    this.#received += bytes;
    if (this.#received * 2 < this.#bytesMax) return 0;
    const credit = this.#received;
    this.#received = 0;
    return credit;
  }
}

/** The sending side of a stream, as flow control sees it. */
export interface SendingStream {
  readonly id: number;
  /** What the peer still takes on this stream; negative after it shrank its windows. */
  sendWindow: number;
  /** Bytes the windows did not let through yet, in order. */
  readonly backlog: Backlog;
  /** The request body is complete once the backlog is sent. */
  readonly requestEnded: boolean;
}

/** Bytes waiting to be sent, in order. */
export class Backlog {
  #chunks: Uint8Array[] = [];
  #first = 0;
  #offset = 0;

  get isEmpty(): boolean {
    return this.#first === this.#chunks.length;
  }

  push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
  }

  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#offset = 0;
  }

  /** Calls `send` with the next bytes, at most `bytesMax`, and returns how many they were. */
  take(
    bytesMax: number,
    send: (bytes: Uint8Array, start: number, end: number, last: boolean) => void,
  ): number {
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined) return 0;
    const start = this.#offset;
    const end = Math.min(chunk.length, start + bytesMax);
    this.#offset = end;
    if (end === chunk.length) this.#dropFirst();
    send(chunk, start, end, this.isEmpty);
    return end - start;
  }

  #dropFirst(): void {
    this.#offset = 0;
    this.#first++;
    if (this.#first === this.#chunks.length) this.clear();
  }
}

/** Sends request bodies within the windows of the peer, one frame a stream in turn when they are short. */
export class SendFlow {
  readonly #writer: FrameWriter;
  #connectionWindow = WINDOW_BYTES_DEFAULT;
  #initialStreamWindow = WINDOW_BYTES_DEFAULT;
  /** The socket holds enough for now. */
  #paused = false;
  /** Streams with a backlog and an open window, in the order of their turns. */
  readonly #ready = new Set<SendingStream>();

  constructor(writer: FrameWriter) {
    this.#writer = writer;
  }

  /** What a new stream may send. */
  get initialStreamWindow(): number {
    return this.#initialStreamWindow;
  }

  send(stream: SendingStream, bytes: Uint8Array): void {
    const length = bytes.length;
    if (
      stream.backlog.isEmpty &&
      !this.#paused &&
      length <= stream.sendWindow &&
      length <= this.#connectionWindow &&
      length <= FRAME_PAYLOAD_BYTES_DEFAULT
    ) {
      stream.sendWindow -= length;
      this.#connectionWindow -= length;
      this.#writer.data(stream.id, bytes, 0, length, false);
      return;
    }
    stream.backlog.push(bytes);
    this.resumeStream(stream);
  }

  /** The request body of `stream` is complete. */
  end(stream: SendingStream): void {
    if (stream.backlog.isEmpty) this.#writer.endData(stream.id);
  }

  /** Sends what the windows allow of a backlog that built up elsewhere or was waiting for a window. */
  resumeStream(stream: SendingStream): void {
    if (stream.backlog.isEmpty || stream.sendWindow <= 0) return;
    this.#ready.add(stream);
    this.#pump();
  }

  forget(stream: SendingStream): void {
    this.#ready.delete(stream);
    stream.backlog.clear();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#pump();
  }

  /** Returns false when the window would exceed what HTTP/2 allows. */
  widenConnection(bytes: number): boolean {
    this.#connectionWindow += bytes;
    if (this.#connectionWindow > WINDOW_BYTES_MAX) return false;
    this.#pump();
    return true;
  }

  /** Returns false when the window would exceed what HTTP/2 allows. */
  widenStream(stream: SendingStream, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (stream.sendWindow > WINDOW_BYTES_MAX) return false;
    this.resumeStream(stream);
    return true;
  }

  /** The peer announced another initial window; it applies to open streams too. */
  changeInitialWindow(bytes: number, streams: Iterable<SendingStream>): boolean {
    const change = bytes - this.#initialStreamWindow;
    this.#initialStreamWindow = bytes;
    for (const stream of streams) {
      stream.sendWindow += change;
      if (stream.sendWindow > WINDOW_BYTES_MAX) return false;
      if (stream.sendWindow <= 0) this.#ready.delete(stream);
      else if (!stream.backlog.isEmpty) this.#ready.add(stream);
    }
    this.#pump();
    return true;
  }

  #pump(): void {
    for (const stream of this.#ready) {
      if (this.#paused || this.#connectionWindow <= 0) return;
      // Deleting and adding again moves the stream to the end of this very iteration.
      this.#ready.delete(stream);
      this.#sendFrame(stream);
      if (!stream.backlog.isEmpty && stream.sendWindow > 0) this.#ready.add(stream);
    }
  }

  #sendFrame(stream: SendingStream): void {
    const bytesMax = Math.min(
      stream.sendWindow,
      this.#connectionWindow,
      FRAME_PAYLOAD_BYTES_DEFAULT,
    );
    const sent = stream.backlog.take(bytesMax, (bytes, start, end, last) => {
      this.#writer.data(stream.id, bytes, start, end, last && stream.requestEnded);
    });
    stream.sendWindow -= sent;
    this.#connectionWindow -= sent;
  }
}
