import { InvariantError } from '../../actors/domain/assert.ts';
import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import type { IngressContext } from './context.ts';
import type { InvokeRoute } from './path.ts';
import { acceptedResponse } from './respond.ts';
import { readSubmission } from './submission.ts';
import { traceOf } from './trace-context.ts';

/** Starts an invocation, now or later, and answers as soon as it is kept. */
export async function sendToHandler(
  request: HttpRequest,
  route: InvokeRoute,
  path: string,
  context: IngressContext,
): Promise<HttpResponse> {
  const submission = await readSubmission(request, route, path, context);
  const trace = traceOf(request, submission, context.tracer);
  const reply = await context.gateway.send(submission, trace);
  if (reply.kind !== 'accepted') {
    throw new InvariantError(`a send is answered with its acceptance, not with ${reply.kind}`);
  }
  return acceptedResponse(submission.invocationId, reply.isNew, reply.executeAtMs);
}
