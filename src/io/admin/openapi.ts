// The OpenAPI document of the admin API, made from the operations that are served.
import { z } from 'zod';
import { COMPONENTS, errorDescription } from './components.ts';
import {
  TAGS,
  type DocumentedOperation,
  type RefusalStatus,
  type ResponseForm,
  type Takes,
} from './documentation.ts';
import { jsonResponse } from './respond.ts';
import { route, type Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Json;
  readonly tags: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: { readonly schemas: Json; readonly responses: Json };
}

/** `routes` are all that the document tells of. It is made when it is first asked for. */
export function openApiRoute(routes: readonly Route[], version: string): Route {
  let document: OpenApiDocument | undefined;
  return route('/openapi', {
    GET: () => jsonResponse(200, (document ??= openApiDocument(routes, version))),
  });
}

export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const schemas = new SchemaCollector();
  const paths = routes
    .map(({ path, methods }) => [path, pathItem(methods, schemas)] as const)
    .filter(([, operations]) => Object.keys(operations).length > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Admin API',
      description: 'Operations on deployments, services, invocations and Kafka subscriptions.',
      version,
    },
    tags: usedTags(routes),
    paths: Object.fromEntries(paths),
    components: { responses: refusalResponses(schemas), schemas: schemas.components() },
  };
}

function usedTags(routes: readonly Route[]): readonly Json[] {
  const used = new Set<string | undefined>(
    routes.flatMap(({ methods }) =>
      [...methods.values()].map(({ documented }) => documented?.info.tag),
    ),
  );
  return Object.entries(TAGS)
    .filter(([name]) => used.has(name))
    .map(([name, description]) => ({ name, description }));
}

function pathItem(methods: Route['methods'], schemas: SchemaCollector): Record<string, Json> {
  const operations: Record<string, Json> = {};
  for (const [method, { documented }] of methods) {
    if (documented === undefined) continue;
    operations[method.toLowerCase()] = describeOperation(documented, schemas);
  }
  return operations;
}

function describeOperation(
  { info, takes, responses, refusals }: DocumentedOperation,
  schemas: SchemaCollector,
): Json {
  const body = schemaIn(takes, 'body');
  const parameters = [
    ...parametersIn(takes, 'params', schemas),
    ...parametersIn(takes, 'query', schemas),
  ];
  return {
    tags: [info.tag],
    summary: info.summary,
    operationId: info.id,
    deprecated: info.deprecated,
    parameters: parameters.length === 0 ? undefined : parameters,
    requestBody: body && { required: true, content: json(schemas.refer(body)) },
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, form]) => [
          status,
          describeResponse(form, schemas),
        ]),
      ),
      ...refusalReferences(takes, refusals, responses),
    },
  };
}

function describeResponse(
  { description, body, mediaTypes, headers = [] }: ResponseForm,
  schemas: SchemaCollector,
): Json {
  const fields = headers.map((name) => [name, { schema: { type: 'string' } }] as const);
  return {
    description,
    headers: fields.length === 0 ? undefined : Object.fromEntries(fields),
    content: body ? json(schemas.refer(body)) : mediaTypes && anyOf(mediaTypes),
  };
}

function anyOf(mediaTypes: readonly string[]): Json {
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, {}]));
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}

function parametersIn(takes: Takes, part: 'params' | 'query', schemas: SchemaCollector): Json[] {
  const members = schemaIn(takes, part);
  if (!(members instanceof z.ZodObject)) return [];
  return Object.entries(members.shape).map(([name, schema]) => ({
    name,
    in: part === 'params' ? 'path' : 'query',
    required: part === 'params',
    schema: schema instanceof z.ZodType ? schemas.refer(schema) : {},
  }));
}

function schemaIn(takes: Takes, part: 'params' | 'query' | 'body'): z.ZodType | undefined {
  const schema: unknown = takes.shape[part];
  return schema instanceof z.ZodType ? schema : undefined;
}

/** Names as in the reference's document. `text` is what the HTTP framework of the reference says. */
const REFUSALS: ReadonlyMap<number, { readonly name: string; readonly as: 'json' | 'text' }> =
  new Map([
    [400, { name: 'BadRequest', as: 'json' }],
    [404, { name: 'NotFound', as: 'json' }],
    [405, { name: 'MethodNotAllowed', as: 'json' }],
    [409, { name: 'Conflict', as: 'json' }],
    [410, { name: 'Gone', as: 'json' }],
    [413, { name: 'ContentTooLarge', as: 'text' }],
    [415, { name: 'UnsupportedMediaType', as: 'text' }],
    [422, { name: 'UnprocessableEntity', as: 'json' }],
    [425, { name: 'TooEarly', as: 'json' }],
    [500, { name: 'InternalServerError', as: 'json' }],
    [503, { name: 'ServiceUnavailable', as: 'json' }],
  ]);

function refusalReferences(
  takes: Takes,
  refusals: readonly RefusalStatus[],
  responses: DocumentedOperation['responses'],
): Json {
  const takesText = takes.shape['params'] !== undefined || takes.shape['query'] !== undefined;
  const takesBody = takes.shape['body'] !== undefined;
  const statuses = new Set<number>([
    ...refusals,
    ...(takesText ? [400] : []),
    ...(takesBody ? [400, 413, 415, 422] : []),
    500,
  ]);
  const references = [...statuses]
    .filter((status) => !(status in responses))
    .map((status) => [status, { $ref: `#/components/responses/${REFUSALS.get(status)?.name}` }]);
  return Object.fromEntries(references);
}

/** Malformed requests are refused in text, whatever the status says otherwise. */
function refusalResponses(schemas: SchemaCollector): Json {
  const text = { 'text/plain': { schema: { type: 'string' } } };
  const description = json(schemas.refer(errorDescription));
  const responses = [...REFUSALS.values()].map(({ name, as }) => {
    const content = as === 'text' ? text : { ...description, ...text };
    return [name, { description: name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' '), content }] as const;
  });
  return Object.fromEntries(responses);
}

const DEFINITIONS = '#/$defs/';
const COMPONENT_SCHEMAS = '#/components/schemas/';

/** Converts schemas, and keeps those with a name apart. */
class SchemaCollector {
  readonly #components = new Map<string, unknown>();

  /** The schema, with references in place of named parts. */
  refer(schema: z.ZodType): Json {
    const converted = z.toJSONSchema(schema, { metadata: COMPONENTS, io: 'input' });
    const { $schema: _, $defs = {}, ...rest } = moveReferences(converted);
    for (const [id, definition] of Object.entries($defs)) this.#components.set(id, definition);
    return rest;
  }

  components(): Json {
    return Object.fromEntries([...this.#components].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function moveReferences(schema: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema {
  return JSON.parse(JSON.stringify(schema), (key: string, value: unknown) =>
    key === '$ref' && typeof value === 'string'
      ? value.replace(DEFINITIONS, COMPONENT_SCHEMAS)
      : value,
  ) as z.core.JSONSchema.BaseSchema;
}
