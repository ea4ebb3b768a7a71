// Lookups in the schema and the options that hold for one invocation. Called once per invocation, by
// the ingress and by the partitions, so every function here is a handful of map reads.
import type { DeploymentId } from '../domain/ids.ts';
import type {
  Deployment,
  Handler,
  HandlerDefaults,
  HandlerOptions,
  RetryPolicy,
  RetryPolicyOptions,
  Schema,
  ServiceRevision,
} from '../domain/schema.ts';
import { durationMs, type DurationMs } from '../domain/time.ts';

export interface FoundHandler {
  readonly kind: 'found';
  readonly deployment: Deployment;
  readonly revision: ServiceRevision;
  readonly handler: Handler;
}

export type HandlerLookup =
  FoundHandler | { readonly kind: 'serviceNotFound' } | { readonly kind: 'handlerNotFound' };

export type PinnedHandlerLookup = HandlerLookup | { readonly kind: 'deploymentNotFound' };

/** The handler as the active revision of its service has it. */
export function findHandler(schema: Schema, service: string, handler: string): HandlerLookup {
  const revision = schema.services.get(service);
  if (revision === undefined) return { kind: 'serviceNotFound' };
  const deployment = schema.deployments.get(revision.deploymentId);
  if (deployment === undefined) return { kind: 'serviceNotFound' };
  return findInRevision(deployment, revision, handler);
}

/** The handler as the deployment has it to which an invocation is pinned. */
export function findPinnedHandler(
  schema: Schema,
  deploymentId: DeploymentId,
  service: string,
  handler: string,
): PinnedHandlerLookup {
  const deployment = schema.deployments.get(deploymentId);
  if (deployment === undefined) return { kind: 'deploymentNotFound' };
  const revision = deployment.services.get(service);
  if (revision === undefined) return { kind: 'serviceNotFound' };
  return findInRevision(deployment, revision, handler);
}

function findInRevision(
  deployment: Deployment,
  revision: ServiceRevision,
  handlerName: string,
): HandlerLookup {
  const handler = revision.handlers.get(handlerName);
  if (handler === undefined) return { kind: 'handlerNotFound' };
  return { kind: 'found', deployment, revision, handler };
}

/** The options of a handler with nothing left open: handler, else service, else server default. */
export interface EffectiveOptions {
  readonly inactivityTimeoutMs: DurationMs;
  readonly abortTimeoutMs: DurationMs;
  readonly journalRetentionMs: DurationMs;
  readonly idempotencyRetentionMs: DurationMs;
  readonly workflowCompletionRetentionMs: DurationMs;
  /** State is asked for as it is needed instead of sent along with Start. */
  readonly enableLazyState: boolean;
  readonly retryPolicy: RetryPolicy;
}

/** The options that set how long something is kept. */
export type RetentionName =
  'journalRetentionMs' | 'idempotencyRetentionMs' | 'workflowCompletionRetentionMs';

/**
 * `handler` is left out for what the service as a whole shows. The retry policy is the one that was
 * asked for: `boundedAttempts` makes it the one that holds.
 */
export function effectiveOptions(
  revision: Pick<ServiceRevision, 'options'>,
  handler: Pick<Handler, 'options'> | undefined,
  defaults: HandlerDefaults,
): EffectiveOptions {
  const own: HandlerOptions = handler?.options ?? {};
  const service = revision.options;
  const retention = (name: RetentionName) => effectiveRetention(name, own, service, defaults);
  return {
    inactivityTimeoutMs:
      own.inactivityTimeoutMs ?? service.inactivityTimeoutMs ?? defaults.inactivityTimeoutMs,
    abortTimeoutMs: own.abortTimeoutMs ?? service.abortTimeoutMs ?? defaults.abortTimeoutMs,
    journalRetentionMs: retention('journalRetentionMs'),
    idempotencyRetentionMs: retention('idempotencyRetentionMs'),
    workflowCompletionRetentionMs: retention('workflowCompletionRetentionMs'),
    enableLazyState: own.enableLazyState ?? service.enableLazyState ?? false,
    retryPolicy: effectiveRetryPolicy(own.retryPolicy, service.retryPolicy, defaults.retryPolicy),
  };
}

function effectiveRetention(
  name: RetentionName,
  handler: HandlerOptions,
  service: HandlerOptions,
  defaults: HandlerDefaults,
): DurationMs {
  const wanted = handler[name] ?? service[name] ?? defaults[name];
  return durationMs(Math.min(wanted, defaults.maxima[name] ?? wanted));
}

function effectiveRetryPolicy(
  own: RetryPolicyOptions | undefined,
  service: RetryPolicyOptions | undefined,
  defaults: RetryPolicy,
): RetryPolicy {
  return {
    initialIntervalMs:
      own?.initialIntervalMs ?? service?.initialIntervalMs ?? defaults.initialIntervalMs,
    exponentiationFactor:
      own?.exponentiationFactor ?? service?.exponentiationFactor ?? defaults.exponentiationFactor,
    maxIntervalMs: own?.maxIntervalMs ?? service?.maxIntervalMs ?? defaults.maxIntervalMs,
    maxAttempts: countAttempts(own?.maxAttempts ?? service?.maxAttempts ?? defaults.maxAttempts),
    onMaxAttempts: own?.onMaxAttempts ?? service?.onMaxAttempts ?? defaults.onMaxAttempts,
  };
}

/** The first attempt always happens, so 0 counts as 1. Seen on the reference 1.7.12. */
export function countAttempts(maxAttempts: number | 'unlimited'): number | 'unlimited' {
  return maxAttempts === 0 ? 1 : maxAttempts;
}

/** The policy with no more attempts than the server allows. */
export function boundedAttempts(policy: RetryPolicy, { maxima }: HandlerDefaults): RetryPolicy {
  const { retryAttempts } = maxima;
  if (retryAttempts === undefined) return policy;
  const { maxAttempts } = policy;
  const isWithin = maxAttempts !== 'unlimited' && maxAttempts <= retryAttempts;
  return isWithin ? policy : { ...policy, maxAttempts: retryAttempts };
}

/** How long an invocation's outcome and journal are kept once it has completed. */
export interface Retentions {
  readonly completionRetentionMs: DurationMs;
  readonly journalRetentionMs: DurationMs;
}

/**
 * Fixed when an invocation is accepted. A workflow run and an invocation with an idempotency key keep
 * their outcome for the retention of that, and the journal no longer than the outcome; any other
 * invocation keeps both for the journal retention, which keeps nothing when it is 0.
 */
export function retentionsFor(
  { revision, handler }: Pick<FoundHandler, 'revision' | 'handler'>,
  hasIdempotencyKey: boolean,
  defaults: HandlerDefaults,
): Retentions {
  const retention = (name: RetentionName) =>
    effectiveRetention(name, handler.options, revision.options, defaults);
  const journalRetentionMs = retention('journalRetentionMs');
  const isWorkflowRun = handler.type === 'Workflow';
  if (!isWorkflowRun && !hasIdempotencyKey) {
    return { completionRetentionMs: journalRetentionMs, journalRetentionMs };
  }
  const completionRetentionMs = retention(
    isWorkflowRun ? 'workflowCompletionRetentionMs' : 'idempotencyRetentionMs',
  );
  return {
    completionRetentionMs,
    journalRetentionMs: durationMs(Math.min(journalRetentionMs, completionRetentionMs)),
  };
}
