import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { QueryType, QueryValue } from '../../../src/actors/ports.ts';
import { binaryWriterOf } from '../../../src/io/postgres/binary-value.ts';
import { ValueFormat } from '../../../src/io/postgres/frontend-message.ts';
import { readParameter } from '../../../src/io/postgres/parameter-value.ts';
import { columnWriter } from '../../../src/io/postgres/row-writer.ts';
import { textWriterOf, type Present } from '../../../src/io/postgres/text-value.ts';
import { wireTypeOf } from '../../../src/io/postgres/wire-type.ts';

const TEXT = 25;

function list(element: QueryType): QueryType {
  return { kind: 'list', element };
}

function timestamp(unit: 's' | 'ms' | 'us' | 'ns', isUtc = true): QueryType {
  return { kind: 'timestamp', unit, isUtc };
}

const DECIMAL: QueryType = { kind: 'decimal', precision: 38, scale: 2 };

const STRUCT: QueryType = {
  kind: 'struct',
  fields: [
    { name: 'a', type: { kind: 'int64' }, nullable: true },
    { name: 'b', type: { kind: 'largeBinary' }, nullable: true },
  ],
};

/** Binary forms are those that PostgreSQL's own send functions give for these texts. */
const ROWS: ReadonlyArray<
  readonly [type: QueryType, value: Present, oid: number, text: string, binary: string]
> = [
  [{ kind: 'boolean' }, true, 16, 't', '01'],
  [{ kind: 'boolean' }, false, 16, 'f', '00'],
  [{ kind: 'int8' }, -7, 21, '-7', 'fff9'],
  [{ kind: 'uint8' }, 255, 21, '255', '00ff'],
  [{ kind: 'int16' }, -300, 21, '-300', 'fed4'],
  [{ kind: 'uint16' }, 65_535, 23, '65535', '0000ffff'],
  [{ kind: 'int32' }, -5, 23, '-5', 'fffffffb'],
  [{ kind: 'uint32' }, 17, 23, '17', '00000011'],
  [{ kind: 'uint32' }, 4_294_967_295, 23, '-1', 'ffffffff'],
  [{ kind: 'int64' }, -1n, 20, '-1', 'ffffffffffffffff'],
  [{ kind: 'uint64' }, 5n, 20, '5', '0000000000000005'],
  [{ kind: 'uint64' }, 5, 20, '5', '0000000000000005'],
  [{ kind: 'uint64' }, 2n ** 64n - 2n, 20, '-2', 'fffffffffffffffe'],
  [{ kind: 'float32' }, Math.fround(0.1), 700, '0.1', '3dcccccd'],
  [{ kind: 'float32' }, Math.fround(16_777_217), 700, '16777216', '4b800000'],
  [{ kind: 'float64' }, 1.5, 701, '1.5', '3ff8000000000000'],
  [{ kind: 'float64' }, -0, 701, '-0', '8000000000000000'],
  [{ kind: 'float64' }, Number.NaN, 701, 'NaN', '7ff8000000000000'],
  [{ kind: 'float64' }, Number.NEGATIVE_INFINITY, 701, '-Infinity', 'fff0000000000000'],
  [DECIMAL, '-12345.67', 1700, '-12345.67', '0003000140000002000109291a2c'],
  [DECIMAL, '0.00', 1700, '0.00', '0000000000000002'],
  [DECIMAL, '10000.00', 1700, '10000.00', '00010001000000020001'],
  [DECIMAL, '0.05', 1700, '0.05', '0001ffff0000000201f4'],
  [DECIMAL, '100000000', 1700, '100000000', '00010002000000000001'],
  [{ kind: 'null' }, 'x', 25, 'x', '78'],
  [{ kind: 'utf8' }, 'grün', 1043, 'grün', '6772c3bc6e'],
  [{ kind: 'largeUtf8' }, '', 1043, '', ''],
  [{ kind: 'largeBinary' }, Uint8Array.of(0, 10, 255), 17, '\\x000aff', '000aff'],
  [{ kind: 'date' }, '2000-01-02', 1082, '2000-01-02', '00000001'],
  [{ kind: 'date' }, '1999-12-31', 1082, '1999-12-31', 'ffffffff'],
  [{ kind: 'time' }, '01:02:03.5', 1083, '01:02:03.5', '00000000ddf019e0'],
  [timestamp('ms'), 1_764_064_179_136n, 1184, '2025-11-25 09:49:39.136+00', '0002e766f78a4600'],
  [timestamp('ms'), 0n, 1184, '1970-01-01 00:00:00+00', 'fffca2fec4c82000'],
  [timestamp('s', false), -1n, 1114, '1969-12-31 23:59:59', 'fffca2fec4b8ddc0'],
  [timestamp('us', false), 1_500_000n, 1114, '1970-01-01 00:00:01.5', 'fffca2fec4df0360'],
  [timestamp('ns', false), -1n, 1114, '1969-12-31 23:59:59.999999', 'fffca2fec4c81fff'],
  [timestamp('s', false), -62_135_596_801n, 1114, '0001-12-31 23:59:59 BC', 'ff1fe2ffc58d1dc0'],
  [timestamp('s', false), 253_402_300_800n, 1114, '10000-01-01 00:00:00', '0380e70b913b8000'],
  [{ kind: 'duration' }, 86_400_000n, 1186, '24:00:00', '000000141dd760000000000000000000'],
  [{ kind: 'duration' }, -1n, 1186, '-00:00:00.001', 'fffffffffffffc180000000000000000'],
  [{ kind: 'duration' }, 0n, 1186, '00:00:00', '00000000000000000000000000000000'],
  [
    { kind: 'interval' },
    '14 mons 1 days 3.500000 secs',
    1186,
    '1 year 2 mons 1 day 00:00:03.5',
    '00000000003567e0000000010000000e',
  ],
  [
    list({ kind: 'uint32' }),
    [1, null],
    1007,
    '{1,NULL}',
    '000000010000000100000017000000020000000100000004' + '00000001' + 'ffffffff',
  ],
  [
    list({ kind: 'largeUtf8' }),
    ['a', 'b c', '', 'nUll', 'q"\\{', 'x'],
    1015,
    '{a,"b c","","nUll","q\\"\\\\{",x}',
    '',
  ],
  [list({ kind: 'largeUtf8' }), [], 1015, '{}', '000000000000000000000413'],
  [list(list({ kind: 'int64' })), [[1n], []], 114, '[[1],[]]', '5b5b315d2c5b5d5d'],
  [STRUCT, { a: 2n ** 60n, b: Uint8Array.of(1) }, 114, '{"a":1152921504606846976,"b":"01"}', ''],
  [list(STRUCT), [{ a: null, b: null }], 114, '[{"a":null,"b":null}]', ''],
];

