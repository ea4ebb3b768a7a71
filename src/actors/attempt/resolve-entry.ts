// Checks the preconditions of a command entry and looks up what the partition needs to perform it.
// An entry that fails a precondition is not stored, and its attempt fails.
import { parseAwakeableId, parseInvocationId } from '../domain/ids.ts';
import type { InvocationId } from '../domain/ids.ts';
import type { InvocationTarget } from '../domain/invocation.ts';
import { inScope, mayWriteState } from '../domain/invocation.ts';
import {
  idempotentInvocationId,
  invocationIdFor,
  workflowRunId,
} from '../domain/make-invocation-id.ts';
import type { HandlerDefaults, Schema } from '../domain/schema.ts';
import type { ScopeFeatures } from '../domain/scope.ts';
import { objectToScope, parseLimitKey } from '../domain/scope.ts';
import type { UnixMillis } from '../domain/time.ts';
import type { ProposedEntry, ResolvedCallee } from '../partition/command.ts';
import { findHandler, retentionsFor } from '../schema/resolve.ts';
import { invocationTarget } from '../schema/target.ts';
import type { AttemptFailure } from './failure.ts';
import { attemptFailure } from './failure.ts';
import type { AttachTarget, CommandMessage, Header } from './service-message.ts';

/** Where an entry comes from and what it may refer to. */
export interface EntryContext {
  readonly target: InvocationTarget;
  readonly schema: Schema;
  readonly defaults: HandlerDefaults;
  readonly scopeFeatures: ScopeFeatures;
  readonly nowMs: UnixMillis;
  /** Fresh random bytes for the id of a callee. */
  readonly randomBytes: () => Uint8Array;
  readonly encodeInput: (headers: readonly Header[], value: Uint8Array) => Uint8Array;
}

/** The lookups of an entry, or why it cannot be accepted. */
export type EntryResolution =
  | ({ readonly kind: 'resolved' } & Pick<
      ProposedEntry,
      'callee' | 'targetId' | 'awakeableSignalIndex'
    >)
  | { readonly kind: 'refused'; readonly failure: AttemptFailure };

const NOTHING_TO_LOOK_UP: EntryResolution = { kind: 'resolved' };

export function resolveEntry(message: CommandMessage, context: EntryContext): EntryResolution {
  switch (message.kind) {
    case 'getLazyState':
    case 'getLazyStateKeys':
    case 'getEagerState':
    case 'getEagerStateKeys':
      return context.target.kind === 'service' ? NO_STATE_ACCESS : NOTHING_TO_LOOK_UP;
    case 'setState':
    case 'clearState':
    case 'clearAllState':
      if (context.target.kind === 'service') return NO_STATE_ACCESS;
      return mayWriteState(context.target) ? NOTHING_TO_LOOK_UP : NO_STATE_WRITES;
    case 'getPromise':
    case 'peekPromise':
    case 'completePromise':
      return context.target.kind === 'workflow' ? NOTHING_TO_LOOK_UP : NO_PROMISES;
    case 'call':
    case 'oneWayCall':
      return resolveCallee(message, context);
    case 'sendSignal':
      return resolveSignalTarget(message.targetInvocationId);
    case 'completeAwakeable':
      return resolveAwakeable(message.awakeableId);
    case 'attachInvocation':
    case 'getInvocationOutput':
      return resolveAttachTarget(message.target);
    case 'input':
    case 'output':
    case 'sleep':
    case 'run':
      return NOTHING_TO_LOOK_UP;
  }
}

const NO_STATE_ACCESS = precondition(
  "unsupported entry type, this service type doesn't have state access",
);
const NO_STATE_WRITES = precondition(
  'unsupported entry type, this handler type cannot write state',
);
const NO_PROMISES = precondition('unsupported entry type, only Workflow services support it');
/** Source: seen on the reference 1.7.12. */
const SCOPE_REFUSED = 'RT0024';
const LIMIT_KEY_WITHOUT_SCOPE = precondition(
  'the limit key requires a scope to be set',
  SCOPE_REFUSED,
);
const EMPTY_IDEMPOTENCY_KEY = precondition('the idempotency key provided in the request is empty');

