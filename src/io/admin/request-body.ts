import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import type { HttpRequest } from '../http/exchange.ts';
import { AdminError } from './admin-error.ts';

/** Unit: bytes, inclusive. Source: seen on the reference 1.7.12. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** Reads a JSON body. To be called before the first wait. */
export async function readJson(http: HttpRequest): Promise<unknown> {
  if (!isJsonMediaType(http.header('content-type') ?? '')) {
    const message = 'Expected request with `Content-Type: application/json`';
    throw new AdminError('unsupportedMediaType', message);
  }
  const result = await http.readBody(BODY_BYTES_MAX);
  switch (result.kind) {
    case 'body':
      return parseJson(result.bytes);
    case 'tooLarge':
      throw new AdminError(
        'bodyTooLarge',
        'Failed to buffer the request body: length limit exceeded',
      );
    case 'failed':
      throw new AdminError('invalidBody', `Failed to buffer the request body: ${result.message}`);
  }
}

/** `application/json` or `application/<anything>+json`, with or without parameters. */
function isJsonMediaType(contentType: string): boolean {
  const [mediaType = ''] = contentType.toLowerCase().split(';', 1);
  return /^application\/(?:json|[^/\s]+\+json)$/.test(mediaType.trim());
}

function parseJson(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw invalidJson('the text is not UTF-8');
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch (error) {
    throw invalidJson(error instanceof Error ? error.message : String(error), error);
  }
}

function invalidJson(reason: string, cause?: unknown): AdminError {
  const message = `Failed to parse the request body as JSON: ${reason}`;
  return new AdminError('invalidJson', message, { cause });
}

/** The body as the first of several forms that it has. `name` is that of the choice. */
export function expectForm<Form extends z.ZodType>(
  form: Form,
  name: string,
  json: unknown,
): z.output<Form> {
  const parsed = form.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AdminError(
    'unexpectedJson',
    `Failed to deserialize the JSON body into the target type: data did not match any variant of untagged enum ${name}`,
  );
}

/** The body in the only form there is. */
export function expectFields<Form extends z.ZodType>(form: Form, json: unknown): z.output<Form> {
  const parsed = form.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? '' : pathOf(issue.path);
  const message = `${where === '' ? '' : `${where}: `}${issue?.message ?? 'invalid'}`;
  throw new AdminError(
    'unexpectedJson',
    `Failed to deserialize the JSON body into the target type: ${message}`,
  );
}

/** `invocation_ids[0]`, `new_state.name`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
