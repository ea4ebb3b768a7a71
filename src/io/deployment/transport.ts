import { assert } from '../../actors/domain/assert.ts';
import { ConnectionStatistics } from '../../actors/domain/statistics.ts';
import type {
  DeploymentRequest,
  DeploymentStream,
  DeploymentStreamListener,
  DeploymentTransport,
} from '../../actors/ports.ts';
import { ConnectionPool, type PoolOptions } from './connection-pool.ts';
import { parseDeploymentTarget, type DeploymentTarget } from './deployment-target.ts';
import { Destinations, type DestinationSettings } from './destinations.ts';
import { connectFailure, connectionLost, failureOf, type FailureReason } from './failures.ts';
import { FRAME_PAYLOAD_BYTES_DEFAULT } from './http2-frames.ts';
import { Http2Stream } from './http2-stream.ts';
import { Http11Client } from './http11-client.ts';
import { createTrust } from './open-socket.ts';
import { Proxy, type ProxySettings } from './proxy.ts';

/** Every option may be left out. */
export interface TransportOptions {
  /** PEM certificates trusted in addition to Node's roots and `NODE_EXTRA_CA_CERTS`. */
  readonly ca?: string | undefined;
  /** Default 1024; a peer may allow less. Reference: `http2-streams-per-connection-limit`, 128. */
  readonly streamsPerConnectionMax?: number | undefined;
  /** Default 16. Further connections open only when the peer's own limit fills the earlier ones. */
  readonly connectionsPerDeploymentMax?: number | undefined;
  /** Default 10,000. Source: seen on the reference. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a connection without streams stays. Default 300,000. Source: seen on the reference. */
  readonly idleTimeoutMs?: number | undefined;
  /** Default 40,000; 0 for none. Source: the reference's `http2-keep-alive-options`. */
  readonly keepAliveIntervalMs?: number | undefined;
  /** Default 20,000. Source: the reference's `http2-keep-alive-options`. */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** Default: counts that nobody reads. */
  readonly statistics?: ConnectionStatistics | undefined;
  /** Share by which the interval varies. Default 0.2. Source: `http2-keep-alive-jitter`. */
  readonly keepAliveJitterShare?: number | undefined;
  /** Unit: bytes. Default 2 MiB. Source: `http2-initial-stream-window-size`. */
  readonly streamWindowBytes?: number | undefined;
  /** Unit: bytes. Default 5 MiB. Source: `http2-initial-connection-window-size`. */
  readonly connectionWindowBytes?: number | undefined;
  /** Largest payload of a frame. Unit: bytes. Default 16 KiB. Source: `http2-max-frame-size`. */
  readonly frameBytesMax?: number | undefined;
  /** Streams a deployment is sent before it says how many it takes. Default 100: RFC 9113, 6.5.2. */
  readonly peerStreamsAssumed?: number | undefined;
  /** Default: none. */
  readonly proxy?: ProxySettings | undefined;
  /** Default: every one. */
  readonly destinations?: DestinationSettings | undefined;
}

const MEBIBYTE = 1024 * 1024;

/** Deployments whose addresses are remembered in parsed form. */
const TARGETS_CACHED_MAX = 10_000;

/** Reaches deployments over HTTP/2 with a client of our own, and over HTTP/1.1 with undici. */
export class HttpDeploymentTransport implements DeploymentTransport {
  readonly #options: PoolOptions;
  readonly #http11: Http11Client;
  readonly #targets = new Map<string, DeploymentTarget>();
  readonly #pools = new Map<string, ConnectionPool>();
  #closed: FailureReason | undefined;

  constructor(options: TransportOptions = {}) {
    const trust = createTrust(options.ca);
    this.#options = {
      trust,
      streamsPerConnectionMax: options.streamsPerConnectionMax ?? 1024,
      connectionsPerDeploymentMax: options.connectionsPerDeploymentMax ?? 16,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      idleTimeoutMs: options.idleTimeoutMs ?? 300_000,
      keepAliveIntervalMs: options.keepAliveIntervalMs ?? 40_000,
      keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? 20_000,
      statistics: options.statistics ?? new ConnectionStatistics(),
      keepAliveJitterShare: options.keepAliveJitterShare ?? 0.2,
      streamWindowBytes: options.streamWindowBytes ?? 2 * MEBIBYTE,
      connectionWindowBytes: options.connectionWindowBytes ?? 5 * MEBIBYTE,
      frameBytesMax: options.frameBytesMax ?? FRAME_PAYLOAD_BYTES_DEFAULT,
      peerStreamsAssumed: options.peerStreamsAssumed ?? 100,
      proxy: options.proxy && new Proxy(options.proxy),
      destinations: new Destinations(options.destinations ?? { allowed: [], denied: [] }),
    };
    this.#http11 = new Http11Client(this.#options);
  }

  /** Over HTTP/2. */
  get openStreamsCount(): number {
    let count = 0;
    for (const pool of this.#pools.values()) count += pool.openStreamsCount;
    return count;
  }

  open(request: DeploymentRequest, listener: DeploymentStreamListener): DeploymentStream {
    const { endpoint } = request;
    assert(endpoint.kind === 'http', 'an endpoint of the HTTP transport has a URI');
    const { uri, httpVersion } = endpoint;
    const target = this.#targetOf(uri);
    if (target === undefined) return refuse(uri, listener, 'invalid URI');
    if (httpVersion === 'HTTP/1.1') {
      return this.#http11.open(target, request, listener);
    }
    const pseudoFields = target.pseudoFields(request.method, request.path);
    if (pseudoFields === undefined) return refuse(target.uri, listener, 'invalid path');
    const pool = this.#poolOf(target);
    const block = { pseudoFields, fields: request.headers };
    const stream = new Http2Stream(target, block, request.method === 'GET', listener, pool);
    pool.open(stream);
    return stream;
  }

  async close(): Promise<void> {
    const reason = connectionLost('the server is shutting down');
    this.#closed = reason;
    const pools = [...this.#pools.values()];
    await Promise.all([this.#http11.close(), ...pools.map((pool) => pool.close(reason))]);
  }

  #targetOf(uri: string): DeploymentTarget | undefined {
    const known = this.#targets.get(uri);
    if (known !== undefined) return known;
    const target = parseDeploymentTarget(uri);
    if (this.#targets.size >= TARGETS_CACHED_MAX) this.#targets.clear();
    if (target !== undefined) this.#targets.set(uri, target);
    return target;
  }

  #poolOf(target: DeploymentTarget): ConnectionPool {
    let pool = this.#pools.get(target.origin);
    if (pool === undefined) {
      pool = new ConnectionPool(target, this.#options);
      if (this.#closed !== undefined) void pool.close(this.#closed);
      this.#pools.set(target.origin, pool);
    }
    return pool;
  }
}

/** A stream that only fails: nothing was or will be sent. */
function refuse(uri: string, listener: DeploymentStreamListener, why: string): DeploymentStream {
  let abandoned = false;
  queueMicrotask(() => {
    if (!abandoned) listener.onFailure(failureOf(uri, connectFailure(why)));
  });
  return {
    write() {},
    end() {},
    reset() {
      abandoned = true;
    },
  };
}
