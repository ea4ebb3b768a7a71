import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageType, NotificationType } from '../../../src/actors/attempt/service-message.ts';
import type { DeploymentMessage } from '../../../src/actors/attempt/service-message.ts';
import { awaitAny } from '../../../src/actors/domain/awaited-future.ts';
import { SERVICE_MESSAGE_FIELDS_MAX } from '../../../src/actors/domain/limits.ts';
import { decodeDeploymentMessage } from '../../../src/io/service-protocol/message-decoder.ts';
import type { DecodeError } from '../../../src/io/service-protocol/message-decoder.ts';
import { messageTypeName } from '../../../src/io/service-protocol/message-name.ts';
import { V5, V6 } from '../../support/decode-options.ts';
import { fromHex, plain } from '../../support/plain.ts';
import {
  bytesField,
  messageField,
  numberField,
  stringField,
  varint,
} from '../../support/protobuf.ts';

function decode(type: number, ...fields: readonly Uint8Array[]): DeploymentMessage {
  const result = decodeDeploymentMessage(type, Buffer.concat(fields), V6);
  assert.ok(result.ok, result.ok ? '' : result.error.message);
  return result.message;
}

function refusal(type: number, payload: Uint8Array): DecodeError {
  const result = decodeDeploymentMessage(type, payload, V6);
  assert.ok(!result.ok, 'the message is refused');
  return result.error;
}

