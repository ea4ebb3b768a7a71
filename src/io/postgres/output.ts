import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { BackendWriter } from './backend-writer.ts';
import { ConnectionClosedError } from './postgres-error.ts';

/** What is collected before it is sent. Unit: bytes. */
const CHUNK_BYTES = 64 * 1024;

/** The way to the client: messages are collected, and whoever sends more than it reads has to wait. */
export class Output {
  readonly writer = new BackendWriter();
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Sends what was collected. Resolves once the client has taken most of it. */
  async flush(): Promise<void> {
    if (!this.#socket.writable) throw new ConnectionClosedError('the connection is closed');
    if (this.writer.bytesCount === 0) return;
    if (!this.#socket.write(this.writer.take())) await this.#drained();
  }

  /** Sends a part of a long answer, and lets the others that this thread serves have their turn. */
  async sendPart(): Promise<void> {
    await this.flush();
    await setImmediate();
  }

  isFull(): boolean {
    return this.writer.bytesCount >= CHUNK_BYTES;
  }

  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      const settle = (): void => {
        socket.off('drain', settle);
        socket.off('close', settle);
        if (socket.writable) resolve();
        else reject(new ConnectionClosedError('the connection is closed'));
      };
      socket.on('drain', settle);
      socket.on('close', settle);
    });
  }
}
