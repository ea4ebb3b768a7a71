import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePrometheusText } from './prometheus-text.ts';

const HEAD = '# HELP a help text\n# TYPE a';

test('families are read with their samples', () => {
  const text = [
    '# HELP a one "help" text',
    '# TYPE a counter',
    'a{x="1\\n\\"\\\\",y=""} 2',
    'a 1e+21',
    '',
    '# HELP h h',
    '# TYPE h histogram',
    'h_bucket{le="0.5"} 1',
    'h_bucket{le="+Inf"} 3',
    'h_sum 4.5',
    'h_count 3',
    '',
  ].join('\n');
  const families = parsePrometheusText(text);
  assert.deepEqual([...families.keys()], ['a', 'h']);
  assert.deepEqual(families.get('a'), {
    type: 'counter',
    help: 'one "help" text',
    samples: [
      { name: 'a', labels: { x: '1\n"\\', y: '' }, value: 2 },
      { name: 'a', labels: {}, value: 1e21 },
    ],
  });
});

const REFUSED: ReadonlyArray<readonly [what: string, text: string]> = [
  ['a last line that is cut off', `${HEAD} gauge\na 1`],
  ['a sample without a family', 'a 1\n'],
  ['a sample of another family', `${HEAD} gauge\nb 1\n`],
  ['a type that there is not', `${HEAD} number\na 1\n`],
  ['a family in two places', `${HEAD} gauge\na 1\n${HEAD} gauge\na{x="1"} 1\n`],
  ['a series that occurs twice', `${HEAD} gauge\na{x="1",y="2"} 1\na{y="2",x="1"} 1\n`],
  ['a label that occurs twice', `${HEAD} gauge\na{x="1",x="2"} 1\n`],
  ['a quote that is not escaped', `${HEAD} gauge\na{x="1"2"} 1\n`],
  ['a value that is none', `${HEAD} gauge\na one\n`],
  ['a negative counter', `${HEAD} counter\na -1\n`],
  [
    'buckets that are not cumulative',
    `${HEAD} histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n`,
  ],
  [
    'buckets without an infinite one',
    `${HEAD} histogram\na_bucket{le="1"} 2\na_sum 1\na_count 2\n`,
  ],
  [
    'a count that is not that of the buckets',
    `${HEAD} histogram\na_bucket{le="+Inf"} 2\na_sum 1\na_count 3\n`,
  ],
];

describe('refused is', () => {
  for (const [what, text] of REFUSED) {
    test(what, () => {
      assert.throws(() => parsePrometheusText(text), assert.AssertionError);
    });
  }
});
