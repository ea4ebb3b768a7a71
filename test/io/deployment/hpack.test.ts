import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder } from '../../../src/io/deployment/hpack-decoder.ts';
import {
  encodePseudoFields,
  fieldsBytesMax,
  writeFields,
} from '../../../src/io/deployment/hpack-encoder.ts';
import { decodeHuffman } from '../../../src/io/deployment/hpack-huffman.ts';
import { HUFFMAN_CODE_BITS } from '../../../src/io/deployment/hpack-table.ts';
import { propertyParameters } from '../../support/property.ts';

const LIST_BYTES_MAX = 65_536;

function decodeAll(decoder: HpackDecoder, hex: string): ReturnType<HpackDecoder['decode']> {
  const block = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return decoder.decode(block, 0, block.length);
}

/** Code of every symbol as a string of bits, by the rule that makes the code canonical. */
function huffmanCodes(): readonly string[] {
  const codes: string[] = [];
  const symbols = HUFFMAN_CODE_BITS.map((bits, symbol) => ({ bits, symbol }));
  symbols.sort((left, right) => left.bits - right.bits || left.symbol - right.symbol);
  let code = -1n;
  let length = symbols[0]?.bits ?? 0;
  for (const { bits, symbol } of symbols) {
    code = (code + 1n) << BigInt(bits - length);
    length = bits;
    codes[symbol] = code.toString(2).padStart(bits, '0');
  }
  return codes;
}

const CODES = huffmanCodes();

function bitsToBytes(bits: string): Buffer {
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

function encodeHuffman(text: string): Buffer {
  const bits = [...Buffer.from(text, 'latin1')].map((byte) => CODES[byte]).join('');
  return bitsToBytes(bits.padEnd(Math.ceil(bits.length / 8) * 8, '1'));
}

function huffman(bytes: Buffer): string | undefined {
  return decodeHuffman(bytes, 0, bytes.length);
}

describe('decodeHuffman', () => {
  test('reads the examples of RFC 7541', () => {
    const rows = [
      ['f1e3 c2e5 f23a 6ba0 ab90 f4ff', 'www.example.com'],
      ['a8eb 1064 9cbf', 'no-cache'],
      ['9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3', 'https://www.example.com'],
      [
        '94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
        'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
      ],
    ] as const;
    for (const [hex, text] of rows) {
      assert.equal(huffman(Buffer.from(hex.replaceAll(' ', ''), 'hex')), text);
    }
  });

  test('reads back every byte', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(bytes, (input) => {
        const text = Buffer.from(input).toString('latin1');
        assert.equal(huffman(encodeHuffman(text)), text);
      }),
      propertyParameters(),
    );
  });

  const refused: ReadonlyArray<readonly [what: string, bits: string]> = [
    ['eight bits of padding', `${CODES[0x61]}111${'1'.repeat(8)}`],
    ['padding with zeros', `${CODES[0x61]}000`],
    ['the end-of-string symbol', `${CODES[256]}11`],
    ['the end-of-string symbol after text', `${CODES[0x61]}${CODES[256]}11111`],
  ];
  for (const [what, bits] of refused) {
    test(`refuses ${what}`, () => {
      assert.equal(bits.length % 8, 0);
      assert.equal(huffman(bitsToBytes(bits)), undefined);
    });
  }
});

