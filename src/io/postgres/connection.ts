// One TCP connection: bytes in, packets in their order to the startup or to the session.
//   C1. While a packet is being answered at most `INPUT_BYTES_MAX` more are taken from the client.
//   C2. However the connection ends, its queries end with it. A client that has sent more than C1 allows
//       and goes is noticed when its query ends, at the query's time limit at the latest.
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import {
  POSTGRES_MESSAGE_BYTES_MAX,
  POSTGRES_STARTUP_BYTES_MAX,
} from '../../actors/domain/limits.ts';
import type { QueryEngine } from '../../actors/ports.ts';
import type { Access } from '../http/access.ts';
import type { Logger } from '../log.ts';
import { writeReport } from './backend-message.ts';
import { FrameReader, type FrameResult } from './frame-reader.ts';
import { Output } from './output.ts';
import { ConnectionClosedError, fatal, type PostgresError } from './postgres-error.ts';
import type { SessionRegistry } from './session-registry.ts';
import { StartupPhase, type Encryption, type OpenedSession } from './startup-phase.ts';

/** What is taken while a packet is being answered. Unit: bytes. */
const INPUT_BYTES_MAX = 1024 * 1024;

/** How long an ended connection waits for its client to close, too. Unit: milliseconds. */
const LINGER_MS = 1000;

/** After how much silence the client is asked whether it is still there. Unit: milliseconds. */
const KEEP_ALIVE_MS = 60_000;

/** Packets of one connection that are answered before others have a turn. */
const FRAMES_PER_TURN = 16;

export interface ConnectionOptions {
  readonly engine: QueryEngine;
  readonly registry: SessionRegistry;
  readonly log: Logger;
  /** Longest time from the connection to its session. Unit: milliseconds. */
  readonly startupTimeoutMs: number;
  readonly encryption: Encryption;
  /** Makes a connection of its own of the socket, in TLS. Called when encryption is to be had, at most once. */
  readonly encrypt: (socket: Socket) => void;
  /** Absent: everybody may begin a session. */
  readonly access: Access | undefined;
}

/** The answer to a request for TLS: yes, begin. */
const ENCRYPTION_FOLLOWS = 'S';

