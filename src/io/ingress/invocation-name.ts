// The ways to name an invocation → its id.
import { z } from 'zod';
import {
  formatInvocationId,
  type InvocationId,
  parseInvocationId,
} from '../../actors/domain/ids.ts';
import {
  idempotencyBucket,
  idempotentUuid,
  keyedPartitionKey,
  unkeyedPartitionKey,
  workflowRunUuid,
} from '../../actors/domain/make-invocation-id.ts';
import { refusals } from './errors.ts';
import { refuseScope } from './limit-key.ts';

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
  if (typeof target.scope === 'string') refuseScope(target.scope);
  if (target.target === 'workflow') return workflowRunId(target.workflowName, target.workflowKey);
  const { service, key, handler, idempotencyKey } = target;
  return idempotentInvocationId(service, key ?? undefined, handler, idempotencyKey);
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

/** The id of a workflow's only run. */
export function workflowRunId(workflow: string, key: string): InvocationId {
  return formatInvocationId(keyedPartitionKey(key), workflowRunUuid(workflow, key));
}

/** The id of the invocation with an idempotency key; `key` is `undefined` for a Service. */
export function idempotentInvocationId(
  service: string,
  key: string | undefined,
  handler: string,
  idempotencyKey: string,
): InvocationId {
  const partitionKey =
    key === undefined
      ? unkeyedPartitionKey(service, idempotencyBucket(idempotencyKey))
      : keyedPartitionKey(key);
  return formatInvocationId(partitionKey, idempotentUuid(service, key, handler, idempotencyKey));
}
