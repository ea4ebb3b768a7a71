import type { InvocationId } from '../../actors/domain/ids.ts';
import type { HandlerDefaults } from '../../actors/domain/schema.ts';
import type { ScopeFeatures } from '../../actors/domain/scope.ts';
import type { InvocationGateway, SchemaReader } from '../../actors/ports.ts';
import type { RequestTracer } from '../../actors/tracer.ts';
import type { IngressStatistics } from './statistics.ts';

export interface IngressOptions {
  /** Unit: bytes, inclusive. Source: `ingress.request-size-limit`. */
  readonly requestBodyBytesMax: number;
  /** Requests in flight, OPTIONS left out. Default: unlimited. Source: `ingress.concurrent-api-requests-limit`. */
  readonly concurrentRequestsMax?: number | undefined;
  readonly defaults: HandlerDefaults;
  readonly scopeFeatures: ScopeFeatures;
}

/** What the ingress works with. */
export interface IngressContext {
  readonly schema: SchemaReader;
  readonly gateway: InvocationGateway;
  readonly options: IngressOptions;
  readonly tracer?: RequestTracer | undefined;
  /** Unit: milliseconds since the Unix epoch. */
  readonly clock: () => number;
  readonly random: (bytesCount: number) => Uint8Array;
  /** Default: counts that nobody reads. */
  readonly statistics?: IngressStatistics | undefined;
}

/** Which outcome is asked for: `attach` waits, `output` only looks. */
export type ReadVerb = 'attach' | 'output';

export interface OutcomeQuery {
  readonly verb: ReadVerb;
  readonly invocationId: InvocationId;
}
