import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HashInput, xxh3Hash64 } from '../../../src/actors/domain/hash.ts';
import {
  formatInvocationId,
  invocationIdBytes,
  parseInvocationId,
  partitionKeyOf,
} from '../../../src/actors/domain/ids.ts';
import type { InvocationTarget } from '../../../src/actors/domain/invocation.ts';
import {
  idempotencyBucket,
  idempotentUuid,
  invocationIdBeside,
  invocationIdFor,
  keyedPartitionKey,
  unkeyedPartitionKey,
  uuidFromUlid,
  workflowRunUuid,
} from '../../../src/actors/domain/make-invocation-id.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';

const NOW = unixMillis(Date.UTC(2026, 10, 23, 2, 4, 58, 404));
const RANDOM = Buffer.from('2dba22270c6683e326f1' + '0153' + '00000000', 'hex');
const NOW_ULID = 0x01a206263aa42dba22270c6683e326f1n;

const echo: InvocationTarget = { kind: 'service', service: 'Echo', handler: 'echo' };
const objectKey: InvocationTarget = {
  kind: 'virtualObject',
  service: 'Obj',
  key: 'k',
  handler: 'key',
  mode: 'exclusive',
};
const workflowRun: InvocationTarget = {
  kind: 'workflow',
  service: 'Wf',
  key: 'k',
  handler: 'run',
  mode: 'run',
};
const workflowShared: InvocationTarget = { ...workflowRun, handler: 'signal', mode: 'shared' };

describe('keyedPartitionKey', () => {
  const rows: ReadonlyArray<readonly [text: string, hash: bigint]> = [
    ['', 0xd6bcec3c6b29d72en],
    ['a', 0x13acce3537d6b799n],
    ['abc', 0x6ffc8c6245e63b16n],
    ['abcd', 0x6a6fa04ae4697270n],
    ['abcdefgh', 0x4e4b8775bd0571b7n],
    ['abcdefghi', 0x5b882f8823e3e7d0n],
    ['a'.repeat(15), 0x0f98ff3b45de6a22n],
    ['a'.repeat(16), 0x509a8fc387a12ad3n],
    ['a'.repeat(17), 0x2368221984144d5en],
    ['b'.repeat(127), 0xd3205741595db917n],
    ['b'.repeat(128), 0x7515ebe06b935f8cn],
    ['c'.repeat(239), 0xe942b6db48dce014n],
    ['c'.repeat(240), 0x4768b9411a9f0a08n],
    ['d'.repeat(1000), 0xdf55219d10230c35n],
    ['d'.repeat(1500), 0xe7d8281c9082826an],
    ['héllo/wörld', 0x0746b4d8c4efc56en],
    ['k', 0x6dcec853edb4590an],
    ['s1', 0x82a4cddf2f56bb74n],
    ['ik', 0xedba6aa061731a54n],
  ];
  for (const [text, hash] of rows) {
    const shown = text.length > 20 ? `${text.charAt(0)} × ${text.length}` : text;
    test(`of ${JSON.stringify(shown)} is ${hash.toString(16)}`, () => {
      assert.equal(keyedPartitionKey(text), hash);
    });
  }

  test('of a key longer than the input buffer is the hash of all of it', () => {
    const long = 'ü'.repeat(100_000);
    const bytes = Buffer.concat([Buffer.from(long), Buffer.from([0xff])]);
    const input = new HashInput();
    for (const byte of bytes) input.byte(byte);
    assert.equal(keyedPartitionKey(long), Buffer.from(xxh3Hash64(input)).readBigUInt64BE());
    assert.equal(keyedPartitionKey('k'), 0x6dcec853edb4590an);
  });
});

