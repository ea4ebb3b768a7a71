import type { HistogramCounts } from '../../actors/domain/histogram.ts';
import type { MetricLabels, MetricSample } from '../../actors/domain/metric-sample.ts';
import type { MetricName } from './definitions.ts';

const NO_LABELS: MetricLabels = {};

export function sample(
  name: MetricName,
  value: number | HistogramCounts,
  labels: MetricLabels = NO_LABELS,
): MetricSample {
  return { name, labels, value };
}
