// What the load generator is told and what it tells.

/** A closed loop: every connection has one request in flight. */
export interface LoadPlan {
  /** `http://host:port` of the ingress. */
  readonly url: string;
  /** `{key}` becomes a random one of `keysCount`, `{new}` one that no request had before. */
  readonly path: string;
  readonly keysCount?: number | undefined;
  /** Sent as JSON. */
  readonly body?: string | undefined;
  readonly concurrency: number;
  readonly extent: LoadExtent;
}

export type LoadExtent =
  /** So many requests, all of them measured. */
  | { readonly requestsCount: number }
  /** As many as fit; those of the first seconds are not measured. */
  | { readonly warmSeconds: number; readonly measuredSeconds: number };

export interface LoadResult {
  /** Answered with a status below 300 while it was measured. */
  readonly requestsCount: number;
  /** Answered so from the first to the last request. */
  readonly acceptedCount: number;
  readonly errorsCount: number;
  /** The first few distinct ones. */
  readonly errors: readonly string[];
  readonly seconds: number;
  readonly perSecond: number;
  /** Of the load generator itself while it measured. */
  readonly cpuSeconds: number;
  readonly latencyMs: Latencies;
}

export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export type LoadReport =
  /** The measured part begins, or has ended. */
  | { readonly kind: 'measuring' | 'measured' }
  /** The last request in flight is answered. */
  | { readonly kind: 'result'; readonly result: LoadResult };
