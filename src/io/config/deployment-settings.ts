// How deployments are reached, from the options in worker.invoker. Plain data for the threads.
import type { ServerConfig } from './complete-config.ts';

/** Options of the transport. */
export function transportSettingsOf(config: ServerConfig) {
  const { httpProxy, noProxy = [] } = config;
  return {
    streamsPerConnectionMax: config.http2StreamsPerConnectionLimit,
    connectTimeoutMs: config.connectTimeoutMs,
    idleTimeoutMs: config.http2IdleConnectionTimeoutMs,
    keepAliveIntervalMs: config.http2KeepAliveIntervalMs,
    keepAliveTimeoutMs: config.http2KeepAliveTimeoutMs,
    keepAliveJitterShare: config.http2KeepAliveJitter,
    streamWindowBytes: config.http2StreamWindowSize,
    connectionWindowBytes: config.http2ConnectionWindowSize,
    frameBytesMax: config.http2MaxFrameSize,
    peerStreamsAssumed: config.http2InitialMaxSendStreams,
    proxy: httpProxy === undefined ? undefined : { uri: httpProxy, except: noProxy },
  };
}

/** Headers of every request to a deployment; the name of the cluster unless others are configured. */
export function requestHeadersOf({
  additionalRequestHeaders,
  clusterName,
}: Pick<ServerConfig, 'additionalRequestHeaders' | 'clusterName'>): ReadonlyArray<
  readonly [name: string, value: string]
> {
  return Object.entries(additionalRequestHeaders ?? { 'x-restate-cluster-name': clusterName });
}
