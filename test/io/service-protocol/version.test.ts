import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isRegistrableVersionRange,
  negotiateVersion,
  PROTOCOL_VERSION_MAX,
  PROTOCOL_VERSION_MAX_DEFAULT,
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
    [6, 7, true, 6],
    [6, 6, true, 6],
    [5, 99, true, 6],
    // Registered as on the reference, but nothing can be invoked without the switch for version 7.
    [7, 7, true, undefined],
    [8, 9, false, undefined],
  ];
  for (const [min, max, registrable, negotiated] of rows)
    test(`of a deployment that speaks ${min} to ${max} is ${negotiated ?? 'none'}`, () => {
      assert.equal(isRegistrableVersionRange(min, max), registrable);
      assert.equal(negotiateVersion(min, max, PROTOCOL_VERSION_MAX_DEFAULT), negotiated);
    });

  const switchedOn: ReadonlyArray<readonly [min: number, max: number, negotiated?: number]> = [
    [1, 4],
    [5, 6, 6],
    [5, 7, 7],
    [7, 7, 7],
    [5, 99, 7],
    [8, 9],
  ];
  for (const [min, max, negotiated] of switchedOn)
    test(`with version 7, of a deployment that speaks ${min} to ${max} is ${negotiated ?? 'none'}`, () => {
      assert.equal(negotiateVersion(min, max, PROTOCOL_VERSION_MAX), negotiated);
    });

  test('is part of the content type', () => {
    assert.equal(serviceProtocolContentType(6), 'application/vnd.restate.invocation.v6');
  });
});
