// Bytes seen between the reference server 1.7.12 and SDK 1.17.2, protocol version 6, and the exact
// form of every other message: a changed number, field or wire type fails here. Ids are stand-ins.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageType, NotificationType } from '../../../src/actors/attempt/service-message.ts';
import type {
  DeploymentMessage,
  ServerMessage,
} from '../../../src/actors/attempt/service-message.ts';
import { awaitAny } from '../../../src/actors/domain/awaited-future.ts';
import type { NotificationId } from '../../../src/actors/domain/journal.ts';
import { FrameDecoder } from '../../../src/io/service-protocol/frame-codec.ts';
import { decodeDeploymentMessage } from '../../../src/io/service-protocol/message-decoder.ts';
import {
  encodeInputCommand,
  FrameWriter,
} from '../../../src/io/service-protocol/message-encoder.ts';
import {
  allCompleted,
  allSucceeded,
  anySucceeded,
  firstCompleted,
  flatten,
  unknown,
} from '../../support/awaited-trees.ts';
import { V6, V7 } from '../../support/decode-options.ts';
import { encodeDeploymentMessage } from '../../support/deployment-messages.ts';
import { fromHex, hex, plain } from '../../support/plain.ts';

const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const hexOf = (text: string): string => hex(utf8(text));
const success = (text: string) => ({ kind: 'success', value: utf8(text) }) as const;
const failed = { kind: 'failure', failure: { code: 418, message: 'nope' } } as const;
const FAILED = `08a203 1204${hexOf('nope')}`;

const ID = Uint8Array.from({ length: 24 }, (_, at) => at + 1);
const INVOCATION = 'inv_1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456';
const TARGET = hexOf(INVOCATION);
const APPROVED = hexOf('approved');
const YES = hexOf('"yes it"');
const headers = [{ key: 'a', value: 'b' }];
const HEADER = '0a0161 120162';
const call = {
  service: 'S',
  handler: 'h',
  parameter: utf8('p'),
  headers,
  key: 'k',
  idempotencyKey: 'i',
  invocationIdNotificationIdx: 1,
  name: 'n',
};

type Row<Message> = readonly [name: string, message: Message, frame: string];

const serverRows: ReadonlyArray<Row<ServerMessage>> = [
  [
    'Start, as seen',
    {
      kind: 'start',
      id: ID,
      debugId: INVOCATION,
      knownEntries: 1,
      stateMap: [],
      partialState: true,
      key: '',
      retryCountSinceLastStoredEntry: 0,
      durationSinceLastStoredEntryMs: 0,
      randomSeed: 7139819510863627642n,
    },
    `0000 0000 00000050 0a18${hex(ID)} 1226${TARGET} 1801 2801 48fa8ab8cbc480ef8a63`,
  ],
  [
    'Start with everything',
    {
      kind: 'start',
      id: ID,
      debugId: 'd',
      knownEntries: 300,
      stateMap: [
        [utf8('k'), utf8('v')],
        [utf8('e'), utf8('')],
      ],
      partialState: false,
      key: 'key',
      retryCountSinceLastStoredEntry: 2,
      durationSinceLastStoredEntryMs: 1906,
      randomSeed: 0xffff_ffff_ffff_ffffn,
    },
    `0000 0000 00000042 0a18${hex(ID)} 120164 18ac02 2206 0a016b 120176 2203 0a0165
     3203 6b6579 3802 40f20e 48ffffffffffffffffff01`,
  ],
  [
    'Start of version 7 with a scope',
    {
      kind: 'start',
      id: ID,
      debugId: '',
      knownEntries: 1,
      stateMap: [],
      partialState: true,
      key: '',
      retryCountSinceLastStoredEntry: 0,
      durationSinceLastStoredEntryMs: 0,
      randomSeed: 0n,
      scope: 's',
      limitKey: 'l',
      idempotencyKey: 'k',
    },
    `0000 0000 00000027 0a18${hex(ID)} 1801 2801 520173 5a016c 62016b`,
  ],
  ['CommandAck', { kind: 'commandAck', commandIndex: 3 }, '0004 0000 00000002 0803'],
  [
    'ProposeRunCompletionAck',
    { kind: 'proposeRunCompletionAck', completionId: 3 },
    '0007 0000 00000002 0803',
  ],
  [
    'completion of Run, as seen',
    {
      kind: 'notification',
      type: NotificationType.run,
      id: { kind: 'completion', completionId: 2 },
      result: success('"L"'),
    },
    '8011 0000 00000009 0802 2a05 0a03224c22',
  ],
  [
    'completion of Sleep, as seen',
    {
      kind: 'notification',
      type: NotificationType.sleep,
      id: { kind: 'completion', completionId: 1 },
      result: { kind: 'void' },
    },
    '800c 0000 00000004 0801 2200',
  ],
  [
    'named signal, as seen',
    {
      kind: 'notification',
      type: NotificationType.signal,
      id: { kind: 'namedSignal', name: 'approved' },
      result: success('"yes it"'),
    },
    `fbff 0000 00000016 1a08${APPROVED} 2a0a 0a08${YES}`,
  ],
  [
    'signal by index',
    {
      kind: 'notification',
      type: NotificationType.signal,
      id: { kind: 'signal', index: 17 },
      result: { kind: 'success', value: new Uint8Array(0) },
    },
    'fbff 0000 00000004 1011 2a00',
  ],
  [
    'failed completion with metadata',
    {
      kind: 'notification',
      type: NotificationType.call,
      id: { kind: 'completion', completionId: 300 },
      result: {
        kind: 'failure',
        failure: { code: 418, message: 'nope', metadata: [['a', 'b']], stacktrace: 'not sent' },
      },
    },
    `800d 0000 00000016 08ac02 3211 ${FAILED} 1a06 ${HEADER}`,
  ],
  [
    'invocation id',
    {
      kind: 'notification',
      type: NotificationType.callInvocationId,
      id: { kind: 'completion', completionId: 1 },
      result: { kind: 'invocationId', invocationId: INVOCATION },
    },
    `800e 0000 0000002b 0801 820126${TARGET}`,
  ],
  [
    'state keys, an empty one among them',
    {
      kind: 'notification',
      type: NotificationType.getLazyStateKeys,
      id: { kind: 'completion', completionId: 1 },
      result: { kind: 'stateKeys', keys: [utf8('m'), utf8('')] },
    },
    '8006 0000 0000000a 0801 8a0105 0a016d 0a00',
  ],
];

