import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatUlid } from '../../../src/io/ingress/ulid.ts';
import { propertyParameters } from '../../support/property.ts';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 48 bits of time and 80 random bits as one number in base 32. */
function byBigInt(timeMs: number, random: Uint8Array): string {
  let rest = (BigInt(timeMs) << 80n) | BigInt(`0x${Buffer.from(random).toString('hex')}`);
  let text = '';
  for (let at = 0; at < 26; at += 1) {
    text = DIGITS.charAt(Number(rest % 32n)) + text;
    rest /= 32n;
  }
  return text;
}

describe('formatUlid', () => {
  test('writes the extremes', () => {
    assert.equal(formatUlid(0, new Uint8Array(10)), '0'.repeat(26));
    assert.equal(formatUlid(2 ** 48 - 1, new Uint8Array(10).fill(0xff)), `7${'Z'.repeat(25)}`);
  });

  test('writes time and random bits in base 32', () => {
    const inputs = [
      fc.integer({ min: 0, max: 2 ** 48 - 1 }),
      fc.uint8Array({ minLength: 10, maxLength: 10 }),
    ] as const;
    fc.assert(
      fc.property(...inputs, (timeMs, random) => {
        assert.equal(formatUlid(timeMs, random), byBigInt(timeMs, random));
      }),
      propertyParameters(),
    );
  });

  test('takes no more than 10 random bytes', () => {
    const random = Uint8Array.from({ length: 16 }, (_, at) => at * 15);
    assert.equal(formatUlid(1, random), formatUlid(1, random.subarray(0, 10)));
  });
});
