import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeSegment } from '../../../src/io/ingress/percent.ts';

describe('decodeSegment', () => {
  const decoded: ReadonlyArray<readonly [segment: string, text: string]> = [
    ['', ''],
    ['plain', 'plain'],
    ['a+b', 'a+b'],
    ['%2F%2f', '//'],
    ['%00', '\0'],
    ['%', '%'],
    ['a%4', 'a%4'],
    ['a%zz+%20%', 'a%zz+ %'],
    ['%25%34%31', '%41'],
    ['%C3%A9', 'é'],
    ['é%20', 'é '],
    ['%EF%BF%BD', '\ufffd'],
    ['%F0%9F%92%A9', '\u{1f4a9}'],
  ];
  for (const [segment, text] of decoded) {
    test(`of '${segment}' is '${text}'`, () => {
      assert.equal(decodeSegment(segment), text);
    });
  }

  // The details are the reference server's own, as seen.
  const refused: ReadonlyArray<readonly [segment: string, details: string]> = [
    ['%FF', 'bytes: [255], error: Utf8Error { valid_up_to: 0, error_len: Some(1) }'],
    ['a%C3%28', 'bytes: [97, 195, 40], error: Utf8Error { valid_up_to: 1, error_len: Some(1) }'],
    ['ab%E2%82', 'bytes: [97, 98, 226, 130], error: Utf8Error { valid_up_to: 2, error_len: None }'],
    ['%F0%9F%92', 'bytes: [240, 159, 146], error: Utf8Error { valid_up_to: 0, error_len: None }'],
    ['%F0%80', 'bytes: [240, 128], error: Utf8Error { valid_up_to: 0, error_len: Some(1) }'],
    [
      '%ED%A0%80',
      'bytes: [237, 160, 128], error: Utf8Error { valid_up_to: 0, error_len: Some(1) }',
    ],
  ];
  for (const [segment, details] of refused) {
    test(`refuses '${segment}'`, () => {
      assert.throws(() => decodeSegment(segment), {
        name: 'IngressError',
        status: 400,
        message: `bad path, cannot decode key: FromUtf8Error { ${details} }`,
      });
    });
  }
});
