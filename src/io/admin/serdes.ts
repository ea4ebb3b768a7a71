// Routes below /internal/services/{service}/serdes, for the web UI: a deployment converts values
// between the form that its handlers write and JSON.
import { parseDeploymentId } from '../../actors/domain/ids.ts';
import type { Deployment } from '../../actors/domain/schema.ts';
import type { SerdeRequest } from '../../actors/ports.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { AdminError } from './admin-error.ts';
import type { AdminContext } from './context.ts';
import { unknownDeployment } from './deployments.ts';
import { invalidQuery, readQuery } from './query.ts';
import { readBytes } from './request-body.ts';
import { route, type AdminRequest, type Route } from './route.ts';

type Direction = SerdeRequest['direction'];

export function serdeRoutes(context: AdminContext): readonly Route[] {
  return (['decode', 'encode'] as const).map((direction) =>
    route(`/internal/services/{service}/serdes/${direction}/{*name}`, {
      POST: (request) => convert(context, request, direction),
    }),
  );
}

async function convert(
  context: AdminContext,
  request: AdminRequest,
  direction: Direction,
): Promise<HttpResponse> {
  const service = request.param('service');
  const serde = request.param('name');
  const deployment = findDeployment(context, service, request.http.query);
  const value = await readBytes(request.http);
  if (value instanceof AdminError) throw value;
  const result = await context.serdes.convert({ deployment, service, direction, serde, value });
  if (result.kind === 'failed') {
    throw new AdminError('internal', `Internal server error: ${result.message}`);
  }
  return { status: 200, headers: [], body: result.value };
}

/** The one that the query names, else the one with the active revision of the service. */
function findDeployment(
  { schema }: AdminContext,
  service: string,
  query: string | undefined,
): Deployment {
  const { deployment: text } = readQuery(query, ['deployment']);
  const { deployments, services } = schema.current();
  if (text !== undefined) {
    const parsed = parseDeploymentId(text);
    if (!parsed.ok) throw invalidQuery(`deployment: ${parsed.reason}`);
    const named = deployments.get(parsed.value);
    if (named === undefined) throw unknownDeployment(parsed.value);
    return named;
  }
  const active = services.get(service);
  const deployment = active && deployments.get(active.deploymentId);
  if (deployment !== undefined) return deployment;
  throw new AdminError('notFound', `The requested service '${service}' does not exist`);
}
