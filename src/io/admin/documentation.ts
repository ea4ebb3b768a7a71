// What the OpenAPI document tells of an operation.
import type { z } from 'zod';

/** What the document says in words. */
export interface OperationInfo {
  readonly id: string;
  readonly tag: TagName;
  readonly summary: string;
  readonly deprecated?: boolean | undefined;
}

export type TagName = keyof typeof TAGS;

/** The groups that the operations of the document belong to. */
export const TAGS = {
  deployment: 'Endpoints that serve handlers',
  invocation: 'Durable executions of handlers',
  subscription: 'Topics of Kafka that feed handlers',
  kafka_cluster: 'Kafka clusters that subscriptions read from',
  service: 'Services of the registered deployments',
  service_handler: 'Handlers of the services',
  vqueue: 'Queues of invocations',
  cluster_health: 'Health of the cluster',
  health: 'Health of the admin API',
  version: 'Versions of the server and of this API',
  introspection: 'Queries in SQL',
  rule: 'Rules that limit concurrency',
} as const;

export interface ResponseForm {
  readonly description: string;
  /** Of the JSON body; a response without one is empty. */
  readonly body?: z.ZodType | undefined;
  /** What a body may be that the operation writes itself, in place of a JSON body. */
  readonly mediaTypes?: readonly string[] | undefined;
  /** Headers it always has. */
  readonly headers?: readonly string[] | undefined;
}

export type ResponseForms = Readonly<Record<number, ResponseForm>>;

/** Statuses of refusals that say why in an `ErrorDescriptionResponse`. */
export type RefusalStatus = 400 | 404 | 405 | 409 | 410 | 422 | 425 | 500 | 501 | 503;

/**
 * `params` and `query` are objects of what texts become; `body` is the form of a JSON body. The path
 * is judged first, then the query, then the body.
 */
export type Takes = z.ZodObject;

/** What the document needs to know of an operation. */
export interface DocumentedOperation {
  readonly info: OperationInfo;
  readonly takes: Takes;
  readonly responses: ResponseForms;
  readonly refusals: readonly RefusalStatus[];
}
