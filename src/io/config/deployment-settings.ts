// How deployments are reached, from the options in worker.invoker. Plain data for the threads.
import type { ServerConfig } from './complete-config.ts';

/** How deployments of each kind are reached. */
export function transportSettingsOf(config: ServerConfig) {
  return { http: httpSettingsOf(config), lambda: lambdaSettingsOf(config) };
}

function lambdaSettingsOf(config: ServerConfig) {
  return {
    profile: config.awsProfile,
    externalId: config.awsAssumeRoleExternalId,
    compressionThresholdBytes: config.requestCompressionThreshold,
    // An answer holds all messages of an attempt, in base64.
    answerBytesMax: 2 * config.messageSizeLimit,
  };
}

function httpSettingsOf(config: ServerConfig) {
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
    destinations: { allowed: config.allowedDestinations, denied: config.deniedDestinations },
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
