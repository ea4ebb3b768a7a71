// Routes below /deployments.
import { z } from 'zod';
import { parseDeploymentId, type DeploymentId } from '../../actors/domain/ids.ts';
import type { AddressUpdate, EndpointAddress } from '../../actors/domain/endpoint.ts';
import type { RegisterDeployment, UpdateDeployment, UpdateResult } from '../../actors/ports.ts';
import { AdminError, refusalError } from './admin-error.ts';
import type { AdminContext } from './context.ts';
import {
  invalidField,
  readArn,
  readUri,
  registerForm,
  updateForm,
  type RegisterForm,
  type UpdateForm,
} from './deployment-forms.ts';
import {
  detailedDeploymentResponse,
  listDeploymentsResponse,
  registerDeploymentResponse,
} from './deployment-schemas.ts';
import { deploymentListView, deploymentView, registrationView } from './deployment-view.ts';
import { NOTHING, operation } from './operation.ts';
import { booleanText, idText } from './query.ts';
import { route, type AdminApiVersion, type Route } from './route.ts';

const ofDeployment = z.object({ deployment: idText(parseDeploymentId) });

export function deploymentRoutes(context: AdminContext): readonly Route[] {
  return [
    route('/deployments', {
      GET: listDeployments(context),
      POST: createDeployment(context),
    }),
    route('/deployments/{deployment}', {
      GET: getDeployment(context),
      DELETE: deleteDeployment(context),
      PATCH: patchDeployment(context),
      PUT: putDeployment(context),
    }),
  ];
}

function listDeployments({ schema }: AdminContext) {
  return operation({
    info: { id: 'list_deployments', tag: 'deployment', summary: 'List deployments' },
    takes: NOTHING,
    responses: { 200: { description: 'All deployments', body: listDeploymentsResponse } },
    handle() {
      const deployments = [...schema.current().deployments.values()];
      return { status: 200, body: { deployments: deployments.map(deploymentListView) } };
    },
  });
}

function getDeployment({ schema, options }: AdminContext) {
  return operation({
    info: { id: 'get_deployment', tag: 'deployment', summary: 'Get a deployment' },
    takes: z.object({ params: ofDeployment }),
    responses: { 200: { description: 'The deployment', body: detailedDeploymentResponse } },
    refusals: [404],
    handle({ params }) {
      const deployment = schema.current().deployments.get(params.deployment);
      if (deployment === undefined) throw unknownDeployment(params.deployment);
      return { status: 200, body: deploymentView(deployment, options.defaults) };
    },
  });
}

function createDeployment(context: AdminContext) {
  const registered = { body: registerDeploymentResponse, headers: ['Location'] } as const;
  return operation({
    info: { id: 'create_deployment', tag: 'deployment', summary: 'Register a deployment' },
    takes: z.object({ body: registerForm }),
    responses: {
      200: { description: 'Registered already, or replaced', ...registered },
      201: { description: 'Registered', ...registered },
    },
    refusals: [400, 409],
    async handle({ body }, { apiVersion }) {
      const { deployment, isCreated } = await register(context, body, apiVersion);
      return {
        status: isCreated ? 201 : 200,
        headers: [['location', `deployments/${deployment.id}`]],
        body: registrationView(deployment, context.options.defaults),
      };
    },
  });
}

async function register({ schema }: AdminContext, form: RegisterForm, apiVersion: AdminApiVersion) {
  const isV2 = apiVersion === 'v2';
  const result = await schema.register(registrationOf(form, isV2));
  switch (result.kind) {
    case 'refused':
      throw refusalError(result.refusal);
    case 'discoveryFailed':
      throw new AdminError(result.failure.kind, result.failure.message);
    case 'existing':
    case 'created':
    case 'replaced': {
      const { kind, deployment } = result;
      if (kind === 'existing' && isV2) {
        throw new AdminError('conflict', `Conflict: deployment ${deployment.id} already exists`);
      }
      return { deployment, isCreated: kind === 'created' || isV2 };
    }
  }
}

