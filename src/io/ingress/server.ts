// The ingress: what every request goes through before and after its endpoint.
// Source: reference contract, "Routing"; the order of the checks is the reference's.
import { idempotentInvocationId, workflowRunId } from '../../actors/domain/make-invocation-id.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '../http/exchange.ts';
import { readOutcome, readOutcomeOfTarget } from './attach.ts';
import { completeAwakeable } from './awakeable.ts';
import { callHandler } from './call.ts';
import type { IngressContext } from './context.ts';
import { IngressError, refusals } from './errors.ts';
import { reportHealth } from './health.ts';
import { readInvocationId } from './invocation-name.ts';
import { lookUpInvocation } from './lookup.ts';
import { type IngressRoute, normalisePath, parseRoute } from './path.ts';
import { DECLARED_TOO_LARGE, preflightResponse, refusalResponse, withOrigin } from './respond.ts';
import { sendToHandler } from './send.ts';
import { IngressStatistics } from './statistics.ts';

/** Serves clients of the registered services. */
export function createIngressHandler(context: IngressContext): HttpHandler {
  const { requestBodyBytesMax, concurrentRequestsMax = Infinity } = context.options;
  const statistics = context.statistics ?? new IngressStatistics();
  let inFlightCount = 0;

  async function answer(request: HttpRequest): Promise<HttpResponse> {
    inFlightCount += 1;
    statistics.admittedCount += 1;
    const beganAtMs = performance.now();
    let route: IngressRoute | undefined;
    try {
      const path = normalisePath(request.path);
      route = parseRoute(path, context.schema.current().services);
      const response = await answerRoute(request, route, path, context);
      const end = response.status < 400 ? 'completed' : 'invocation_error';
      statistics.requestEnded(route, end, beganAtMs);
      return withOrigin(request, response);
    } catch (error) {
      const refusal = refusalOf(error, route);
      const end = refusal.status < 500 ? 'request_error' : 'ingress_error';
      statistics.requestEnded(route, end, beganAtMs);
      return withOrigin(request, refusalResponse(refusal));
    } finally {
      inFlightCount -= 1;
    }
  }

  return (request) => {
    const declaredBytes = request.header('content-length');
    if (declaredBytes !== undefined && Number(declaredBytes) > requestBodyBytesMax) {
      return DECLARED_TOO_LARGE;
    }
    if (request.method === 'OPTIONS') return preflightResponse(request);
    if (inFlightCount >= concurrentRequestsMax) {
      statistics.rateLimitedCount += 1;
      return withOrigin(request, refusalResponse(refusals.tooManyRequests()));
    }
    return answer(request);
  };
}

function answerRoute(
  request: HttpRequest,
  route: IngressRoute,
  path: string,
  context: IngressContext,
): HttpResponse | Promise<HttpResponse> {
  switch (route.kind) {
    case 'invoke':
      return route.verb === 'call'
        ? callHandler(request, route, path, context)
        : sendToHandler(request, route, path, context);
    case 'readById':
      return readOutcome(
        request,
        { verb: route.verb, invocationId: readInvocationId(route.invocationId) },
        context,
      );
    case 'readByIdempotencyKey': {
      const { verb, service, key, handler, idempotencyKey } = route;
      const invocationId = idempotentInvocationId({ service, key, handler }, idempotencyKey);
      return readOutcome(request, { verb, invocationId }, context);
    }
    case 'readWorkflow': {
      const { verb, workflow, key } = route;
      const invocationId = workflowRunId({ service: workflow, key });
      return readOutcome(request, { verb, invocationId }, context);
    }
    case 'readTarget':
      return readOutcomeOfTarget(request, route.verb, context);
    case 'lookup':
      return lookUpInvocation(request, context);
    case 'awakeable':
      return completeAwakeable(request, route, context);
    case 'health':
      return reportHealth(request, context.schema);
  }
}

/** Rethrows what is a defect. */
function refusalOf(error: unknown, route: IngressRoute | undefined): IngressError {
  if (error instanceof IngressError) return error;
  // Known by name, since this folder imports types only from the gateway's contract.
  if (route !== undefined && error instanceof Error && error.name === 'GatewayUnavailableError') {
    return gatewayRefusal(route, error.message);
  }
  throw error;
}

/** Tells the client whether it may try again. */
function gatewayRefusal(route: IngressRoute, reason: string): IngressError {
  if (route.kind === 'invoke') return refusals.invokeUnavailable(reason);
  if (route.kind === 'awakeable') return refusals.completionUnavailable(reason);
  return refusals.readUnavailable(reason);
}
