// The admin API, port 9070: routes requests, and turns refusals into responses. Thread: main.
import type { HttpHandler, HttpRequest, HttpResponse } from '../http/exchange.ts';
import { AdminError, errorResponse } from './admin-error.ts';
import { compressResponse } from './compression.ts';
import type { AdminContext } from './context.ts';
import { deploymentRoutes } from './deployments.ts';
import { invocationBatchRoutes } from './invocation-batches.ts';
import { invocationRoutes } from './invocations.ts';
import { emptyResponse } from './respond.ts';
import { matchRoute, type Route } from './route.ts';
import { serviceRoutes } from './services.ts';
import { stateEditRoutes } from './state-edit.ts';
import { versionRoutes } from './version.ts';

/** The response to HEAD carries the body of GET; the listener leaves it out. */
export function createAdminHandler(context: AdminContext): HttpHandler {
  const routes = [
    ...versionRoutes(context),
    ...deploymentRoutes(context),
    ...serviceRoutes(context),
    ...stateEditRoutes(context),
    ...invocationRoutes(context),
    ...invocationBatchRoutes(context),
  ];
  const { concurrentRequestsMax = Infinity } = context.options;
  let inFlightCount = 0;
  return async (request) => {
    if (inFlightCount >= concurrentRequestsMax) return emptyResponse(429);
    inFlightCount += 1;
    try {
      const response = await answer(context, routes, request);
      return await compressResponse(response, request.header('accept-encoding'));
    } finally {
      inFlightCount -= 1;
    }
  };
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
