// One connection to a deployment: the socket and the timers around an HTTP/2 session.
//   connecting → ready → draining → closed        (and from every state to closed)
import type * as net from 'node:net';
import type { SecureContext } from 'node:tls';
import type { ConnectionStatistics } from '../../actors/domain/statistics.ts';
import type { DeploymentTarget } from './deployment-target.ts';
import { DestinationDeniedError, type Destinations } from './destinations.ts';
import {
  connectFailure,
  connectionLost,
  describeSocketError,
  HTTP11_ONLY,
  protocolFailure,
  type FailureReason,
} from './failures.ts';
import { ErrorCode, FrameReader } from './http2-frames.ts';
import { FrameReceiver } from './frame-receiver.ts';
import { Http2Session, type SessionLimits, type SessionOwner } from './http2-session.ts';
import type { Http2Stream } from './http2-stream.ts';
import { KeepAlive } from './keep-alive.ts';
import { openSocket, routeTo, speaksHttp2 } from './open-socket.ts';
import type { Proxy } from './proxy.ts';

export interface ConnectionOptions extends SessionLimits {
  readonly trust: SecureContext;
  readonly proxy: Proxy | undefined;
  readonly destinations: Destinations;
  readonly streamsPerConnectionMax: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly keepAliveIntervalMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly statistics: ConnectionStatistics;
  readonly keepAliveJitterShare: number;
}

/** Who hands streams to the connection. */
export interface ConnectionOwner {
  /** The connection may have room that it had not before. */
  onRoom(): void;
  /** The connection takes no new streams; open ones go on. */
  onDraining(connection: Http2Connection): void;
  /** Called before the open streams fail. */
  onClosed(connection: Http2Connection, reason: FailureReason): void;
}

/** Output a peer may leave unread before it is given up; bodies wait much earlier. Unit: bytes. */
const UNSENT_BYTES_MAX = 16 * 1024 * 1024;
/** How long the last bytes may take to leave. Unit: milliseconds. */
const CLOSE_GRACE_MS = 1000;

export class Http2Connection implements SessionOwner {
  readonly #owner: ConnectionOwner;
  readonly #options: ConnectionOptions;
  readonly #socket: net.Socket;
  readonly #session: Http2Session;
  readonly #reader: FrameReader;
  readonly #keepAlive: KeepAlive;
  readonly #connectTimer: NodeJS.Timeout;
  readonly #idleTimer: NodeJS.Timeout;
  #state: 'connecting' | 'ready' | 'draining' | 'closed' = 'connecting';
  #socketError: Error | undefined;
  #streamsCarried = 0;