const deploymentRows: ReadonlyArray<Row<DeploymentMessage>> = [
  ['End, as seen', { kind: 'end' }, '0003 0000 00000000'],
  [
    'Error',
    {
      kind: 'error',
      code: 500,
      message: 'm',
      stacktrace: 's',
      relatedCommandIndex: 0,
      relatedCommandName: 'n',
      relatedCommandType: 1041,
      nextRetryDelayMs: 0,
      behavior: 'fail',
    },
    '0002 0000 00000015 08f403 12016d 1a0173 2000 2a016e 309108 4000 4802',
  ],
  [
    'ProposeRunCompletion',
    {
      kind: 'proposeRunCompletion',
      completionId: 2,
      outcome: { kind: 'success', value: utf8('"L"') },
    },
    '0005 0000 00000007 7203224c22 0802',
  ],
  [
    'ProposeRunCompletion of a failure',
    { kind: 'proposeRunCompletion', completionId: 2, outcome: failed },
    `0005 0000 0000000d 7a09${FAILED} 0802`,
  ],
  [
    'Output, as seen',
    { kind: 'output', outcome: success('"hi"'), name: '' },
    '0401 0000 00000008 7206 0a0422686922',
  ],
  [
    'Output of a failure',
    { kind: 'output', outcome: failed, name: '' },
    `0401 0000 0000000b 7a09${FAILED}`,
  ],
  [
    'GetLazyState',
    { kind: 'getLazyState', key: utf8('k'), completionId: 3, name: 'n' },
    '0402 0000 00000008 0a016b 62016e 5803',
  ],
  [
    'SetState',
    { kind: 'setState', key: utf8('k'), value: utf8('v'), name: '' },
    '0403 0000 00000008 0a016b 1a030a0176',
  ],
  ['ClearState', { kind: 'clearState', key: utf8('k'), name: '' }, '0404 0000 00000003 0a016b'],
  ['ClearAllState', { kind: 'clearAllState', name: 'n' }, '0405 0000 00000003 62016e'],
  [
    'GetLazyStateKeys',
    { kind: 'getLazyStateKeys', completionId: 3, name: '' },
    '0406 0000 00000002 5803',
  ],
  [
    'GetEagerState',
    { kind: 'getEagerState', key: utf8('k'), name: '' },
    '0407 0000 00000005 0a016b 6a00',
  ],
  ['GetEagerStateKeys', { kind: 'getEagerStateKeys', name: '' }, '0408 0000 00000002 7200'],
  [
    'GetPromise',
    { kind: 'getPromise', key: 'p', completionId: 2, name: '' },
    '0409 0000 00000005 0a0170 5802',
  ],
  [
    'PeekPromise',
    { kind: 'peekPromise', key: 'p', completionId: 2, name: '' },
    '040a 0000 00000005 0a0170 5802',
  ],
  [
    'CompletePromise',
    { kind: 'completePromise', key: 'p', outcome: success('v'), completionId: 1, name: '' },
    '040b 0000 0000000a 0a0170 1203 0a0176 5801',
  ],
  [
    'CompletePromise with a failure',
    { kind: 'completePromise', key: 'p', outcome: failed, completionId: 1, name: '' },
    `040b 0000 00000010 0a0170 1a09${FAILED} 5801`,
  ],
  [
    'Sleep, as seen',
    { kind: 'sleep', wakeUpTimeMs: 1_795_401_913_230, completionId: 1, name: '' },
    '040c 0000 00000009 088ea7acb2a034 5801',
  ],
  [
    'Call',
    { kind: 'call', completionId: 2, ...call },
    `040d 0000 0000001e 0a0153 120168 1a0170 2206${HEADER} 2a016b 320169 5001 62016e 5802`,
  ],
  [
    'OneWayCall',
    { kind: 'oneWayCall', invokeTimeMs: 5, ...call },
    `040e 0000 0000001e 0a0153 120168 1a0170 2a06${HEADER} 32016b 3a0169 5001 2005 62016e`,
  ],
  [
    'SendSignal by name, as seen',
    {
      kind: 'sendSignal',
      targetInvocationId: INVOCATION,
      signal: { kind: 'namedSignal', name: 'approved' },
      result: success('"yes it"'),
      name: '',
    },
    `0410 0000 0000003e 0a26${TARGET} 1a08${APPROVED} 2a0a 0a08${YES}`,
  ],
  [
    'SendSignal by index',
    {
      kind: 'sendSignal',
      targetInvocationId: 't',
      signal: { kind: 'signal', index: 1 },
      result: { kind: 'void' },
      name: 'n',
    },
    '0410 0000 0000000a 0a0174 1001 2200 62016e',
  ],
  [
    'SendSignal with a failure',
    {
      kind: 'sendSignal',
      targetInvocationId: 't',
      signal: { kind: 'signal', index: 17 },
      result: failed,
      name: '',
    },
    `0410 0000 00000010 0a0174 1011 3209${FAILED}`,
  ],
  [
    'Run',
    { kind: 'run', completionId: 2, name: 'long' },
    `0411 0000 00000008 6204${hexOf('long')} 5802`,
  ],
  [
    'AttachInvocation by id',
    {
      kind: 'attachInvocation',
      target: { kind: 'invocationId', invocationId: 't' },
      completionId: 1,
      name: '',
    },
    '0412 0000 00000005 0a0174 5801',
  ],
  [
    'AttachInvocation by idempotency key',
    {
      kind: 'attachInvocation',
      target: {
        kind: 'idempotentRequest',
        service: 'S',
        key: 'k',
        handler: 'h',
        idempotencyKey: 'i',
      },
      completionId: 1,
      name: '',
    },
    '0412 0000 00000010 1a0c 0a0153 12016b 1a0168 220169 5801',
  ],
  [
    'GetInvocationOutput of a workflow',
    {
      kind: 'getInvocationOutput',
      target: { kind: 'workflow', workflow: 'W', key: 'k' },
      completionId: 1,
      name: '',
    },
    '0413 0000 0000000a 2206 0a0157 12016b 5801',
  ],
  [
    'CompleteAwakeable',
    { kind: 'completeAwakeable', awakeableId: 'a', outcome: success('v'), name: '' },
    '0414 0000 00000008 0a0161 1203 0a0176',
  ],
  [
    'CompleteAwakeable with a failure',
    { kind: 'completeAwakeable', awakeableId: 'a', outcome: failed, name: '' },
    `0414 0000 0000000e 0a0161 1a09${FAILED}`,
  ],
];

