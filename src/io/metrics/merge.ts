// Samples of several threads made into one per label set.
import { addHistograms } from '../../actors/domain/histogram.ts';
import { METRIC_LABEL_SETS_MAX } from '../../actors/domain/limits.ts';
import type { MetricSample } from '../../actors/domain/metric-sample.ts';
import { OTHER } from '../../actors/domain/tally.ts';

/** Adds up samples of the same name and labels. In the order of their first appearance. */
export function mergeSamples(samples: Iterable<MetricSample>): MetricSample[] {
  const merged = new Map<string, MetricSample>();
  for (const one of samples) {
    const key = one.name + JSON.stringify(one.labels);
    const known = merged.get(key);
    merged.set(key, known === undefined ? one : { ...one, value: add(known.value, one.value) });
  }
  return [...merged.values()];
}

/** Keeps the first label sets of a metric as they are, and adds up the rest. */
export function boundLabelSets(
  samples: readonly MetricSample[],
  labelSetsMax: number = METRIC_LABEL_SETS_MAX,
): readonly MetricSample[] {
  if (samples.length <= labelSetsMax) return samples;
  const kept = samples.slice(0, labelSetsMax - 1);
  const rest = samples.slice(labelSetsMax - 1).map((one) => ({ ...one, labels: others(one) }));
  return [...kept, ...mergeSamples(rest)];
}

function others({ labels }: MetricSample): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(labels).map((name) => [name, OTHER]));
}

function add(a: MetricSample['value'], b: MetricSample['value']): MetricSample['value'] {
  if (typeof a === 'number') return typeof b === 'number' ? a + b : a;
  return typeof b === 'number' ? a : addHistograms(a, b);
}