describe('HpackDecoder', () => {
  test('keeps its table over the responses of RFC 7541, C.5, with evictions', () => {
    const decoder = new HpackDecoder(LIST_BYTES_MAX);
    // The examples use a table of 256 bytes.
    assert.deepEqual(decodeAll(decoder, '3fe1 01'), []);
    const date = 'Mon, 21 Oct 2013 20:13:21 GMT';
    const location = 'https://www.example.com';
    const first =
      '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d';
    assert.deepEqual(decodeAll(decoder, first), [
      ...[':status', '302', 'cache-control', 'private'],
      ...['date', date, 'location', location],
    ]);
    assert.deepEqual(decodeAll(decoder, '4803 3330 37c1 c0bf'), [
      ...[':status', '307', 'cache-control', 'private'],
      ...['date', date, 'location', location],
    ]);
    const third =
      '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31';
    assert.deepEqual(decodeAll(decoder, third), [
      ...[':status', '200', 'cache-control', 'private'],
      ...['date', 'Mon, 21 Oct 2013 20:13:22 GMT', 'location', location],
      ...['content-encoding', 'gzip'],
      ...['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
    ]);
    // The third response evicted all but its own three entries.
    assert.deepEqual(decodeAll(decoder, 'be'), [
      'set-cookie',
      'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    ]);
    assert.equal(decodeAll(decoder, 'c1'), 'corrupt');
  });

  test('forgets the whole table when a field is larger than it', () => {
    const decoder = new HpackDecoder(LIST_BYTES_MAX);
    assert.deepEqual(decodeAll(decoder, '4001 6101 62'), ['a', 'b']);
    assert.deepEqual(decodeAll(decoder, 'be'), ['a', 'b']);
    const value = Buffer.alloc(4096, 'x').toString('hex');
    // A length of 4096 is 127 + 3969, in two continuation bytes.
    assert.deepEqual(decodeAll(decoder, `4001 63 7f 81 1f ${value}`), ['c', 'x'.repeat(4096)]);
    assert.equal(decodeAll(decoder, 'be'), 'corrupt');
  });

  test('holds as many of the smallest entries as the table allows', () => {
    const decoder = new HpackDecoder(LIST_BYTES_MAX);
    // 32 bytes of overhead and one of name: 124 entries of 33 bytes fill 4,092 of 4,096 bytes.
    for (let entry = 0; entry < 300; entry++) {
      const name = (0x61 + (entry % 26)).toString(16);
      assert.notEqual(decodeAll(decoder, `4001 ${name} 00`), 'corrupt');
    }
    // Entries 62 to 185 exist; the oldest is number 300 - 124 = 176 of the loop.
    const oldest = String.fromCharCode(0x61 + (176 % 26));
    assert.deepEqual(decodeAll(decoder, 'ff3a'), [oldest, '']);
    assert.equal(decodeAll(decoder, 'ff3b'), 'corrupt');
  });

  test('refuses a list over the bound and still knows what it put into the table', () => {
    const decoder = new HpackDecoder(200);
    const value = Buffer.alloc(100, 'v').toString('hex');
    assert.equal(decodeAll(decoder, `4001 6164${value} be be 4001 6201 63`), 'tooLarge');
    assert.deepEqual(decodeAll(decoder, 'be'), ['b', 'c']);
  });

  const corrupt: ReadonlyArray<readonly [what: string, hex: string]> = [
    ['index 0', '80'],
    ['an index beyond an empty table', 'be'],
    ['a name index beyond the table', '7f00 0161'],
    ['a truncated index', 'ff'],
    ['an index that does not end', 'ff80 8080 8080 8080 8080 01'],
    ['an index over 2^28', 'ffff ffff ff7f'],
    ['a truncated name', '4005 61'],
    ['a missing value', '4001 61'],
    ['a value longer than the block', '4001 6105 62'],
    ['a corrupt Huffman string', '4001 6181 00'],
    ['a table larger than we allow', '3fe2 1f'],
    ['a size update after a field', '883f e10f'],
  ];
  for (const [what, hex] of corrupt) {
    test(`calls a block with ${what} corrupt`, () => {
      assert.equal(decodeAll(new HpackDecoder(LIST_BYTES_MAX), hex), 'corrupt');
    });
  }

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (blocks) => {
        const decoder = new HpackDecoder(1000);
        for (const bytes of blocks) {
          const result = decoder.decode(Buffer.from(bytes), 0, bytes.length);
          assert.ok(typeof result === 'string' || result.length % 2 === 0);
        }
      }),
      propertyParameters(),
    );
  });
});

describe('the encoder of request fields', () => {
  test('is read back by the decoder', () => {
    const name = fc.stringMatching(/^[a-z0-9-]{1,200}$/);
    const value = fc.stringMatching(/^[ -~\u00a0-\u00ff\t]{0,400}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 10 }), (fields) => {
        const block = Buffer.alloc(fieldsBytesMax(fields));
        const end = writeFields(block, 0, fields);
        const decoded = new HpackDecoder(LIST_BYTES_MAX).decode(block, 0, end);
        assert.deepEqual(decoded, fields.flat());
      }),
      propertyParameters(),
    );
  });

  test('uses the static table for method, scheme and well-known names', () => {
    const prefix = encodePseudoFields('POST', 'http', 'h:1', '/p');
    assert.equal(prefix?.toString('hex'), '83860103683a3104022f70');
    const block = Buffer.alloc(100);
    const end = writeFields(block, 0, [['content-type', 'a']]);
    assert.equal(block.subarray(0, end).toString('hex'), '0f100161');
  });

  const refused: ReadonlyArray<readonly [what: string, name: string, value: string]> = [
    ['a line feed in a value', 'a', 'b\nc'],
    ['NUL in a value', 'a', 'b\0c'],
    ['a character without a byte in a value', 'a', '€'],
    ['a capital letter in a name', 'Accept', 'b'],
    ['a space in a name', 'a b', 'c'],
    ['an empty name', '', 'c'],
  ];
  for (const [what, name, value] of refused) {
    test(`refuses ${what}`, () => {
      assert.equal(writeFields(Buffer.alloc(100), 0, [[name, value]]), -1);
    });
  }
});
