// Samples as text in the Prometheus format. Loaded with the first scrape: prom-client takes 11 MB.
import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import { type HistogramCounts, observationsCount } from '../../actors/domain/histogram.ts';
import type { MetricLabels, MetricSample } from '../../actors/domain/metric-sample.ts';
import { METRICS, type MetricDefinition } from './definitions.ts';
import { boundLabelSets, mergeSamples } from './merge.ts';
import { quantileOf, QuantileWindow } from './quantiles.ts';

const QUANTILES = [0.5, 0.9, 0.99, 1] as const;

/** How often prom-client looks at the event loop. Unit: milliseconds. */
const EVENT_LOOP_PRECISION_MS = 50;

interface ExpositionValue {
  readonly labels: MetricLabels & Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string | undefined;
}

/** Process and main thread, by prom-client. Once for each process: it never stops to observe. */
let processRegistry: Registry | undefined;

function processMetrics(): Promise<object> {
  if (processRegistry === undefined) {
    processRegistry = new Registry();
    collectDefaultMetrics({
      register: processRegistry,
      eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS,
    });
  }
  return processRegistry.getMetricsAsJSON();
}

export class Exposition {
  readonly #labels: MetricLabels;
  readonly #windows = new Map<string, QuantileWindow>();

  /** `labels` go to every sample. */
  constructor(labels: MetricLabels) {
    this.#labels = labels;
  }

  /** `nowMs` is of the monotonic clock. */
  async render(samples: readonly MetricSample[], nowMs: number): Promise<string> {
    const byName = groupByName(mergeSamples(samples));
    const families = Object.entries(METRICS).flatMap(([name, definition]) => {
      const found = byName.get(name);
      return found === undefined ? [] : [this.#family(name, definition, found, nowMs)];
    });
    const registry = AggregatorRegistry.aggregate([families, await processMetrics()]);
    registry.setDefaultLabels({ ...this.#labels });
    return registry.metrics();
  }

  #family(
    name: string,
    { type, help }: MetricDefinition,
    samples: readonly MetricSample[],
    nowMs: number,
  ) {
    const values = boundLabelSets(samples).flatMap(({ labels, value }): ExpositionValue[] => {
      if (typeof value === 'number') return [{ labels, value }];
      return type === 'summary'
        ? this.#summaryValues(name, labels, value, nowMs)
        : histogramValues(name, labels, value);
    });
    return { name, help, type, values, aggregator: 'first' };
  }

  #summaryValues(
    name: string,
    labels: MetricLabels,
    histogram: HistogramCounts,
    nowMs: number,
  ): ExpositionValue[] {
    const key = name + JSON.stringify(labels);
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = new QuantileWindow();
      this.#windows.set(key, window);
    }
    const counts = window.slide(histogram, nowMs);
    return [
      ...QUANTILES.map((quantile) => ({
        labels: { ...labels, quantile: String(quantile) },
        value: quantileOf(quantile, counts, histogram.bounds),
      })),
      ...totals(name, labels, histogram),
    ];
  }
}

function groupByName(samples: readonly MetricSample[]): ReadonlyMap<string, MetricSample[]> {
  const groups = new Map<string, MetricSample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.name);
    if (group === undefined) groups.set(sample.name, [sample]);
    else group.push(sample);
  }
  return groups;
}

function histogramValues(
  name: string,
  labels: MetricLabels,
  histogram: HistogramCounts,
): ExpositionValue[] {
  let count = 0;
  const buckets = Array.from(histogram.counts, (ofBucket, index) => {
    count += ofBucket;
    const le = histogram.bounds[index];
    return {
      labels: { ...labels, le: le === undefined ? '+Inf' : String(le) },
      value: count,
      metricName: `${name}_bucket`,
    };
  });
  return [...buckets, ...totals(name, labels, histogram)];
}

function totals(name: string, labels: MetricLabels, histogram: HistogramCounts): ExpositionValue[] {
  return [
    { labels, value: histogram.sum, metricName: `${name}_sum` },
    { labels, value: Math.round(observationsCount(histogram)), metricName: `${name}_count` },
  ];
}
