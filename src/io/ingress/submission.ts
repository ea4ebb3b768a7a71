// A call or send → the submission of an invocation. The checks run in the reference's order, which
// clients see when a request has several faults.
import type { InvocationTarget } from '../../actors/domain/invocation.ts';
import { inScope, isWorkflowRun } from '../../actors/domain/invocation.ts';
import { parseDuration } from '../../actors/domain/duration.ts';
import { ID_RANDOM_BYTES, invocationIdFor } from '../../actors/domain/make-invocation-id.ts';
import type { Handler } from '../../actors/domain/schema.ts';
import { unixMillis } from '../../actors/domain/time.ts';
import type { IngressSubmission } from '../../actors/ports.ts';
import { retentionsFor } from '../../actors/schema/resolve.ts';
import { invocationTarget } from '../../actors/schema/target.ts';
import type { HttpRequest } from '../http/exchange.ts';
import { encodeInputCommand } from '../service-protocol/message-encoder.ts';
import { bodyBytes } from './body.ts';
import type { IngressContext } from './context.ts';
import { refusals } from './errors.ts';
import { forwardHeaders } from './forward-headers.ts';
import { checkHeaderValue } from './header-value.ts';
import { checkInput } from './input-rules.ts';
import { checkScope, readLimitKey } from './limit-key.ts';
import type { InvokeRoute } from './path.ts';
import { formatUlid } from './ulid.ts';

/** Reads the whole request. Throws the refusal of one that may not start an invocation. */
export async function readSubmission(
  request: HttpRequest,
  route: InvokeRoute,
  path: string,
  context: IngressContext,
): Promise<IngressSubmission> {
  const handler = findPublicHandler(route);
  const { scope } = route;
  const target = inScope(invocationTarget(route.service, handler, route.key ?? ''), scope);
  const idempotencyKey = readIdempotencyKey(request, target);
  if (scope !== undefined) {
    checkScope(scope, target.kind === 'virtualObject', context.options.scopeFeatures);
  }
  if (request.method !== 'POST' && request.method !== 'GET') throw refusals.methodNotAllowed();

  const body = bodyBytes(await request.readBody(context.options.requestBodyBytesMax));

  checkInput(handler.inputRules, readContentType(request), body.byteLength === 0);
  const { delayMs, limitKey } = readQuery(request, scope);
  const { query } = request;
  const headers = forwardHeaders(request.headers, query === undefined ? path : `${path}?${query}`);
  if (delayMs !== undefined && route.verb === 'call') throw refusals.delayedCall();

  const nowMs = unixMillis(context.clock());
  const random = context.random(ID_RANDOM_BYTES);
  // Every call and send that could have a key gets one, so that its outcome is kept and can be read
  // by id. Source: feature `controlled-idempotent-sharding` of the reference, on by default.
  const effectiveKey =
    idempotencyKey ?? (target.kind === 'workflow' ? undefined : formatUlid(nowMs, random));
  const { defaults } = context.options;
  const found = { revision: route.service, handler };
  const retentions = retentionsFor(found, effectiveKey !== undefined, defaults);
  return {
    invocationId: invocationIdFor({ target, idempotencyKey: effectiveKey, random, nowMs }),
    hasNewId: idempotencyKey === undefined && !isWorkflowRun(target),
    target,
    input: encodeInputCommand(headers, body),
    idempotencyKey: effectiveKey,
    limitKey,
    executeAtMs: delayMs === undefined ? undefined : unixMillis(Math.floor(nowMs + delayMs)),
    completionRetentionMs: retentions.completionRetentionMs,
    journalRetentionMs: retentions.journalRetentionMs,
  };
}

function findPublicHandler({ service, handler: name }: InvokeRoute): Handler {
  const handler = service.handlers.get(name);
  if (handler === undefined) throw refusals.handlerNotFound(service.name, name);
  if (!service.public || !handler.public) throw refusals.notPublic();
  return handler;
}

function readIdempotencyKey(request: HttpRequest, target: InvocationTarget): string | undefined {
  const key = request.header('idempotency-key');
  if (key === undefined) return undefined;
  checkHeaderValue('idempotency-key', key);
  if (isWorkflowRun(target)) throw refusals.workflowIdempotencyKey();
  return key;
}

function readContentType(request: HttpRequest): string | undefined {
  const value = request.header('content-type');
  return value === undefined ? undefined : checkHeaderValue('content-type', value);
}

interface QueryFields {
  /** Unit: milliseconds. */
  readonly delayMs?: number | undefined;
  readonly limitKey?: string | undefined;
}

const NO_FIELDS: QueryFields = {};

/** What the query says; the limit key may be in a header as well. */
function readQuery(request: HttpRequest, scope: string | undefined): QueryFields {
  const limitKeyHeader = request.header('x-restate-limit-key');
  if (request.query === undefined && limitKeyHeader === undefined) return NO_FIELDS;
  const parameters = new URLSearchParams(request.query);
  const delay = findParameter(parameters, 'delay');
  const delayMs = delay === undefined ? undefined : parseDelay(delay);
  if (limitKeyHeader !== undefined) checkHeaderValue('x-restate-limit-key', limitKeyHeader);
  const limitKey = limitKeyHeader ?? findParameter(parameters, 'limit-key') ?? '';
  return { delayMs, limitKey: readLimitKey(limitKey, scope) };
}

/** First occurrence; `name` is in lower case, and the client's case does not count. */
function findParameter(parameters: URLSearchParams, name: string): string | undefined {
  for (const [found, value] of parameters) if (found.toLowerCase() === name) return value;
  return undefined;
}

function parseDelay(text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw refusals.badDelay(parsed.reason);
  return parsed.ms;
}