function registrationOf(form: RegisterForm, isV2: boolean): RegisterDeployment {
  return {
    address: addressOf(form),
    useHttp11: 'uri' in form && form.use_http_11,
    additionalHeaders: form.additional_headers ?? {},
    metadata: form.metadata,
    force: form.force ?? isV2,
    breaking: form.breaking,
    dryRun: form.dry_run,
  };
}

function addressOf(form: RegisterForm): EndpointAddress {
  if (!('uri' in form)) {
    const assumeRoleArn = form.assume_role_arn ?? undefined;
    return { kind: 'lambda', arn: readArn(form.arn), assumeRoleArn };
  }
  const uri = readUri(form.uri);
  if (form.auth !== undefined && form.auth !== null) {
    throw invalidField('auth', 'Authentication by identity tokens is not supported yet.');
  }
  return { kind: 'http', uri };
}

const UPDATE = {
  takes: z.object({ params: ofDeployment, body: updateForm }),
  responses: { 200: { description: 'The changed deployment', body: detailedDeploymentResponse } },
} as const;

function patchDeployment(context: AdminContext) {
  return operation({
    ...UPDATE,
    info: { id: 'update_deployment', tag: 'deployment', summary: 'Change a deployment in place' },
    refusals: [400, 404],
    handle: ({ params, body }) => updateDeployment(context, params.deployment, body),
  });
}

/** Older clients update by PUT. */
function putDeployment(context: AdminContext) {
  return operation({
    ...UPDATE,
    handle({ params, body }, { apiVersion }) {
      if (apiVersion === 'v2') return updateDeployment(context, params.deployment, body);
      throw new AdminError('methodDeprecated', 'PUT deployment is deprecated, use PATCH instead');
    },
  });
}

async function updateDeployment(
  { schema, options }: AdminContext,
  id: DeploymentId,
  form: UpdateForm,
) {
  const deployment = updatedOf(id, await schema.update(updateOf(id, form)));
  return { status: 200, body: deploymentView(deployment, options.defaults) } as const;
}

function updatedOf(id: DeploymentId, result: UpdateResult) {
  switch (result.kind) {
    case 'updated':
      return result.deployment;
    case 'unknownDeployment':
      throw unknownDeployment(id);
    case 'refused':
      throw refusalError(result.refusal);
    case 'discoveryFailed':
      throw new AdminError(result.failure.kind, result.failure.message);
  }
}

function updateOf(id: DeploymentId, form: UpdateForm): UpdateDeployment {
  return {
    id,
    address: addressUpdateOf(form),
    additionalHeaders: form.additional_headers ?? undefined,
    overwrite: form.overwrite,
    dryRun: form.dry_run,
  };
}

/** `undefined` when the form changes nothing that is peculiar to one kind of deployment. */
function addressUpdateOf(form: UpdateForm): AddressUpdate | undefined {
  if ('isLambda' in form) {
    const arn = typeof form.arn === 'string' ? readArn(form.arn) : undefined;
    return { kind: 'lambda', arn, assumeRoleArn: form.assume_role_arn ?? undefined };
  }
  const uri = typeof form.uri === 'string' ? readUri(form.uri) : undefined;
  const useHttp11 = form.use_http_11 ?? undefined;
  if (uri === undefined && useHttp11 === undefined) return undefined;
  return { kind: 'http', uri, useHttp11 };
}

function deleteDeployment({ schema }: AdminContext) {
  return operation({
    info: { id: 'delete_deployment', tag: 'deployment', summary: 'Remove a deployment' },
    takes: z.object({ params: ofDeployment, query: z.object({ force: booleanText }) }),
    responses: {
      202: { description: 'Removed' },
      501: { description: 'Only a forced removal is possible' },
    },
    refusals: [404],
    async handle({ params: { deployment: id }, query }) {
      // Nothing but the forced removal exists; others would have to wait for invocations to end.
      if (!query.force) return { status: 501 };
      const result = await schema.remove(id);
      if (result === 'removed') return { status: 202 };
      throw new AdminError(
        'notFound',
        `not found in the schema registry: deployment with id '${id}'`,
      );
    },
  });
}

/** In answers to requests that name a deployment. */
export function unknownDeployment(id: DeploymentId): AdminError {
  return new AdminError('notFound', `The requested deployment '${id}' does not exist`);
}
