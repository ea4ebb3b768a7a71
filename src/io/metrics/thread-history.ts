// Counters of threads that died live on, since a counter must never become smaller.
import { copyHistogram } from '../../actors/domain/histogram.ts';
import type { MetricSample } from '../../actors/domain/metric-sample.ts';
import type { ThreadFindings } from '../../actors/ports.ts';
import { METRICS } from './definitions.ts';
import { mergeSamples } from './merge.ts';

interface LastReport {
  readonly startsCount: number;
  readonly samples: readonly MetricSample[];
}

export class ThreadHistory {
  readonly #last = new Map<number, LastReport>();
  /** Of threads that were replaced. */
  #past: readonly MetricSample[] = [];

  /** What all threads have counted. A thread that says nothing is taken to be as it was. */
  samples(threads: readonly ThreadFindings[]): readonly MetricSample[] {
    for (const { thread, startsCount, report } of threads) {
      const last = this.#last.get(thread);
      if (last !== undefined && last.startsCount < startsCount) this.#retire(thread, last);
      if (report !== undefined) this.#last.set(thread, { startsCount, samples: report.samples });
    }
    return [...this.#past, ...[...this.#last.values()].flatMap(({ samples }) => samples)];
  }

  #retire(thread: number, { samples }: LastReport): void {
    this.#last.delete(thread);
    this.#past = mergeSamples([...this.#past, ...samples.filter(isCounted)]).map(copySample);
  }
}

function isCounted({ name }: MetricSample): boolean {
  return METRIC_TYPES.get(name) !== 'gauge';
}

const METRIC_TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries(METRICS).map(([name, { type }]) => [name, type]),
);

function copySample(sample: MetricSample): MetricSample {
  const { value } = sample;
  return typeof value === 'number' ? sample : { ...sample, value: copyHistogram(value) };
}