describe('the bucket of a Service', () => {
  test('hashes service, "unscoped/service" and the bucket number', () => {
    const hashed = Buffer.from(
      '4563686fff756e73636f7065642f73657276696365ff5400000000000000',
      'hex',
    );
    const input = new HashInput();
    for (const byte of hashed) input.byte(byte);
    const expected = Buffer.from(xxh3Hash64(input)).readBigUInt64BE();
    assert.equal(expected, 0x08cfb2f307902f99n);
    assert.equal(unkeyedPartitionKey('Echo', 84), expected);
  });

  test('follows from the idempotency key', () => {
    assert.equal(idempotencyBucket('ik'), 84);
    assert.equal(idempotencyBucket('k1'), 435);
  });
});

describe('uuids', () => {
  test('of a workflow run hash service and key', () => {
    assert.equal(workflowRunUuid('Wf', 'k'), 0x9b7d90f6828210f15131942ee99b4cf7n);
  });

  test('of an idempotent invocation hash target and idempotency key', () => {
    assert.equal(idempotentUuid('Obj', 'k', 'key', 'ik'), 0x8f955274c58507938e6fe1514a307986n);
    assert.equal(
      idempotentUuid('Echo', undefined, 'echo', 'ik'),
      0x1e5e79b80956115ab38460e952638410n,
    );
  });

  test('of a ULID hold 48 bits of time and 80 random bits', () => {
    assert.equal(uuidFromUlid(NOW, RANDOM), NOW_ULID);
  });
});

describe('invocationIdFor', () => {
  const shortRet: InvocationTarget = { ...echo, handler: 'shortRet' };
  const rows: ReadonlyArray<
    readonly [
      name: string,
      target: InvocationTarget,
      idempotencyKey: string | undefined,
      id: string,
    ]
  > = [
    ['a workflow run', workflowRun, undefined, 'inv_10T5Thwsbi8d7wE78MIGiRTCknW9s9u0Kn'],
    ['an idempotent object call', objectKey, 'ik', 'inv_10T5Thwsbi8d45Km1iz8dRNk12oI6b3I4f'],
    ['an idempotent Service call', echo, 'ik', 'inv_1d9p4py5kYe40vantL55DcOXsLbHgmcFKm'],
    ['another idempotent Service call', shortRet, 'k1', 'inv_1bMRA1oXbedv6ZCvWDFAXzIKkYmG0GE5EM'],
    [
      'an object call without idempotency key',
      objectKey,
      undefined,
      formatInvocationId(0x6dcec853edb4590an, NOW_ULID),
    ],
    [
      'a shared workflow call without idempotency key',
      workflowShared,
      undefined,
      formatInvocationId(0x6dcec853edb4590an, NOW_ULID),
    ],
    [
      'an idempotent shared workflow call',
      workflowShared,
      'ik',
      formatInvocationId(0x6dcec853edb4590an, idempotentUuid('Wf', 'k', 'signal', 'ik')),
    ],
    [
      'a Service call without idempotency key, in the bucket that the random bytes choose',
      echo,
      undefined,
      formatInvocationId(unkeyedPartitionKey('Echo', 0x153), NOW_ULID),
    ],
  ];
  for (const [name, target, idempotencyKey, id] of rows) {
    test(`gives ${name} the id ${id}`, () => {
      assert.equal(invocationIdFor({ target, idempotencyKey, random: RANDOM, nowMs: NOW }), id);
      assert.equal(parseInvocationId(id).ok, true);
    });
  }

  test('refuses to run short of random bytes', () => {
    const seed = { target: echo, random: RANDOM.subarray(0, 15), nowMs: NOW };
    assert.throws(() => invocationIdFor(seed), /16 random bytes/);
  });
});

describe('invocationIdBeside', () => {
  test('keeps the partition key and takes a new ULID', () => {
    const original = invocationIdFor({
      target: echo,
      idempotencyKey: 'ik',
      random: RANDOM,
      nowMs: NOW,
    });
    const restarted = invocationIdBeside(original, NOW, RANDOM);
    assert.equal(partitionKeyOf(restarted), partitionKeyOf(original));
    assert.equal(
      Buffer.from(invocationIdBytes(restarted)).toString('hex').slice(16),
      NOW_ULID.toString(16).padStart(32, '0'),
    );
  });
});
