// One operation of the admin API as data: what it takes, what it answers, and the function in between.
// Both the checks of a request and the OpenAPI document come from it.
import { z } from 'zod';
import type { HeaderFields, HttpResponse } from '../http/exchange.ts';
import { AdminError } from './admin-error.ts';
import type { Shown } from './components.ts';
import type { OperationInfo, RefusalStatus, ResponseForms, Takes } from './documentation.ts';
import { invalidQuery, readQuery } from './query.ts';
import { readJson, unexpectedJson } from './request-body.ts';
import { emptyResponse, jsonResponse } from './respond.ts';
import type { AdminRequest, Operation } from './route.ts';

export const NOTHING = z.object({});

type BodyOf<F> = F extends { readonly mediaTypes: ReadonlyArray<infer MediaType> }
  ? { readonly mediaType: MediaType } & (
      | { readonly raw: HttpResponse['body'] }
      | { readonly stream: NonNullable<HttpResponse['stream']> }
    )
  : F extends { readonly body: infer S extends z.ZodType }
    ? { readonly body: Shown<S> }
    : { readonly body?: undefined };

/** One of the declared responses. */
export type Reply<R extends ResponseForms> = {
  [S in keyof R]: { readonly status: S; readonly headers?: HeaderFields | undefined } & BodyOf<
    R[S]
  >;
}[keyof R];

interface Definition<T extends Takes, R extends ResponseForms> {
  /** Absent: the document leaves the operation out. */
  readonly info?: OperationInfo | undefined;
  readonly takes: T;
  readonly responses: R;
  /** Those that follow from what it takes need no mention. */
  readonly refusals?: readonly RefusalStatus[] | undefined;
  handle(input: z.output<T>, request: AdminRequest): Reply<R> | Promise<Reply<R>>;
}

export function operation<T extends Takes, const R extends ResponseForms>(
  definition: Definition<T, R>,
): Operation {
  const { info, takes, responses, refusals = [] } = definition;
  return {
    documented: info && { info, takes, responses, refusals },
    handle: async (request) => {
      const reply = await definition.handle(await readInput(takes, request), request);
      return responseOf(reply);
    },
  };
}

function responseOf(reply: {
  readonly status: PropertyKey;
  readonly headers?: HeaderFields | undefined;
  readonly body?: unknown;
  readonly mediaType?: unknown;
  readonly raw?: HttpResponse['body'] | undefined;
  readonly stream?: HttpResponse['stream'];
}): HttpResponse {
  const status = Number(reply.status);
  const { headers = [], body, raw, stream } = reply;
  if (raw !== undefined || stream !== undefined) {
    const contentType = ['content-type', String(reply.mediaType)] as const;
    const response = { status, headers: [contentType, ...headers], body: raw ?? '' };
    return stream === undefined ? response : { ...response, stream };
  }
  return body === undefined ? emptyResponse(status, headers) : jsonResponse(status, body, headers);
}

async function readInput<T extends Takes>(takes: T, request: AdminRequest): Promise<z.output<T>> {
  const params = Object.fromEntries(
    namesIn(takes, 'params').map((name) => [name, request.param(name)]),
  );
  const query = readQuery(request.http.query, namesIn(takes, 'query'));
  const body = takes.shape['body'] === undefined ? undefined : await readJson(request.http);
  const isUnread = body instanceof AdminError;
  const parsed = takes.safeParse({ params, query, body: isUnread ? undefined : body });
  if (parsed.success && !isUnread) return parsed.data;
  const issues = parsed.error?.issues ?? [];
  const issue = issues.find(({ path: [part] }) => part !== 'body');
  if (issue !== undefined) throw refuseText(issue, params);
  throw isUnread ? body : unexpectedJson(takes.shape['body'], issues[0]);
}

/** Names of the members of `params` or `query`. */
export function namesIn(takes: Takes, part: 'params' | 'query'): readonly string[] {
  const schema: unknown = takes.shape[part];
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function refuseText(
  { path: [part, name], message }: z.core.$ZodIssue,
  params: Readonly<Record<string, string>>,
): AdminError {
  if (part === 'params') {
    const value = params[String(name)];
    return new AdminError(
      'invalidPath',
      `Invalid URL: Cannot parse \`${String(name)}\` with value \`${value}\`: ${message}`,
    );
  }
  return invalidQuery(`${String(name)}: ${message}`);
}