describe('decodeDeploymentMessage refuses malformed bytes', () => {
  const T = MessageType;
  const invalidUtf8 = fromHex('c328');
  const longInvalidUtf8 = Buffer.concat([Buffer.alloc(200, 'a'), fromHex('eda080')]);
  const value = messageField(14, bytesField(1, fromHex('31')));
  const rows: ReadonlyArray<
    readonly [what: string, type: number, payload: Uint8Array, message: string]
  > = [
    ['a tag that is cut off', T.run, fromHex('80'), 'a number is cut off at byte 1'],
    ['a number that is cut off', T.run, fromHex('58ff'), 'a number is cut off at byte 2'],
    ['a field without a value', T.run, fromHex('58'), 'a number is cut off at byte 1'],
    ['a length that is cut off', T.run, fromHex('6280'), 'a number is cut off at byte 2'],
    ['bytes behind the end', T.run, fromHex('620561'), 'field 12 has 5 bytes where 1 are left'],
    [
      'a huge length',
      T.output,
      Buffer.concat([fromHex('72'), varint(0xffff_ffff)]),
      'field 14 has 4294967295 bytes where 0 are left',
    ],
    [
      'a nested message that ends behind its parent',
      T.output,
      fromHex('7202 0a0431323334'),
      'field 1 has 4 bytes where 0 are left',
    ],
    [
      'a nested number that ends behind its parent',
      T.output,
      fromHex('7a02 08ff 01'),
      'a number is cut off at byte 4',
    ],
    ['field number 0', T.run, fromHex('0001'), 'illegal field tag 0'],
    [
      'a field number over 29 bits',
      T.run,
      fromHex('8080808010 01'),
      'illegal field tag 4294967296',
    ],
    [
      'a number of eleven bytes',
      T.run,
      fromHex('58 8080808080808080808001'),
      'a number exceeds 64 bits at byte 11',
    ],
    [
      'a number over 64 bits',
      T.run,
      fromHex('58 ffffffffffffffffff02'),
      'a number exceeds 64 bits at byte 11',
    ],
    [
      'a completion id over 32 bits',
      T.run,
      numberField(11, 0x1_0000_0000),
      'field 11 exceeds 32 bits: 4294967296',
    ],
    [
      'a packed id over 32 bits',
      T.suspension,
      bytesField(1, varint(0x1_0000_0000)),
      'field 1 exceeds 32 bits: 4294967296',
    ],
    [
      'a packed id that is cut off',
      T.suspension,
      fromHex('0a0280801201'),
      'a number is cut off at byte 4',
    ],
    ['text as a number', T.run, numberField(12, 1), 'field 12 has wire type 0 instead of 2'],
    ['a number as bytes', T.run, stringField(11, 'a'), 'field 11 has wire type 2 instead of 0'],
    ['a number as fixed32', T.run, fromHex('5d01000000'), 'field 11 has wire type 5 instead of 0'],
    ['a group', T.run, fromHex('0b0c'), 'field 1 has unsupported wire type 3'],
    ['the end of a group', T.run, fromHex('0c'), 'field 1 has unsupported wire type 4'],
    ['wire type 6', T.end, fromHex('0e'), 'field 1 has unsupported wire type 6'],
    ['wire type 7', T.end, fromHex('0f'), 'field 1 has unsupported wire type 7'],
    ['an unknown fixed64 cut off', T.end, fromHex('0900'), 'field 1 has 8 bytes where 1 are left'],
    ['an unknown fixed32 cut off', T.end, fromHex('0d00'), 'field 1 has 4 bytes where 1 are left'],
    ['invalid UTF-8', T.run, bytesField(12, invalidUtf8), 'field 12 is no valid UTF-8'],
    ['an encoded surrogate', T.run, bytesField(12, longInvalidUtf8), 'field 12 is no valid UTF-8'],
    [
      'invalid UTF-8 in a header',
      T.call,
      messageField(4, bytesField(1, invalidUtf8)),
      'field 1 is no valid UTF-8',
    ],
    ['a Void that is a number', T.getEagerState, fromHex('6800'), 'field 13 has wire type 0'],
    ['a damaged Void', T.getEagerState, fromHex('6a01ff'), 'a number is cut off'],
    ['damaged state keys', T.getEagerStateKeys, fromHex('72020801'), 'field 1 has wire type 0'],
    ['Output without a result', T.output, stringField(12, 'n'), 'missing result field'],
    ['SetState without a value', T.setState, bytesField(1, fromHex('6b')), 'missing value field'],
    ['GetEagerState without a result', T.getEagerState, fromHex(''), 'missing result field'],
    ['CompletePromise without a result', T.completePromise, fromHex(''), 'missing result field'],
    [
      'CompleteAwakeable without a result',
      T.completeAwakeable,
      fromHex(''),
      'missing result field',
    ],
    [
      'ProposeRunCompletion without a result',
      T.proposeRunCompletion,
      numberField(1, 2),
      'missing result field',
    ],
    ['SendSignal without an id', T.sendSignal, messageField(4), 'missing signal id field'],
    ['SendSignal without a result', T.sendSignal, numberField(2, 1), 'missing result field'],
    ['AttachInvocation without a target', T.attachInvocation, fromHex(''), 'missing target field'],
    ['GetInvocationOutput without one', T.getInvocationOutput, fromHex(''), 'missing target field'],
    ['a suspension on nothing', T.suspension, fromHex(''), 'nothing is awaited'],
    ['a suspension with empty lists', T.suspension, fromHex('0a001200'), 'nothing is awaited'],
    [
      'a suspension of version 7',
      T.suspension,
      messageField(4, numberField(1, 1)),
      'nothing is awaited',
    ],
    [
      'too many fields',
      T.output,
      Buffer.concat([value, Buffer.alloc(2 * SERVICE_MESSAGE_FIELDS_MAX, fromHex('0800'))]),
      'more than 1000000 fields',
    ],
    [
      'too many packed ids',
      T.suspension,
      bytesField(1, Buffer.alloc(SERVICE_MESSAGE_FIELDS_MAX + 1)),
      'more than 1000000 fields',
    ],
  ];
  for (const [what, type, payload, message] of rows)
    test(what, () => {
      const error = refusal(type, payload);
      assert.equal(error.kind, 'malformed');
      const start = `malformed ${messageTypeName(type)}Message, ${message}`;
      assert.ok(error.message.startsWith(start), error.message);
    });

  test('with the text of the reference for a run without a result', () => {
    assert.equal(
      refusal(MessageType.proposeRunCompletion, numberField(1, 2)).message,
      'malformed ProposeRunCompletionMessage, missing result field',
    );
  });
});

