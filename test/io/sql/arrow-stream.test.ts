// Arrow replies, read by the library that browsers read them with.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StructRow, tableFromIPC, Vector } from 'apache-arrow';
import fc from 'fast-check';
import type { QueryBatch, QueryColumn, QueryType, QueryValue } from '../../../src/actors/ports.ts';
import {
  ARROW_END,
  encodeArrowBatch,
  encodeArrowSchema,
} from '../../../src/io/sql/arrow-stream.ts';
import { outputArrow } from '../../../src/io/sql/query-output.ts';
import { propertyParameters } from '../../support/property.ts';

function encode(columns: readonly QueryColumn[], ...batches: readonly QueryBatch[]): Buffer {
  const parts = batches.map((batch) => encodeArrowBatch(columns, batch));
  return Buffer.concat([encodeArrowSchema(columns), ...parts, ARROW_END]);
}

function column(type: QueryType, nullable = true): QueryColumn {
  return { name: 'c', type, nullable };
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (value instanceof Vector || value instanceof Uint32Array) {
    return Array.from<unknown>(value).map(plain);
  }
  return value instanceof StructRow ? value.toJSON() : value;
}

function valuesOf(vector: Vector | null): unknown[] {
  return vector === null ? [] : [...vector].map(plain);
}

const TIME_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const CASES: ReadonlyArray<
  readonly [
    type: QueryType,
    arrowType: string,
    values: readonly QueryValue[],
    read: readonly unknown[],
  ]
> = [
  [{ kind: 'null' }, 'Null', [null, null], [null, null]],
  [{ kind: 'boolean' }, 'Bool', [true, null, false], [true, null, false]],
  [{ kind: 'int8' }, 'Int8', [-128, null, 127], [-128, null, 127]],
  [{ kind: 'int16' }, 'Int16', [-32768, 32767], [-32768, 32767]],
  [{ kind: 'int32' }, 'Int32', [-(2 ** 31), 2 ** 31 - 1], [-(2 ** 31), 2 ** 31 - 1]],
  [{ kind: 'int64' }, 'Int64', [-(2n ** 63n), null], [-(2n ** 63n), null]],
  [{ kind: 'uint8' }, 'Uint8', [0, 255], [0, 255]],
  [{ kind: 'uint16' }, 'Uint16', [0, 65535], [0, 65535]],
  [{ kind: 'uint32' }, 'Uint32', [0, 2 ** 32 - 1, null], [0, 2 ** 32 - 1, null]],
  [{ kind: 'uint64' }, 'Uint64', [2n ** 64n - 1n], [2n ** 64n - 1n]],
  [{ kind: 'float32' }, 'Float32', [0.5, null], [0.5, null]],
  [{ kind: 'float64' }, 'Float64', [0.1, -1e300], [0.1, -1e300]],
  [{ kind: 'utf8' }, 'Utf8', ['', 'grün', null], ['', 'grün', null]],
  [{ kind: 'largeUtf8' }, 'LargeUtf8', ['a', null, 'bc'], ['a', null, 'bc']],
  [
    { kind: 'largeBinary' },
    'LargeBinary',
    [Buffer.from([0, 255]), null, Buffer.alloc(0)],
    [[0, 255], null, []],
  ],
  [
    { kind: 'timestamp', unit: 'ms', isUtc: true },
    'Timestamp<MILLISECOND, +00:00>',
    [BigInt(TIME_MS), null],
    [TIME_MS, null],
  ],
  [{ kind: 'timestamp', unit: 's', isUtc: false }, 'Timestamp<SECOND>', [1n], [1000]],
  [{ kind: 'duration' }, 'Duration<MILLISECOND>', [86_400_000n, -1n], [86_400_000n, -1n]],
  [{ kind: 'date' }, 'Date32<DAY>', ['1970-01-02', null], [86_400_000, null]],
  [
    { kind: 'list', element: { kind: 'uint32' } },
    'List<Uint32>',
    [[1, 2], null, []],
    [[1, 2], null, []],
  ],
  [
    { kind: 'list', element: { kind: 'largeUtf8' } },
    'List<LargeUtf8>',
    [['a', null], ['bc']],
    [['a', null], ['bc']],
  ],
  [
    { kind: 'struct', fields: [{ name: 'a', type: { kind: 'int64' }, nullable: true }] },
    'Struct<{a:Int64}>',
    [{ a: 1n }, { a: null }],
    [{ a: 1n }, { a: null }],
  ],
];

