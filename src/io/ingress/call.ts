import { InvariantError } from '../../actors/domain/assert.ts';
import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import type { IngressContext } from './context.ts';
import type { InvokeRoute } from './path.ts';
import { failureResponse, outcomeResponse } from './respond.ts';
import { readSubmission } from './submission.ts';
import { traceOf } from './trace-context.ts';

/** Starts or joins an invocation and answers with its outcome, however long that takes. */
export async function callHandler(
  request: HttpRequest,
  route: InvokeRoute,
  path: string,
  context: IngressContext,
): Promise<HttpResponse> {
  const submission = await readSubmission(request, route, path, context);
  const id = submission.invocationId;
  const trace = traceOf(request, submission, context.tracer);
  const reply = await context.gateway.call(submission, trace);
  switch (reply.kind) {
    case 'completed':
      return outcomeResponse(id, reply, context.schema.current().services);
    case 'workflowAlreadyInvoked':
      return failureResponse(id, WORKFLOW_ALREADY_INVOKED);
    case 'accepted':
    case 'notFound':
    case 'notCompleted':
    case 'signalAccepted':
    case 'operated':
    case 'stateEditAccepted':
      throw new InvariantError(`a call is answered with an outcome, not with ${reply.kind}`);
  }
}

const WORKFLOW_ALREADY_INVOKED = {
  code: 409,
  message: 'the workflow method was already invoked',
};
