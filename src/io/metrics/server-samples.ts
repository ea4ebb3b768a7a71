// What the main thread knows: the ingress, the requests to partitions, the threads, the schema, the disk.
import type { MetricSample } from '../../actors/domain/metric-sample.ts';
import type { Schema } from '../../actors/domain/schema.ts';
import type { ThreadFindings } from '../../actors/ports.ts';
import { sample } from './sample.ts';

/** Numbers that the ingress counted. */
export interface IngressFigures {
  readonly admittedCount: number;
  readonly rateLimitedCount: number;
  readonly requests: {
    entries(): Iterable<
      readonly [
        service: string,
        type: string,
        value: {
          readonly ends: Readonly<Record<string, number>>;
          readonly durationSeconds: Exclude<MetricSample['value'], number>;
        },
      ]
    >;
  };
}

/** Numbers that the router counted. */
export interface RequestFigures {
  readonly inFlightCount: number;
  readonly answeredCounts: Float64Array;
  readonly refusedCounts: Float64Array;
}

export interface ServerFigures {
  readonly version: string;
  readonly ingress: IngressFigures;
  readonly requests: RequestFigures;
  readonly threads: readonly ThreadFindings[];
  readonly schema: Schema;
  readonly attemptsPerDeploymentMax: number;
  /** Of the file system with the data. Unit: bytes. */
  readonly disk: { readonly freeBytes: number; readonly sizeBytes: number } | undefined;
}

export function serverSamples(figures: ServerFigures): readonly MetricSample[] {
  const { version, schema, disk } = figures;
  return [
    sample('reprise_info', 1, { version, node_version: process.version }),
    ...ingressSamples(figures.ingress),
    ...requestSamples(figures.requests),
    ...threadSamples(figures),
    ...partitionSamples(figures.threads),
    sample('restate_failure_detector_nodes_total', 1, { state: 'alive' }),
    sample('restate_failure_detector_nodes_total', 0, { state: 'dead' }),
    sample('restate_jemalloc_resident_bytes', process.memoryUsage.rss()),
    sample('reprise_deployments', schema.deployments.size),
    sample('reprise_services', schema.services.size),
    ...(disk === undefined
      ? []
      : [
          sample('reprise_data_directory_free_bytes', disk.freeBytes),
          sample('reprise_data_directory_size_bytes', disk.sizeBytes),
        ]),
  ];
}

function ingressSamples(ingress: IngressFigures): readonly MetricSample[] {
  const { admittedCount, rateLimitedCount, requests } = ingress;
  return [
    sample('restate_ingress_requests_total', admittedCount, { status: 'admitted' }),
    sample('restate_ingress_requests_total', rateLimitedCount, { status: 'rate-limited' }),
    ...[...requests.entries()].flatMap(([service, type, { ends, durationSeconds }]) => {
      const labels = { rpc_service: service, rpc_type: type };
      return [
        ...Object.entries(ends).map(([status, count]) =>
          sample('restate_ingress_requests_total', count, { status, ...labels }),
        ),
        sample('restate_ingress_request_duration_seconds', durationSeconds, labels),
      ];
    }),
  ];
}

function requestSamples({
  inFlightCount,
  answeredCounts,
  refusedCounts,
}: RequestFigures): readonly MetricSample[] {
  const byPartition = (counts: Float64Array, status: string) =>
    Array.from(counts, (count, partition) =>
      sample('restate_invocation_client_requests_total', count, {
        partition_id: String(partition),
        status,
      }),
    );
  return [
    sample('reprise_requests_in_flight', inFlightCount),
    ...byPartition(answeredCounts, 'completed'),
    ...byPartition(refusedCounts, 'unavailable_error'),
  ];
}

function threadSamples(figures: ServerFigures): readonly MetricSample[] {
  return figures.threads.flatMap(({ thread: number, isReady, isHung, silentMs, startsCount }) => {
    const thread = String(number);
    return [
      sample('reprise_partition_thread_up', isReady && !isHung ? 1 : 0, { thread }),
      sample('reprise_partition_thread_hung', isHung ? 1 : 0, { thread }),
      sample('reprise_partition_thread_silent_seconds', silentMs / 1000, { thread }),
      sample('reprise_partition_thread_starts_total', startsCount, { thread }),
      sample('restate_invoker_concurrency_limit', figures.attemptsPerDeploymentMax, {
        invoker_id: thread,
      }),
    ];
  });
}

function partitionSamples(threads: readonly ThreadFindings[]): readonly MetricSample[] {
  const partitions = threads.flatMap((thread) =>
    thread.partitions.map((partition) => ({ partition: String(partition), thread })),
  );
  const activeCount = partitions.filter(({ thread }) => thread.isReady && !thread.isHung).length;
  return [
    sample('restate_num_partitions', partitions.length),
    sample('restate_num_active_partitions', activeCount),
    sample('restate_num_active_partition_leaders', activeCount),
    sample(
      'restate_partition_store_num_open',
      partitions.filter(({ thread }) => thread.isReady).length,
    ),
    ...partitions.flatMap(({ partition, thread }) => [
      sample('restate_partition_start_total', thread.startsCount, { partition }),
      sample('restate_partition_stop_total', thread.startsCount - 1, {
        partition,
        reason: 'error',
      }),
    ]),
    ...partitions
      .filter(({ thread }) => thread.isHung)
      .map(({ partition }) =>
        sample('restate_partition_blocked_flare', 1, { partition, reason: 'hung-thread' }),
      ),
    ...lagSamples(threads, partitions.length),
  ];
}

const QUANTILES = [0.5, 0.9, 0.99, 1] as const;

function lagSamples(
  threads: readonly ThreadFindings[],
  partitionsCount: number,
): readonly MetricSample[] {
  const lags = threads
    .flatMap(({ report }) => report?.partitions ?? [])
    .map(({ progress }) => progress.postedCount - progress.appliedCount)
    .sort((a, b) => a - b);
  return [
    ...QUANTILES.map((quantile) =>
      sample(
        'restate_partition_applied_lsn_lag',
        lags[Math.max(0, Math.ceil(quantile * lags.length) - 1)] ?? 0,
        { quantile: quantile === 1 ? '1.0' : String(quantile) },
      ),
    ),
    sample('restate_partition_num_unknown_applied_lsn_lag', partitionsCount - lags.length),
  ];
}
