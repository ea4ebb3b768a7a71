import type { DeploymentEndpoint } from './endpoint.ts';
import type { DeploymentId } from './ids.ts';
import { NO_KAFKA, type KafkaRegistrations } from './kafka.ts';
import type { RuleBook } from './rule-book.ts';
import { EMPTY_RULE_BOOK } from './rule-book.ts';
import type { DurationMs, UnixMillis } from './time.ts';

export type ServiceType = 'Service' | 'VirtualObject' | 'Workflow';
export type HandlerType = 'Exclusive' | 'Shared' | 'Workflow';

/** Options that a handler, a service and the server can set; the most specific one wins. */
export interface HandlerOptions {
  readonly inactivityTimeoutMs?: DurationMs | undefined;
  readonly abortTimeoutMs?: DurationMs | undefined;
  readonly journalRetentionMs?: DurationMs | undefined;
  readonly idempotencyRetentionMs?: DurationMs | undefined;
  readonly workflowCompletionRetentionMs?: DurationMs | undefined;
  readonly enableLazyState?: boolean | undefined;
  readonly retryPolicy?: RetryPolicyOptions | undefined;
}

export interface RetryPolicyOptions {
  readonly initialIntervalMs?: DurationMs | undefined;
  readonly exponentiationFactor?: number | undefined;
  readonly maxIntervalMs?: DurationMs | undefined;
  /** Attempts including the first; `'unlimited'` never exhausts. */
  readonly maxAttempts?: number | 'unlimited' | undefined;
  readonly onMaxAttempts?: 'pause' | 'kill' | undefined;
}

/** What a handler accepts, tried in order; the first rule that passes admits the request. */
export type InputRule =
  | { readonly kind: 'noBodyAndNoContentType' }
  | { readonly kind: 'contentType'; readonly contentType: string }
  | { readonly kind: 'contentTypeAndBody'; readonly contentType: string };

export interface Handler {
  readonly name: string;
  /** Absent for handlers of a Service. */
  readonly type?: HandlerType | undefined;
  /** Not private itself; the ingress calls it if its service is public, too. */
  readonly public: boolean;
  readonly documentation?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly options: HandlerOptions;
  readonly inputRules: readonly InputRule[];
  /** Content type of a success with a body; absent when the handler declares an empty output. */
  readonly outputContentType?: string | undefined;
  /** Sends the content type even when the body is empty. */
  readonly setContentTypeIfEmpty: boolean;
  /** As shown by the admin API, for example `application/json`, `none`, `JSON 'MyInput'`. */
  readonly inputDescription: string;
  readonly outputDescription: string;
  readonly inputJsonSchema?: unknown;
  readonly outputJsonSchema?: unknown;
}

/** One service as one deployment exposes it. */
export interface ServiceRevision {
  readonly name: string;
  readonly type: ServiceType;
  readonly revision: number;
  readonly deploymentId: DeploymentId;
  readonly public: boolean;
  readonly documentation?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly options: HandlerOptions;
  readonly handlers: ReadonlyMap<string, Handler>;
}

export type ProtocolMode = 'BidiStream' | 'RequestResponse';

export interface Deployment {
  readonly id: DeploymentId;
  readonly endpoint: DeploymentEndpoint;
  readonly protocolMode: ProtocolMode;
  readonly additionalHeaders: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAtMs: UnixMillis;
  readonly minProtocolVersion: number;
  readonly maxProtocolVersion: number;
  readonly sdkVersion?: string | undefined;
  readonly services: ReadonlyMap<string, ServiceRevision>;
}

/**
 * Everything registered. Plain data, so that it can be cloned to the partition threads;
 * replaced as a whole on every change, never modified.
 */
export interface Schema {
  /** Counts changes; a larger number is newer. */
  readonly version: number;
  readonly deployments: ReadonlyMap<DeploymentId, Deployment>;
  /** The active (highest) revision of each service. */
  readonly services: ReadonlyMap<string, ServiceRevision>;
  readonly kafka: KafkaRegistrations;
  /** How many invocations of a scope may run at once. */
  readonly ruleBook: RuleBook;
}

export const EMPTY_SCHEMA: Schema = {
  version: 0,
  deployments: new Map(),
  services: new Map(),
  kafka: NO_KAFKA,
  ruleBook: EMPTY_RULE_BOOK,
};

/** `Schema.services` of these deployments. No two of them hold the same revision of a service. */
export function activeRevisions(deployments: Schema['deployments']): Schema['services'] {
  const active = new Map<string, ServiceRevision>();
  for (const { services } of deployments.values()) {
    for (const [name, revision] of services) {
      const highest = active.get(name);
      if (highest === undefined || highest.revision < revision.revision) active.set(name, revision);
    }
  }
  return active;
}

/** Server-wide values of every option that handlers and services may leave out. */
export interface HandlerDefaults {
  readonly inactivityTimeoutMs: DurationMs;
  readonly abortTimeoutMs: DurationMs;
  readonly journalRetentionMs: DurationMs;
  readonly idempotencyRetentionMs: DurationMs;
  readonly workflowCompletionRetentionMs: DurationMs;
  readonly retryPolicy: RetryPolicy;
  readonly maxima: HandlerMaxima;
}

/** Bounds on what handlers and services may ask for, and on the defaults; `undefined` is none. */
export interface HandlerMaxima {
  readonly journalRetentionMs: DurationMs | undefined;
  readonly idempotencyRetentionMs: DurationMs | undefined;
  readonly workflowCompletionRetentionMs: DurationMs | undefined;
  readonly retryAttempts: number | undefined;
}

export interface RetryPolicy {
  readonly initialIntervalMs: DurationMs;
  readonly exponentiationFactor: number;
  /** `undefined` leaves the delay uncapped. */
  readonly maxIntervalMs: DurationMs | undefined;
  readonly maxAttempts: number | 'unlimited';
  readonly onMaxAttempts: 'pause' | 'kill';
}
