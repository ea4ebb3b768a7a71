// Routes below /services.
import { must } from '../../actors/domain/assert.ts';
import type { Deployment, Schema, ServiceRevision } from '../../actors/domain/schema.ts';
import { findHandler } from '../../actors/schema/resolve.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { AdminError } from './admin-error.ts';
import type { AdminContext } from './context.ts';
import { jsonResponse } from './respond.ts';
import { route, type AdminRequest, type Route } from './route.ts';
import { handlerView, serviceView } from './service-view.ts';

export function serviceRoutes(context: AdminContext): readonly Route[] {
  return [
    route('/services', { GET: () => listServices(context) }),
    route('/services/{service}', { GET: (request) => getService(context, request) }),
    route('/services/{service}/handlers', { GET: (request) => listHandlers(context, request) }),
    route('/services/{service}/handlers/{handler}', {
      GET: (request) => getHandler(context, request),
    }),
  ];
}

function listServices({ schema, options }: AdminContext): HttpResponse {
  const current = schema.current();
  const services = [...current.services.values()].map((revision) =>
    serviceView(revision, deploymentOf(current, revision), options.defaults),
  );
  return jsonResponse(200, { services });
}

function getService({ schema, options }: AdminContext, request: AdminRequest): HttpResponse {
  const current = schema.current();
  const revision = readService(current, request);
  const deployment = deploymentOf(current, revision);
  return jsonResponse(200, serviceView(revision, deployment, options.defaults));
}

function listHandlers({ schema, options }: AdminContext, request: AdminRequest): HttpResponse {
  const current = schema.current();
  const revision = readService(current, request);
  const { protocolMode } = deploymentOf(current, revision);
  const handlers = [...revision.handlers.values()].map((handler) =>
    handlerView(handler, protocolMode, options.defaults),
  );
  return jsonResponse(200, { handlers });
}

function getHandler({ schema, options }: AdminContext, request: AdminRequest): HttpResponse {
  const service = request.param('service');
  const handler = request.param('handler');
  const found = findHandler(schema.current(), service, handler);
  if (found.kind === 'found') {
    const { protocolMode } = found.deployment;
    return jsonResponse(200, handlerView(found.handler, protocolMode, options.defaults));
  }
  throw new AdminError(
    'notFound',
    `The requested handler '${handler}' on service '${service}' does not exist`,
  );
}

function readService(schema: Schema, request: AdminRequest): ServiceRevision {
  const service = request.param('service');
  const revision = schema.services.get(service);
  if (revision !== undefined) return revision;
  throw new AdminError('notFound', `The requested service '${service}' does not exist`);
}

function deploymentOf(schema: Schema, { deploymentId }: ServiceRevision): Deployment {
  const deployment = schema.deployments.get(deploymentId);
  return must(deployment, `an active revision belongs to a deployment: ${deploymentId}`);
}
