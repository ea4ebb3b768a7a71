// What the server says about itself: /health, /version, /cluster-health; and the end of a paused start.
import { z } from 'zod';
import type { QueryEngine } from '../../actors/ports.ts';
import { component } from './components.ts';
import type { HttpResponse } from '../http/exchange.ts';
import type { AdminContext, AdminOptions, InvokingSwitch } from './context.ts';
import { FEATURE_NAMES } from './features.ts';
import { NOTHING, operation } from './operation.ts';
import { emptyResponse, jsonResponse } from './respond.ts';
import { ADMIN_API_VERSION_MAX, ADMIN_API_VERSION_MIN, route } from './route.ts';
import type { Operation, Route } from './route.ts';

/**
 * The version of the reference whose contracts this server keeps. The official command line and web
 * UI compare it (as a semantic version) to decide which routes and columns they may use, so it is
 * this one that `GET /version` tells and not the version of the package.
 */
export const SERVER_COMPATIBILITY_VERSION = '1.7.12';

const versionInformation = component(
  'VersionInformation',
  z.object({
    version: z.string(),
    min_admin_api_version: z.int().min(0),
    max_admin_api_version: z.int().min(0),
    ingress_endpoint: z.string().nullish(),
    features: z.record(z.string(), z.boolean()),
  }),
);

const clusterHealthResponse = component(
  'ClusterHealthResponse',
  z.object({
    cluster_name: z.string(),
    metadata_cluster_health: component(
      'EmbeddedMetadataClusterHealth',
      z.object({ members: z.array(component('PlainNodeId', z.int().min(0))) }),
    ).nullish(),
  }),
);

export function versionRoutes({ options, invoking, queries }: AdminContext): readonly Route[] {
  return [
    route('/health', { GET: getHealth(invoking) }),
    // Of Reprise only, and so left out of the document.
    route('/internal/resume', { POST: () => resume(invoking) }),
    route('/version', { GET: getVersion(options, queries) }),
    route('/cluster-health', { GET: getClusterHealth(options) }),
  ];
}

function getHealth(invoking: InvokingSwitch): Operation {
  const { documented, handle } = operation({
    info: { id: 'health', tag: 'health', summary: 'Whether the admin API serves requests' },
    takes: NOTHING,
    responses: { 200: { description: 'It does' } },
    handle: () => ({ status: 200 }),
  });
  return {
    documented,
    // The reference has no body, and no paused start.
    handle: (request) =>
      invoking.isPaused ? jsonResponse(200, { status: 'paused' }) : handle(request),
  };
}

/** Ends a paused start. */
function resume(invoking: InvokingSwitch): HttpResponse {
  invoking.startInvoking();
  return emptyResponse(200);
}

/** What the official command line asks before anything else; most of its commands go on with SQL. */
function getVersion({ ingressUrl, features }: AdminOptions, queries: QueryEngine) {
  const body = {
    version: SERVER_COMPATIBILITY_VERSION,
    min_admin_api_version: ADMIN_API_VERSION_MIN,
    max_admin_api_version: ADMIN_API_VERSION_MAX,
    ingress_endpoint: ingressUrl ?? null,
    features: Object.fromEntries(FEATURE_NAMES.map((name) => [name, features[name] ?? false])),
  };
  return operation({
    info: { id: 'version', tag: 'version', summary: 'Versions of the server and of its admin API' },
    takes: NOTHING,
    responses: { 200: { description: 'The versions', body: versionInformation } },
    handle: () => {
      queries.warmUp();
      return { status: 200, body };
    },
  });
}

function getClusterHealth({ clusterName, nodeId }: AdminOptions) {
  const body = { cluster_name: clusterName, metadata_cluster_health: { members: [nodeId] } };
  return operation({
    info: {
      id: 'cluster_health',
      tag: 'cluster_health',
      summary: 'Name and members of the cluster',
      deprecated: true,
    },
    takes: NOTHING,
    responses: { 200: { description: 'The cluster', body: clusterHealthResponse } },
    handle: () => ({ status: 200, body }),
  });
}
