// Trees of futures as a deployment may send them, sound and hostile.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageType } from '../../../src/actors/attempt/service-message.ts';
import type { AwaitedFuture } from '../../../src/actors/domain/awaited-future.ts';
import { AWAITED_DEPTH_MAX } from '../../../src/actors/domain/limits.ts';
import type { DecodeOptions } from '../../../src/io/service-protocol/decode-options.ts';
import { decodeDeploymentMessage } from '../../../src/io/service-protocol/message-decoder.ts';
import { flatten, unknown } from '../../support/awaited-trees.ts';
import { V5, V6, V7 } from '../../support/decode-options.ts';
import {
  bytesField,
  messageField,
  numberField,
  stringField,
  varint,
} from '../../support/protobuf.ts';

const SIGNAL = numberField(2, 17);
const EMPTY = new Uint8Array(0);

/** The fields of a future in which `depth` others are nested, the innermost with these fields. */
function nested(depth: number, innermost: Uint8Array = SIGNAL): Uint8Array {
  const heads: Uint8Array[] = [];
  let bytes = innermost.length;
  for (let level = 0; level < depth; level++) {
    const head = Buffer.concat([varint(4 * 8 + 2), varint(bytes)]);
    heads.push(head);
    bytes += head.length;
  }
  return Buffer.concat([...heads.toReversed(), innermost]);
}

function suspensionOn(future: Uint8Array): Uint8Array {
  return messageField(4, future);
}

function awaitedBy(payload: Uint8Array, options: DecodeOptions = V7): AwaitedFuture {
  const result = decodeDeploymentMessage(MessageType.suspension, payload, options);
  assert.ok(result.ok, result.ok ? '' : result.error.message);
  assert.ok(result.message.kind === 'suspension');
  return result.message.awaiting;
}

function refusalOf(
  payload: Uint8Array,
  options: DecodeOptions = V7,
  type: number = MessageType.suspension,
) {
  const result = decodeDeploymentMessage(type, payload, options);
  assert.ok(!result.ok, 'the message is refused');
  return result.error;
}

describe('a tree of futures', () => {
  const trees: ReadonlyArray<readonly [name: string, future: Uint8Array, awaited: AwaitedFuture]> =
    [
      ['with one leaf', SIGNAL, flatten(unknown(17))],
      [
        'with packed and repeated ids',
        Buffer.concat([SIGNAL, bytesField(2, Buffer.concat([varint(18), varint(300)])), SIGNAL]),
        flatten(unknown(17, 18, 300, 17)),
      ],
      [
        'with leaves behind nested futures',
        Buffer.concat([messageField(4, numberField(2, 18)), SIGNAL]),
        flatten(unknown(unknown(18), 17)),
      ],
      [
        'with unknown fields',
        Buffer.concat([stringField(99, '?'), SIGNAL, numberField(6, 1)]),
        flatten(unknown(17)),
      ],
      [
        'whose combinator is told twice',
        Buffer.concat([SIGNAL, numberField(5, 4), numberField(5, 0)]),
        flatten(unknown(17)),
      ],
    ];
  for (const [name, future, awaited] of trees)
    test(`${name} is read`, () => {
      assert.deepEqual(awaitedBy(suspensionOn(future)), awaited);
    });

  const wrong: ReadonlyArray<readonly [name: string, payload: Uint8Array, message: RegExp]> = [
    ['no tree', EMPTY, /missing awaiting_on field/],
    ['the lists of version 6', numberField(1, 1), /missing awaiting_on field/],
    ['an empty tree', suspensionOn(EMPTY), /a future awaits nothing/],
    ['a combinator of nothing', suspensionOn(numberField(5, 1)), /a future awaits nothing/],
    ['an empty list', suspensionOn(bytesField(1, EMPTY)), /a future awaits nothing/],
    [
      'an empty future beside others',
      suspensionOn(Buffer.concat([SIGNAL, messageField(4)])),
      /a future awaits nothing/,
    ],
    ['an empty future far down', suspensionOn(nested(100, EMPTY)), /a future awaits nothing/],
    [
      'an unknown combinator',
      suspensionOn(Buffer.concat([SIGNAL, numberField(5, 9)])),
      /unknown combinator type 9/,
    ],
    ['a number for a tree', numberField(4, 1), /wire type 0 instead of 2/],
    ['a number for a nested future', suspensionOn(numberField(4, 1)), /wire type 0 instead of 2/],
    ['a text for an id', suspensionOn(stringField(2, '\u0080')), /cut off|exceeds/],
    [
      'a nested future that ends behind its parent',
      Buffer.from('2204 2206 1011'.replaceAll(' ', ''), 'hex'),
      /has 6 bytes where 2 are left/,
    ],
  ];
  for (const [name, payload, message] of wrong)
    test(`that is ${name} is refused`, () => {
      const refusal = refusalOf(payload);
      assert.equal(refusal.kind, 'malformed');
      assert.match(refusal.message, message);
    });

  test('is read up to the deepest one and refused beyond', () => {
    const deepest = awaitedBy(suspensionOn(nested(AWAITED_DEPTH_MAX)));
    assert.equal(deepest.length, AWAITED_DEPTH_MAX + 2);
    for (const depth of [AWAITED_DEPTH_MAX + 1, 300_000])
      assert.deepEqual(refusalOf(suspensionOn(nested(depth))), {
        kind: 'tooDeep',
        message: 'maximum awaited future depth limit of 1000 has been reached.',
      });
  });

  test('is bounded by the depth that is configured, in AwaitingOn as well', () => {
    const flat = { ...V7, awaitedDepthMax: 0 };
    assert.equal(awaitedBy(suspensionOn(SIGNAL), flat).length, 2);
    assert.equal(refusalOf(suspensionOn(nested(1)), flat).kind, 'tooDeep');
    const awaitingOn = messageField(1, nested(1));
    assert.equal(refusalOf(awaitingOn, flat, MessageType.awaitingOn).kind, 'tooDeep');
  });

  test('is read at any depth that is allowed, without deep recursion', () => {
    const unbounded = { ...V7, awaitedDepthMax: Number.MAX_SAFE_INTEGER };
    assert.equal(awaitedBy(suspensionOn(nested(300_000)), unbounded).length, 300_002);
  });

  for (const options of [V5, V6])
    test(`in a Suspension of version ${options.protocolVersion} is not known`, () => {
      assert.match(refusalOf(suspensionOn(SIGNAL), options).message, /nothing is awaited/);
    });

  for (const options of [V5, V6, V7])
    test(`in AwaitingOn is read in version ${options.protocolVersion}`, () => {
      const payload = Buffer.concat([messageField(1, SIGNAL), numberField(2, 1)]);
      const result = decodeDeploymentMessage(MessageType.awaitingOn, payload, options);
      const awaiting = flatten(unknown(17));
      assert.deepEqual(result, { ok: true, message: { kind: 'awaitingOn', awaiting } });
    });

  test('is missing from an empty AwaitingOn', () => {
    const { message } = refusalOf(EMPTY, V7, MessageType.awaitingOn);
    assert.match(message, /malformed AwaitingOnMessage, missing awaiting_on field/);
  });
});
