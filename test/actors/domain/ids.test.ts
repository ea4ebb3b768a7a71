import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type AwakeableTarget,
  formatAwakeableId,
  formatDeploymentId,
  formatSubscriptionId,
  formatInvocationId,
  type IdParse,
  type InvocationId,
  invocationIdBytes,
  invocationIdFromBytes,
  parseAwakeableId,
  parseDeploymentId,
  parseSubscriptionId,
  parseInvocationId,
  partitionKeyOf,
  partitionOf,
  partitionOfKey,
  randomSeedOf,
} from '../../../src/actors/domain/ids.ts';
import { propertyParameters } from '../../support/property.ts';

const OBSERVED_ID = 'inv_13eSxevIyLwU2CAGHIGF1mGiIG2BBlAwO2';
const OBSERVED_PARTITION_KEY = 0x84e2641d6bfbbc25n;
const OBSERVED_UUID = 0x6ed2725f9abbab68073e4afe9c562a56n;
const UINT64_MAX = 2n ** 64n - 1n;
const UINT128_MAX = 2n ** 128n - 1n;

function invocationId(text: string): InvocationId {
  const parsed = parseInvocationId(text);
  assert(parsed.ok, `${text} is an invocation id`);
  return parsed.value;
}

function reasonOf(parsed: IdParse<unknown>): string {
  return parsed.ok ? 'accepted' : parsed.reason;
}

describe('formatInvocationId', () => {
  const rows: ReadonlyArray<readonly [partitionKey: bigint, uuid: bigint, text: string]> = [
    [
      0x0102030405060708n,
      0x0102030405060708090a0b0c0d0e0f10n,
      'inv_10GJfy0GGPIZ0uiKXbWmXpGW2WV00yx41r',
    ],
    [OBSERVED_PARTITION_KEY, OBSERVED_UUID, OBSERVED_ID],
    [1n, 1n, 'inv_105k1wlNFHb201SZwviYzes2mjOamuMJWw'],
    [0n, 0n, `inv_1${'0'.repeat(33)}`],
  ];
  for (const [partitionKey, uuid, text] of rows) {
    test(`writes ${partitionKey.toString(16)} and ${uuid.toString(16)} as ${text}`, () => {
      assert.equal(formatInvocationId(partitionKey, uuid), text);
    });
  }

  test('writes the largest partition key in 11 digits', () => {
    assert.equal(formatInvocationId(UINT64_MAX, 0n).slice(5, 16), 'lYGhA16ahyf');
  });

  test('is undone by parsing, for any partition key and uuid', () => {
    const property = fc.property(
      fc.bigInt({ min: 0n, max: UINT64_MAX }),
      fc.bigInt({ min: 0n, max: UINT128_MAX }),
      (partitionKey, uuid) => {
        const id = invocationId(formatInvocationId(partitionKey, uuid));
        const hex = Buffer.from(invocationIdBytes(id)).toString('hex');
        assert.equal(id.length, 38);
        assert.equal(partitionKeyOf(id), partitionKey);
        assert.equal(
          hex,
          partitionKey.toString(16).padStart(16, '0') + uuid.toString(16).padStart(32, '0'),
        );
        assert.equal(invocationIdFromBytes(Buffer.from(hex, 'hex')), id);
      },
    );
    fc.assert(property, propertyParameters());
  });
});

describe('invocationIdBytes', () => {
  test('are the partition key, then the uuid, both big-endian', () => {
    assert.equal(
      Buffer.from(invocationIdBytes(invocationId(OBSERVED_ID))).toString('hex'),
      '84e2641d6bfbbc256ed2725f9abbab68073e4afe9c562a56',
    );
  });

  test('are not overwritten by the next conversion', () => {
    const first = invocationIdBytes(invocationId(OBSERVED_ID));
    invocationIdBytes(formatInvocationId(1n, 1n));
    assert.equal(invocationIdFromBytes(first), OBSERVED_ID);
  });
});

