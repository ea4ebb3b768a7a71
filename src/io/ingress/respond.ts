// The forms of an answer: an outcome, a refusal, an acceptance.
import type { InvocationId } from '../../actors/domain/ids.ts';
import type { Failure } from '../../actors/domain/outcome.ts';
import type { ServiceRevision } from '../../actors/domain/schema.ts';
import { formatIdempotencyExpires, formatRfc3339Nanos } from '../../actors/domain/duration.ts';
import type { RequestReply } from '../../actors/partition/effect.ts';
import type { HeaderFields, HttpRequest, HttpResponse } from '../http/exchange.ts';
import { type IngressError, refusals } from './errors.ts';

type Field = readonly [name: string, value: string];
type Completed = RequestReply & { readonly kind: 'completed' };

const JSON_CONTENT: Field = ['content-type', 'application/json'];
const VARY: Field = [
  'vary',
  'origin, access-control-request-method, access-control-request-headers',
];
const CREDENTIALS: Field = ['access-control-allow-credentials', 'true'];

const JSON_HEADERS: HeaderFields = [JSON_CONTENT, VARY, CREDENTIALS];
const EMPTY_HEADERS: HeaderFields = [VARY, CREDENTIALS];
const REFUSAL_HEADERS: HeaderFields = [
  ['x-restate-error-source', 'ingress'],
  JSON_CONTENT,
  VARY,
  CREDENTIALS,
];

/** To a Content-Length over the limit: no JSON, no CORS headers. Source: seen on the reference. */
export const DECLARED_TOO_LARGE: HttpResponse = {
  status: 413,
  headers: [['content-type', 'text/plain; charset=utf-8']],
  body: 'length limit exceeded',
  close: true,
};

export function refusalResponse({ status, message, leavesBody }: IngressError): HttpResponse {
  return {
    status,
    headers: REFUSAL_HEADERS,
    body: JSON.stringify({ code: status, message, source: 'ingress' }),
    close: leavesBody,
  };
}

export function jsonResponse(body: object): HttpResponse {
  return { status: 200, headers: JSON_HEADERS, body: JSON.stringify(body) };
}

/** 202 without a body, to the completion of an awakeable. */
export const COMPLETION_ACCEPTED: HttpResponse = { status: 202, headers: EMPTY_HEADERS, body: '' };

/** 202 to a send. `executeAtMs` only while the invocation is scheduled. */
export function acceptedResponse(
  id: InvocationId,
  isNew: boolean,
  executeAtMs: number | undefined,
): HttpResponse {
  const executionTime = executeAtMs === undefined ? undefined : formatRfc3339Nanos(executeAtMs);
  const status = isNew ? 'Accepted' : 'PreviouslyAccepted';
  return {
    status: 202,
    headers: [JSON_CONTENT, ['x-restate-id', id], VARY, CREDENTIALS],
    body: JSON.stringify({ invocationId: id, executionTime, status }),
  };
}

/** The outcome of an invocation, waited for or read back. */
export function outcomeResponse(
  id: InvocationId,
  reply: Completed,
  services: ReadonlyMap<string, ServiceRevision>,
): HttpResponse {
  const { outcome, target, expiresAtMs } = reply;
  if (outcome.kind === 'failure') return failureResponse(id, outcome.failure, expiresAtMs);
  // The content type is the latest revision's, whatever the invocation ran on.
  const handler = services.get(target.service)?.handlers.get(target.handler);
  if (handler === undefined) throw refusals.notFound();
  const headers: Field[] = [['x-restate-id', id]];
  if (expiresAtMs !== undefined) headers.push(expires(expiresAtMs));
  const { outputContentType } = handler;
  const { value } = outcome;
  if (outputContentType !== undefined && (value.byteLength > 0 || handler.setContentTypeIfEmpty)) {
    headers.push(['content-type', outputContentType]);
  }
  headers.push(VARY, CREDENTIALS);
  return { status: 200, headers, body: value };
}

/** The stored or made failure of an invocation. */
export function failureResponse(
  id: InvocationId,
  failure: Failure,
  expiresAtMs?: number,
): HttpResponse {
  const { code, message, stacktrace } = failure;
  // HTTP has no final answer below 200. Source: seen on the reference.
  if (code >= 100 && code < 200) return { status: 500, headers: [], body: '', close: true };
  const headers: Field[] = [['x-restate-id', id]];
  if (expiresAtMs !== undefined) headers.push(expires(expiresAtMs));
  headers.push(['x-restate-error-source', 'invocation'], JSON_CONTENT, VARY, CREDENTIALS);
  const metadata =
    failure.metadata === undefined || failure.metadata.length === 0
      ? undefined
      : Object.fromEntries(failure.metadata);
  return {
    status: code >= 200 && code <= 999 ? code : 500,
    headers,
    body: JSON.stringify({ code, message, stacktrace, metadata, source: 'invocation' }),
  };
}

function expires(atMs: number): Field {
  return ['idempotency-expires', formatIdempotencyExpires(atMs)];
}

/** The answer to every OPTIONS request. */
export function preflightResponse(request: HttpRequest): HttpResponse {
  const headers: Field[] = [];
  const method = request.header('access-control-request-method');
  if (method !== undefined) headers.push(['access-control-allow-methods', method]);
  const names = request.header('access-control-request-headers');
  if (names !== undefined) headers.push(['access-control-allow-headers', names]);
  headers.push(VARY, CREDENTIALS);
  return withOrigin(request, { status: 200, headers, body: '' });
}

/** Lets the page that asked read the answer: mirrors its origin. */
export function withOrigin(request: HttpRequest, response: HttpResponse): HttpResponse {
  const origin = request.header('origin');
  // Bare answers, which have no headers at all, stay bare.
  if (origin === undefined || response.headers.length === 0) return response;
  const headers = [...response.headers, ['access-control-allow-origin', origin] as const];
  return { ...response, headers };
}