describe('decodeDeploymentMessage refuses the type', () => {
  const rows: ReadonlyArray<readonly [type: number, kind: DecodeError['kind'], message: string]> = [
    [0x0000, 'unexpectedType', 'received unexpected message: Start'],
    [0x0004, 'unexpectedType', 'received unexpected message: CommandAck'],
    [0x0007, 'unexpectedType', 'received unexpected message: ProposeRunCompletionAck'],
    [0x0008, 'unknownType', 'unknown protocol.message code 0x8'],
    [0x03ff, 'unknownType', 'unknown protocol.message code 0x3ff'],
    [0x0400, 'unexpectedType', 'received unexpected message: InputCommand'],
    [0x040f, 'unknownType', 'unknown protocol.message code 0x40f'],
    [0x0415, 'unknownType', 'unknown protocol.message code 0x415'],
    [0x8000, 'unknownType', 'unknown protocol.message code 0x8000'],
    [0x800c, 'unexpectedType', 'received unexpected message: SleepCompletionNotification'],
    [0xfbff, 'unexpectedType', 'received unexpected message: SignalNotification'],
    [0xfc00, 'unexpectedType', 'received unexpected message: custom message 0xfc00'],
    [0xffff, 'unexpectedType', 'received unexpected message: custom message 0xffff'],
  ];
  for (const [type, kind, message] of rows)
    test(`0x${type.toString(16)}`, () => {
      assert.deepEqual(refusal(type, fromHex('')), { kind, message });
    });

  for (const type of Object.values(NotificationType))
    test(`0x${type.toString(16)}, a notification`, () => {
      assert.equal(refusal(type, fromHex('0801 2200')).kind, 'unexpectedType');
    });
});

describe('decodeDeploymentMessage', () => {
  test('passes over unknown fields of every wire type', () => {
    const unknown = [
      numberField(100, 0xffff_ffff_ffff_ffffn),
      bytesField(101, fromHex('c328')),
      fromHex('b106 0102030405060708'),
      fromHex('bd06 01020304'),
    ];
    const message = decode(MessageType.run, ...unknown, numberField(11, 4), ...unknown);
    assert.deepEqual(message, { kind: 'run', completionId: 4, name: '' });
  });

  test('takes the last of a field and of a oneof', () => {
    const message = decode(
      MessageType.output,
      messageField(14, bytesField(1, fromHex('31'))),
      stringField(12, 'a'),
      messageField(15, numberField(1, 500)),
      stringField(12, 'b'),
    );
    assert.deepEqual(message, {
      kind: 'output',
      outcome: { kind: 'failure', failure: { code: 500, message: '' } },
      name: 'b',
    });
  });

  test('takes awaited ids packed, unpacked and mixed', () => {
    const message = decode(
      MessageType.suspension,
      bytesField(1, Buffer.concat([varint(1), varint(300)])),
      numberField(2, 17),
      numberField(1, 4),
      stringField(3, ''),
      bytesField(2, varint(1)),
    );
    assert.deepEqual(message, {
      kind: 'suspension',
      awaiting: awaitAny([
        { kind: 'completion', completionId: 1 },
        { kind: 'completion', completionId: 300 },
        { kind: 'completion', completionId: 4 },
        { kind: 'signal', index: 17 },
        { kind: 'signal', index: 1 },
        { kind: 'namedSignal', name: '' },
      ]),
    });
  });

  test('tells an empty optional text from a missing one', () => {
    const keyOf = (message: DeploymentMessage): string | undefined =>
      message.kind === 'call' ? message.idempotencyKey : 'no call';
    assert.equal(keyOf(decode(MessageType.call)), undefined);
    assert.equal(keyOf(decode(MessageType.call, stringField(6, ''))), '');
  });

  test('takes times that no number holds as the farthest future', () => {
    const message = decode(MessageType.sleep, numberField(1, 0xffff_ffff_ffff_ffffn));
    assert.deepEqual(message, {
      kind: 'sleep',
      wakeUpTimeMs: Number.MAX_SAFE_INTEGER,
      completionId: 0,
      name: '',
    });
  });

  test('takes numbers with superfluous bytes', () => {
    const message = decode(MessageType.run, fromHex('d88000 8480808000'));
    assert.deepEqual(message, { kind: 'run', completionId: 4, name: '' });
  });

  for (const [behavior, number] of [
    ['retry', 0],
    ['pause', 1],
    ['fail', 2],
    ['retry', 3],
    ['retry', 0xffff_ffff_ffff_ffffn],
  ] as const)
    test(`reads behavior ${number} as ${behavior}`, () => {
      const message = decode(MessageType.error, numberField(9, number));
      assert.equal(message.kind === 'error' && message.behavior, behavior);
    });

  test('reads the metadata of a failure', () => {
    const message = decode(
      MessageType.proposeRunCompletion,
      numberField(1, 1),
      messageField(15, messageField(3, stringField(1, 'k'), stringField(2, 'v')), messageField(3)),
    );
    assert.deepEqual(plain(message), {
      kind: 'proposeRunCompletion',
      completionId: 1,
      outcome: {
        kind: 'failure',
        failure: {
          code: 0,
          message: '',
          metadata: [
            ['k', 'v'],
            ['', ''],
          ],
        },
      },
    });
  });

  test('takes the scope and the limit key of a call, empty ones as absent', () => {
    const call = decode(MessageType.call, stringField(7, 's'), stringField(8, 'l'));
    assert.deepEqual(call.kind === 'call' && [call.scope, call.limitKey], ['s', 'l']);
    const send = decode(MessageType.oneWayCall, stringField(8, 's'), stringField(9, ''));
    assert.deepEqual(send.kind === 'oneWayCall' && [send.scope, send.limitKey], ['s', undefined]);
  });

  test('takes the scope of a target, an empty one as such', () => {
    for (const [scope, field] of [
      ['s', messageField(4, stringField(3, 's'))],
      ['', messageField(3, stringField(5, ''))],
    ] as const) {
      const message = decode(MessageType.attachInvocation, field);
      assert.ok(message.kind === 'attachInvocation' && message.target.kind !== 'invocationId');
      assert.equal(message.target.scope, scope);
    }
  });

  test('keeps byte order marks and characters beyond 16 bits', () => {
    for (const name of ['\ufeffa', '😀', `${'x'.repeat(63)}é`, '😀'.repeat(40)]) {
      const message = decode(MessageType.run, stringField(12, name));
      assert.equal(message.kind === 'run' && message.name, name);
    }
  });

  test('reads a payload inside a larger plain array', () => {
    const bytes = new Uint8Array(10);
    bytes.set(fromHex('5802'), 3);
    const result = decodeDeploymentMessage(MessageType.run, bytes.subarray(3, 5), V5);
    assert.deepEqual(result, { ok: true, message: { kind: 'run', completionId: 2, name: '' } });
  });
});