  constructor(target: DeploymentTarget, options: ConnectionOptions, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#options = options;
    this.#session = new Http2Session(this, options);
    this.#reader = new FrameReader(new FrameReceiver(this.#session), options.frameBytesMax);
    this.#keepAlive = new KeepAlive(
      {
        intervalMs: options.keepAliveIntervalMs,
        timeoutMs: options.keepAliveTimeoutMs,
        jitterShare: options.keepAliveJitterShare,
      },
      () => {
        this.#session.ping();
      },
      () => {
        this.#close(connectionLost('no answer to a keep-alive PING'));
      },
    );
    this.#connectTimer = setTimeout(() => {
      this.#close(connectFailure(`no connection after ${options.connectTimeoutMs} ms`));
    }, options.connectTimeoutMs);
    this.#idleTimer = setTimeout(() => {
      this.#closeIfIdle();
    }, options.idleTimeoutMs).unref();
    this.#socket = this.#openSocket(target);
  }

  /** The connection is being established, or the peer's limits are not known yet. */
  get starting(): boolean {
    return (
      this.#state === 'connecting' || (this.#state === 'ready' && !this.#session.settingsReceived)
    );
  }

  /** How many streams were ever opened on this connection. */
  get streamsCarried(): number {
    return this.#streamsCarried;
  }

  get openStreamsCount(): number {
    return this.#session.openStreamsCount;
  }

  hasRoom(): boolean {
    const streamsMax = Math.min(
      this.#options.streamsPerConnectionMax,
      this.#session.peerStreamsMax,
    );
    return this.#state === 'ready' && this.#session.openStreamsCount < streamsMax;
  }

  /** Sends the request of a stream; needs room. */
  start(stream: Http2Stream): void {
    this.#streamsCarried++;
    this.#options.statistics.streamsOpenedCount += 1;
    this.#session.start(stream);
    if (this.#session.streamIdsExhausted) this.onGoaway();
  }

  /** Ends the connection; open streams fail with `reason`. Resolves once the socket is closed. */
  shutdown(reason: FailureReason): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#socket.closed) resolve();
      else this.#socket.once('close', () => resolve());
    });
    if (this.#state !== 'connecting') this.#session.end(ErrorCode.noError, '');
    this.#close(reason);
    return closed;
  }

  transmit(bytes: Buffer): void {
    if (!this.#socket.write(bytes)) this.#session.pauseBodies();
    if (this.#socket.writableLength > UNSENT_BYTES_MAX) {
      // Not at once: the caller may be in the middle of writing to one of the streams that fail.
      queueMicrotask(() => {
        this.#close(protocolFailure('the deployment does not read'));
      });
    }
  }

  onRoom(): void {
    if (this.#session.openStreamsCount === 0) {
      this.#idleTimer.refresh();
      if (this.#state === 'draining') {
        void this.shutdown(connectionLost('drained'));
        return;
      }
    }
    if (this.#state === 'ready') this.#owner.onRoom();
  }

  onGoaway(): void {
    if (this.#state !== 'ready') return;
    this.#state = 'draining';
    this.#owner.onDraining(this);
    if (this.#session.openStreamsCount === 0) void this.shutdown(connectionLost('drained'));
  }

  onViolation(reason: FailureReason): void {
    this.#close(reason);
  }

  #openSocket(target: DeploymentTarget): net.Socket {
    const route = routeTo(target, this.#options);
    const socket = openSocket(route, this.#options.trust, () => {
      this.#onConnected();
    });
    socket.on('data', (chunk: Buffer) => {
      this.#keepAlive.heard();
      this.#reader.push(chunk);
    });
    socket.on('drain', () => {
      this.#session.resumeBodies();
    });
    socket.on('error', (error) => {
      this.#socketError = error;
    });
    socket.on('end', () => {
      this.#close(this.#lossReason());
    });
    socket.on('close', () => {
      this.#close(this.#lossReason());
    });
    return socket;
  }

  #onConnected(): void {
    if (this.#state !== 'connecting') return;
    clearTimeout(this.#connectTimer);
    if (!speaksHttp2(this.#socket)) {
      this.#close(HTTP11_ONLY);
      return;
    }
    this.#state = 'ready';
    this.#options.statistics.connectionsOpenedCount += 1;
    this.#session.begin();
    this.#keepAlive.start();
    this.#idleTimer.refresh();
    this.#owner.onRoom();
  }

  #lossReason(): FailureReason {
    if (this.#socketError instanceof DestinationDeniedError) {
      return { kind: 'denied', text: this.#socketError.message };
    }
    const detail =
      this.#socketError === undefined
        ? 'closed by the deployment'
        : describeSocketError(this.#socketError);
    return this.#state === 'connecting' ? connectFailure(detail) : connectionLost(detail);
  }

  #closeIfIdle(): void {
    if (this.#state === 'connecting' || this.#session.openStreamsCount > 0) return;
    void this.shutdown(connectionLost('idle'));
  }

  #close(reason: FailureReason): void {
    if (this.#state === 'closed') return;
    const connected = this.#state !== 'connecting';
    this.#state = 'closed';
    if (connected) this.#options.statistics.connectionsClosedCount += 1;
    else this.#options.statistics.connectionsFailedCount += 1;
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#idleTimer);
    this.#keepAlive.stop();
    this.#session.stop();
    this.#releaseSocket(connected);
    this.#owner.onClosed(this, reason);
    this.#session.failStreams(reason);
  }

  /** Lets the last bytes out, but does not wait for them for long. */
  #releaseSocket(connected: boolean): void {
    if (!connected) {
      this.#socket.destroy();
      return;
    }
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    this.#socket.once('close', () => {
      clearTimeout(timer);
    });
    this.#socket.destroySoon();
  }
}
