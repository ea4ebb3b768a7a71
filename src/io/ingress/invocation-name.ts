// The ways to name an invocation → its id.
import { z } from 'zod';
import { type InvocationId, parseInvocationId } from '../../actors/domain/ids.ts';
import { idempotentInvocationId, workflowRunId } from '../../actors/domain/make-invocation-id.ts';
import { refusals } from './errors.ts';
import { checkScopeValue } from './limit-key.ts';

const scope = z.string().nullish();

const InvocationTargetBody = z.discriminatedUnion('target', [
  z.object({
    target: z.literal('workflow'),
    workflowName: z.string(),
    workflowKey: z.string(),
    scope,
  }),
  z.object({
    target: z.literal('idempotentInvocation'),
    service: z.string(),
    key: z.string().nullish(),
    handler: z.string(),
    idempotencyKey: z.string(),
    scope,
  }),
  z.object({ target: z.literal('invocation'), invocationId: z.string() }),
]);

/** Parses a JSON target into the id of its invocation. `bodyName` is for the refusal's text. */
export function parseInvocationTarget(
  body: Uint8Array,
  bodyName: 'lookup' | 'request',
): InvocationId {
  const target = parseBody(body, bodyName);
  if (target.target === 'invocation') return readInvocationId(target.invocationId);
  const scope = target.scope ?? undefined;
  if (scope !== undefined) checkScopeValue(scope);
  if (target.target === 'workflow') {
    return workflowRunId({ service: target.workflowName, key: target.workflowKey, scope });
  }
  const { service, key, handler, idempotencyKey } = target;
  return idempotentInvocationId({ service, key: key ?? undefined, handler, scope }, idempotencyKey);
}

function parseBody(
  body: Uint8Array,
  bodyName: 'lookup' | 'request',
): z.infer<typeof InvocationTargetBody> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    return InvocationTargetBody.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw refusals.invalidBody(bodyName, reason);
  }
}

/** The id in a path segment or a body; throws the refusal of anything else. */
export function readInvocationId(text: string): InvocationId {
  const parsed = parseInvocationId(text);
  if (!parsed.ok) throw refusals.badInvocationId(text, parsed.reason);
  return parsed.value;
}
