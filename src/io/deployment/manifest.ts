// The endpoint manifest: bytes of a discovery response to a checked manifest, or what is wrong with
// them. All four versions have one form, in which later versions add fields.
import { z } from 'zod';
import type {
  EndpointManifest,
  HandlerManifest,
  ServiceManifest,
} from '../../actors/domain/manifest.ts';
import type { HandlerOptions, RetryPolicyOptions } from '../../actors/domain/schema.ts';
import { durationMs } from '../../actors/domain/time.ts';
import {
  isRegistrableVersionRange,
  PROTOCOL_VERSION_MAX,
  PROTOCOL_VERSION_MIN,
} from '../service-protocol/version.ts';

/** Media types of manifests, oldest first. Source: service protocol, "Discovery". */
export const MANIFEST_MEDIA_TYPES: readonly string[] = [1, 2, 3, 4].map(
  (version) => `application/vnd.restate.endpointmanifest.v${version}+json`,
);

/** Largest version number a manifest may name. Seen on the reference 1.7.12. */
const VERSION_NUMBER_MAX = 2_147_483_647;

/** Nesting of a manifest. Recursive consumers of a schema stay within the stack. Source: the reference's limit. */
const NESTING_MAX = 128;

export type ManifestResult =
  | { readonly kind: 'manifest'; readonly manifest: EndpointManifest }
  | {
      readonly kind: 'undecodable' | 'badResponse' | 'unsupportedProtocol';
      readonly reason: string;
    };

/** Fields that may be `null`, which says the same as leaving them out. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

function matching(pattern: RegExp) {
  return z.string().regex(pattern, { error: `doesn't match pattern "${pattern.source}"` });
}

const serviceName = matching(/^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9._-]*$/);
const handlerName = matching(/^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9_]*$/);
const versionNumber = z.number().refine((value) => Number.isInteger(value) && value >= 1, {
  error: 'expected a positive integer',
});
const milliseconds = optional(z.int().min(0).transform(durationMs));
const metadata = z.record(z.string(), z.string()).optional();

const optionFields = {
  inactivityTimeout: milliseconds,
  abortTimeout: milliseconds,
  journalRetention: milliseconds,
  idempotencyRetention: milliseconds,
  enableLazyState: optional(z.boolean()),
  ingressPrivate: optional(z.boolean()),
  retryPolicyInitialInterval: milliseconds,
  retryPolicyMaxInterval: milliseconds,
  retryPolicyMaxAttempts: optional(z.int().min(0)),
  retryPolicyExponentiationFactor: optional(z.number()),
  retryPolicyOnMaxAttempts: optional(z.enum(['PAUSE', 'KILL'])),
};

const inputFields = z.strictObject({
  required: optional(z.boolean()),
  contentType: optional(z.string()),
  jsonSchema: z.unknown().optional(),
});

const outputFields = z.strictObject({
  contentType: optional(z.string()),
  setContentTypeIfEmpty: optional(z.boolean()),
  jsonSchema: z.unknown().optional(),
});

const handlerFields = z.strictObject({
  name: handlerName,
  ty: optional(z.enum(['WORKFLOW', 'EXCLUSIVE', 'SHARED'])),
  documentation: optional(z.string()),
  metadata,
  input: optional(inputFields),
  output: optional(outputFields),
  workflowCompletionRetention: milliseconds,
  ...optionFields,
});

const serviceFields = z.strictObject({
  name: serviceName,
  ty: z.enum(['VIRTUAL_OBJECT', 'SERVICE', 'WORKFLOW']),
  documentation: optional(z.string()),
  metadata,
  handlers: z.array(handlerFields),
  ...optionFields,
});

const manifestFields = z.strictObject({
  protocolMode: optional(z.enum(['BIDI_STREAM', 'REQUEST_RESPONSE'])),
  minProtocolVersion: versionNumber,
  maxProtocolVersion: versionNumber,
  // Matters to Lambda alone, where the payloads of requests may be compressed.
  lambdaCompression: optional(z.literal('zstd')),
  services: z.array(serviceFields),
});

type ManifestFields = z.output<typeof manifestFields>;
type ServiceFields = z.output<typeof serviceFields>;
type HandlerFields = z.output<typeof handlerFields>;

/** The names of the wire next to those of the domain. */
const SERVICE_TYPES = {
  SERVICE: 'Service',
  VIRTUAL_OBJECT: 'VirtualObject',
  WORKFLOW: 'Workflow',
} as const;
const HANDLER_TYPES = { EXCLUSIVE: 'Exclusive', SHARED: 'Shared', WORKFLOW: 'Workflow' } as const;
const PROTOCOL_MODES = {
  BIDI_STREAM: 'BidiStream',
  REQUEST_RESPONSE: 'RequestResponse',
} as const;
const ON_MAX_ATTEMPTS = { PAUSE: 'pause', KILL: 'kill' } as const;

