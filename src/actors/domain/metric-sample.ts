// Figures on their way from where they are counted to where they are shown. Plain, cloneable data.
import type { HistogramCounts } from './histogram.ts';

export type MetricLabels = Readonly<Record<string, string>>;

export interface MetricSample {
  readonly name: string;
  readonly labels: MetricLabels;
  readonly value: number | HistogramCounts;
}
