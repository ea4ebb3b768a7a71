// Reads the Prometheus text format 0.0.4, and refuses what a server would be lenient about.
import assert from 'node:assert/strict';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/i;
const TYPES = ['counter', 'gauge', 'histogram', 'summary'];

export interface PrometheusTextOptions {
  /** Takes families in several places and without help, as the reference writes them. Default: no. */
  readonly allowsFragments?: boolean | undefined;
}

/** Families by name, in their order. Throws on the first line that is not as it has to be. */
export function parsePrometheusText(
  text: string,
  { allowsFragments = false }: PrometheusTextOptions = {},
): ReadonlyMap<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line is complete');
  const families = new Map<string, Family>();
  const series = new Set<string>();
  let name = '';
  let help = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, word, subject = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word === 'HELP') {
      assert.ok(allowsFragments || !families.has(subject), `${subject} stands in one place`);
      [name, help] = [subject, rest];
    } else if (word === 'TYPE') {
      assert.ok(TYPES.includes(rest), line);
      if (allowsFragments) name = subject;
      assert.equal(subject, name, 'the type follows the help');
      const samples = families.get(name)?.samples ?? [];
      families.set(name, { type: rest, help, samples });
    } else {
      const sample = parseSample(line);
      const key = JSON.stringify([
        sample.name,
        Object.entries(sample.labels).map(String).toSorted(),
      ]);
      assert.ok(!series.has(key), `${key} occurs once`);
      series.add(key);
      const family = families.get(name);
      assert.ok(family !== undefined && isOf(name, family.type, sample.name), line);
      family.samples.push(sample);
    }
  }
  for (const [each, family] of families) checkFamily(each, family);
  return families;
}

/** The sum of the samples of that name that have these labels, among others. */
export function sumOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const wanted = Object.entries(labels);
  return [...families.values()]
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name)
    .filter((sample) => wanted.every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

function parseSample(line: string): Sample {
  const [, name = '', labelsText = '', valueText = ''] = SAMPLE.exec(line) ?? [];
  assert.ok(name !== '' && VALUE.test(valueText), line);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < labelsText.length) {
    const [, label = '', value = ''] = LABEL.exec(labelsText) ?? [];
    assert.ok(label !== '' && labels[label] === undefined, line);
    labels[label] = value.replaceAll(/\\(.)/g, (_all, escaped) =>
      escaped === 'n' ? '\n' : escaped,
    );
  }
  return { name, labels, value: Number(valueText.replace('Inf', 'Infinity')) };
}

function isOf(family: string, type: string, sample: string): boolean {
  const suffixes = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] };
  const allowed = type === 'histogram' || type === 'summary' ? suffixes[type] : [''];
  return allowed.some((suffix) => sample === family + suffix);
}

function checkFamily(name: string, { type, samples }: Family): void {
  for (const { name: sample, value } of samples) {
    if (type === 'gauge') continue;
    assert.ok(value >= 0 || Number.isNaN(value), `${sample} is not negative`);
  }
  if (type !== 'histogram') return;
  for (const [labels, buckets] of bucketsOf(name, samples)) {
    const bounds = buckets.map(({ labels: { le = '' } }) => Number(le.replace('Inf', 'Infinity')));
    assert.deepEqual(
      bounds,
      bounds.toSorted((a, b) => a - b),
      `${name} ${labels} is in order`,
    );
    const counts = buckets.map(({ value }) => value);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
      `${name} ${labels} is cumulative`,
    );
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY);
    const total = samples.find(
      (one) => one.name === `${name}_count` && JSON.stringify(one.labels) === labels,
    );
    assert.equal(counts.at(-1), total?.value, `${name} ${labels} has all in its last bucket`);
  }
}

/** By the labels without the bound. */
function bucketsOf(name: string, samples: readonly Sample[]): ReadonlyMap<string, Sample[]> {
  const buckets = new Map<string, Sample[]>();
  for (const sample of samples) {
    if (sample.name !== `${name}_bucket`) continue;
    const { le, ...labels } = sample.labels;
    assert.ok(le !== undefined, `${name} has bounds`);
    const key = JSON.stringify(labels);
    buckets.set(key, [...(buckets.get(key) ?? []), sample]);
  }
  return buckets;
}
