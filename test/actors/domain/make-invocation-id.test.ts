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
  idempotentInvocationId,
  invocationIdBeside,
  invocationIdFor,
  keyedPartitionKey,
  unkeyedPartitionKey,
  uuidFromUlid,
  workflowRunId,
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

describe('ids by name', () => {
  test('of a workflow run hash scope, service and key', () => {
    assert.equal(
      workflowRunId({ service: 'Wf', key: 'k' }),
      'inv_10T5Thwsbi8d7wE78MIGiRTCknW9s9u0Kn',
    );
    assert.equal(
      workflowRunId({ service: 'Nope', key: 'k', scope: 's' }),
      'inv_11110Rzeqthr3nM761ciEdiY03w9GqppoG',
    );
  });

  test('of an idempotent invocation hash scope, target and idempotency key', () => {
    assert.equal(
      idempotentInvocationId({ service: 'Obj', key: 'k', handler: 'key' }, 'ik'),
      'inv_10T5Thwsbi8d45Km1iz8dRNk12oI6b3I4f',
    );
    assert.equal(
      idempotentInvocationId({ service: 'Echo', handler: 'echo' }, 'ik'),
      'inv_1d9p4py5kYe40vantL55DcOXsLbHgmcFKm',
    );
    assert.equal(
      idempotentInvocationId({ service: 'Echo', handler: 'scopeInfo', scope: 's1' }, 'ik'),
      'inv_1a1mlWikgvPI7mahHFyJzxTlSoyMxphczE',
    );
  });
});

describe('uuidFromUlid', () => {
  test('holds 48 bits of time and 80 random bits', () => {
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
      idempotentInvocationId({ service: 'Wf', key: 'k', handler: 'signal' }, 'ik'),
    ],
    [
      'a Service call without idempotency key, in the bucket that the random bytes choose',
      echo,
      undefined,
      formatInvocationId(unkeyedPartitionKey('Echo', 0x153), NOW_ULID),
    ],
    [
      'a scoped workflow run',
      { ...workflowRun, service: 'Nope', scope: 's' },
      undefined,
      'inv_11110Rzeqthr3nM761ciEdiY03w9GqppoG',
    ],
    [
      'an idempotent scoped Service call',
      { ...echo, handler: 'scopeInfo', scope: 's1' },
      'ik',
      'inv_1a1mlWikgvPI7mahHFyJzxTlSoyMxphczE',
    ],
    [
      'an idempotent scoped object call',
      { ...objectKey, service: 'ScopedObject', handler: 'put', scope: 'y4' },
      'ik',
      'inv_1bsqIYboHr447oJ2nvy2BKj1ij0jb2MsHY',
    ],
    [
      'a scoped Service call without idempotency key',
      { ...echo, scope: 's1' },
      undefined,
      formatInvocationId(0x82a4cddf2f56bb74n, NOW_ULID),
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