/** Frames in another form than the one test/support writes. */
const readOnlyRows: ReadonlyArray<Row<DeploymentMessage>> = [
  [
    'Suspension with packed ids, as seen',
    {
      kind: 'suspension',
      awaiting: awaitAny([
        { kind: 'completion', completionId: 2 },
        { kind: 'signal', index: 1 },
      ]),
    },
    '0001 0000 00000006 0a0102 120101',
  ],
  [
    'Suspension on a named signal, as seen',
    {
      kind: 'suspension',
      awaiting: awaitAny([
        { kind: 'signal', index: 1 },
        { kind: 'namedSignal', name: 'approved' },
      ]),
    },
    `0001 0000 0000000d 120101 1a08${APPROVED}`,
  ],
  [
    'ProposeRunCompletion with its id first, as seen',
    {
      kind: 'proposeRunCompletion',
      completionId: 2,
      outcome: { kind: 'success', value: utf8('"L"') },
    },
    '0005 8000 00000007 0802 7203224c22',
  ],
  [
    'Run with its id first, as seen',
    { kind: 'run', completionId: 2, name: 'long' },
    `0411 0000 00000008 5802 6204${hexOf('long')}`,
  ],
  [
    'GetEagerState with a value',
    { kind: 'getEagerState', key: utf8('k'), name: '' },
    '0407 0000 00000008 0a016b 7203 0a0131',
  ],
  [
    'GetEagerStateKeys with keys',
    { kind: 'getEagerStateKeys', name: '' },
    '0408 0000 00000008 7206 0a016d 0a016e',
  ],
];

