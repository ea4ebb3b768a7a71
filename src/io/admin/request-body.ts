import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import type { HttpRequest } from '../http/exchange.ts';
import { AdminError } from './admin-error.ts';
import { COMPONENTS } from './components.ts';

/** Unit: bytes, inclusive. Source: seen on the reference 1.7.12. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** Reads a JSON body, or says why there is none. To be called before the first wait. */
export async function readJson(http: HttpRequest): Promise<unknown> {
  if (!isJsonMediaType(http.header('content-type') ?? '')) {
    const message = 'Expected request with `Content-Type: application/json`';
    return new AdminError('unsupportedMediaType', message);
  }
  const bytes = await readBytes(http);
  return bytes instanceof AdminError ? bytes : parseJson(bytes);
}

/** Reads a body of any kind. To be called before the first wait. */
export async function readBytes(http: HttpRequest): Promise<Uint8Array | AdminError> {
  const result = await http.readBody(BODY_BYTES_MAX);
  switch (result.kind) {
    case 'body':
      return result.bytes;
    case 'tooLarge':
      return bodyRefusal('bodyTooLarge', 'length limit exceeded');
    case 'failed':
      return bodyRefusal('invalidBody', result.message);
  }
}

function bodyRefusal(kind: 'bodyTooLarge' | 'invalidBody', reason: string): AdminError {
  return new AdminError(kind, `Failed to buffer the request body: ${reason}`);
}

/** `application/json` or `application/<anything>+json`, with or without parameters. */
function isJsonMediaType(contentType: string): boolean {
  const [mediaType = ''] = contentType.toLowerCase().split(';', 1);
  return /^application\/(?:json|[^/\s]+\+json)$/.test(mediaType.trim());
}

function parseJson(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) return invalidJson('the text is not UTF-8');
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch (error) {
    return invalidJson(error instanceof Error ? error.message : String(error), error);
  }
}

function invalidJson(reason: string, cause?: unknown): AdminError {
  const message = `Failed to parse the request body as JSON: ${reason}`;
  return new AdminError('invalidJson', message, { cause });
}

/** The refusal of a body with this fault. A body that may have several forms has only one message. */
export function unexpectedJson(form: unknown, issue: z.core.$ZodIssue | undefined): AdminError {
  const text = form instanceof z.ZodUnion ? noForm(form) : describeIssue(issue);
  const message = `Failed to deserialize the JSON body into the target type: ${text}`;
  return new AdminError('unexpectedJson', message);
}

function noForm(form: z.ZodUnion): string {
  return `data did not match any variant of untagged enum ${COMPONENTS.get(form)?.id}`;
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  const where = pathOf(issue?.path.slice(1) ?? []);
  return `${where === '' ? '' : `${where}: `}${issue?.message ?? 'invalid'}`;
}

/** `invocation_ids[0]`, `new_state.name`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
