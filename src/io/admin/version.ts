// What the server says about itself: /health, /version, /cluster-health.
import type { AdminContext } from './context.ts';
import { FEATURE_NAMES } from './features.ts';
import { emptyResponse, jsonResponse } from './respond.ts';
import { ADMIN_API_VERSION_MAX, ADMIN_API_VERSION_MIN, route, type Route } from './route.ts';

/**
 * The version of the reference whose contracts this server keeps. The official command line and web
 * UI compare it (as a semantic version) to decide which routes and columns they may use, so it is
 * this one that `GET /version` tells and not the version of the package.
 */
export const SERVER_COMPATIBILITY_VERSION = '1.7.12';

export function versionRoutes({ options }: AdminContext): readonly Route[] {
  const version = {
    version: SERVER_COMPATIBILITY_VERSION,
    min_admin_api_version: ADMIN_API_VERSION_MIN,
    max_admin_api_version: ADMIN_API_VERSION_MAX,
    ingress_endpoint: options.ingressUrl ?? null,
    features: Object.fromEntries(
      FEATURE_NAMES.map((name) => [name, options.features[name] ?? false]),
    ),
  };
  const clusterHealth = {
    cluster_name: options.clusterName,
    metadata_cluster_health: { members: [options.nodeId] },
  };
  return [
    route('/health', { GET: () => emptyResponse(200) }),
    route('/version', { GET: () => jsonResponse(200, version) }),
    route('/cluster-health', { GET: () => jsonResponse(200, clusterHealth) }),
  ];
}
