// Checks the preconditions of a command entry and looks up what the partition needs to perform it.
// An entry that fails a precondition is not stored, and its attempt fails.
import { parseAwakeableId, parseInvocationId } from '../domain/ids.ts';
import type { InvocationId } from '../domain/ids.ts';
import type { InvocationTarget } from '../domain/invocation.ts';
import { mayWriteState } from '../domain/invocation.ts';
import { invocationIdFor } from '../domain/make-invocation-id.ts';
import type { HandlerDefaults, Schema } from '../domain/schema.ts';
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
      return resolveAttachTarget(message.target, context);
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
const NO_SCOPES = precondition(
  'scoped invocations require flow control experimental feature to be enabled',
  'RT0024',
);
const LIMIT_KEY_WITHOUT_SCOPE = precondition(
  'limit key was provided without a scope. Limit keys take effect only when used in combination with scope',
  'RT0024',
);
const EMPTY_IDEMPOTENCY_KEY = precondition('the idempotency key provided in the request is empty');

function resolveCallee(
  message: CommandMessage & { kind: 'call' | 'oneWayCall' },
  context: EntryContext,
): EntryResolution {
  const { service, handler, key, idempotencyKey, headers, parameter } = message;
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
  if (message.scope !== undefined) return NO_SCOPES;
  if (message.limitKey !== undefined) return LIMIT_KEY_WITHOUT_SCOPE;
  const target = invocationTarget(found.revision, found.handler, key);
  const { nowMs, defaults } = context;
  const callee: ResolvedCallee = {
    invocationId: invocationIdFor({
      target,
      idempotencyKey,
      random: context.randomBytes(),
      nowMs,
    }),
    target,
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

function resolveAttachTarget(target: AttachTarget, context: EntryContext): EntryResolution {
  if (target.kind === 'invocationId') {
    const parsed = parseInvocationId(target.invocationId);
    if (parsed.ok) return { kind: 'resolved', targetId: parsed.value };
    return precondition(`invalid invocation id ${target.invocationId}: ${parsed.reason}`);
  }
  // Without its scope the target would be another invocation.
  if (target.scope !== undefined) return NO_SCOPES;
  return { kind: 'resolved', targetId: derivedId(target, context) };
}

function derivedId(
  target: AttachTarget & { kind: 'idempotentRequest' | 'workflow' },
  { nowMs, randomBytes }: EntryContext,
): InvocationId {
  const random = randomBytes();
  if (target.kind === 'workflow') {
    const { workflow: service, key } = target;
    const run: InvocationTarget = { kind: 'workflow', service, key, handler: '', mode: 'run' };
    return invocationIdFor({ target: run, random, nowMs });
  }
  const { service, key, handler, idempotencyKey } = target;
  const invoked: InvocationTarget =
    key === undefined
      ? { kind: 'service', service, handler }
      : { kind: 'virtualObject', service, key, handler, mode: 'exclusive' };
  return invocationIdFor({ target: invoked, idempotencyKey, random, nowMs });
}

function precondition(reason: string, documentationCode = 'RT0017'): EntryResolution {
  const message = `cannot process a command because of a failed precondition: ${reason}`;
  return { kind: 'refused', failure: attemptFailure(documentationCode, message) };
}

function malformed(reason: string): EntryResolution {
  const message = `cannot decode entry: ${reason}`;
  return { kind: 'refused', failure: attemptFailure('RT0012', message) };
}
