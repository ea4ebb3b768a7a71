// A typed channel over a MessagePort. Thread: both.
//   H1. Messages arrive in the order they were posted.
//   H2. Everything posted in one event-loop turn travels in one packed buffer: a message then costs
//       1–2 µs instead of 5–6 µs.
import type { MessagePort } from 'node:worker_threads';
import { Packr } from 'msgpackr';
import { packMessage, type ThreadMessage, unpackMessage } from './message-packing.ts';

/** Byte arrays from this size on are posted on their own and transferred. Unit: bytes. */
const TRANSFER_BYTES_MIN = 64 * 1024;

export interface ThreadChannelOptions<Incoming, Outgoing> {
  readonly port: MessagePort;
  readonly onMessage: (message: Incoming) => void;
  readonly largeBodyOf: (message: Outgoing) => Uint8Array | undefined;
}

export class ThreadChannel<Incoming extends ThreadMessage, Outgoing extends ThreadMessage> {
  readonly #port: MessagePort;
  readonly #largeBodyOf: (message: Outgoing) => Uint8Array | undefined;
  readonly #packr = new Packr({ useRecords: true });
  #pending: unknown[] = [];
  #isFlushScheduled = false;

  constructor({ port, onMessage, largeBodyOf }: ThreadChannelOptions<Incoming, Outgoing>) {
    this.#port = port;
    this.#largeBodyOf = largeBodyOf;
    port.on('message', (packed: Uint8Array | { readonly single: Incoming }) => {
      if (!(packed instanceof Uint8Array)) return onMessage(packed.single);
      // Buffers of the messages are views into the packet: a copy of each would cost more.
      for (const message of this.#packr.unpack(packed) as readonly unknown[]) {
        onMessage(unpackMessage(message) as Incoming);
      }
    });
  }

  post(message: Outgoing): void {
    const body = this.#largeBodyOf(message);
    if (body !== undefined && isTransferable(body)) return this.postAlone(message, body);
    this.#pending.push(packMessage(message));
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Posts by structured clone, for messages that are rare or large. `transfer` is given away. */
  postAlone(message: Outgoing, transfer?: Uint8Array): void {
    // Keeps H1.
    this.#flush();
    const buffers = transfer === undefined ? [] : [transfer.buffer as ArrayBuffer];
    this.#port.postMessage({ single: message }, buffers);
  }

  close(): void {
    this.#flush();
    this.#port.close();
  }

  #flush(): void {
    this.#isFlushScheduled = false;
    if (this.#pending.length === 0) return;
    const packed = this.#packr.pack(this.#pending);
    this.#pending = [];
    // Copied out of msgpackr's own buffer, which it goes on using.
    const own = new Uint8Array(packed);
    this.#port.postMessage(own, [own.buffer]);
  }
}

function isTransferable(body: Uint8Array): boolean {
  return body.byteLength >= TRANSFER_BYTES_MIN && body.byteLength === body.buffer.byteLength;
}
