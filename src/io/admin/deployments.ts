// Routes below /deployments.
import { parseDeploymentId, type DeploymentId } from '../../actors/domain/ids.ts';
import type { AddressUpdate, EndpointAddress } from '../../actors/domain/endpoint.ts';
import type { RegisterDeployment, UpdateDeployment } from '../../actors/ports.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { AdminError } from './admin-error.ts';
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
import { deploymentListView, deploymentView, registrationView } from './deployment-view.ts';
import { invalidQuery, readParameter } from './query.ts';
import { expectForm, readJson } from './request-body.ts';
import { emptyResponse, jsonResponse } from './respond.ts';
import { route, type AdminRequest, type Route } from './route.ts';

export function deploymentRoutes(context: AdminContext): readonly Route[] {
  return [
    route('/deployments', {
      GET: () => listDeployments(context),
      POST: (request) => registerDeployment(context, request),
    }),
    route('/deployments/{deployment}', {
      GET: (request) => getDeployment(context, request),
      DELETE: (request) => deleteDeployment(context, request),
      PATCH: (request) => updateDeployment(context, request),
      PUT: (request) => putDeployment(context, request),
    }),
  ];
}

function listDeployments({ schema }: AdminContext): HttpResponse {
  const deployments = [...schema.current().deployments.values()];
  return jsonResponse(200, { deployments: deployments.map(deploymentListView) });
}

function getDeployment({ schema, options }: AdminContext, request: AdminRequest): HttpResponse {
  const id = readDeploymentId(request);
  const deployment = schema.current().deployments.get(id);
  if (deployment === undefined) throw unknownDeployment(id);
  return jsonResponse(200, deploymentView(deployment, options.defaults));
}

async function registerDeployment(
  { schema, options }: AdminContext,
  { http, apiVersion }: AdminRequest,
): Promise<HttpResponse> {
  const form = expectForm(registerForm, 'RegisterDeploymentRequest', await readJson(http));
  const isV2 = apiVersion === 'v2';
  const result = await schema.register(registrationOf(form, isV2));
  switch (result.kind) {
    case 'refused':
      throw new AdminError(result.refusal.kind, result.refusal.message);
    case 'discoveryFailed':
      throw new AdminError(result.failure.kind, result.failure.message);
    case 'existing':
    case 'created':
    case 'replaced': {
      const { kind, deployment } = result;
      if (kind === 'existing' && isV2) {
        throw new AdminError('conflict', `Conflict: deployment ${deployment.id} already exists`);
      }
      const status = kind === 'created' || isV2 ? 201 : 200;
      const location = ['location', `deployments/${deployment.id}`] as const;
      return jsonResponse(status, registrationView(deployment, options.defaults), [location]);
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

async function updateDeployment(
  { schema, options }: AdminContext,
  request: AdminRequest,
): Promise<HttpResponse> {
  const id = readDeploymentId(request);
  const result = await schema.update(updateOf(id, await readJson(request.http)));
  switch (result.kind) {
    case 'updated':
      return jsonResponse(200, deploymentView(result.deployment, options.defaults));
    case 'unknownDeployment':
      throw unknownDeployment(id);
    case 'refused':
      throw new AdminError(result.refusal.kind, result.refusal.message);
    case 'discoveryFailed':
      throw new AdminError(result.failure.kind, result.failure.message);
  }
}

function updateOf(id: DeploymentId, json: unknown): UpdateDeployment {
  const form = expectForm(updateForm, 'UpdateDeploymentRequest', json);
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

/** Older clients update by PUT. */
async function putDeployment(context: AdminContext, request: AdminRequest): Promise<HttpResponse> {
  if (request.apiVersion === 'v2') return updateDeployment(context, request);
  readDeploymentId(request);
  expectForm(updateForm, 'UpdateDeploymentRequest', await readJson(request.http));
  throw new AdminError('methodDeprecated', 'PUT deployment is deprecated, use PATCH instead');
}

async function deleteDeployment(
  { schema }: AdminContext,
  request: AdminRequest,
): Promise<HttpResponse> {
  const id = readDeploymentId(request);
  // Nothing but the forced removal exists; others would have to wait for invocations to end.
  if (!readForce(request.http.query)) return emptyResponse(501);
  const result = await schema.remove(id);
  if (result === 'removed') return emptyResponse(202);
  throw new AdminError('notFound', `not found in the schema registry: deployment with id '${id}'`);
}

function readForce(query: string | undefined): boolean {
  const force = readParameter(query, 'force') ?? 'false';
  if (force !== 'true' && force !== 'false') {
    throw invalidQuery('force: provided string was not `true` or `false`');
  }
  return force === 'true';
}

function readDeploymentId(request: AdminRequest): DeploymentId {
  const text = request.param('deployment');
  const parsed = parseDeploymentId(text);
  if (parsed.ok) return parsed.value;
  throw new AdminError(
    'invalidPath',
    `Invalid URL: Cannot parse \`deployment\` with value \`${text}\`: ${parsed.reason}`,
  );
}

function unknownDeployment(id: DeploymentId): AdminError {
  return new AdminError('notFound', `The requested deployment '${id}' does not exist`);
}
