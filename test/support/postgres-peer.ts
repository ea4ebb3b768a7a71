// A Postgres client that shows every message, and a server for it over a scripted engine.
import { connect, type Socket } from 'node:net';
import { serialize } from 'pg-protocol/dist/serializer.js';
import type { QueryEngine } from '../../src/actors/ports.ts';
import {
  startPostgresServer,
  type PostgresServer,
  type PostgresServerOptions,
} from '../../src/io/postgres/server.ts';
import { createLogger } from '../../src/io/log.ts';

export const quietLog = createLogger({
  directives: [{ target: '', level: 'off' }],
  format: 'json',
  colours: false,
});

export function startServer(
  engine: QueryEngine,
  options: Partial<PostgresServerOptions> = {},
): Promise<PostgresServer> {
  return startPostgresServer({ bindAddress: '127.0.0.1:0', engine, log: quietLog, ...options });
}

/** How long a test waits for what should come at once. Unit: milliseconds. */
const WAIT_MS = 5000;

export interface BackendMessage {
  /** Its letter. */
  readonly type: string;
  readonly body: Buffer;
}

export class PostgresPeer {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
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

  static open(port: number): Promise<PostgresPeer> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new PostgresPeer(socket)));
      socket.once('error', reject);
    });
  }

  /** With a session that is ready. */
  static async begin(
    port: number,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<PostgresPeer> {
    const peer = await PostgresPeer.open(port);
    peer.send(serialize.startup({ user: 'ann', ...parameters }));
    await peer.untilReady();
    return peer;
  }

  send(...messages: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(messages));
  }

  /** The next message; `undefined` once the connection is closed. */
  async next(): Promise<BackendMessage | undefined> {
    await this.#await(() => this.#hasMessage() || this.#isClosed);
    if (!this.#hasMessage()) return undefined;
    const end = 1 + this.#received.readInt32BE(1);
    const type = this.#received.toString('latin1', 0, 1);
    const body = this.#received.subarray(5, end);
    this.#received = this.#received.subarray(end);
    return { type, body };
  }

  /** Every message in short, up to and with the one that says that the session is ready. */
  async untilReady(): Promise<string[]> {
    return this.until('Z');
  }

  async until(type: string): Promise<string[]> {
    const shown: string[] = [];
    for (;;) {
      const message = await this.next();
      if (message === undefined) return [...shown, 'closed'];
      shown.push(show(message));
      if (message.type === type) return shown;
    }
  }

  /** Sends and gives what is answered until the session is ready again. */
  ask(...messages: readonly Uint8Array[]): Promise<string[]> {
    this.send(...messages);
    return this.untilReady();
  }

  /** The types and the values of one result. */
  async readResult(): Promise<{
    readonly oids: readonly number[];
    readonly rows: ReadonlyArray<ReadonlyArray<Buffer | null>>;
  }> {
    let oids: readonly number[] = [];
    const rows: Array<ReadonlyArray<Buffer | null>> = [];
    for (let message = await this.next(); message?.type !== 'Z'; message = await this.next()) {
      if (message === undefined) throw new Error('the connection was closed');
      if (message.type === 'E') throw new Error(show(message));
      if (message.type === 'T') oids = columnsOf(message.body).map(({ oid }) => oid);
      if (message.type === 'D') rows.push(valuesOf(message.body));
    }
    return { oids, rows };
  }

  query(sql: string): Promise<string[]> {
    return this.ask(serialize.query(sql));
  }

  /** So many bytes as they are. */
  async bytes(count: number): Promise<Buffer> {
    await this.#await(() => this.#received.length >= count || this.#isClosed);
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(taken.length);
    return taken;
  }

  /** Everything that comes until the server closes. */
  async rest(): Promise<Buffer> {
    await this.#await(() => this.#isClosed);
    return this.#received;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.socket.destroy();
  }

  #hasMessage(): boolean {
    return this.#received.length >= 5 && this.#received.length > this.#received.readInt32BE(1);
  }

  async #await(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`nothing came within ${WAIT_MS} ms`)),
          WAIT_MS,
        );
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** `Z I`, `C SELECT 1`, `D 1|null`, `T n:20`, `E ERROR 42601 text`. */
export function show({ type, body }: BackendMessage): string {
  switch (type) {
    case 'D':
      return `D ${valuesOf(body).map(showValue).join('|')}`;
    case 'T':
      return `T ${columnsOf(body).map(showColumn).join(' ')}`;
    case 't':
      return `t ${oidsOf(body).join(' ')}`;
    case 'E':
    case 'N':
      return `${type} ${reportOf(body)}`;
    case 'R':
      return `R ${body.readInt32BE()}`;
    case 'K':
      return 'K';
    default:
      return [type, ...body.toString().split('\0').filter(Boolean)].join(' ');
  }
}

function valuesOf(body: Buffer): Array<Buffer | null> {
  let position = 2;
  return Array.from({ length: body.readInt16BE() }, () => {
    const bytesCount = body.readInt32BE(position);
    position += 4;
    if (bytesCount < 0) return null;
    position += bytesCount;
    return body.subarray(position - bytesCount, position);
  });
}

function showValue(bytes: Buffer | null): string {
  if (bytes === null) return 'null';
  const text = bytes.toString();
  return /[\p{Cc}\ufffd]/u.test(text) ? bytes.toString('hex') : text;
}

interface Column {
  readonly name: string;
  readonly oid: number;
  readonly isBinary: boolean;
}

function columnsOf(body: Buffer): Column[] {
  let position = 2;
  return Array.from({ length: body.readInt16BE() }, () => {
    const end = body.indexOf(0, position);
    const name = body.toString('utf8', position, end);
    position = end + 19;
    return { name, oid: body.readInt32BE(end + 7), isBinary: body.readInt16BE(end + 17) === 1 };
  });
}

/** Name and OID; a column in binary form has a star. */
function showColumn({ name, oid, isBinary }: Column): string {
  return `${name}:${oid}${isBinary ? '*' : ''}`;
}

function oidsOf(body: Buffer): number[] {
  return Array.from({ length: body.readInt16BE() }, (_, index) => body.readInt32BE(2 + index * 4));
}

/** Severity, code and message. */
function reportOf(body: Buffer): string {
  const fields = new Map(
    body
      .toString()
      .split('\0')
      .filter(Boolean)
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  );
  return [fields.get('V'), fields.get('C'), fields.get('M')].join(' ');
}
