// Routes below /services.
import { z } from 'zod';
import { must } from '../../actors/domain/assert.ts';
import type { Deployment, Schema, ServiceRevision } from '../../actors/domain/schema.ts';
import type { ServiceSettings } from '../../actors/schema/modify-service.ts';
import { findHandler } from '../../actors/schema/resolve.ts';
import { AdminError, refusalError } from './admin-error.ts';
import type { AdminContext } from './context.ts';
import { NOTHING, operation } from './operation.ts';
import { route, type Route } from './route.ts';
import { serviceOpenApi } from './service-openapi.ts';
import {
  handlerMetadata,
  listHandlersResponse,
  listServicesResponse,
  modifyServiceRequest,
  serviceMetadata,
  type ModifyServiceRequest,
} from './service-schemas.ts';
import { handlerView, handlerViews, serviceView } from './service-view.ts';

const ofService = z.object({ service: z.string() });
const ofHandler = ofService.extend({ handler: z.string() });

export function serviceRoutes(context: AdminContext): readonly Route[] {
  return [
    route('/services', { GET: listServices(context) }),
    route('/services/{service}', { GET: getService(context), PATCH: patchService(context) }),
    route('/services/{service}/openapi', { GET: getServiceOpenApi(context) }),
    route('/services/{service}/handlers', { GET: listHandlers(context) }),
    route('/services/{service}/handlers/{handler}', { GET: getHandler(context) }),
  ];
}

function listServices(context: AdminContext) {
  return operation({
    info: { id: 'list_services', tag: 'service', summary: 'List services' },
    takes: NOTHING,
    responses: { 200: { description: 'All services', body: listServicesResponse } },
    handle() {
      const current = context.schema.current();
      const services = [...current.services.values()];
      return {
        status: 200,
        body: { services: services.map((revision) => viewOf(context, current, revision)) },
      };
    },
  });
}

function getService(context: AdminContext) {
  return operation({
    info: { id: 'get_service', tag: 'service', summary: 'Get a service' },
    takes: z.object({ params: ofService }),
    responses: { 200: { description: 'The service', body: serviceMetadata } },
    refusals: [404],
    handle({ params }) {
      const current = context.schema.current();
      const revision = findService(current, params.service);
      return { status: 200, body: viewOf(context, current, revision) };
    },
  });
}

function patchService(context: AdminContext) {
  return operation({
    info: {
      id: 'modify_service',
      tag: 'service',
      summary: 'Change settings of a service until it is registered again',
    },
    takes: z.object({ params: ofService, body: modifyServiceRequest }),
    responses: { 200: { description: 'The changed service', body: serviceMetadata } },
    refusals: [400, 404],
    async handle({ params: { service }, body }) {
      const { schema } = context;
      const settings = settingsOf(body);
      if (Object.values(settings).every((setting) => setting === undefined)) {
        const current = schema.current();
        return { status: 200, body: viewOf(context, current, findService(current, service)) };
      }
      const result = await schema.modifyService(service, settings);
      if (result.kind === 'refused') throw refusalError(result.refusal);
      return { status: 200, body: viewOf(context, schema.current(), result.value) };
    },
  });
}

function settingsOf(form: ModifyServiceRequest): ServiceSettings {
  return {
    public: form.public ?? undefined,
    idempotencyRetentionMs: form.idempotency_retention ?? undefined,
    workflowCompletionRetentionMs: form.workflow_completion_retention ?? undefined,
    journalRetentionMs: form.journal_retention ?? undefined,
    inactivityTimeoutMs: form.inactivity_timeout ?? undefined,
    abortTimeoutMs: form.abort_timeout ?? undefined,
  };
}

function getServiceOpenApi({ schema, options }: AdminContext) {
  return operation({
    info: {
      id: 'get_service_openapi',
      tag: 'service',
      summary: 'Get the OpenAPI document of a service',
    },
    takes: z.object({ params: ofService }),
    responses: { 200: { description: 'An OpenAPI 3.1 document', body: z.unknown() } },
    refusals: [404],
    handle({ params }) {
      const revision = findService(schema.current(), params.service);
      return { status: 200, body: serviceOpenApi(revision, options.ingressUrl) };
    },
  });
}

function listHandlers({ schema, options }: AdminContext) {
  const { maxima } = options.defaults;
  return operation({
    info: {
      id: 'list_service_handlers',
      tag: 'service_handler',
      summary: 'List the handlers of a service',
    },
    takes: z.object({ params: ofService }),
    responses: { 200: { description: 'All handlers', body: listHandlersResponse } },
    refusals: [404],
    handle({ params }) {
      const current = schema.current();
      const revision = findService(current, params.service);
      const { protocolMode } = deploymentOf(current, revision);
      return { status: 200, body: { handlers: handlerViews(revision, protocolMode, maxima) } };
    },
  });
}

function getHandler({ schema, options }: AdminContext) {
  const { maxima } = options.defaults;
  return operation({
    info: { id: 'get_service_handler', tag: 'service_handler', summary: 'Get a handler' },
    takes: z.object({ params: ofHandler }),
    responses: { 200: { description: 'The handler', body: handlerMetadata } },
    refusals: [404],
    handle({ params: { service, handler } }) {
      const found = findHandler(schema.current(), service, handler);
      if (found.kind === 'found') {
        const { protocolMode } = found.deployment;
        return {
          status: 200,
          body: handlerView(found.revision, found.handler, protocolMode, maxima),
        };
      }
      throw new AdminError(
        'notFound',
        `The requested handler '${handler}' on service '${service}' does not exist`,
      );
    },
  });
}

function viewOf({ options }: AdminContext, schema: Schema, revision: ServiceRevision) {
  return serviceView(revision, deploymentOf(schema, revision), options.defaults);
}

function findService(schema: Schema, service: string): ServiceRevision {
  const revision = schema.services.get(service);
  if (revision !== undefined) return revision;
  throw new AdminError('notFound', `The requested service '${service}' does not exist`);
}

function deploymentOf(schema: Schema, { deploymentId }: ServiceRevision): Deployment {
  const deployment = schema.deployments.get(deploymentId);
  return must(deployment, `an active revision belongs to a deployment: ${deploymentId}`);
}
