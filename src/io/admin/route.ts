// Finding the operation of a request: version prefix, path, method.
import { isUtf8 } from 'node:buffer';
import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import { AdminError } from './admin-error.ts';
import type { DocumentedOperation } from './documentation.ts';

/** `v2` keeps the behaviour of older servers; `v3`, `v4` and no prefix are the same. */
export type AdminApiVersion = 'v2' | 'latest';

/** Oldest and newest version prefix. Source: the reference 1.7.12. */
export const ADMIN_API_VERSION_MIN = 2;
export const ADMIN_API_VERSION_MAX = 4;

export interface AdminRequest {
  readonly http: HttpRequest;
  readonly apiVersion: AdminApiVersion;
  /** The decoded value of `{name}` in the path of the route. */
  param(name: string): string;
}

/** Whoever reads the body does so before the first wait. */
export type RouteHandler = (request: AdminRequest) => HttpResponse | Promise<HttpResponse>;

export interface Operation {
  readonly handle: RouteHandler;
  /** Absent: the OpenAPI document leaves the operation out. */
  readonly documented?: DocumentedOperation | undefined;
}

export type Method = 'GET' | 'POST' | 'DELETE' | 'PATCH' | 'PUT';

export interface Route {
  /** For example `/services/{service}/handlers`; a last `{*name}` takes the rest of the path. */
  readonly path: string;
  /** In the order in which `allow` names them. HEAD works wherever GET does. */
  readonly methods: ReadonlyMap<Method, Operation>;
}

export type RouteMatch =
  | { readonly kind: 'found'; readonly handler: RouteHandler; readonly request: AdminRequest }
  | { readonly kind: 'unknownPath' }
  | { readonly kind: 'wrongMethod'; readonly allow: string };

/** A plain handler is an operation that the OpenAPI document leaves out. */
export function route(
  path: string,
  methods: Readonly<Partial<Record<Method, Operation | RouteHandler>>>,
): Route {
  const entries = Object.entries(methods).filter(isMethodEntry);
  return {
    path,
    methods: new Map(
      entries.map(([method, operation]) => [
        method,
        typeof operation === 'function' ? { handle: operation } : operation,
      ]),
    ),
  };
}

function isMethodEntry<T>(entry: [string, T]): entry is [Method, T] {
  return ['GET', 'POST', 'DELETE', 'PATCH', 'PUT'].includes(entry[0]);
}

export function matchRoute(routes: readonly Route[], http: HttpRequest): RouteMatch {
  const { apiVersion, segments } = readVersion(http.path);
  for (const { path, methods } of routes) {
    const params = matchPath(path.split('/'), segments);
    if (params === undefined) continue;
    const handler = [...methods].find(([method]) => serves(method, http.method))?.[1].handle;
    if (handler === undefined) return { kind: 'wrongMethod', allow: allowOf(methods) };
    const request = { http, apiVersion, param: (name: string) => decodeParam(params, name) };
    return { kind: 'found', handler, request };
  }
  return { kind: 'unknownPath' };
}

function serves(method: Method, requested: string): boolean {
  return method === requested || (method === 'GET' && requested === 'HEAD');
}

function allowOf(methods: Route['methods']): string {
  return [...methods.keys()].map((method) => (method === 'GET' ? 'GET,HEAD' : method)).join(',');
}

function readVersion(path: string): {
  readonly apiVersion: AdminApiVersion;
  readonly segments: readonly string[];
} {
  const segments = path.split('/');
  const [, prefix] = segments;
  if (prefix === 'v1' && path !== '/v1/') {
    const supported = `V${ADMIN_API_VERSION_MIN} and V${ADMIN_API_VERSION_MAX}`;
    throw new AdminError(
      'unsupportedVersion',
      `Unsupported Admin API version V1. This server supports versions between ${supported}.`,
    );
  }
  const isPrefixed = prefix === 'v2' || prefix === 'v3' || prefix === 'v4';
  return {
    apiVersion: prefix === 'v2' ? 'v2' : 'latest',
    segments: isPrefixed ? withoutPrefix(segments) : segments,
  };
}

/** `/v2` stands for `/`, and `/v2/` for nothing. Seen on the reference 1.7.12. */
function withoutPrefix([, , ...rest]: readonly string[]): readonly string[] {
  if (rest.length === 0) return ['', ''];
  return rest.length === 1 && rest[0] === '' ? [] : ['', ...rest];
}

/** The raw values of the parameters; `undefined` when the path is another one. */
function matchPath(
  pattern: readonly string[],
  segments: readonly string[],
): ReadonlyMap<string, string> | undefined {
  const last = pattern.at(-1) ?? '';
  const takesRest = last.startsWith('{*');
  if (takesRest ? pattern.length > segments.length : pattern.length !== segments.length) {
    return undefined;
  }
  const params = new Map<string, string>();
  const fixed = takesRest ? pattern.slice(0, -1) : pattern;
  for (const [index, expected] of fixed.entries()) {
    const segment = segments[index] ?? '';
    if (!expected.startsWith('{')) {
      if (expected !== segment) return undefined;
    } else {
      if (segment === '') return undefined;
      params.set(expected.slice(1, -1), segment);
    }
  }
  if (takesRest) {
    const rest = segments.slice(fixed.length).join('/');
    if (rest === '') return undefined;
    params.set(last.slice(2, -1), rest);
  }
  return params;
}

const ESCAPE = /%([0-9a-fA-F]{2})/g;

/** Escapes that are none stay as they are. Seen on the reference 1.7.12. */
function decodeParam(params: ReadonlyMap<string, string>, name: string): string {
  const raw = params.get(name) ?? '';
  const unescaped = raw.replaceAll(ESCAPE, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const bytes = Buffer.from(unescaped, 'latin1');
  if (!isUtf8(bytes)) {
    throw new AdminError('invalidPath', `Invalid URL: Invalid UTF-8 in \`${name}\``);
  }
  return bytes.toString();
}
