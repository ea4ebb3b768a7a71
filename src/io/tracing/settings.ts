// What tracing is told, by the configuration and by OpenTelemetry's own environment variables.

/** Plain data: every thread exports for itself. */
export interface TracingSettings {
  readonly transport: 'grpc' | 'http';
  /** `http:` or `https:`; over HTTP its path is where spans are posted to. */
  readonly url: string;
  /** Sent with every export. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names the process among others. */
  readonly instanceId: string;
  readonly productVersion: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface QueueLimits {
  /** Spans that wait to be exported; more are dropped. Default 2048. Source: `OTEL_BSP_MAX_QUEUE_SIZE`. */
  readonly spansMax: number;
  /** Spans of one export. Default 512. Source: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`. */
  readonly batchSpansMax: number;
  /** Longest wait of a span for others. Unit: milliseconds. Default 5000. Source: `OTEL_BSP_SCHEDULE_DELAY`. */
  readonly delayMs: number;
}

export function queueLimitsOf(environment: Environment): QueueLimits {
  const spansMax = countOf(environment, 'OTEL_BSP_MAX_QUEUE_SIZE', 2048);
  const batchSpansMax = countOf(environment, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512);
  return {
    spansMax,
    batchSpansMax: Math.min(batchSpansMax, spansMax),
    delayMs: countOf(environment, 'OTEL_BSP_SCHEDULE_DELAY', 5000),
  };
}

/** What is no positive number counts as absent, as OpenTelemetry's specification asks. */
function countOf(environment: Environment, name: string, otherwise: number): number {
  const value = Number(environment[name]);
  return Number.isSafeInteger(value) && value > 0 ? value : otherwise;
}