describe('a value', () => {
  for (const [type, value, oid, text, binary] of ROWS) {
    test(`of type ${type.kind} is written as ${text}`, () => {
      assert.equal(wireTypeOf(type).oid, oid);
      assert.equal(textWriterOf(type)(value), text);
      const bytes = Buffer.from(binaryWriterOf(type)(value));
      // The longer ones are compared by reading them back, below.
      if (binary !== '' || text === '') assert.equal(bytes.toString('hex'), binary);
    });
  }

  test('of a list of texts is read back from both forms', () => {
    const items: QueryValue = ['a', 'b c', '', 'nUll', 'q"\\{', null, ' x ', 'NULL', 'ü'];
    const type = list({ kind: 'largeUtf8' });
    for (const [format, bytes] of [
      [ValueFormat.text, Buffer.from(textWriterOf(type)(items))],
      [ValueFormat.binary, binaryWriterOf(type)(items)],
    ] as const) {
      assert.deepEqual(readParameter(bytes, { oid: 1015, expected: undefined }, format), items);
    }
  });
});

describe('a column that was described with another type', () => {
  const rows: ReadonlyArray<
    readonly [type: QueryType, described: QueryType, value: QueryValue, binary: string]
  > = [
    [{ kind: 'int64' }, { kind: 'uint32' }, 5n, '00000005'],
    [{ kind: 'int64' }, { kind: 'null' }, 5n, '35'],
    [{ kind: 'int32' }, { kind: 'float64' }, 1, '3ff0000000000000'],
    [{ kind: 'float64' }, { kind: 'utf8' }, 1.5, '312e35'],
    [{ kind: 'int64' }, DECIMAL, 10_000n, '00010001000000000001'],
  ];
  for (const [type, described, value, binary] of rows) {
    test(`keeps to it: ${type.kind} as ${described.kind}`, () => {
      const written = columnWriter(type, described, ValueFormat.binary)(value);
      assert.equal(Buffer.from(written ?? '').toString('hex'), binary);
    });
  }
});

