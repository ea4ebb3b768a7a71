import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { QueryType, QueryValue } from '../../../src/actors/ports.ts';
import { JsonRowWriter, timeText } from '../../../src/io/sql/json-encoding.ts';

const NESTED: QueryType = {
  kind: 'struct',
  fields: [
    { name: 'a', type: { kind: 'boolean' }, nullable: true },
    { name: 'b', type: { kind: 'int64' }, nullable: true },
  ],
};
const UTC_MS: QueryType = { kind: 'timestamp', unit: 'ms', isUtc: true };

const CASES: ReadonlyArray<readonly [type: QueryType, value: QueryValue, json: string]> = [
  [{ kind: 'boolean' }, false, 'false'],
  [{ kind: 'int64' }, -(2n ** 63n), '-9223372036854775808'],
  [{ kind: 'uint64' }, 2n ** 64n - 1n, '18446744073709551615'],
  [{ kind: 'uint32' }, 7, '7'],
  [{ kind: 'float64' }, 2, '2.0'],
  [{ kind: 'float64' }, 0.1, '0.1'],
  [{ kind: 'float64' }, Number.NaN, 'null'],
  [{ kind: 'decimal', precision: 4, scale: 2 }, '12.50', '12.50'],
  [{ kind: 'largeUtf8' }, 'a "b"\n', '"a \\"b\\"\\n"'],
  [{ kind: 'largeBinary' }, Buffer.from([0, 0xab]), '"00ab"'],
  [{ kind: 'duration' }, 0n, '"P0D"'],
  [{ kind: 'duration' }, 86_400_000n, '"PT86400S"'],
  [{ kind: 'duration' }, 1500n, '"PT1.5S"'],
  [{ kind: 'duration' }, -20n, '"-PT0.02S"'],
  [{ kind: 'list', element: { kind: 'uint32' } }, [1, null], '[1,null]'],
  [{ kind: 'date' }, '2026-01-02', '"2026-01-02"'],
  [UTC_MS, 0n, '"1970-01-01T00:00:00Z"'],
  [UTC_MS, 1_700_000_000_120n, '"2023-11-14T22:13:20.120Z"'],
  [{ kind: 'timestamp', unit: 'us', isUtc: false }, 1_000_001n, '"1970-01-01T00:00:01.000001"'],
  [NESTED, { a: false, b: null }, '{"a":false}'],
];

describe('a value is written as JSON:', () => {
  for (const [type, value, json] of CASES) {
    test(`${type.kind} ${json}`, () => {
      const writer = new JsonRowWriter([{ name: 'c', type, nullable: true }]);
      assert.equal(writer.write({ rowsCount: 1, columns: [[value]] }), `{"c":${json}}`);
    });
  }
});

test('times of every unit have as many digits as they need, in threes', () => {
  assert.equal(timeText(1n, 's', true), '1970-01-01T00:00:01Z');
  assert.equal(timeText(1n, 'us', true), '1970-01-01T00:00:00.000001Z');
  assert.equal(timeText(1n, 'ns', false), '1970-01-01T00:00:00.000000001');
  assert.equal(timeText(1_000_000n, 'ns', false), '1970-01-01T00:00:00.001');
  assert.equal(timeText(-1n, 'us', true), '1969-12-31T23:59:59.999999Z');
});

test('absent values are left out, and commas stand between rows of different batches', () => {
  const writer = new JsonRowWriter([
    { name: 'a', type: { kind: 'int64' }, nullable: true },
    { name: 'b"', type: { kind: 'utf8' }, nullable: true },
  ]);
  const batches = [
    {
      rowsCount: 2,
      columns: [
        [1n, null],
        [null, 'x'],
      ],
    },
    { rowsCount: 1, columns: [[null], [null]] },
  ];
  const text = batches.map((batch) => writer.write(batch)).join('');
  assert.equal(text, '{"a":1},{"b\\"":"x"},{}');
});
