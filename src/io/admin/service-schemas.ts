// The forms of services and handlers, as the admin API shows them and takes changes of them.
import { z } from 'zod';
import { parseDuration } from '../../actors/domain/duration.ts';
import { durationMs, type DurationMs } from '../../actors/domain/time.ts';
import { component, textMap } from './components.ts';

/** A hint next to something that does not work as configured. */
export const schemaInfo = component(
  'SchemaInfo',
  z.object({ code: z.string().nullish(), message: z.string() }),
);

const onMaxAttempts = component('OnMaxAttempts', z.enum(['Pause', 'Kill']));
const maxAttempts = z.int().min(1).nullable().optional();

const handlerRetryPolicy = component(
  'HandlerRetryPolicyMetadata',
  z.object({
    initial_interval: z.string().nullish(),
    exponentiation_factor: z.number().nullish(),
    max_attempts: maxAttempts,
    max_interval: z.string().nullish(),
    on_max_attempts: onMaxAttempts.nullish(),
  }),
);

const serviceRetryPolicy = component(
  'ServiceRetryPolicyMetadata',
  z.object({
    initial_interval: z.string().optional(),
    exponentiation_factor: z.number().optional(),
    max_attempts: maxAttempts,
    max_interval: z.string().nullish(),
    on_max_attempts: onMaxAttempts.optional(),
  }),
);

const handlerType = component('HandlerMetadataType', z.enum(['Exclusive', 'Shared', 'Workflow']));
const serviceType = component('ServiceType', z.enum(['Service', 'VirtualObject', 'Workflow']));

export const deploymentId = component('DeploymentId', z.string());
export const revisionNumber = component('u32', z.int().min(0));

export const handlerMetadata = component(
  'HandlerMetadata',
  z.object({
    name: z.string(),
    ty: handlerType.nullish(),
    documentation: z.string().nullish(),
    metadata: textMap.optional(),
    idempotency_retention: z.string().nullish(),
    journal_retention: z.string().nullish(),
    inactivity_timeout: z.string().nullish(),
    abort_timeout: z.string().nullish(),
    enable_lazy_state: z.boolean().nullish(),
    public: z.boolean().optional(),
    input_description: z.string(),
    output_description: z.string(),
    input_json_schema: z.unknown().optional(),
    output_json_schema: z.unknown().optional(),
    retry_policy: handlerRetryPolicy.optional(),
    info: z.array(schemaInfo).optional(),
  }),
);

export const serviceMetadata = component(
  'ServiceMetadata',
  z.object({
    name: z.string(),
    ty: serviceType,
    handlers: z.array(handlerMetadata),
    documentation: z.string().nullish(),
    metadata: textMap.optional(),
    deployment_id: deploymentId,
    revision: revisionNumber,
    public: z.boolean().optional(),
    idempotency_retention: z.string().optional(),
    workflow_completion_retention: z.string().nullish(),
    journal_retention: z.string().nullish(),
    inactivity_timeout: z.string().optional(),
    abort_timeout: z.string().optional(),
    enable_lazy_state: z.boolean().optional(),
    retry_policy: serviceRetryPolicy.optional(),
    info: z.array(schemaInfo).optional(),
  }),
);

export const listServicesResponse = component(
  'ListServicesResponse',
  z.object({ services: z.array(serviceMetadata) }),
);

export const listHandlersResponse = component(
  'ListServiceHandlersResponse',
  z.object({ handlers: z.array(handlerMetadata) }),
);

/** In whole milliseconds; a finer part is dropped. */
const durationText = z.string().transform((text, context): DurationMs => {
  const parsed = parseDuration(text);
  if (parsed.ok) return durationMs(Math.floor(parsed.ms));
  context.addIssue({ code: 'custom', message: parsed.reason });
  return z.NEVER;
});

export const modifyServiceRequest = component(
  'ModifyServiceRequest',
  z.object({
    public: z.boolean().nullish(),
    idempotency_retention: durationText.nullish(),
    workflow_completion_retention: durationText.nullish(),
    journal_retention: durationText.nullish(),
    inactivity_timeout: durationText.nullish(),
    abort_timeout: durationText.nullish(),
  }),
);

export type ModifyServiceRequest = z.output<typeof modifyServiceRequest>;
