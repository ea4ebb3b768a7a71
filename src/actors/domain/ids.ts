import type { Brand } from './brand.ts';

/** Text form `inv_1…`, 38 characters: partition key and uuid. */
export type InvocationId = Brand<string, 'InvocationId'>;
/** Text form `dp_1…`. */
export type DeploymentId = Brand<string, 'DeploymentId'>;
/** 64-bit hash that decides the partition of an invocation. */
export type PartitionKey = Brand<bigint, 'PartitionKey'>;
/** 0-based. */
export type PartitionNumber = Brand<number, 'PartitionNumber'>;
