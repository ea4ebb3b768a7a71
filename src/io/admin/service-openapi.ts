// The OpenAPI document of one service: how clients call its handlers through the ingress. Names,
// structure and operation ids are those of the reference, for which clients are generated.
import type { Handler, ServiceRevision } from '../../actors/domain/schema.ts';
import { SHARED_COMPONENTS, TAGS } from './service-openapi-parts.ts';

type Json = Readonly<Record<string, unknown>>;

/** A private service is described like a public one; private handlers are left out. */
export function serviceOpenApi(service: ServiceRevision, ingressUrl: string | undefined): Json {
  const handlers = [...service.handlers.values()].filter((handler) => handler.public);
  const url = ingressUrl ?? '/';
  return {
    openapi: '3.1.0',
    info: {
      title: service.name,
      version: String(service.revision),
      description: service.documentation,
      ...extensions(service),
    },
    servers: [{ url, description: 'Restate Ingress URL' }],
    paths: Object.assign({}, ...handlers.map((handler) => handlerPaths(service, handler))),
    components: {
      ...SHARED_COMPONENTS,
      schemas: { ...SHARED_COMPONENTS.schemas, ...handlerSchemas(handlers) },
    },
    tags: TAGS,
  };
}

function handlerPaths(service: ServiceRevision, handler: Handler): Json {
  const { name } = handler;
  const isKeyed = service.type !== 'Service';
  const owner = isKeyed ? `${service.name}/{key}` : service.name;
  const key = isKeyed ? [parameter('key')] : [];
  const call = [
    ...key,
    ...(service.type === 'Workflow' ? [] : [parameter('idempotencyKeyHeader')]),
  ];
  return {
    [`/restate/call/${owner}/${name}`]: {
      post: callOperation(service, handler, call),
    },
    [`/restate/send/${owner}/${name}`]: {
      post: sendOperation(service, handler, [...call, parameter('delay')]),
    },
    ...outcomePaths(service, handler, owner, key),
  };
}

/** Where the outcome of an earlier request is found, if it has a name of its own. */
function outcomePaths(
  { name, type }: ServiceRevision,
  handler: Handler,
  owner: string,
  key: readonly Json[],
): Json {
  if (type !== 'Workflow') {
    return pathsOf(`/restate/invocation/${owner}/${handler.name}/{idempotencyKey}`, {
      handler,
      target: `${name}/${handler.name} with this idempotency key`,
      parameters: [...key, parameter('idempotencyKeyPath')],
    });
  }
  if (handler.type !== 'Workflow') return {};
  const target = `${name}/${handler.name} with this key`;
  return pathsOf(`/restate/workflow/${owner}`, { handler, target, parameters: key });
}

interface OutcomeRequest {
  readonly handler: Handler;
  readonly target: string;
  readonly parameters: readonly Json[];
}

function pathsOf(prefix: string, { handler, target, parameters }: OutcomeRequest): Json {
  const lookup =
    'Deprecated: POST /restate/lookup gives the invocation id, with which GET /restate/';
  const operation = (tag: string, route: string, does: string, responses: Json): Json => ({
    get: {
      tags: [tag],
      summary: handler.name,
      description: `${lookup}${route}/{invocationId} does the same. ${does} ${target}.`,
      operationId: `${handler.name}${tag.split(' ').at(-1)}`,
      deprecated: true,
      parameters,
      responses: {
        200: outputResponse(handler),
        404: reference('responses', 'InvocationNotFoundError'),
        ...responses,
        default: reference('responses', 'GenericError'),
      },
      ...extensions(handler),
    },
  });
  return {
    [`${prefix}/attach`]: operation('Attach', 'attach', 'Waits for the outcome of', {}),
    [`${prefix}/output`]: operation('Get Output', 'output', 'Gets the outcome of', {
      470: reference('responses', 'InvocationNotReadyError'),
    }),
  };
}

function callOperation(
  { name }: ServiceRevision,
  handler: Handler,
  parameters: readonly Json[],
): Json {
  return {
    summary: handler.name,
    description: handler.documentation ?? `Calls ${name}/${handler.name} and waits for its result`,
    operationId: handler.name,
    parameters,
    requestBody: requestBody(handler),
    responses: {
      200: outputResponse(handler),
      default: reference('responses', 'GenericError'),
    },
    ...extensions(handler),
  };
}

function sendOperation(
  { name }: ServiceRevision,
  handler: Handler,
  parameters: readonly Json[],
): Json {
  return {
    tags: ['Send'],
    summary: handler.name,
    description: handler.documentation ?? `Sends to ${name}/${handler.name} without waiting`,
    operationId: `${handler.name}Send`,
    parameters,
    requestBody: requestBody(handler),
    responses: {
      200: reference('responses', 'Send'),
      202: reference('responses', 'Send'),
      default: reference('responses', 'GenericError'),
    },
    ...extensions(handler),
  };
}

function requestBody({ name, inputRules, inputJsonSchema }: Handler): Json | undefined {
  const rule = inputRules.at(-1);
  if (rule === undefined || rule.kind === 'noBodyAndNoContentType') return undefined;
  return {
    required: inputRules.every(({ kind }) => kind !== 'noBodyAndNoContentType'),
    content: content(rule.contentType, `${name}Request`, inputJsonSchema),
  };
}

function outputResponse({ name, outputContentType, outputJsonSchema }: Handler): Json {
  if (outputContentType === undefined) return { description: 'Empty' };
  return {
    description: '',
    content: content(outputContentType, `${name}Response`, outputJsonSchema),
  };
}

function content(contentType: string, schemaName: string, jsonSchema: unknown): Json {
  const hasSchema = jsonSchema !== undefined;
  return { [contentType]: hasSchema ? { schema: reference('schemas', schemaName) } : {} };
}

function handlerSchemas(handlers: readonly Handler[]): Json {
  const schemas = handlers.flatMap(({ name, inputJsonSchema, outputJsonSchema }) => [
    // Source: seen on the reference 1.7.12, which leaves `true` as it is for an output.
    [`${name}Request`, inputJsonSchema === true ? {} : inputJsonSchema] as const,
    [`${name}Response`, outputJsonSchema] as const,
  ]);
  return Object.fromEntries(
    schemas
      .filter(([, schema]) => schema !== undefined)
      .map(([name, schema]) => [name, moveReferences(schema, `#/components/schemas/${name}`)]),
  );
}

/** References within a schema that is now part of a document start at `root`. */
function moveReferences(schema: unknown, root: string): unknown {
  if (Array.isArray(schema)) return schema.map((item) => moveReferences(item, root));
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [
      keyword,
      keyword === '$ref' && typeof value === 'string'
        ? value.replace(/^#(?=\/|$)/, root)
        : moveReferences(value, root),
    ]),
  );
}

function extensions({ metadata = {} }: Pick<Handler, 'metadata'>): {
  readonly 'x-restate-extensions'?: Json;
} {
  return Object.keys(metadata).length === 0 ? {} : { 'x-restate-extensions': metadata };
}

function parameter(name: string): Json {
  return reference('parameters', name);
}

function reference(kind: 'parameters' | 'responses' | 'schemas', name: string): Json {
  return { $ref: `#/components/${kind}/${name}` };
}
