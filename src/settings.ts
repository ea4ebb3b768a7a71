// What the listeners are told of the configuration.
import type { ScopeFeatures } from './actors/domain/scope.ts';
import type { AdminOptions } from './io/admin/context.ts';
import { handlerDefaultsOf } from './io/config/handler-defaults.ts';
import type { ServerConfig } from './io/config/load.ts';
import type { IngressOptions } from './io/ingress/context.ts';

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

export function scopeFeaturesOf(config: ServerConfig): ScopeFeatures {
  return {
    scopes: config.vqueues,
    scopedObjects: config.scopedVirtualObjects,
  };
}