/** Trees of version 7. */
const version7Rows: ReadonlyArray<Row<DeploymentMessage>> = [
  [
    'Suspension on a sleep or a cancellation',
    { kind: 'suspension', awaiting: flatten(firstCompleted(completion(1), 1)) },
    '0001 0000 00000008 2206 0801 1001 2801',
  ],
  [
    'Suspension on a race of combinators',
    {
      kind: 'suspension',
      awaiting: flatten(
        firstCompleted(
          1,
          unknown(firstCompleted(allSucceeded(17, 18), allCompleted(completion(3)))),
        ),
      ),
    },
    '0001 0000 0000001a 2218 1001 2212 2210 2206 1011 1012 2804 2204 0803 2802 2801 2801',
  ],
  [
    'AwaitingOn any of two named signals',
    { kind: 'awaitingOn', awaiting: flatten(anySucceeded(named('a'), named('b'))) },
    '0006 0000 0000000a 0a08 1a0161 1a0162 2803',
  ],
];

function completion(completionId: number): NotificationId {
  return { kind: 'completion', completionId };
}

function named(signalName: string): NotificationId {
  return { kind: 'namedSignal', name: signalName };
}

function readFrame(frame: string, options = V6): DeploymentMessage {
  const decoder = new FrameDecoder();
  decoder.push(fromHex(frame));
  const result = decoder.next();
  assert.equal(result.kind, 'frame');
  if (result.kind !== 'frame') throw new Error('the row holds no whole frame');
  const decoded = decodeDeploymentMessage(result.type, result.payload, options);
  assert.ok(decoded.ok, decoded.ok ? '' : decoded.error.message);
  return decoded.message;
}

describe('golden bytes', () => {
  for (const [name, message, frame] of serverRows)
    test(`the server writes ${name}`, () => {
      const writer = new FrameWriter();
      writer.writeServerMessage(message);
      assert.equal(hex(writer.take()), hex(fromHex(frame)));
    });

  for (const [name, message, frame] of deploymentRows)
    test(`the server reads ${name}`, () => {
      assert.deepEqual(plain(readFrame(frame)), plain(message));
      assert.equal(hex(encodeDeploymentMessage(message)), hex(fromHex(frame)));
    });

  for (const [name, message, frame] of version7Rows)
    test(`the server reads ${name} of version 7`, () => {
      assert.deepEqual(plain(readFrame(frame, V7)), plain(message));
      assert.equal(hex(encodeDeploymentMessage(message, 0, 7)), hex(fromHex(frame)));
    });

  for (const [name, message, frame] of readOnlyRows)
    test(`the server reads ${name}`, () => {
      assert.deepEqual(plain(readFrame(frame)), plain(message));
    });

  test('cover every message of a deployment', () => {
    const covered = new Set(
      [...deploymentRows, ...version7Rows, ...readOnlyRows].map(([, { kind }]) => kind),
    );
    const all = Object.keys(MessageType);
    const ofServer = ['start', 'commandAck', 'proposeRunCompletionAck', 'input'];
    assert.deepEqual(
      [...covered].toSorted(),
      all.filter((kind) => !ofServer.includes(kind)).toSorted(),
    );
  });

  test('Input has its headers and its value, as seen', () => {
    const path = [{ key: 'x-restate-ingress-path', value: '/S2/echo' }];
    assert.equal(
      hex(encodeInputCommand(path, utf8('"hi"'))),
      hex(
        fromHex(
          `0a22 0a16${hexOf('x-restate-ingress-path')} 1208${hexOf('/S2/echo')} 7206 0a0422686922`,
        ),
      ),
    );
  });

  test('Input without a body still has a value, as seen', () => {
    assert.equal(hex(encodeInputCommand([], new Uint8Array(0))), '7200');
  });
});
