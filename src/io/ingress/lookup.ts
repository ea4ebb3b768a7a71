import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import { bodyBytes } from './body.ts';
import type { IngressContext } from './context.ts';
import { refusals } from './errors.ts';
import { parseInvocationTarget } from './invocation-name.ts';
import { jsonResponse } from './respond.ts';

/** Answers with the id alone; whether such an invocation exists is not looked at. POST only. */
export async function lookUpInvocation(
  request: HttpRequest,
  context: IngressContext,
): Promise<HttpResponse> {
  if (request.method !== 'POST') throw refusals.methodNotAllowed();
  const body = bodyBytes(await request.readBody(context.options.requestBodyBytesMax));
  return jsonResponse({ invocationId: parseInvocationTarget(body, 'lookup') });
}
