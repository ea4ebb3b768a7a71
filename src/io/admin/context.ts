import type { HandlerDefaults } from '../../actors/domain/schema.ts';
import type { UnixMillis } from '../../actors/domain/time.ts';
import type {
  InvocationOperator,
  QueryEngine,
  SchemaRegistry,
  SerdeClient,
} from '../../actors/ports.ts';
import type { Logger } from '../log.ts';
import type { Features } from './features.ts';

/** Where the admin API reports what is not the client's fault. */
export type AdminLog = Pick<Logger, 'error'>;

export interface AdminOptions {
  /** What handlers and services get that set nothing themselves. */
  readonly defaults: HandlerDefaults;
  /** Reference: `cluster-name`, default `localcluster`. */
  readonly clusterName: string;
  /** Number of this node, from 1. */
  readonly nodeId: number;
  /** Where clients reach the ingress, for example `http://127.0.0.1:8080/`. */
  readonly ingressUrl?: string | undefined;
  /** Experimental features that are switched on. */
  readonly features: Features;
  /** More requests at once are refused. Default: unlimited. */
  readonly concurrentRequestsMax?: number | undefined;
  /** Leaves out the page for browsers. */
  readonly disableWebPage?: boolean | undefined;
}

/** Whether anything is invoked. */
export interface InvokingSwitch {
  readonly isPaused: boolean;
  startInvoking(): void;
}

/** What the admin API works with. */
export interface AdminContext {
  readonly schema: SchemaRegistry;
  readonly operator: InvocationOperator;
  readonly queries: QueryEngine;
  readonly serdes: SerdeClient;
  readonly invoking: InvokingSwitch;
  readonly clock: () => UnixMillis;
  readonly random: (bytesCount: number) => Uint8Array;
  readonly options: AdminOptions;
  readonly log: AdminLog;
}