describe('parseInvocationId', () => {
  const digits = '3eSxevIyLwU2CAGHIGF1mGiIG2BBlAwO2';
  const rows: ReadonlyArray<readonly [text: string, reason: string]> = [
    [OBSERVED_ID, 'accepted'],
    ['inv_1aGs', 'bad length'],
    [`inv_1${digits}0`, 'bad length'],
    [`inv_1${digits.slice(1)}`, 'bad length'],
    ['inv_1', 'bad length'],
    [`inv_1!${digits.slice(1)}`, 'base62 decode error'],
    [`inv_1${digits.slice(0, -1)}!`, 'base62 decode error'],
    [`inv_1${digits.slice(0, -1)}é`, 'base62 decode error'],
    [`inv_1${digits.slice(0, -1)}-`, 'base62 decode error'],
    // One more than the largest 64-bit and 128-bit number.
    [`inv_1lYGhA16ahyg${'0'.repeat(22)}`, 'base62 decode error'],
    [`inv_1${'0'.repeat(11)}7N42dgm5tFLK9N8MT7fHC8`, 'base62 decode error'],
    [`inv_1${'Z'.repeat(33)}`, 'base62 decode error'],
    [`inv_2${digits}`, 'unrecognized codec version'],
    ['inv_', 'unrecognized codec version'],
    ['dp_11bnGiHbkfDHqKPHMoQDmpj', "id doesn't match the expected type"],
    ['dp_2', 'unrecognized codec version'],
    ['foo', 'bad format'],
    ['', 'bad format'],
    ['foo_1', 'unrecognized resource type: foo'],
    [`INV_1${digits}`, 'unrecognized resource type: INV'],
    ['_1', 'unrecognized resource type: '],
  ];
  for (const [text, reason] of rows) {
    test(`of ${JSON.stringify(text)}: ${reason}`, () => {
      assert.equal(reasonOf(parseInvocationId(text)), reason);
    });
  }

  test('takes the largest numbers that fit', () => {
    const text = 'inv_1lYGhA16ahyf7N42dgm5tFLK9N8MT7fHC7';
    assert.equal(reasonOf(parseInvocationId(text)), 'accepted');
    assert.equal(formatInvocationId(UINT64_MAX, UINT128_MAX), text);
  });
});

describe('ids of deployments and subscriptions', () => {
  test('are written as the ULID in 22 digits', () => {
    assert.equal(
      formatDeploymentId(0x01a206263aa4cc2dba22270c6683e326n),
      'dp_11bnGiHbkfDHqKPHMoQDmpj',
    );
    assert.equal(
      formatSubscriptionId(0x01a2063c8288550adea0fa3278bd22a5n),
      'sub_151BBPIRPo4lkFENClIshPz',
    );
  });

  const rows: ReadonlyArray<readonly [text: string, reason: string]> = [
    ['dp_11bnGiHbkfDHqKPHMoQDmpj', 'accepted'],
    ['dp_11bnGiHbkfDHqKPHMoQDmp', 'bad length'],
    ['dp_11bnGiHbkfDHqKPHMoQDmpj0', 'bad length'],
    ['dp_11bnGiHbkfDHqKPHMoQDmp!', 'base62 decode error'],
    ['dp_21bnGiHbkfDHqKPHMoQDmpj', 'unrecognized codec version'],
    [OBSERVED_ID, "id doesn't match the expected type"],
    ['sub_151BBPIRPo4lkFENClIshPz', "id doesn't match the expected type"],
    ['nope', 'bad format'],
    ['', 'bad length'],
  ];
  for (const [text, reason] of rows) {
    test(`parsing '${text}' as one of a deployment: ${reason}`, () => {
      assert.equal(reasonOf(parseDeploymentId(text)), reason);
    });
  }

  test('are of different types', () => {
    assert.equal(reasonOf(parseSubscriptionId('sub_151BBPIRPo4lkFENClIshPz')), 'accepted');
    assert.equal(
      reasonOf(parseSubscriptionId('dp_11bnGiHbkfDHqKPHMoQDmpj')),
      "id doesn't match the expected type",
    );
  });
});