describe('a column survives the way through Arrow:', () => {
  for (const [type, arrowType, values, expected] of CASES) {
    test(arrowType, () => {
      const stream = encode([column(type)], { rowsCount: values.length, columns: [values] });
      const table = tableFromIPC(stream);
      assert.equal(String(table.schema.fields[0]?.type), arrowType);
      assert.deepEqual(valuesOf(table.getChild('c')), expected);
    });
  }
});

test('a decimal keeps its digits', () => {
  const type: QueryType = { kind: 'decimal', precision: 20, scale: 2 };
  const values = ['123456789012345678.90', '-0.01', null];
  const table = tableFromIPC(encode([column(type)], { rowsCount: 3, columns: [values] }));
  assert.equal(String(table.schema.fields[0]?.type), 'Decimal[20e+2]');
  const read = valuesOf(table.getChild('c')).map((value) =>
    Array.isArray(value) ? BigInt.asIntN(128, wordsOf(value)) : value,
  );
  assert.deepEqual(read, [12345678901234567890n, -1n, null]);
});

/** 32-bit words, the lowest first. */
function wordsOf(words: readonly number[]): bigint {
  return words.reduceRight((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n);
}

test('whether a column can be null is said', () => {
  const columns = [false, true].map((nullable): QueryColumn => {
    return { name: String(nullable), type: { kind: 'int64' }, nullable };
  });
  const { fields } = tableFromIPC(encode(columns, { rowsCount: 1, columns: [[1n], [2n]] })).schema;
  assert.deepEqual(
    fields.map(({ nullable }) => nullable),
    [false, true],
  );
});

test('any rows in any batches are read as they were written', () => {
  const types: QueryColumn[] = [
    { name: 'id', type: { kind: 'largeUtf8' }, nullable: true },
    { name: 'n', type: { kind: 'uint64' }, nullable: true },
    { name: 'raw', type: { kind: 'largeBinary' }, nullable: true },
    { name: 'done', type: { kind: 'boolean' }, nullable: true },
  ];
  const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
  const row = fc.tuple(
    nullable(fc.string({ unit: 'grapheme' })),
    nullable(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    nullable(fc.uint8Array({ maxLength: 20 })),
    nullable(fc.boolean()),
  );
  fc.assert(
    fc.property(fc.array(fc.array(row, { maxLength: 40 }), { maxLength: 4 }), (batches) => {
      const encoded = batches.map((rows) => {
        const columns = types.map((_, index) => rows.map((cells) => cells[index] ?? null));
        return { rowsCount: rows.length, columns };
      });
      const table = tableFromIPC(encode(types, ...encoded));
      const expected = batches.flat().map((cells) => cells.map(plain));
      assert.equal(table.numRows, expected.length);
      for (const [index] of types.entries()) {
        const read = valuesOf(table.getChildAt(index));
        assert.deepEqual(
          read,
          expected.map((cells) => cells[index]),
        );
      }
    }),
    propertyParameters(),
  );
});

test('a result without rows is a stream with its schema and an empty batch', async () => {
  const type: QueryType = { kind: 'uint64' };
  const rows = {
    columns: [{ column: column(type), valueOf: () => null }],
    next: () => Promise.resolve(undefined),
    close: () => undefined,
  };
  const pieces: Uint8Array[] = [];
  for await (const { piece } of outputArrow(rows)) if (piece !== undefined) pieces.push(piece);
  const table = tableFromIPC(Buffer.concat(pieces));
  assert.equal(String(table.schema), 'Schema<{ 0: c: Uint64 }>');
  assert.equal(table.numRows, 0);
  assert.equal(table.batches.length, 1);
});
