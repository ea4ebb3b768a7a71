// The OpenAPI document that a server gives of its admin API, for checking its answers against it.
import assert from 'node:assert/strict';
import { z } from 'zod';
import type { HttpClient, HttpReply } from './http.ts';
import { field } from './json.ts';

export interface ApiOperation {
  readonly method: string;
  readonly path: string;
  readonly id: string;
  /** As `in name`, for example `path service`; `?` marks what may be left out. */
  readonly parameters: readonly string[];
  /** Every documented status, `2xx` first. */
  readonly statuses: readonly string[];
  readonly hasBody: boolean;
}

interface DocumentedOperation {
  readonly operationId: string;
  readonly parameters?: ReadonlyArray<{
    readonly in: string;
    readonly name: string;
    readonly required: boolean;
  }>;
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: {
    readonly responses: Readonly<Record<string, unknown>>;
    readonly schemas: Record<string, z.core.JSONSchema.JSONSchema>;
  };
}

export class ApiDocument {
  readonly operations: readonly ApiOperation[];
  readonly #document: Document;

  private constructor(document: Document) {
    this.#document = document;
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        id: operation.operationId,
        parameters: (operation.parameters ?? []).map(
          ({ in: place, name, required }) => `${place} ${name}${required ? '' : '?'}`,
        ),
        statuses: Object.keys(operation.responses),
        hasBody: operation.requestBody !== undefined,
      })),
    );
  }

  static async fetch(admin: HttpClient): Promise<ApiDocument> {
    const reply = await admin.get('/openapi');
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['content-type'], 'application/json');
    // The converter of JSON schemas finds definitions where a schema of its own would have them.
    const text = reply.text().replaceAll('#/components/schemas/', '#/$defs/');
    return new ApiDocument(JSON.parse(text) as Document);
  }

  /** Names of the schemas that the document defines. */
  get schemaNames(): readonly string[] {
    return Object.keys(this.#document.components.schemas);
  }

  /** Fails unless the document tells of this answer, and of its body. */
  check(method: string, target: string, reply: HttpReply): void {
    const [path = ''] = target.split('?');
    const template = this.#templateOf(path);
    const operation = this.#document.paths[template]?.[method.toLowerCase()];
    assert.ok(operation !== undefined, `${method} ${path} is documented`);
    const response = operation.responses[reply.status];
    assert.ok(response !== undefined, `${method} ${template} may answer ${reply.status}`);
    const schema = jsonSchemaOf(this.#resolve(response));
    if (schema === undefined) {
      assert.equal(
        reply.text(),
        '',
        `${method} ${template} answers ${reply.status} without a body`,
      );
      return;
    }
    const form = z.fromJSONSchema({ ...schema, $defs: this.#document.components.schemas });
    const parsed = form.safeParse(reply.json());
    assert.ok(parsed.success, `${method} ${template}: ${parsed.error?.message} ${reply.text()}`);
  }

  #resolve(response: unknown): unknown {
    const reference = field(response, '$ref');
    if (typeof reference !== 'string') return response;
    return this.#document.components.responses[reference.replace('#/components/responses/', '')];
  }

  #templateOf(path: string): string {
    const segments = path.split('/');
    const found = Object.keys(this.#document.paths).find((template) => {
      const pattern = template.split('/');
      return (
        pattern.length === segments.length &&
        pattern.every((part, index) => part.startsWith('{') || part === segments[index])
      );
    });
    assert.ok(found !== undefined, `${path} is documented`);
    return found;
  }
}

function jsonSchemaOf(response: unknown): Readonly<Record<string, unknown>> | undefined {
  const content = field(response, 'content');
  if (content === undefined) return undefined;
  const schema = field(field(content, 'application/json'), 'schema');
  assert.ok(typeof schema === 'object' && schema !== null);
  return { ...schema };
}
