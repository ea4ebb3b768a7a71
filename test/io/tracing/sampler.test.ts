import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { samplerOf } from '../../../src/io/tracing/sampler.ts';

const LOW = 'f'.repeat(16) + '1'.repeat(16);
const HIGH = '0'.repeat(16) + 'e'.repeat(16);

/** What becomes of a root with a low id, of one with a high id, of a sampled child, of an unsampled one. */
const rows: ReadonlyArray<
  readonly [sampler: string | undefined, argument: string | undefined, answers: string]
> = [
  [undefined, undefined, 'yes yes yes no'],
  ['parentbased_always_on', undefined, 'yes yes yes no'],
  ['parentbased_always_off', undefined, 'no no yes no'],
  ['parentbased_traceidratio', '0.5', 'yes no yes no'],
  ['parentbased_traceidratio', undefined, 'yes yes yes no'],
  ['parentbased_traceidratio', 'half', 'yes yes yes no'],
  ['always_on', undefined, 'yes yes yes yes'],
  ['always_off', undefined, 'no no no no'],
  ['traceidratio', '0.5', 'yes no yes yes'],
  ['traceidratio', '0', 'no no no no'],
  ['traceidratio', '1', 'yes yes yes yes'],
  ['unheard_of', undefined, 'yes yes yes no'],
];

describe('the sampler', () => {
  for (const [name, argument, answers] of rows) {
    test(`${name ?? 'by default'} with ${argument ?? 'no argument'} answers ${answers}`, () => {
      const sampler = samplerOf({
        OTEL_TRACES_SAMPLER: name,
        OTEL_TRACES_SAMPLER_ARG: argument,
      });
      const given = [
        sampler(LOW, undefined),
        sampler(HIGH, undefined),
        sampler(LOW, true),
        sampler(LOW, false),
      ];
      assert.equal(given.map((isSampled) => (isSampled ? 'yes' : 'no')).join(' '), answers);
    });
  }

  test('takes about its share of random trace ids', () => {
    const sampler = samplerOf({
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    });
    let count = 0;
    for (let n = 0; n < 1000; n += 1) {
      const tail = ((n + 0.5) / 1000) * 16 ** 8;
      const traceId =
        '0'.repeat(16) + Math.floor(tail).toString(16).padStart(8, '0') + '0'.repeat(8);
      if (sampler(traceId, undefined)) count += 1;
    }
    assert.equal(count, 250);
  });
});
