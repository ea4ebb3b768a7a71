import type { DeploymentTarget } from './deployment-target.ts';
import type { FailureReason } from './failures.ts';
import {
  Http2Connection,
  type ConnectionOptions,
  type ConnectionOwner,
} from './http2-connection.ts';
import type { Http2Stream, StreamHolder } from './http2-stream.ts';

export interface PoolOptions extends ConnectionOptions {
  readonly connectionsPerDeploymentMax: number;
}

/**
 * The connections to one origin. Streams go to the first connection with room; another connection is
 * opened only when all are full, and streams wait when there may be no more connections.
 */
export class ConnectionPool implements ConnectionOwner, StreamHolder {
  readonly #target: DeploymentTarget;
  readonly #options: PoolOptions;
  /** Connections that take streams, or will. */
  readonly #usable = new Set<Http2Connection>();
  /** Connections that only finish what they have. */
  readonly #draining = new Set<Http2Connection>();
  /** Streams without a connection, in order. */
  readonly #waiting = new Set<Http2Stream>();
  #closed: FailureReason | undefined;

  constructor(target: DeploymentTarget, options: PoolOptions) {
    this.#target = target;
    this.#options = options;
  }

  get openStreamsCount(): number {
    let count = 0;
    for (const connection of this.#usable) count += connection.openStreamsCount;
    for (const connection of this.#draining) count += connection.openStreamsCount;
    return count;
  }

  get streamWindowBytes(): number {
    return this.#options.streamWindowBytes;
  }

  /** Takes a stream that has no connection yet. */
  open(stream: Http2Stream): void {
    if (this.#closed !== undefined) {
      stream.failLater(this.#closed);
      return;
    }
    const connection = this.#waiting.size === 0 ? this.#connectionWithRoom() : undefined;
    if (connection !== undefined) {
      connection.start(stream);
      return;
    }
    this.#waiting.add(stream);
    this.#grow();
  }

  send(stream: Http2Stream, bytes: Uint8Array): void {
    stream.backlog.push(bytes);
  }

  /** The stream knows; its last bytes will say so. */
  finish(): void {}

  abandon(stream: Http2Stream): void {
    this.#waiting.delete(stream);
    stream.backlog.clear();
  }

  onRoom(): void {
    for (const stream of this.#waiting) {
      const connection = this.#connectionWithRoom();
      if (connection === undefined) return this.#grow();
      this.#waiting.delete(stream);
      connection.start(stream);
    }
  }

  onDraining(connection: Http2Connection): void {
    this.#usable.delete(connection);
    this.#draining.add(connection);
    if (this.#waiting.size > 0) this.#grow();
  }

  onClosed(connection: Http2Connection, reason: FailureReason): void {
    this.#draining.delete(connection);
    this.#usable.delete(connection);
    if (this.#waiting.size === 0) return;
    // A connection that carried nothing before it failed says that the next one would fail as well.
    if (this.#usable.size === 0 && connection.streamsCarried === 0) this.#failWaiting(reason);
    else this.#grow();
  }

  /** Ends every connection; streams fail with `reason`, now and from now on. */
  async close(reason: FailureReason): Promise<void> {
    this.#closed = reason;
    const connections = [...this.#usable, ...this.#draining];
    this.#failWaiting(reason);
    await Promise.all(connections.map((connection) => connection.shutdown(reason)));
  }

  #connectionWithRoom(): Http2Connection | undefined {
    for (const connection of this.#usable) if (connection.hasRoom()) return connection;
    return undefined;
  }

  #grow(): void {
    if (this.#closed !== undefined) return;
    if (this.#usable.size >= this.#options.connectionsPerDeploymentMax) return;
    // The room of a starting connection is not known yet.
    for (const connection of this.#usable) if (connection.starting) return;
    this.#usable.add(new Http2Connection(this.#target, this.#options, this));
  }

  #failWaiting(reason: FailureReason): void {
    const streams = [...this.#waiting];
    this.#waiting.clear();
    for (const stream of streams) stream.fail(reason);
  }
}