export function parseManifest(text: string): ManifestResult {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { kind: 'undecodable', reason: error instanceof Error ? error.message : String(error) };
  }
  if (isNestedDeeper(json, NESTING_MAX)) {
    return { kind: 'undecodable', reason: `nested deeper than ${NESTING_MAX} levels` };
  }
  const parsed = manifestFields.safeParse(json);
  if (!parsed.success) return { kind: 'undecodable', reason: describeIssue(parsed.error) };
  return checkManifest(parsed.data);
}

function describeIssue({ issues }: z.ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return 'unexpected form';
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

function isNestedDeeper(json: unknown, levelsMax: number): boolean {
  let level: unknown[] = [json];
  for (let depth = 0; depth <= levelsMax; depth += 1) {
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}

function checkManifest(fields: ManifestFields): ManifestResult {
  const { protocolMode, minProtocolVersion: min, maxProtocolVersion: max } = fields;
  if (protocolMode === undefined) return badResponse('missing protocol mode');
  if (min > VERSION_NUMBER_MAX) return badResponse(versionOutOfRange('min'));
  if (max > VERSION_NUMBER_MAX) return badResponse(versionOutOfRange('max'));
  if (min > max) {
    return badResponse(
      `Expected min protocol version to be <= max protocol version. Received min protocol version '${min}', max protocol version '${max}'`,
    );
  }
  if (!isRegistrableVersionRange(min, max)) {
    const reason = `unsupported service protocol versions: [${min}, ${max}]. Supported versions by this runtime are [${PROTOCOL_VERSION_MIN}, ${PROTOCOL_VERSION_MAX}]. Please upgrade the SDK and try registering again.`;
    return { kind: 'unsupportedProtocol', reason };
  }
  const manifest = {
    protocolMode: PROTOCOL_MODES[protocolMode],
    minProtocolVersion: min,
    maxProtocolVersion: max,
    lambdaCompression: fields.lambdaCompression,
    services: fields.services.map(toService),
  };
  return { kind: 'manifest', manifest };
}

function versionOutOfRange(which: 'min' | 'max'): string {
  return `${which} protocol version must be in [1, ${VERSION_NUMBER_MAX}]`;
}

function badResponse(reason: string): ManifestResult {
  return { kind: 'badResponse', reason };
}

function toService(fields: ServiceFields): ServiceManifest {
  return {
    name: fields.name,
    type: SERVICE_TYPES[fields.ty],
    documentation: fields.documentation,
    metadata: fields.metadata,
    private: fields.ingressPrivate,
    options: toOptions(fields),
    handlers: fields.handlers.map(toHandler),
  };
}

function toHandler(fields: HandlerFields): HandlerManifest {
  const { input, output } = fields;
  return {
    name: fields.name,
    type: fields.ty === undefined ? undefined : HANDLER_TYPES[fields.ty],
    documentation: fields.documentation,
    metadata: fields.metadata,
    private: fields.ingressPrivate,
    options: {
      ...toOptions(fields),
      workflowCompletionRetentionMs: fields.workflowCompletionRetention,
    },
    input: input && {
      required: input.required ?? false,
      contentType: input.contentType,
      jsonSchema: input.jsonSchema ?? undefined,
    },
    output: output && {
      contentType: output.contentType,
      setContentTypeIfEmpty: output.setContentTypeIfEmpty ?? false,
      jsonSchema: output.jsonSchema ?? undefined,
    },
  };
}

function toOptions(fields: ServiceFields | HandlerFields): HandlerOptions {
  return {
    inactivityTimeoutMs: fields.inactivityTimeout,
    abortTimeoutMs: fields.abortTimeout,
    journalRetentionMs: fields.journalRetention,
    idempotencyRetentionMs: fields.idempotencyRetention,
    enableLazyState: fields.enableLazyState,
    retryPolicy: toRetryPolicy(fields),
  };
}

function toRetryPolicy(fields: ServiceFields | HandlerFields): RetryPolicyOptions | undefined {
  const onMaxAttempts = fields.retryPolicyOnMaxAttempts;
  const policy = {
    initialIntervalMs: fields.retryPolicyInitialInterval,
    exponentiationFactor: fields.retryPolicyExponentiationFactor,
    maxIntervalMs: fields.retryPolicyMaxInterval,
    maxAttempts: fields.retryPolicyMaxAttempts,
    onMaxAttempts: onMaxAttempts === undefined ? undefined : ON_MAX_ATTEMPTS[onMaxAttempts],
  };
  return Object.values(policy).some((value) => value !== undefined) ? policy : undefined;
}
