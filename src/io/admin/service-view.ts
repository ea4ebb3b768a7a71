// Services and handlers as the admin API shows them. Keys in the order of the reference; undefined
// ones are left out when the view is written.
import { formatDuration } from '../../actors/domain/duration.ts';
import type {
  Deployment,
  Handler,
  HandlerDefaults,
  HandlerMaxima,
  HandlerOptions,
  RetryPolicy,
  RetryPolicyOptions,
  ServiceRevision,
} from '../../actors/domain/schema.ts';
import type { DurationMs } from '../../actors/domain/time.ts';
import {
  countAttempts,
  effectiveOptions,
  type RetentionName,
} from '../../actors/schema/resolve.ts';
import type { Shown } from './components.ts';
import type { handlerMetadata, schemaInfo, serviceMetadata } from './service-schemas.ts';

type Info = Shown<typeof schemaInfo>;

/** The retentions that a view shows, with their names there. */
const RETENTIONS: ReadonlyArray<readonly [name: RetentionName, shownAs: string]> = [
  ['journalRetentionMs', 'journal_retention'],
  ['idempotencyRetentionMs', 'idempotency_retention'],
];
const WORKFLOW_RETENTIONS: typeof RETENTIONS = [
  ...RETENTIONS,
  ['workflowCompletionRetentionMs', 'workflow_completion_retention'],
];

export function serviceView(
  revision: ServiceRevision,
  { protocolMode }: Pick<Deployment, 'protocolMode'>,
  defaults: HandlerDefaults,
): Shown<typeof serviceMetadata> {
  const { maxima } = defaults;
  const options = effectiveOptions(revision, undefined, defaults);
  const isWorkflow = revision.type === 'Workflow';
  const isRequestResponse = protocolMode === 'RequestResponse';
  return {
    name: revision.name,
    ty: revision.type,
    handlers: handlerViews(revision, protocolMode, maxima),
    documentation: revision.documentation,
    metadata: unlessEmpty(revision.metadata),
    deployment_id: revision.deploymentId,
    revision: revision.revision,
    public: revision.public,
    idempotency_retention: formatDuration(options.idempotencyRetentionMs),
    workflow_completion_retention: isWorkflow
      ? formatDuration(options.workflowCompletionRetentionMs)
      : undefined,
    journal_retention: formatDuration(options.journalRetentionMs),
    inactivity_timeout: isRequestResponse ? '0s' : formatDuration(options.inactivityTimeoutMs),
    abort_timeout: formatDuration(options.abortTimeoutMs),
    enable_lazy_state: options.enableLazyState,
    retry_policy: retryPolicyView(options.retryPolicy),
    info: unlessNone([
      ...inactivityInfos('service', revision.options.inactivityTimeoutMs, isRequestResponse),
      ...clampInfos(
        isWorkflow ? WORKFLOW_RETENTIONS : RETENTIONS,
        (name) => revision.options[name] ?? defaults[name],
        maxima,
      ),
    ]),
  };
}

export function handlerViews(
  revision: ServiceRevision,
  protocolMode: Deployment['protocolMode'],
  maxima: HandlerMaxima,
): ReadonlyArray<Shown<typeof handlerMetadata>> {
  return [...revision.handlers.values()].map((handler) =>
    handlerView(revision, handler, protocolMode, maxima),
  );
}

/** Only what the handler sets itself, except that nothing of a private service is public. */
export function handlerView(
  revision: Pick<ServiceRevision, 'public'>,
  handler: Handler,
  protocolMode: Deployment['protocolMode'],
  maxima: HandlerMaxima,
): Shown<typeof handlerMetadata> {
  const { options } = handler;
  const isRequestResponse = protocolMode === 'RequestResponse';
  return {
    name: handler.name,
    ty: handler.type,
    documentation: handler.documentation,
    metadata: unlessEmpty(handler.metadata),
    idempotency_retention: retentionView('idempotencyRetentionMs', options, maxima),
    journal_retention: retentionView('journalRetentionMs', options, maxima),
    inactivity_timeout: isRequestResponse ? undefined : formatOptional(options.inactivityTimeoutMs),
    abort_timeout: formatOptional(options.abortTimeoutMs),
    enable_lazy_state: options.enableLazyState,
    public: revision.public && handler.public,
    input_description: handler.inputDescription,
    output_description: handler.outputDescription,
    input_json_schema: handler.inputJsonSchema,
    output_json_schema: handler.outputJsonSchema,
    retry_policy: retryPolicyOptionsView(options.retryPolicy ?? {}),
    info: unlessNone([
      ...inactivityInfos('handler', options.inactivityTimeoutMs, isRequestResponse),
      ...clampInfos(RETENTIONS, (name) => options[name], maxima),
    ]),
  };
}

function inactivityInfos(
  what: 'service' | 'handler',
  inactivityTimeoutMs: DurationMs | undefined,
  isRequestResponse: boolean,
): readonly Info[] {
  if (inactivityTimeoutMs === undefined || !isRequestResponse) return [];
  const message = `The configured inactivity_timeout ${formatDuration(inactivityTimeoutMs)} will not be applied because the ${what} is exposed in Request/Response mode.`;
  return [{ code: 'RT0021', message }];
}

function clampInfos(
  retentions: typeof RETENTIONS,
  wanted: (name: RetentionName) => DurationMs | undefined,
  maxima: HandlerMaxima,
): readonly Info[] {
  return retentions
    .filter(([name]) => isAbove(wanted(name), maxima[name]))
    .map(([, shownAs]) => ({
      code: 'RT0022',
      message: `The configured ${shownAs} is clamped to the maximum server limit.`,
    }));
}

function retentionView(
  name: RetentionName,
  { [name]: wanted }: HandlerOptions,
  { [name]: most }: HandlerMaxima,
): string | undefined {
  return formatOptional(isAbove(wanted, most) ? most : wanted);
}

function isAbove(wanted: DurationMs | undefined, most: DurationMs | undefined): boolean {
  return wanted !== undefined && most !== undefined && wanted > most;
}

function unlessNone(infos: readonly Info[]): readonly Info[] | undefined {
  return infos.length === 0 ? undefined : infos;
}

function retryPolicyView(policy: RetryPolicy) {
  return {
    initial_interval: formatDuration(policy.initialIntervalMs),
    exponentiation_factor: policy.exponentiationFactor,
    max_attempts: attemptsView(policy.maxAttempts),
    max_interval: formatOptional(policy.maxIntervalMs) ?? null,
    on_max_attempts: onMaxAttemptsView(policy.onMaxAttempts),
  };
}

function retryPolicyOptionsView(policy: RetryPolicyOptions) {
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

function onMaxAttemptsView(
  onMaxAttempts: RetryPolicyOptions['onMaxAttempts'],
): 'Pause' | 'Kill' | undefined {
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
