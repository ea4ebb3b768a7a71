// What the listeners and the partition threads are told of the configuration.
import { SERVICE_MESSAGE_ALLOWANCE_BYTES } from './actors/domain/limits.ts';
import type { ScopeFeatures } from './actors/domain/scope.ts';
import type { PartitionThreadSettings } from './actors/partition-thread.ts';
import type { AdminOptions } from './io/admin/context.ts';
import { requestHeadersOf, transportSettingsOf } from './io/config/deployment-settings.ts';
import { handlerDefaultsOf } from './io/config/handler-defaults.ts';
import type { ServerConfig } from './io/config/load.ts';
import type { IngressOptions } from './io/ingress/context.ts';
import {
  PROTOCOL_VERSION_MAX,
  PROTOCOL_VERSION_MAX_DEFAULT,
} from './io/service-protocol/version.ts';

export function ingressOptions(config: ServerConfig): IngressOptions {
  return {
    requestBodyBytesMax: config.ingressRequestSizeLimit,
    concurrentRequestsMax: config.ingressConcurrentRequestsLimit,
    defaults: handlerDefaultsOf(config),
    scopeFeatures: scopeFeaturesOf(config),
  };
}

export function adminOptions(config: ServerConfig, ingressUrl: string): AdminOptions {
  return {
    defaults: handlerDefaultsOf(config),
    clusterName: config.clusterName,
    nodeId: 1,
    ingressUrl,
    concurrentRequestsMax: config.adminConcurrentRequestsLimit,
    disableWebPage: config.adminDisableWebUi,
    features: {
      vqueues: config.vqueues,
      scoped_virtual_objects: config.scopedVirtualObjects,
      protocol_v7: config.protocolV7,
    },
  };
}

interface ThreadLayout extends Pick<
  PartitionThreadSettings,
  'partitionsCount' | 'environmentPaths'
> {
  readonly threadsCount: number;
}

export function threadSettings(
  {
    config,
    identity,
    logOptions,
  }: Pick<PartitionThreadSettings, 'identity' | 'logOptions'> & { readonly config: ServerConfig },
  { partitionsCount, environmentPaths, threadsCount }: ThreadLayout,
): PartitionThreadSettings {
  return {
    transports: transportSettingsOf(config),
    commonHeaders: requestHeadersOf(config),
    partitionsCount,
    environmentPaths,
    defaults: handlerDefaultsOf(config),
    scopeFeatures: scopeFeaturesOf(config),
    identity,
    attemptsPerDeploymentMax: Math.ceil(config.concurrentInvocationsLimit / threadsCount),
    eagerStateBytesMax: config.eagerStateSizeLimit,
    cleanupIntervalMs: config.cleanupIntervalMs,
    protocol: {
      protocolVersionMax: config.protocolV7 ? PROTOCOL_VERSION_MAX : PROTOCOL_VERSION_MAX_DEFAULT,
      messageBytesMax: config.messageSizeLimit + SERVICE_MESSAGE_ALLOWANCE_BYTES,
      awaitedDepthMax: config.awaitedDepthMax,
    },
    messageBytesWarning: config.messageSizeWarning,
    logOptions,
  };
}

function scopeFeaturesOf(config: ServerConfig): ScopeFeatures {
  return {
    scopes: config.vqueues,
    scopedObjects: config.scopedVirtualObjects,
  };
}
