// Paths of the ingress → what they ask for. Segments are compared as they are; only object keys,
// workflow keys and scopes are percent-decoded, before anything behind them is looked at.
// Source: reference contract, "Routing".
import type { ServiceRevision } from '../../actors/domain/schema.ts';
import type { ReadVerb } from './context.ts';
import { refusals } from './errors.ts';
import { decodeSegment } from './percent.ts';

type Services = ReadonlyMap<string, ServiceRevision>;

export type IngressRoute =
  | { readonly kind: 'health' }
  | { readonly kind: 'lookup' }
  | {
      readonly kind: 'awakeable';
      readonly verb: 'resolve' | 'reject';
      readonly awakeableId: string;
    }
  | InvokeRoute
  | { readonly kind: 'readById'; readonly verb: ReadVerb; readonly invocationId: string }
  | {
      readonly kind: 'readByIdempotencyKey';
      readonly verb: ReadVerb;
      readonly service: string;
      readonly key: string | undefined;
      readonly handler: string;
      readonly idempotencyKey: string;
    }
  | {
      readonly kind: 'readWorkflow';
      readonly verb: ReadVerb;
      readonly workflow: string;
      readonly key: string;
    }
  /** The target is in the body. */
  | { readonly kind: 'readTarget'; readonly verb: ReadVerb };

export interface InvokeRoute {
  readonly kind: 'invoke';
  readonly verb: 'call' | 'send';
  readonly service: ServiceRevision;
  /** `undefined` for a Service. */
  readonly key: string | undefined;
  readonly handler: string;
  readonly scope?: string | undefined;
}

const SLASHES_MIN = 2;
const SLASHES_MAX = 7;

/** Collapses leading slashes to one and drops trailing ones; everything between stays as it is. */
export function normalisePath(path: string): string {
  let start = 0;
  while (path[start] === '/' && path[start + 1] === '/') start += 1;
  let end = path.length;
  while (end > start + 1 && path[end - 1] === '/') end -= 1;
  return start === 0 && end === path.length ? path : path.slice(start, end);
}

/** `path` is normalised. Throws a refusal if it leads nowhere. */
export function parseRoute(path: string, services: Services): IngressRoute {
  const segments = path.split('/').slice(1);
  if (segments.length < SLASHES_MIN || segments.length > SLASHES_MAX) throw refusals.badPath(path);
  const [first = '', ...rest] = segments;
  switch (first) {
    case 'restate':
      return parseRestateRoute(rest, services);
    case 'openapi':
      throw refusals.notFound();
    default:
      return parseLegacyInvoke(segments, services);
  }
}

function parseRestateRoute(segments: readonly string[], services: Services): IngressRoute {
  const [family = '', ...rest] = segments;
  switch (family) {
    case 'health':
      return { kind: 'health' };
    case 'awakeables':
    case 'a':
      return parseAwakeable(rest);
    case 'invocation':
      return parseInvocationRead(rest, services);
    case 'workflow':
      return parseWorkflowRead(rest);
    case 'call':
    case 'send':
      return parseInvoke(family, rest, services);
    case 'scope':
      return parseScopedInvoke(rest, services);
    case 'attach':
    case 'output':
      return parseRead(family, rest);
    case 'lookup':
      if (rest.length > 0) throw refusals.badPathShape('restate');
      return { kind: 'lookup' };
    default:
      throw refusals.notFound();
  }
}

function parseAwakeable([awakeableId, verb]: readonly string[]): IngressRoute {
  if (awakeableId === undefined || verb === undefined) throw refusals.badPathShape('awakeable');
  if (verb !== 'resolve' && verb !== 'reject') throw refusals.notFound();
  return { kind: 'awakeable', verb, awakeableId };
}

/** `{id}/{verb}`, `{service}/{handler}/{idempotency key}/{verb}`, or the same with a key. */
function parseInvocationRead(rest: readonly string[], services: Services): IngressRoute {
  const [first, second] = rest;
  if (first === undefined || second === undefined) throw refusals.badPathShape('invocation');
  if (rest.length === 2) {
    return { kind: 'readById', verb: parseReadVerb(second), invocationId: first };
  }
  const service = findService(first, services);
  const key = decodeKey(service, second);
  const [handler, idempotencyKey, verb] = rest.slice(key === undefined ? 1 : 2);
  if (handler === undefined || idempotencyKey === undefined || verb === undefined) {
    throw refusals.badPathShape('invocation');
  }
  return {
    kind: 'readByIdempotencyKey',
    verb: parseReadVerb(verb),
    service: service.name,
    key,
    handler,
    idempotencyKey,
  };
}

function parseWorkflowRead([workflow, segment, verb]: readonly string[]): IngressRoute {
  if (workflow === undefined || segment === undefined) throw refusals.badPathShape('workflow');
  const key = decodeSegment(segment);
  if (verb === undefined) throw refusals.badPathShape('workflow');
  return { kind: 'readWorkflow', verb: parseReadVerb(verb), workflow, key };
}

function parseReadVerb(segment: string): ReadVerb {
  if (segment !== 'attach' && segment !== 'output') throw refusals.notFound();
  return segment;
}

function parseRead(verb: ReadVerb, rest: readonly string[]): IngressRoute {
  const [invocationId] = rest;
  if (invocationId === undefined) return { kind: 'readTarget', verb };
  if (rest.length > 1) throw refusals.badPathShape('restate');
  return { kind: 'readById', verb, invocationId };
}

/** `{scope}/call|send/{service}/[{key}/]{handler}`. */
function parseScopedInvoke(rest: readonly string[], services: Services): InvokeRoute {
  const [segment, verb] = rest;
  if (segment === undefined) throw refusals.badPathShape('restate');
  const scope = decodeSegment(segment);
  if (verb !== 'call' && verb !== 'send') throw refusals.badPathShape('restate');
  return { ...parseInvoke(verb, rest.slice(2), services), scope };
}

/** `{service}/[{key}/]{handler}`. */
function parseInvoke(
  verb: 'call' | 'send',
  rest: readonly string[],
  services: Services,
): InvokeRoute {
  if (rest[0] === undefined) throw refusals.badPathShape('restate');
  const service = findService(rest[0], services);
  const key = decodeKey(service, rest[1]);
  const handlerAt = service.type === 'Service' ? 1 : 2;
  const handler = rest[handlerAt];
  if (handler === undefined || rest.length > handlerAt + 1) throw refusals.badPathShape('restate');
  return { kind: 'invoke', verb, service, key, handler };
}

/** `{service}/[{key}/]{handler}[/send]`. */
function parseLegacyInvoke(segments: readonly string[], services: Services): InvokeRoute {
  const service = findService(segments[0] ?? '', services);
  const key = decodeKey(service, segments[1]);
  const handlerAt = service.type === 'Service' ? 1 : 2;
  const handler = segments[handlerAt];
  const isSend = segments.length === handlerAt + 2 && segments[handlerAt + 1] === 'send';
  if (handler === undefined || (segments.length > handlerAt + 1 && !isSend)) {
    throw refusals.badPathShape('invoke');
  }
  return { kind: 'invoke', verb: isSend ? 'send' : 'call', service, key, handler };
}

/** The segment after a service's name, which is a key unless it is a Service's. */
function decodeKey(service: ServiceRevision, segment: string | undefined): string | undefined {
  return service.type === 'Service' || segment === undefined ? undefined : decodeSegment(segment);
}

function findService(name: string, services: Services): ServiceRevision {
  const service = services.get(name);
  if (service === undefined) throw refusals.serviceNotFound(name);
  return service;
}
