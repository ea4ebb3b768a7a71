import type { PartitionThreadInspector, SchemaReader } from '../../actors/ports.ts';
import type { Access } from '../http/access.ts';
import type { Logger } from '../log.ts';

/** A server of this process, as it is shown to operators. */
export interface ListeningServer {
  readonly name: 'http-ingress-server' | 'admin-api-server' | 'message-fabric-server';
  /** `http://host:port/` or `unix:/path` each. */
  readonly boundUrls: readonly string[];
  readonly advertised: string;
}

/** What the node port works with. */
export interface NodeContext {
  readonly clusterName: string;
  readonly nodeName: string;
  /** Tells clusters apart that have the same name. */
  readonly clusterFingerprint: bigint;
  /** The version of the reference whose contracts this server keeps. */
  readonly compatibilityVersion: string;
  readonly partitionsCount: number;
  /** Of the monotonic clock. Unit: milliseconds. */
  readonly startedAtMs: number;
  readonly threads: PartitionThreadInspector;
  readonly schema: SchemaReader;
  readonly servers: () => readonly ListeningServer[];
  readonly isStopping: () => boolean;
  /** Text in the Prometheus format; `undefined` when metrics are switched off. */
  readonly renderMetrics: (() => Promise<string>) | undefined;
  /** Absent: everybody may do everything. */
  readonly access: Access | undefined;
  /** Largest message of a gRPC call. Unit: bytes, inclusive. */
  readonly messageBytesMax: number;
  readonly log: Pick<Logger, 'error'>;
}

/** There is one node, and it is the first. */
export const NODE_NUMBER = 1;

/** The reference counts the starts of a node; here it stays the same node. */
export const NODE_GENERATION = 1;

/** What a node of the reference does; this one does all of it. */
export const ROLES = ['http-ingress', 'admin', 'worker', 'log-server', 'metadata-server'] as const;

/** Nothing about the cluster ever changes. */
export const CONFIGURATION_VERSION = 1;