describe('messageTypeName', () => {
  test('names every message', () => {
    const types = [...Object.values(MessageType), ...Object.values(NotificationType)];
    assert.deepEqual(types.map(messageTypeName), [
      'Start',
      'Suspension',
      'Error',
      'End',
      'CommandAck',
      'ProposeRunCompletion',
      'AwaitingOn',
      'ProposeRunCompletionAck',
      'InputCommand',
      'OutputCommand',
      'GetLazyStateCommand',
      'SetStateCommand',
      'ClearStateCommand',
      'ClearAllStateCommand',
      'GetLazyStateKeysCommand',
      'GetEagerStateCommand',
      'GetEagerStateKeysCommand',
      'GetPromiseCommand',
      'PeekPromiseCommand',
      'CompletePromiseCommand',
      'SleepCommand',
      'CallCommand',
      'OneWayCallCommand',
      'SendSignalCommand',
      'RunCommand',
      'AttachInvocationCommand',
      'GetInvocationOutputCommand',
      'CompleteAwakeableCommand',
      'GetLazyStateCompletionNotification',
      'GetLazyStateKeysCompletionNotification',
      'GetPromiseCompletionNotification',
      'PeekPromiseCompletionNotification',
      'CompletePromiseCompletionNotification',
      'SleepCompletionNotification',
      'CallCompletionNotification',
      'CallInvocationIdCompletionNotification',
      'RunCompletionNotification',
      'AttachInvocationCompletionNotification',
      'GetInvocationOutputCompletionNotification',
      'SignalNotification',
    ]);
    assert.equal(messageTypeName(0x0008), undefined);
  });
});