describe('awakeable ids', () => {
  const observed = 'sign_1hOJkHWv7vCVu0nJfmruraAc-Sv6cVipWAAAAEQ';

  test('hold the invocation id and the signal index', () => {
    assert.equal(formatAwakeableId(invocationId(OBSERVED_ID), 17), observed);
  });

  const signal: AwakeableTarget = {
    kind: 'signal',
    invocationId: invocationId(OBSERVED_ID),
    signalIndex: 17,
  };
  const accepted: ReadonlyArray<readonly [text: string, target: AwakeableTarget]> = [
    [observed, signal],
    [`${observed}=`, signal],
    [`${observed}==`, signal],
    [formatAwakeableId(signal.invocationId, 1), { ...signal, signalIndex: 1 }],
    [formatAwakeableId(signal.invocationId, 4294967295), { ...signal, signalIndex: 4294967295 }],
    ['prom_1hOJkHWv7vCVu0nJfmruraAc-Sv6cVipWAAAAAQ', { kind: 'legacy' }],
  ];
  for (const [text, value] of accepted) {
    test(`${text} is accepted`, () => {
      assert.deepEqual(parseAwakeableId(text), { ok: true, value });
    });
  }

  const refused: ReadonlyArray<readonly [text: string, reason: string]> = [
    ['sign_1hOJk', "id doesn't match the expected type"],
    [`${observed}A`, "id doesn't match the expected type"],
    [`${observed}===`, "id doesn't match the expected type"],
    [observed.replace('-', '+'), "id doesn't match the expected type"],
    [`${observed.slice(0, -1)}R`, "id doesn't match the expected type"],
    ['sign_1', "id doesn't match the expected type"],
    ['sign_2hOJk', 'unrecognized codec version'],
    ['prom_1hOJk', 'bad length'],
    ['prom_1', 'bad length'],
    ['prom_2', 'unrecognized codec version'],
    [OBSERVED_ID, "id doesn't match the expected type"],
    [observed.replace('sign', 'SIGN'), 'unrecognized resource type: SIGN'],
    ['foo', 'bad format'],
    ['foo_1', 'unrecognized resource type: foo'],
  ];
  for (const [text, reason] of refused) {
    test(`${text} is refused: ${reason}`, () => {
      assert.equal(reasonOf(parseAwakeableId(text)), reason);
    });
  }
});

describe('partitionOf', () => {
  test('is the share of the key in the whole range, for any key and count', () => {
    const property = fc.property(
      fc.bigInt({ min: 0n, max: UINT64_MAX }),
      fc.integer({ min: 1, max: 65_535 }),
      (key, count) => {
        const expected = Number((key * BigInt(count)) / 2n ** 64n);
        assert.equal(partitionOf(formatInvocationId(key, 0n), count), expected);
      },
    );
    fc.assert(property, propertyParameters());
  });

  for (const count of [1, 2, 3, 24, 1000, 65_535]) {
    test(`changes exactly at the first key of each of ${count} partitions`, () => {
      for (let partition = 1; partition < count; partition += 1) {
        const first = (BigInt(partition) * 2n ** 64n + BigInt(count) - 1n) / BigInt(count);
        assert.equal(partitionOf(formatInvocationId(first, 0n), count), partition);
        assert.equal(partitionOf(formatInvocationId(first - 1n, 0n), count), partition - 1);
      }
    });
  }

  test('agrees with partitionOfKey', () => {
    const id = invocationId(OBSERVED_ID);
    assert.equal(partitionOf(id, 24), 12);
    assert.equal(partitionOfKey(partitionKeyOf(id), 24), 12);
  });
});

describe('randomSeedOf', () => {
  // Expected values come from CPython 3.11, whose `hash(bytes)` with PYTHONHASHSEED=0 is
  // SipHash-1-3 with an all-zero key.
  const rows: ReadonlyArray<readonly [text: string, seed: bigint]> = [
    ['inv_13eSxevIyLwU2CAGHIGF1mGiIG2BBlAwO2', 3818152967083810658n],
    ['inv_1000000000000000000000000000000000', 4877446713163382248n],
    ['inv_1lYGhA16ahyf7N42dgm5tFLK9N8MT7fHC7', 10649934770835847344n],
    ['inv_10GJfy0GGPIZ0JsmI2YhihwhbLzDth0Jvz', 15533405192183074856n],
  ];
  for (const [text, seed] of rows) {
    test(`of ${text} is ${seed}`, () => {
      assert.equal(randomSeedOf(invocationId(text)), seed);
    });
  }
});
