import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isRegistrableVersionRange,
  isSupportedVersion,
  negotiateVersion,
  serviceProtocolContentType,
} from '../../../src/io/service-protocol/version.ts';

describe('service protocol version', () => {
  const rows: ReadonlyArray<
    readonly [min: number, max: number, registrable: boolean, negotiated: number | undefined]
  > = [
    [1, 4, false, undefined],
    [1, 5, true, 5],
    [5, 5, true, 5],
    [5, 6, true, 6],
    [5, 7, true, 6],
    [6, 6, true, 6],
    [5, 99, true, 6],
    // Registered as on the reference, but nothing can be invoked: attempts speak no version 7.
    [7, 7, true, undefined],
    [8, 9, false, undefined],
  ];
  for (const [min, max, registrable, negotiated] of rows)
    test(`of a deployment that speaks ${min} to ${max} is ${negotiated ?? 'none'}`, () => {
      assert.equal(isRegistrableVersionRange(min, max), registrable);
      assert.equal(negotiateVersion(min, max), negotiated);
    });

  test('is supported from 5 to 6', () => {
    assert.deepEqual([4, 5, 6, 7].map(isSupportedVersion), [false, true, true, false]);
  });

  test('is part of the content type', () => {
    assert.equal(serviceProtocolContentType(6), 'application/vnd.restate.invocation.v6');
  });
});
