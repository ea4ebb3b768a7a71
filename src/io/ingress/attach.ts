// Outcomes of invocations that were started elsewhere: `attach` waits for them, `output` looks.
import { InvariantError } from '../../actors/domain/assert.ts';
import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import { bodyBytes } from './body.ts';
import type { IngressContext, OutcomeQuery, ReadVerb } from './context.ts';
import { refusals } from './errors.ts';
import { parseInvocationTarget } from './invocation-name.ts';
import { failureResponse, outcomeResponse } from './respond.ts';

/** Answers with the outcome of an invocation. GET only. */
export function readOutcome(
  request: HttpRequest,
  query: OutcomeQuery,
  context: IngressContext,
): Promise<HttpResponse> {
  if (request.method !== 'GET') throw refusals.methodNotAllowed();
  return answerOutcome(query, context);
}

/** Answers with the outcome of the invocation that the body names. POST only. */
export async function readOutcomeOfTarget(
  request: HttpRequest,
  verb: ReadVerb,
  context: IngressContext,
): Promise<HttpResponse> {
  if (request.method !== 'POST') throw refusals.methodNotAllowed();
  const body = bodyBytes(await request.readBody(context.options.requestBodyBytesMax));
  const invocationId = parseInvocationTarget(body, 'request');
  return answerOutcome({ verb, invocationId }, context);
}

const NOT_FOUND = { code: 404, message: 'not found' };

async function answerOutcome(
  { verb, invocationId }: OutcomeQuery,
  { gateway, schema }: IngressContext,
): Promise<HttpResponse> {
  const isAttach = verb === 'attach';
  const reply = await (isAttach ? gateway.attach(invocationId) : gateway.getOutput(invocationId));
  switch (reply.kind) {
    case 'completed':
      return outcomeResponse(invocationId, reply, schema.current().services);
    case 'notFound':
      if (isAttach) return failureResponse(invocationId, NOT_FOUND);
      throw refusals.invocationNotFound();
    case 'notCompleted':
      throw refusals.notCompleted();
    case 'accepted':
    case 'workflowAlreadyInvoked':
    case 'signalAccepted':
    case 'operated':
    case 'stateEditAccepted':
      throw new InvariantError(`${verb} is answered with an outcome, not with ${reply.kind}`);
  }
}
