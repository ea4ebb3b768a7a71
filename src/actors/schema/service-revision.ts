// From the manifest of one service to the revision that is stored, or the reason why not.
import type { DeploymentId } from '../domain/ids.ts';
import type { HandlerManifest, ServiceManifest } from '../domain/manifest.ts';
import type {
  Handler,
  HandlerOptions,
  HandlerType,
  ServiceRevision,
  ServiceType,
} from '../domain/schema.ts';
import { buildInput, buildOutput } from './handler-input.ts';
import { invalidManifest, type SchemaRefusal } from './refusal.ts';

export type BuiltRevision =
  | { readonly kind: 'built'; readonly revision: ServiceRevision }
  | { readonly kind: 'refused'; readonly refusal: SchemaRefusal };

type BuiltHandler =
  | { readonly kind: 'built'; readonly handler: Handler }
  | { readonly kind: 'refused'; readonly message: string };

/** Where the revision goes. */
export interface RevisionPlace {
  readonly deploymentId: DeploymentId;
  readonly revision: number;
}

/** What a declared handler type means per service type; a pair that is missing is refused. */
const HANDLER_TYPES: Readonly<
  Record<ServiceType, ReadonlyMap<HandlerType | undefined, HandlerType | undefined>>
> = {
  Service: new Map([
    [undefined, undefined],
    ['Shared', undefined],
  ]),
  VirtualObject: new Map([
    [undefined, 'Exclusive'],
    ['Exclusive', 'Exclusive'],
    ['Shared', 'Shared'],
  ]),
  Workflow: new Map([
    [undefined, 'Shared'],
    ['Shared', 'Shared'],
    ['Workflow', 'Workflow'],
  ]),
};

/** A service as its deployment declares it. Of handlers with the same name the last one counts. */
export function buildRevision(service: ServiceManifest, place: RevisionPlace): BuiltRevision {
  const misuse = findNegativeFactor(service);
  if (misuse !== undefined) return { kind: 'refused', refusal: invalidManifest(misuse) };
  const handlers = new Map<string, Handler>();
  for (const handler of service.handlers) {
    const built = buildHandler(service, handler);
    if (built.kind === 'refused') {
      return { kind: 'refused', refusal: invalidManifest(built.message) };
    }
    handlers.set(handler.name, built.handler);
  }
  const revision = {
    name: service.name,
    type: service.type,
    ...place,
    public: service.private !== true,
    documentation: service.documentation,
    metadata: service.metadata,
    options: serviceOptions(service),
    handlers,
  };
  return { kind: 'built', revision };
}

/**
 * The manifest sets the retention of a workflow's result on its run handler; it is an option of the
 * service here, where the admin API shows it. Of several run handlers the last one that sets it counts.
 */
function serviceOptions(service: ServiceManifest): HandlerOptions {
  const workflowCompletionRetentionMs = service.handlers
    .map((handler) => handler.options.workflowCompletionRetentionMs)
    .findLast((retentionMs) => retentionMs !== undefined);
  return { ...service.options, workflowCompletionRetentionMs };
}

function buildHandler(service: ServiceManifest, manifest: HandlerManifest): BuiltHandler {
  const types = HANDLER_TYPES[service.type];
  if (!types.has(manifest.type)) return refused(badCombination(service.type, manifest.type));
  const type = types.get(manifest.type);
  const misuse = findMisuse(service, manifest, type);
  if (misuse !== undefined) return refused(misuse);
  const name = { service: service.name, handler: manifest.name };
  const input = buildInput(name, manifest.input);
  if (input.kind === 'refused') return input;
  const output = buildOutput(name, manifest.output);
  if (output.kind === 'refused') return output;
  const handler = {
    name: manifest.name,
    type,
    public: manifest.private !== true,
    documentation: manifest.documentation,
    metadata: manifest.metadata,
    options: { ...manifest.options, workflowCompletionRetentionMs: undefined },
    ...input.value,
    ...output.value,
  };
  return { kind: 'built', handler };
}

function findMisuse(
  service: ServiceManifest,
  { name, options, private: isPrivate }: HandlerManifest,
  type: HandlerType | undefined,
): string | undefined {
  const isRun = type === 'Workflow';
  if (!isRun && options.workflowCompletionRetentionMs !== undefined) {
    return `${name} sets the workflow_completion_retention, but it's not a WORKFLOW handler`;
  }
  if (isRun && options.idempotencyRetentionMs !== undefined) {
    return `${name} sets the idempotency_retention, but it's a WORKFLOW handler`;
  }
  if (service.private === true && isPrivate === false) {
    return `The service ${service.name} is private, but the ${name} is explicitly set as public. This is not supported. Please make the service public, and hide the individual handlers`;
  }
  return findNegativeFactor({ name, options });
}

/** The reference takes it, and then never retries. Seen on 1.7.12. */
function findNegativeFactor({
  name,
  options,
}: Pick<HandlerManifest, 'name' | 'options'>): string | undefined {
  const factor = options.retryPolicy?.exponentiationFactor ?? 0;
  if (factor >= 0) return undefined;
  return `${name} sets the exponentiation_factor of its retry_policy to ${factor}, but it must not be negative`;
}

function badCombination(service: ServiceType, handler: HandlerType | undefined): string {
  const declared = handler === undefined ? 'None' : `Some(${handler})`;
  return `invalid combination of service type and handler type '(${service}, ${declared})'`;
}

function refused(message: string): BuiltHandler {
  return { kind: 'refused', message };
}
