// The admin API, port 9070: routes requests, and turns refusals into responses. Thread: main.
import { StorageUnavailableError } from '../../actors/domain/storage-error.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '../http/exchange.ts';
import { AdminError, errorResponse } from './admin-error.ts';
import { compressResponse } from './compression.ts';
import { limitConcurrency } from './concurrency-limit.ts';
import type { AdminContext } from './context.ts';
import { deploymentRoutes } from './deployments.ts';
import { invocationBatchRoutes } from './invocation-batches.ts';
import { invocationRoutes } from './invocations.ts';
import { kafkaClusterRoutes } from './kafka-clusters.ts';
import { limitRuleRoutes } from './limit-rules.ts';
import { openApiRoute } from './openapi.ts';
import { emptyResponse } from './respond.ts';
import { matchRoute, type Route } from './route.ts';
import { serdeRoutes } from './serdes.ts';
import { serviceRoutes } from './services.ts';
import { queryRoutes } from './sql-query.ts';
import { stateEditRoutes } from './state-edit.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { SERVER_COMPATIBILITY_VERSION, versionRoutes } from './version.ts';
import { vqueueRoutes } from './vqueues.ts';
import { webPageRoutes } from './web-page.ts';

/** The response to HEAD carries the body of GET; the listener leaves it out. */
export function createAdminHandler(context: AdminContext): HttpHandler {
  const routes = adminRoutes(context);
  const served = [...routes, openApiRoute(routes, SERVER_COMPATIBILITY_VERSION)];
  const handler: HttpHandler = async (request) => {
    const response = await answer(context, served, request);
    return compressResponse(response, request.header('accept-encoding'));
  };
  return limitConcurrency(handler, context.options.concurrentRequestsMax);
}

/** All but the route of the document that tells of them. */
export function adminRoutes(context: AdminContext): readonly Route[] {
  return [
    ...versionRoutes(context),
    ...deploymentRoutes(context),
    ...serviceRoutes(context),
    ...stateEditRoutes(context),
    ...limitRuleRoutes(context),
    ...vqueueRoutes(),
    ...invocationRoutes(context),
    ...invocationBatchRoutes(context),
    ...queryRoutes(context),
    ...kafkaClusterRoutes(context),
    ...subscriptionRoutes(context),
    ...serdeRoutes(context),
    ...webPageRoutes(context),
  ];
}

async function answer(
  { log }: AdminContext,
  routes: readonly Route[],
  request: HttpRequest,
): Promise<HttpResponse> {
  try {
    return await dispatch(routes, request);
  } catch (error) {
    if (error instanceof AdminError) return errorResponse(error);
    if (error instanceof Error && error.name === 'GatewayUnavailableError') {
      const reason = `Error when routing the request internally. Reason: ${error.message}`;
      return errorResponse(new AdminError('unavailable', reason));
    }
    if (error instanceof StorageUnavailableError) {
      log.error(`handling ${request.method} ${request.path} failed`, { error });
      return errorResponse(new AdminError('unavailable', error.message));
    }
    log.error(`handling ${request.method} ${request.path} failed`, { error });
    return errorResponse(new AdminError('internal', 'Internal server error'));
  }
}

function dispatch(
  routes: readonly Route[],
  request: HttpRequest,
): HttpResponse | Promise<HttpResponse> {
  const match = matchRoute(routes, request);
  switch (match.kind) {
    case 'found':
      return match.handler(match.request);
    case 'unknownPath':
      return emptyResponse(404);
    case 'wrongMethod':
      return emptyResponse(405, [['allow', match.allow]]);
  }
}