function resolveCallee(
  message: CommandMessage & { kind: 'call' | 'oneWayCall' },
  context: EntryContext,
): EntryResolution {
  const { service, handler, key, idempotencyKey, headers, parameter } = message;
  // An empty text is as good as none.
  const scope = message.scope === '' ? undefined : message.scope;
  const found = findHandler(context.schema, service, handler);
  if (found.kind !== 'found') {
    return precondition(`the service handler ${service}/${handler} was not found`, 'RT0018');
  }
  if (found.revision.type === 'Service' && key !== '') {
    return precondition(
      `a key was provided, but the callee '${service}' is a Service. Only VirtualObjects or Workflows accept a key`,
    );
  }
  if (idempotencyKey === '') return EMPTY_IDEMPOTENCY_KEY;
  const target = inScope(invocationTarget(found.revision, found.handler, key), scope);
  const { nowMs, defaults, scopeFeatures } = context;
  const refusal = scope === undefined ? undefined : refuseScope(scope, target, scopeFeatures);
  if (refusal !== undefined) return refusal;
  const limited = parseLimitKey(message.limitKey ?? '');
  if (!limited.ok) {
    const reason = `the provided limit key '${message.limitKey}' is invalid: ${limited.reason}`;
    return precondition(reason, SCOPE_REFUSED);
  }
  const { limitKey } = limited;
  if (limitKey !== undefined && scope === undefined) return LIMIT_KEY_WITHOUT_SCOPE;
  const callee: ResolvedCallee = {
    invocationId: invocationIdFor({
      target,
      idempotencyKey,
      random: context.randomBytes(),
      nowMs,
    }),
    target,
    limitKey,
    input: context.encodeInput(headers, parameter),
    ...retentionsFor(found, idempotencyKey !== undefined, defaults),
  };
  return { kind: 'resolved', callee };
}

function resolveSignalTarget(text: string): EntryResolution {
  const parsed = parseInvocationId(text);
  if (parsed.ok) return { kind: 'resolved', targetId: parsed.value };
  return malformed(`invalid target invocation id '${text}': ${parsed.reason}`);
}

function resolveAwakeable(text: string): EntryResolution {
  const parsed = parseAwakeableId(text);
  if (!parsed.ok) return malformed(`invalid awakeable id '${text}': ${parsed.reason}`);
  if (parsed.value.kind === 'legacy') return NOTHING_TO_LOOK_UP;
  const { invocationId, signalIndex } = parsed.value;
  return { kind: 'resolved', targetId: invocationId, awakeableSignalIndex: signalIndex };
}

/** In the order in which the reference looks. */
function refuseScope(
  scope: string,
  target: InvocationTarget,
  features: ScopeFeatures,
): EntryResolution | undefined {
  if (!features.scopes) {
    const reason = 'scoped invocations require flow control experimental feature to be enabled';
    return precondition(reason, SCOPE_REFUSED);
  }
  const objection = objectToScope(scope);
  if (objection !== undefined) {
    return precondition(`the provided scope '${scope}' is invalid: ${objection}`, SCOPE_REFUSED);
  }
  if (target.kind !== 'virtualObject' || features.scopedObjects) return undefined;
  return precondition('scope is not supported for Virtual Object targets');
}

function resolveAttachTarget(target: AttachTarget): EntryResolution {
  switch (target.kind) {
    case 'invocationId': {
      const parsed = parseInvocationId(target.invocationId);
      if (parsed.ok) return { kind: 'resolved', targetId: parsed.value };
      return precondition(`invalid invocation id ${target.invocationId}: ${parsed.reason}`);
    }
    case 'workflow': {
      const { workflow: service, key } = target;
      const scope = target.scope === '' ? undefined : target.scope;
      return attachTo(scope, workflowRunId({ service, key, scope }));
    }
    case 'idempotentRequest': {
      const { service, key, handler } = target;
      const scope = target.scope === '' ? undefined : target.scope;
      const name = { service, key, handler, scope };
      return attachTo(scope, idempotentInvocationId(name, target.idempotencyKey));
    }
  }
}

function attachTo(scope: string | undefined, targetId: InvocationId): EntryResolution {
  const objection = scope === undefined ? undefined : objectToScope(scope);
  if (objection === undefined) return { kind: 'resolved', targetId };
  return precondition(`the provided scope '${scope}' is invalid: ${objection}`, SCOPE_REFUSED);
}

function precondition(reason: string, documentationCode = 'RT0017'): EntryResolution {
  const message = `cannot process a command because of a failed precondition: ${reason}`;
  return { kind: 'refused', failure: attemptFailure(documentationCode, message) };
}

function malformed(reason: string): EntryResolution {
  const message = `cannot decode entry: ${reason}`;
  return { kind: 'refused', failure: attemptFailure('RT0012', message) };
}
