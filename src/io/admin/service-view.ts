// Services and handlers as the admin API shows them. Keys in the order of the reference; undefined
// ones are left out when the view is written.
import { formatDuration } from '../../actors/domain/duration.ts';
import type {
  Deployment,
  Handler,
  HandlerDefaults,
  HandlerOptions,
  RetentionName,
  RetryPolicy,
  RetryPolicyOptions,
  ServiceRevision,
} from '../../actors/domain/schema.ts';
import type { DurationMs } from '../../actors/domain/time.ts';
import { boundedRetention, countAttempts, effectiveOptions } from '../../actors/schema/resolve.ts';

/** A hint next to something that does not work as configured. */
interface Info {
  readonly code: string;
  readonly message: string;
}

export function serviceView(
  revision: ServiceRevision,
  { protocolMode }: Pick<Deployment, 'protocolMode'>,
  defaults: HandlerDefaults,
): object {
  const options = effectiveOptions(revision, undefined, defaults);
  const unbounded = effectiveOptions(revision, undefined, { ...defaults, maxima: undefined });
  const isRequestResponse = protocolMode === 'RequestResponse';
  return {
    name: revision.name,
    ty: revision.type,
    handlers: [...revision.handlers.values()].map((handler) =>
      handlerView(handler, protocolMode, defaults),
    ),
    documentation: revision.documentation,
    metadata: unlessEmpty(revision.metadata),
    deployment_id: revision.deploymentId,
    revision: revision.revision,
    public: revision.public,
    idempotency_retention: formatDuration(options.idempotencyRetentionMs),
    workflow_completion_retention:
      revision.type === 'Workflow'
        ? formatDuration(options.workflowCompletionRetentionMs)
        : undefined,
    journal_retention: formatDuration(options.journalRetentionMs),
    inactivity_timeout: isRequestResponse ? '0s' : formatDuration(options.inactivityTimeoutMs),
    abort_timeout: formatDuration(options.abortTimeoutMs),
    enable_lazy_state: options.enableLazyState,
    retry_policy: retryPolicyView(options.retryPolicy),
    info: unlessNone([
      ...timeoutInfos('service', revision.options.inactivityTimeoutMs, isRequestResponse),
      ...retentionInfos(unbounded, revision.type, defaults),
    ]),
  };
}

/** Only what the handler sets itself. */
export function handlerView(
  handler: Handler,
  protocolMode: Deployment['protocolMode'],
  defaults: HandlerDefaults,
): object {
  const { options } = handler;
  const retentionView = (name: RetentionName): string | undefined => {
    const ownMs = options[name];
    if (ownMs === undefined) return undefined;
    return formatDuration(boundedRetention(name, ownMs, defaults));
  };
  const isRequestResponse = protocolMode === 'RequestResponse';
  return {
    name: handler.name,
    ty: handler.type,
    documentation: handler.documentation,
    metadata: unlessEmpty(handler.metadata),
    idempotency_retention: retentionView('idempotencyRetentionMs'),
    journal_retention: retentionView('journalRetentionMs'),
    inactivity_timeout: isRequestResponse ? undefined : formatOptional(options.inactivityTimeoutMs),
    abort_timeout: formatOptional(options.abortTimeoutMs),
    enable_lazy_state: options.enableLazyState,
    public: handler.public,
    input_description: handler.inputDescription,
    output_description: handler.outputDescription,
    input_json_schema: handler.inputJsonSchema,
    output_json_schema: handler.outputJsonSchema,
    retry_policy: retryPolicyOptionsView(options.retryPolicy ?? {}),
    info: unlessNone([
      ...timeoutInfos('handler', options.inactivityTimeoutMs, isRequestResponse),
      ...retentionInfos(options, handler.type, defaults),
    ]),
  };
}

function unlessNone(infos: readonly Info[]): readonly Info[] | undefined {
  return infos.length === 0 ? undefined : infos;
}

const RETENTION_NAMES: ReadonlyArray<readonly [name: RetentionName, shown: string]> = [
  ['journalRetentionMs', 'journal_retention'],
  ['idempotencyRetentionMs', 'idempotency_retention'],
  ['workflowCompletionRetentionMs', 'workflow_completion_retention'],
];

/** Says which retentions are longer than the server allows. */
function retentionInfos(
  options: HandlerOptions,
  type: string | undefined,
  defaults: HandlerDefaults,
): readonly Info[] {
  return RETENTION_NAMES.filter(([name]) => {
    const ms = options[name];
    const isShown = name !== 'workflowCompletionRetentionMs' || type === 'Workflow';
    return isShown && ms !== undefined && boundedRetention(name, ms, defaults) < ms;
  }).map(([, shown]) => ({
    code: 'RT0022',
    message: `The configured ${shown} is clamped to the maximum server limit.`,
  }));
}

function timeoutInfos(
  what: 'service' | 'handler',
  inactivityTimeoutMs: DurationMs | undefined,
  isRequestResponse: boolean,
): readonly Info[] {
  if (inactivityTimeoutMs === undefined || !isRequestResponse) return [];
  const message = `The configured inactivity_timeout ${formatDuration(inactivityTimeoutMs)} will not be applied because the ${what} is exposed in Request/Response mode.`;
  return [{ code: 'RT0021', message }];
}

function retryPolicyView(policy: RetryPolicy): object {
  return {
    initial_interval: formatDuration(policy.initialIntervalMs),
    exponentiation_factor: policy.exponentiationFactor,
    max_attempts: attemptsView(policy.maxAttempts),
    max_interval: formatOptional(policy.maxIntervalMs) ?? null,
    on_max_attempts: onMaxAttemptsView(policy.onMaxAttempts),
  };
}

function retryPolicyOptionsView(policy: RetryPolicyOptions): object {
  return {
    initial_interval: formatOptional(policy.initialIntervalMs),
    exponentiation_factor: policy.exponentiationFactor,
    max_attempts: attemptsView(policy.maxAttempts),
    max_interval: formatOptional(policy.maxIntervalMs),
    on_max_attempts: onMaxAttemptsView(policy.onMaxAttempts),
  };
}

function attemptsView(maxAttempts: RetryPolicyOptions['maxAttempts']): number | null {
  const attempts = countAttempts(maxAttempts ?? 'unlimited');
  return attempts === 'unlimited' ? null : attempts;
}

function onMaxAttemptsView(onMaxAttempts: RetryPolicyOptions['onMaxAttempts']) {
  if (onMaxAttempts === undefined) return undefined;
  return onMaxAttempts === 'pause' ? 'Pause' : 'Kill';
}

function formatOptional(durationMs: DurationMs | undefined): string | undefined {
  return durationMs === undefined ? undefined : formatDuration(durationMs);
}

/** Empty maps are not shown. */
export function unlessEmpty(
  map: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  return map === undefined || Object.keys(map).length === 0 ? undefined : map;
}