export class Connection {
  readonly #socket: Socket;
  readonly #log: Logger;
  readonly #out: Output;
  readonly #startup: StartupPhase;
  readonly #encrypt: (socket: Socket) => void;
  readonly #frames = new FrameReader();
  readonly #startupTimer: NodeJS.Timeout;
  #opened: OpenedSession | undefined;
  #isBusy = false;
  #isEnding = false;
  /** Another connection reads from the socket and writes to it, in TLS. */
  #isHandedOver = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#log = options.log;
    this.#encrypt = options.encrypt;
    this.#out = new Output(socket);
    this.#startup = new StartupPhase({ ...options, out: this.#out });
    this.#startupTimer = setTimeout(() => socket.destroy(), options.startupTimeoutMs);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', this.#take);
    socket.on('end', this.#end);
    // What a broken connection means is done when it closes.
    socket.on('error', () => {});
    socket.once('close', () => this.#closed());
  }

  /** Tells the client that the server stops. */
  shutDown(): void {
    // The connection in TLS says it, and needs the socket to do so.
    if (this.#isHandedOver) this.#linger();
    if (this.#isEnding || this.#isHandedOver) return;
    if (this.#opened !== undefined) {
      this.#sayFatal(fatal('shutdown', 'terminating connection due to shutdown'));
    }
    this.#end();
  }

  readonly #take = (chunk: Buffer): void => {
    if (this.#isEnding) return;
    this.#frames.push(chunk);
    if (!this.#isBusy) void this.#work();
    // Keeps C1.
    else if (this.#frames.bufferedBytes > INPUT_BYTES_MAX) this.#socket.pause();
  };

  /** Answers every packet that is complete. Never rejects. */
  async #work(): Promise<void> {
    this.#isBusy = true;
    try {
      for (let framesCount = 1; !this.#isEnding && !this.#isHandedOver; framesCount += 1) {
        const frame = this.#nextFrame();
        if (frame.kind === 'needMoreBytes') break;
        // Answers may come without any waiting: the others that this thread serves must have their turn.
        if (framesCount % FRAMES_PER_TURN === 0) await setImmediate();
        const then =
          frame.kind === 'frame' ? await this.#handle(frame.type, frame.body) : this.#refuse(frame);
        if (then === 'end') this.#end();
      }
    } catch (error) {
      if (!(error instanceof ConnectionClosedError)) {
        this.#log.error('a Postgres connection failed in an unexpected way', { error });
      }
      this.#socket.destroy();
    } finally {
      this.#isBusy = false;
      if (!this.#isHandedOver) this.#socket.resume();
      this.#letGo();
    }
  }

  #nextFrame(): FrameResult {
    if (this.#opened !== undefined) return this.#frames.nextMessage(POSTGRES_MESSAGE_BYTES_MAX);
    return this.#startup.expectsMessage
      ? this.#frames.nextMessage(POSTGRES_STARTUP_BYTES_MAX)
      : this.#frames.nextStartup(POSTGRES_STARTUP_BYTES_MAX);
  }

  async #handle(type: number, body: Buffer): Promise<'goOn' | 'end'> {
    if (this.#opened !== undefined) return this.#opened.session.handle(type, body);
    const then = await this.#startup.handle(type, body);
    if (then === 'encrypt') return this.#handOver();
    if (typeof then === 'string') return then;
    this.#opened = then;
    clearTimeout(this.#startupTimer);
    await this.#out.flush();
    return 'goOn';
  }

  #handOver(): 'goOn' | 'end' {
    // Otherwise somebody on the way could say something in the client's name before it is protected.
    if (this.#frames.bufferedBytes > 0) {
      return this.#sayFatal(
        fatal('protocolViolation', 'received unencrypted data after SSL request'),
      );
    }
    const socket = this.#socket;
    this.#isHandedOver = true;
    clearTimeout(this.#startupTimer);
    socket.off('data', this.#take);
    socket.off('end', this.#end);
    socket.pause();
    socket.write(ENCRYPTION_FOLLOWS);
    this.#encrypt(socket);
    return 'goOn';
  }

  /** A first packet of a wrong length belongs to some other protocol: no answer would be understood. */
  #refuse({ bytes }: FrameResult & { readonly kind: 'invalidLength' }): 'end' {
    if (this.#opened === undefined) return 'end';
    return this.#sayFatal(
      bytes > POSTGRES_MESSAGE_BYTES_MAX
        ? fatal('limit', `a message of ${bytes} bytes is longer than allowed`)
        : fatal('protocolViolation', 'invalid message length'),
    );
  }

  #sayFatal({ sqlState, message }: PostgresError): 'end' {
    writeReport(this.#out.writer, { severity: 'FATAL', sqlState, message });
    if (this.#socket.writable) this.#socket.write(this.#out.writer.take());
    return 'end';
  }

  /** Sends what is written and closes, at the latest when the client has had time to read it. */
  readonly #end = (): void => {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#opened?.session.abort();
    this.#socket.end();
    // Reading on lets the client see what was sent: unread bytes would make the close a reset.
    this.#socket.resume();
    this.#linger();
  };

  #linger(): void {
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }

  #closed(): void {
    this.#isEnding = true;
    clearTimeout(this.#startupTimer);
    this.#opened?.session.abort();
    this.#opened?.registration.release();
    this.#letGo();
  }

  /** Keeps C2: closes what is open, once nobody works with it. */
  #letGo(): void {
    if (!this.#isEnding || this.#isBusy) return;
    this.#opened?.session.end().catch((error: unknown) => {
      this.#log.error('a Postgres session did not end as it should', { error });
    });
  }
}