describe('a parameter in text form', () => {
  const rows: ReadonlyArray<readonly [oid: number, text: string, value: QueryValue]> = [
    [16, ' TRUE ', true],
    [16, 'off', false],
    [20, '9223372036854775807', 9_223_372_036_854_775_807n],
    [20, '18446744073709551615', 18_446_744_073_709_551_615n],
    [23, '+7', 7n],
    [701, '1e3', 1000],
    [701, '-infinity', '-infinity'],
    [1700, '10', 10n],
    [1700, '1.25', 1.25],
    [1700, '123456789012345678901234567890.5', '123456789012345678901234567890.5'],
    [17, '\\x', Buffer.alloc(0)],
    [17, '\\xDEADbeef', Buffer.from('deadbeef', 'hex')],
    [17, 'a\\\\b\\000\\377', Buffer.from('615c6200ff', 'hex')],
    [1184, '2026-11-23T02:18:31.199Z', '2026-11-23T02:18:31.199Z'],
    [114, '{"a":1}', '{"a":1}'],
    [0, 'anything', 'anything'],
    [99_999, 'of an unknown type', 'of an unknown type'],
    [1007, ' { 1 , NULL, "3" } ', [1n, null, 3n]],
    [1009, '{}', []],
    [1009, '{a\\,b,"c,}"}', ['a,b', 'c,}']],
  ];
  for (const [oid, text, value] of rows) {
    test(`${text} is read`, () => {
      const bytes = Buffer.from(text);
      assert.deepEqual(readParameter(bytes, { oid, expected: undefined }, ValueFormat.text), value);
    });
  }

  const refused: ReadonlyArray<readonly [oid: number, text: string, sqlState: string]> = [
    [16, 'maybe', '22P02'],
    [20, '', '22P02'],
    [20, '1.0', '22P02'],
    [21, '70000', '22003'],
    [23, '4294967296', '22003'],
    [701, '1,5', '22P02'],
    [701, '0x10', '22P02'],
    [1700, `1${'0'.repeat(1000)}`, '22P02'],
    [17, '\\x0', '22P02'],
    [17, 'a\\b', '22P02'],
    [1007, '{1', '22P02'],
    [1007, '1}', '22P02'],
    [1007, '{1,,2}', '22P02'],
    [1007, '{1},2}', '22P02'],
    [1007, '{{1},{2}}', '22P02'],
    [1007, '{x}', '22P02'],
    [1009, '{"a}', '22P02'],
    [1009, '{"a"b}', '22P02'],
    [1009, '{a\\}', '22P02'],
  ];
  for (const [oid, text, sqlState] of refused) {
    test(`${text.slice(0, 40)} is refused for type ${oid}`, () => {
      const bytes = Buffer.from(text);
      assert.throws(() => readParameter(bytes, { oid, expected: undefined }, ValueFormat.text), {
        sqlState,
      });
    });
  }
});

describe('a parameter in binary form', () => {
  const rows: ReadonlyArray<readonly [oid: number, hex: string, value: QueryValue]> = [
    [16, '01', true],
    [20, 'ffffffffffffffff', -1n],
    [21, '7fff', 32_767n],
    [23, '80000000', -2_147_483_648n],
    [26, 'ffffffff', 4_294_967_295n],
    [700, '3fc00000', 1.5],
    [701, '7ff0000000000000', 'Infinity'],
    [TEXT, 'c3bc', 'ü'],
    [17, '00ff', Buffer.from('00ff', 'hex')],
    [1700, '0003000140000002000109291a2c', -12_345.67],
    [1700, '0001ffff0000000201f4', 0.05],
    [1700, '00010002000000000001', 100_000_000n],
    [1700, '00000000c0000000', 'NaN'],
    [1082, '00000001', '2000-01-02'],
    [1083, '00000000ddf019e0', '01:02:03.500000'],
    [1184, '0002e766f78a4600', '2025-11-25T09:49:39.136000Z'],
    [1114, 'fffca2fec4c81fff', '1969-12-31T23:59:59.999999'],
    [1186, '00000000003567e0000000010000000e', '14 months 1 days 3500000 microseconds'],
    [2950, '00112233445566778899aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
    [3802, '017b7d', '{}'],
    [1007, '00000001000000000000001700000001000000010000000400000009', [9n]],
  ];
  for (const [oid, hex, value] of rows) {
    test(`${hex} is read for type ${oid}`, () => {
      const bytes = Buffer.from(hex, 'hex');
      assert.deepEqual(
        readParameter(bytes, { oid, expected: undefined }, ValueFormat.binary),
        value,
      );
    });
  }

  const refused: ReadonlyArray<readonly [oid: number, hex: string, sqlState: string]> = [
    [16, '', '22P03'],
    [20, '00', '22P03'],
    [TEXT, 'ff', '22021'],
    [1700, '0001', '22P03'],
    [1700, '00010000000000002710', '22P03'],
    [1700, '0002000000000000' + '0001', '22P03'],
    [1700, '0000000012340000', '22P03'],
    [1184, '7fffffffffffffff', '22003'],
    [3802, '027b7d', '22P03'],
    [1007, '0000', '22P03'],
    [1007, '000000020000000000000017', '0A000'],
    [1007, '000000010000000000000017', '22P03'],
    [1007, '000000010000000000000017000000010000000100000008', '22P03'],
    [1007, '0000000100000000000000177fffffff00000001', '22P03'],
    [600, '00', '0A000'],
  ];
  for (const [oid, hex, sqlState] of refused) {
    test(`${hex} is refused for type ${oid}`, () => {
      const bytes = Buffer.from(hex, 'hex');
      assert.throws(() => readParameter(bytes, { oid, expected: undefined }, ValueFormat.binary), {
        sqlState,
      });
    });
  }
});
